"""Assets are copied as published, and a missing package is named."""

from pathlib import Path

import pytest

from esik.assets import FILES, PackageMissing, copy_assets


def test_every_asset_is_copied_byte_for_byte(tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)

    copies = copy_assets(tmp_path, tmp_path / "assets")

    assert [copy.read_text() for copy in copies] == list(FILES)
    assert len({copy.name for copy in copies}) == len(FILES)


def test_a_missing_package_is_named_with_the_command_that_brings_it(tmp_path: Path) -> None:
    with pytest.raises(PackageMissing, match=r"htmx\.min\.js.*make setup"):
        copy_assets(tmp_path, tmp_path / "assets")
