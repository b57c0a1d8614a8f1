"""The document about settings says what the code reads."""

from pathlib import Path

import pytest

from cloud.core.settings_table import Described, described, written_into

PAGE = Path(__file__).parents[3] / "docs/settings.md"


def test_the_table_of_settings_is_current() -> None:
    page = PAGE.read_text()

    assert written_into(page) == page, "run `python -m cloud.core.settings_table`"


@pytest.mark.parametrize("setting", described(), ids=lambda setting: setting.variable)
def test_every_setting_is_told_in_a_sentence(setting: Described) -> None:
    assert setting.about.endswith(".")
