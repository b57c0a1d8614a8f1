"""The wallet's files by the command line: taken, told row by row, exchanged with a folder."""

from pathlib import Path

import pytest

from tests.cloud.cli.test_commands import NAMES, Cloud
from tests.cloud.wallet.factory import TABEL, csv_bytes


@pytest.fixture(name="cloud")
def _cloud(database_url: str, tmp_path: Path) -> Cloud:
    cloud = Cloud(database_url, tmp_path / "data")
    cloud.run("key", "init")
    cloud.run("school", "add", "demo2026", *NAMES)
    return cloud


def test_a_file_is_told_row_by_row_and_a_folder_is_exchanged_with(cloud: Cloud, tmp_path: Path) -> None:
    folder = tmp_path / "wallet"
    (folder / "in").mkdir(parents=True)
    tabel = folder / "in" / "tabel-1.csv"
    tabel.write_bytes(csv_bytes(TABEL, ("SK-1", "01.09.2026", "present", "")))
    school = ("--school", "demo2026")

    taken = cloud.try_to("wallet", "take", str(tabel), "--kind", "tabel", *school)
    exchanged = cloud.try_to("wallet", "exchange", "--folder", str(folder), *school)
    again = cloud.try_to("wallet", "exchange", "--folder", str(folder), *school, "--to", "2026-09-30")
    unread = cloud.told("wallet", "take", str(tmp_path / "none.csv"), "--kind", "tabel", *school)
    years = cloud.told("wallet", "exchange", "--folder", str(folder), *school, "--from", "2020-01-01")

    assert taken.returncode == exchanged.returncode == 1
    assert "0 new, 0 changed, 0 known, 1 not taken" in taken.stdout
    assert "row 2: Nobody has this voucher" in exchanged.stderr
    assert (again.returncode, again.stdout) == (0, "told 0 meals\n")
    assert [path.name for path in (folder / "taken").iterdir()] == ["tabel-1.csv"]
    assert "cannot be read" in unread
    assert "62 at most" in years
