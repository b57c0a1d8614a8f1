"""The last counts of chips: kept over restarts, and in memory when the disk takes nothing."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from edge_agent.cards.counters import Counters

TOKEN = "a" * 24


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[], Counters]]:
    made: list[Counters] = []

    def opens() -> Counters:
        made.append(Counters(tmp_path))
        return made[-1]

    yield opens
    for counters in made:
        counters.close()


def test_a_count_is_kept_over_a_restart_and_never_goes_back(opened: Callable[[], Counters]) -> None:
    counters = opened()
    assert counters.last(TOKEN, 1) == 0
    counters.keep(TOKEN, 1, 7)
    counters.keep(TOKEN, 1, 5)
    assert counters.last(TOKEN, 1) == 7

    again = opened()
    assert again.last(TOKEN, 1) == 7
    again.keep(TOKEN, 1, 6)
    again.close()
    assert opened().last(TOKEN, 1) == 7


def test_chips_and_versions_are_counted_apart(opened: Callable[[], Counters]) -> None:
    counters = opened()
    counters.keep(TOKEN, 1, 7)

    assert counters.last(TOKEN, 2) == 0
    assert counters.last("b" * 24, 1) == 0


@pytest.mark.parametrize("spoilt", [b"no database at all, and long enough to be read as one" * 20, None])
def test_a_disk_that_takes_nothing_is_told_and_forgets_nothing_while_we_run(
    tmp_path: Path, opened: Callable[[], Counters], spoilt: bytes | None
) -> None:
    if spoilt is None:
        (tmp_path / "cards.db").mkdir()
    else:
        (tmp_path / "cards.db").write_bytes(spoilt)
    counters = opened()

    with capture_logs() as logs:
        counters.keep(TOKEN, 1, 7)

    assert counters.last(TOKEN, 1) == 7
    assert [line["event"] for line in logs] == ["card_counts.unkept"]


def test_another_process_at_the_file_costs_nothing(opened: Callable[[], Counters]) -> None:
    one, other = opened(), opened()
    one.keep(TOKEN, 1, 3)
    other.keep(TOKEN, 1, 2)

    assert opened().last(TOKEN, 1) == 3
