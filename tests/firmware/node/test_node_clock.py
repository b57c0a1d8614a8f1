"""The node's clock: a counter that wraps, and a wall time that never goes back below its floor."""

from hypothesis import given
from hypothesis import strategies as st

from firmware.node.clock import BUILD_FLOOR_MS, FLOOR, NTP, Clock, Ticks, Timekeeper, difference

WRAP = 1 << 10  # of a counter that wraps after a second


class Short(Ticks):
    """A counter that a test moves, and that wraps soon."""

    def __init__(self) -> None:
        self.passed_ms = 0

    def now(self) -> int:  # type: ignore[explicit-override]
        return self.passed_ms % WRAP

    def difference(self, later: int, earlier: int) -> int:  # type: ignore[explicit-override]
        return difference(later, earlier, WRAP)


@given(st.lists(st.integers(0, WRAP // 2 - 1), max_size=50))
def test_fault_29_a_counter_that_wraps_again_and_again_is_a_time_that_only_grows(steps: list[int]) -> None:
    ticks = Short()
    ticks.passed_ms = 900  # so that the first step already may wrap
    clock = Clock(ticks)

    for step in steps:
        ticks.passed_ms += step
        assert clock.monotonic_ms() == ticks.passed_ms - 900


def test_fault_29_a_counter_that_runs_back_a_little_stands_still() -> None:
    ticks = Short()
    ticks.passed_ms = 500
    clock = Clock(ticks)

    ticks.passed_ms = 499

    assert clock.monotonic_ms() == 0


def test_the_machines_own_counter_grows() -> None:
    clock = Clock()

    assert 0 <= clock.monotonic_ms() <= clock.monotonic_ms() < 10_000


def timekeeper(floor_ms: int = 0) -> tuple[Short, Timekeeper]:
    ticks = Short()
    return ticks, Timekeeper(Clock(ticks), floor_ms)


def test_fault_27_a_board_that_boots_in_1970_is_at_the_floor_until_it_is_welcomed() -> None:
    ticks, keeper = timekeeper(BUILD_FLOOR_MS + 5_000)
    ticks.passed_ms = 100
    before = keeper.now()

    keeper.learn(1_790_000_000_000, 100)
    ticks.passed_ms = 150
    after = keeper.now()

    assert (before.wall_ms, before.quality, before.is_good) == (BUILD_FLOOR_MS + 5_100, FLOOR, False)
    assert (after.wall_ms, after.quality, after.is_good) == (1_790_000_000_050, NTP, True)


def test_the_floor_only_rises_and_no_word_takes_the_time_below_it() -> None:
    _, keeper = timekeeper()

    keeper.raise_floor(1_780_000_000_000)
    keeper.raise_floor(1_770_000_000_000)
    keeper.learn(1_700_000_000_000, 0)

    assert keeper.now().wall_ms == 1_780_000_000_000


def test_a_floor_before_the_program_was_built_is_none() -> None:
    _, keeper = timekeeper(5)

    assert keeper.now().wall_ms == BUILD_FLOOR_MS
