"""The time: a floor that never gives way, sources by trust, and a machine clock that jumps and is not believed."""

import pytest

from edge_agent.timekeeper import BUILD_FLOOR_MS, Quality, Stamp, Timekeeper
from simulators.clock import SimulatedClock
from tests.edge_agent.school import DAY_MS, HOUR_MS


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock()


def seen(keeper: Timekeeper) -> tuple[int, Quality]:
    stamp = keeper.now()
    return stamp.wall_ms, stamp.quality


def test_a_good_clock_is_believed(clock: SimulatedClock) -> None:
    keeper = Timekeeper(clock, machine="ntp")

    clock.advance(10)

    assert keeper.now() == Stamp(10_000, clock.wall_ms(), "ntp")
    assert keeper.jumps == 0


def test_a_clock_in_1970_is_at_the_floor_which_goes_on(clock: SimulatedClock) -> None:
    clock.jump(-clock.wall_ms() / 1000)
    keeper = Timekeeper(clock)
    assert seen(keeper) == (BUILD_FLOOR_MS, "floor")

    clock.advance(5)
    assert seen(keeper) == (BUILD_FLOOR_MS + 5_000, "floor")


def test_the_floor_is_the_latest_instant_that_surely_passed(clock: SimulatedClock) -> None:
    clock.jump(-clock.wall_ms() / 1000)
    keeper = Timekeeper(clock, floor_ms=BUILD_FLOOR_MS + DAY_MS)
    keeper.raise_floor(BUILD_FLOOR_MS)
    assert seen(keeper) == (BUILD_FLOOR_MS + DAY_MS, "floor")

    keeper.raise_floor(BUILD_FLOOR_MS + 2 * DAY_MS)
    assert seen(keeper) == (BUILD_FLOOR_MS + 2 * DAY_MS, "floor")


def test_a_clock_that_was_set_from_1970_is_welcome(clock: SimulatedClock) -> None:
    now_ms = clock.wall_ms()
    clock.jump(-now_ms / 1000)
    keeper = Timekeeper(clock, machine="ntp")
    keeper.now()

    clock.jump(now_ms / 1000)

    assert seen(keeper) == (now_ms, "ntp")
    assert keeper.jumps == 1


def test_the_cloud_is_believed_where_the_machine_disagrees(clock: SimulatedClock) -> None:
    keeper = Timekeeper(clock, machine="rtc")
    true_ms = clock.wall_ms() + HOUR_MS

    keeper.learn(true_ms, clock.monotonic_ms(), "hub")
    clock.advance(1)

    assert seen(keeper) == (true_ms + 1_000, "hub")


def test_the_machine_is_believed_where_the_cloud_agrees(clock: SimulatedClock) -> None:
    keeper = Timekeeper(clock, machine="rtc")

    keeper.learn(clock.wall_ms() + 5_000, clock.monotonic_ms(), "hub")

    assert seen(keeper) == (clock.wall_ms(), "rtc")


def test_better_trust_wins_also_over_an_agreeing_machine(clock: SimulatedClock) -> None:
    keeper = Timekeeper(clock, machine="rtc")

    keeper.learn(clock.wall_ms() + 5_000, clock.monotonic_ms(), "ntp")

    assert seen(keeper) == (clock.wall_ms() + 5_000, "ntp")


@pytest.mark.parametrize("jump_s", [366 * 86_400, -14 * 86_400, 3_600])
def test_a_machine_that_jumps_is_not_believed_and_the_time_goes_on(clock: SimulatedClock, jump_s: int) -> None:
    keeper = Timekeeper(clock)
    before_ms = keeper.now().wall_ms

    clock.jump(jump_s)
    clock.advance(1)
    assert seen(keeper) == (before_ms + 1_000, "floor")
    assert (keeper.jumps, keeper.last_jump_ms) == (1, jump_s * 1000)

    clock.advance(1)
    assert seen(keeper) == (before_ms + 2_000, "floor")
    assert keeper.jumps == 1


def test_a_machine_that_jumps_back_is_believed_again(clock: SimulatedClock) -> None:
    keeper = Timekeeper(clock)
    before_ms = keeper.now().wall_ms
    clock.jump(DAY_MS / 1000)
    keeper.now()

    clock.jump(-DAY_MS / 1000)

    assert seen(keeper) == (before_ms, "rtc")
    assert keeper.jumps == 2


def test_after_a_jump_the_clouds_word_is_the_last(clock: SimulatedClock) -> None:
    keeper = Timekeeper(clock)
    keeper.now()
    clock.jump(HOUR_MS / 1000)
    keeper.now()

    keeper.learn(clock.wall_ms(), clock.monotonic_ms(), "hub")

    assert seen(keeper) == (clock.wall_ms(), "rtc")


def test_what_the_cloud_said_outlives_a_jump(clock: SimulatedClock) -> None:
    keeper = Timekeeper(clock)
    true_ms = clock.wall_ms()
    keeper.learn(true_ms, clock.monotonic_ms(), "hub")

    clock.jump(366 * 86_400)
    clock.advance(2)

    assert seen(keeper) == (true_ms + 2_000, "hub")


def test_nobodys_word_goes_below_the_floor(clock: SimulatedClock) -> None:
    keeper = Timekeeper(clock, machine="none")
    floor_ms = clock.wall_ms() - HOUR_MS
    keeper.raise_floor(floor_ms)

    keeper.learn(floor_ms - DAY_MS, clock.monotonic_ms(), "hub")

    assert seen(keeper)[0] == floor_ms
