"""Turns at hashing: a few at once, a bounded number waits, and who is known is served before strangers."""

import asyncio

import pytest

from cloud.accounts.errors import TooManyAtOnce
from cloud.accounts.turns import Lane, Turns

WAITING = {Lane.KNOWN: 2, Lane.WORK: 2, Lane.STRANGER: 4}


class Hash:
    """Work that lasts until it is let go."""

    def __init__(self, turns: Turns) -> None:
        self.turns, self.served = turns, list[str]()
        self.ends = asyncio.Event()

    async def take(self, name: str, lane: Lane, place: str = "") -> None:
        async with self.turns.turn(lane, place or name):
            self.served.append(name)
            await self.ends.wait()


@pytest.fixture(name="hashing")
def _hashing() -> Hash:
    return Hash(Turns(at_once=1, waiting_max=WAITING, of_one_place_max=2))


async def settled() -> None:
    """Let every task go as far as it can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_is_known_comes_first_and_strangers_come_last_each_in_their_order(hashing: Hash) -> None:
    asked = [
        ("first", Lane.STRANGER),
        ("s1", Lane.STRANGER),
        ("s2", Lane.STRANGER),
        ("w", Lane.WORK),
        ("k", Lane.KNOWN),
    ]
    async with asyncio.TaskGroup() as tasks:
        for name, lane in asked:
            tasks.create_task(hashing.take(name, lane))
        await settled()
        assert (hashing.served, hashing.turns.waiting) == (["first"], 4)

        hashing.ends.set()

    assert hashing.served == ["first", "k", "w", "s1", "s2"]
    assert hashing.turns.waiting == 0


async def test_nobody_waits_beyond_the_bound_of_a_lane_or_of_one_address(hashing: Hash) -> None:
    async with asyncio.TaskGroup() as tasks:
        for number in range(3):
            tasks.create_task(hashing.take(f"a{number}", Lane.STRANGER, "a"))
        await settled()
        with pytest.raises(TooManyAtOnce):
            await hashing.take("a3", Lane.STRANGER, "a")
        for number in range(2):
            tasks.create_task(hashing.take(f"b{number}", Lane.STRANGER))
        await settled()
        with pytest.raises(TooManyAtOnce):
            await hashing.take("c", Lane.STRANGER)
        tasks.create_task(hashing.take("known", Lane.KNOWN))
        await settled()
        hashing.ends.set()

    assert hashing.served == ["a0", "known", "a1", "a2", "b0", "b1"]
    await hashing.take("a4", Lane.STRANGER, "a")  # and there is room again


async def test_who_leaves_while_waiting_takes_no_turn_along(hashing: Hash) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hashing.take("first", Lane.STRANGER))
        leaving = tasks.create_task(hashing.take("leaves", Lane.STRANGER))
        staying = tasks.create_task(hashing.take("stays", Lane.STRANGER))
        await settled()
        leaving.cancel()
        await settled()
        hashing.ends.set()
        await staying

    assert hashing.served == ["first", "stays"]
    await hashing.take("later", Lane.STRANGER)


async def test_a_turn_that_is_given_in_the_moment_somebody_leaves_goes_to_the_next(hashing: Hash) -> None:
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(hashing.take("first", Lane.STRANGER))
        leaving = tasks.create_task(hashing.take("leaves", Lane.STRANGER))
        staying = tasks.create_task(hashing.take("stays", Lane.STRANGER))
        await settled()
        first.add_done_callback(lambda _task: leaving.cancel())  # it was called just now, and has not run yet
        hashing.ends.set()
        await staying

    assert hashing.served[0] == "first"
    assert "stays" in hashing.served
    await hashing.take("later", Lane.STRANGER)
