"""The command of reports: a month that has none gets one, which is written out and made anew the same."""

import json
from pathlib import Path

import pytest

from tests.cloud.cli.test_commands import NAMES, Cloud


@pytest.fixture(name="cloud")
def _cloud(database_url: str, tmp_path: Path) -> Cloud:
    cloud = Cloud(database_url, tmp_path / "data")
    cloud.run("key", "init")
    cloud.run("school", "add", "demo2026", *NAMES)
    return cloud


def test_a_report_is_made_written_out_and_compared_with_the_records(cloud: Cloud, tmp_path: Path) -> None:
    month = ("report", "demo2026", "2024-09")

    nothing = cloud.told(*month)
    missing = cloud.told(*month, "--check")
    made = cloud.run(*month, "--make", "--out", str(tmp_path), "--language", "ru")
    again = cloud.told(*month, "--make")
    checked = cloud.run(*month, "--check")
    of_one = cloud.run(*month, "--check", "--subject", "attendance")
    wrong = cloud.told("report", "demo2026", "2024-13", "--check")

    assert "--make, --check, or --out" in nothing
    assert "no report for 2024-09" in missing
    assert "made the report of meals of demo2026 for 2024-09" in made
    assert "made the report of attendance of demo2026 for 2024-09" in made
    names = {each.name for each in tmp_path.glob("demo2026-*")}
    assert {f"demo2026-attendance-2024-09{end}" for end in ("-draft.json", "-ru-draft.csv", "-ru-draft.xlsx")} < names
    assert json.loads((tmp_path / "demo2026-meals-2024-09-draft.json").read_bytes())["month"] == "2024-09"
    assert (tmp_path / "demo2026-meals-2024-09-ru-draft.pdf").read_bytes().startswith(b"%PDF-1.7")
    assert "already" in again
    assert checked.count("the same, byte by byte") == 2
    assert of_one.count("the same, byte by byte") == 1
    assert "2024-13" in wrong
