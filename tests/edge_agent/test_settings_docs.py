"""The documents about settings say what the code reads, and the example file is one that works."""

import re
from pathlib import Path

import pytest

from edge_agent.settings import load
from edge_agent.settings_table import Row, rows, written_into

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "deploy/edge/agent.example.toml"


def test_the_table_of_settings_is_current() -> None:
    page = (ROOT / "docs/settings.md").read_text()

    assert written_into(page) == page, "run `python -m edge_agent.settings_table`"


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: row.name)
def test_every_setting_has_words_and_stands_in_the_example(row: Row) -> None:
    name = row.name.rsplit(".", 1)[-1]

    assert row.words
    assert re.search(rf"\b{name} = ", EXAMPLE.read_text())


def test_the_example_is_taken_and_every_default_that_it_shows_is_the_default(tmp_path: Path) -> None:
    shown = tmp_path / "agent.toml"
    shown.write_text(re.sub(r"(?m)^(\s*)# (\w+ = )", r"\1\2", EXAMPLE.read_text()))
    plain = tmp_path / "plain.toml"
    plain.write_text(EXAMPLE.read_text())

    assert load(shown) == load(plain)
