"""The soak: 100,000 worlds over all cores and 1,000 real kills, gone on with where it was interrupted."""

from pathlib import Path

import pytest

from tests.soak.soak import KILLS, SUMMARY, WORLDS, Soak, Storm, run_stretch, soak_storms, soak_worlds, summary


@pytest.mark.soak
def test_a_hundred_thousand_worlds_and_a_thousand_kills_lose_nothing_and_double_nothing() -> None:
    soak = Soak.read()
    soak_worlds(soak, WORLDS, processes=2)
    soak_storms(soak, KILLS)
    SUMMARY.write_text(summary(soak))

    assert (soak.worlds, soak.kills) >= (WORLDS, KILLS)
    assert soak.wrong == []


def test_a_soak_goes_on_where_it_ended_and_sums_up(tmp_path: Path) -> None:
    path = tmp_path / "soak.json"
    soak = Soak(
        [run_stretch("abc1234", "2026-09-01", 5_000, worlds=3)],
        [Storm("abc1234", "2026-09-01", 0, 25, 400, 900, 60, [])],
    )
    soak.write(path)

    again = Soak.read(path)

    assert again == soak
    assert (again.worlds, again.kills, again.wrong) == (3, 25, [])
    assert "| 3 worlds of " in summary(again)
    assert "| 5000 to 5002 |" in summary(again)
    assert "| kills of real processes | 0 to 0 | 25 | 400 | 900 |" in summary(again)
