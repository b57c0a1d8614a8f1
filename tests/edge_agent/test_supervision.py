"""A part that fails is started again, and takes no other part with it."""

import asyncio
from random import Random

from edge_agent.supervision import Parts
from tests.waiting import until_async


class QuickClock:
    """Waits are over at once; the time is the loop's."""

    def monotonic_ms(self) -> int:
        return int(asyncio.get_running_loop().time() * 1000)

    def wall_ms(self) -> int:
        return 0

    async def sleep(self, _seconds: float) -> None:
        await asyncio.sleep(0)


async def test_a_part_that_fails_begins_again_beside_one_that_never_stops() -> None:
    tries: list[str] = []
    steady = asyncio.Event()

    async def failing() -> None:
        tries.append("failing")
        raise OSError("no such device")

    async def mistaken() -> None:
        tries.append("mistaken")
        raise ValueError("a mistake of ours")

    async def going() -> None:
        steady.set()
        await asyncio.get_running_loop().create_future()

    async with Parts(QuickClock(), Random(1)) as parts:
        for name, work in (("failing", failing), ("mistaken", mistaken), ("going", going)):
            parts.start(name, work)
        await until_async(lambda: tries.count("failing") >= 3 and tries.count("mistaken") >= 3)
        told = {part.name: part for part in parts.statuses()}

    assert steady.is_set()
    assert told["failing"].error == "no such device"
    assert told["mistaken"].error == "ValueError: a mistake of ours"
    assert (told["going"].failures, told["going"].error) == (0, "")


async def test_a_part_whose_own_work_was_cancelled_begins_again() -> None:
    tries: list[int] = []

    async def waiting() -> None:
        tries.append(len(tries))
        cancelled = asyncio.get_running_loop().create_future()
        cancelled.cancel()
        await cancelled

    async with Parts(QuickClock(), Random(1)) as parts:
        parts.start("waiting", waiting)
        await until_async(lambda: len(tries) >= 3)
        (told,) = parts.statuses()

    assert told.error == "what it waited for was cancelled"


async def test_leaving_the_block_ends_every_part() -> None:
    ended: list[str] = []

    async def going() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.append("going")

    async with Parts(QuickClock(), Random(1)) as parts:
        parts.start("going", going)
        await asyncio.sleep(0)
        await parts.stop()
        assert ended == ["going"]


async def test_a_part_that_fails_as_it_is_ended_does_not_begin_again() -> None:
    begun: list[str] = []

    async def failing() -> None:
        begun.append("failing")
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            raise OSError("the disk went in the same moment")

    async with asyncio.timeout(30), Parts(QuickClock(), Random(1)) as parts:
        parts.start("failing", failing)
        await until_async(lambda: begun)
        await parts.stop()

    assert begun == ["failing"]
