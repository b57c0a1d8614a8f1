"""Real kills: agents, broker, worker and database die by SIGKILL while people tap; nothing is lost or doubled."""

from pathlib import Path

import pytest

from tests.chaos.storm import drawn, storm

ROUNDS, KILLS = 4, 12


def test_a_handful_of_kills_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    found = storm(tmp_path, 1, ["worker", "gate-1", "broker", "gate-2", "database", "gate-1"])

    assert found.wrong == []
    assert found.openings > 20


@pytest.mark.chaos
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_minutes_of_kills_lose_nothing_and_double_nothing(tmp_path: Path, seed: int) -> None:
    found = storm(tmp_path, seed, drawn(seed, KILLS))

    assert found.wrong == []
    assert found.openings > 50
