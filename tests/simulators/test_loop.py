"""The jumping loop: hours pass in no time, in the order of the clock, and a world that waits for nothing says so."""

import asyncio
import gc
import time
import warnings
from collections.abc import Callable, Coroutine

import pytest

from simulators.loop import NothingLeftToHappen, TimeStandsStill, run, running


def test_an_hour_passes_at_once_and_timers_come_in_order() -> None:
    told: list[tuple[int, str]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        told.append((running().now_ms, name))

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(sleeper("late", 3_600.5))
            group.create_task(sleeper("early", 0.001))

    began_s = time.monotonic()
    run(main())

    assert told == [(1, "early"), (3_600_500, "late")]
    assert time.monotonic() - began_s < 1


def test_those_who_are_cancelled_together_end_in_one_order_whatever_their_addresses() -> None:
    def story() -> list[int]:
        ended: list[int] = []

        async def member(number: int) -> None:
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                ended.append(number)

        async def fail() -> None:
            await asyncio.sleep(1)
            raise ConnectionError

        async def main() -> None:
            async with asyncio.TaskGroup() as group:
                for number in range(20):
                    group.create_task(member(number))
                group.create_task(fail())

        with pytest.raises(ExceptionGroup):
            run(main())
        return ended

    held = [[object() for _ in range(1_000 * turn)] for turn in range(5)]  # so that addresses differ

    assert len({tuple(story()) for _ in held}) == 1


def test_a_world_in_which_nothing_can_happen_any_more_says_so() -> None:
    async def main() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(NothingLeftToHappen):
        run(main())


def test_a_thread_is_refused() -> None:
    async def main() -> None:
        await asyncio.to_thread(time.monotonic)

    with pytest.raises(AssertionError, match="no threads"):
        run(main())


def test_who_acts_again_and_again_in_one_instant_is_noticed() -> None:
    async def main() -> None:
        while True:  # noqa: ASYNC110 - acting again and again is what is tried
            await asyncio.sleep(0)

    with pytest.raises(TimeStandsStill, match="in one instant"):
        run(main())


async def _stubborn() -> None:
    """Wait for nothing, and again when cancelled."""
    for _ in range(100):
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            continue


async def _restless() -> None:
    """Do nothing again and again, also when cancelled."""
    while True:
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            continue


@pytest.mark.parametrize("left", [_stubborn, _restless])
def test_a_world_leaves_nothing_behind_however_it_ends(left: Callable[[], Coroutine[None, None, None]]) -> None:
    async def main() -> None:
        for number in range(3):
            asyncio.create_task(left(), name=f"left {number}").add_done_callback(lambda _task: None)
        await asyncio.sleep(0)
        raise LookupError("the world broke")

    gc.collect()  # what other tests left is not this one's
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        with pytest.raises(LookupError):
            run(main())
        gc.collect()

    assert not seen
