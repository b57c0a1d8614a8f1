"""The roll as all its readers share it: made anew when something changed, twice a second at most."""

import asyncio

from edge_agent.clock import Clock
from edge_agent.guard.roll import Roll, Rolls

APART_MS, FRESH_MS = 500, 10_000


class Board:
    """Keeps the last roll."""

    def __init__(self, rolls: Rolls, clock: Clock) -> None:
        self._rolls = rolls
        self._clock = clock
        self._turn = asyncio.Lock()
        self._version = 0
        self._made: tuple[int, int, Roll | None] = (-1, -(10**9), None)

    def change(self) -> None:
        """Hear that the roll may be another one."""
        self._version += 1

    async def roll(self) -> Roll | None:
        """Return the roll of now; None while no muster is on."""
        async with self._turn:
            version, made_ms, roll = self._made
            age_ms = self._clock.monotonic_ms() - made_ms
            if roll is not None and version == self._version and age_ms < FRESH_MS:
                return roll
            if roll is not None and age_ms < APART_MS:
                await self._clock.sleep((APART_MS - age_ms) / 1_000)
            version = self._version
            roll = await self._rolls.make()
            self._made = version, self._clock.monotonic_ms(), roll
            return roll

    async def roll_after_call(self) -> Roll | None:
        """Return the roll with what was just said in it."""
        async with self._turn:
            self._made = (-1, -(10**9), None)
        return await self.roll()
