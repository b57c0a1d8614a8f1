"""Whose password is hashed next: a few at once, a bounded number waits, and who is known comes first.

Rule: a hash costs memory and a core for as long as an attacker likes to ask for it. So no more run at once than there
are threads, none waits beyond the bounds, and what strangers send holds up nobody whom an account knows.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum

from cloud.accounts.errors import TooManyAtOnce


class Lane(Enum):
    """Who waits, the first to be served first."""

    KNOWN = "known"  # signs in from a browser that the account was signed in from before
    WORK = "work"  # is signed in already: own passwords, accounts that are made
    STRANGER = "stranger"


WAITING_MAX: Mapping[Lane, int] = {Lane.KNOWN: 200, Lane.WORK: 200, Lane.STRANGER: 100}
OF_ONE_PLACE_MAX = 50  # strangers of one address: a school stands behind one, and leaves others room


@dataclass(slots=True)
class Turns:
    """Turns of a process, `at_once` of them at a time; within a lane the first to come is the first to be served."""

    at_once: int
    waiting_max: Mapping[Lane, int] = field(default_factory=lambda: WAITING_MAX)
    of_one_place_max: int = OF_ONE_PLACE_MAX
    _taken: int = 0
    _waiting: dict[Lane, deque[asyncio.Future[None]]] = field(default_factory=lambda: {lane: deque() for lane in Lane})
    _places: Counter[str] = field(default_factory=Counter)

    @asynccontextmanager
    async def turn(self, lane: Lane, place: str = "") -> AsyncIterator[None]:
        """Wait for a turn and hold it. Raises TooManyAtOnce where too many wait already, in all or from one place."""
        if self._taken < self.at_once:
            self._taken += 1
        else:
            await self._wait(lane, place)
        try:
            yield
        finally:
            self._pass_on()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(map(len, self._waiting.values()))

    async def _wait(self, lane: Lane, place: str) -> None:
        waiting, is_stranger = self._waiting[lane], lane is Lane.STRANGER
        if len(waiting) >= self.waiting_max[lane] or (is_stranger and self._places[place] >= self.of_one_place_max):
            raise TooManyAtOnce
        called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting.append(called)
        self._places[place] += 1
        try:
            await called
        except asyncio.CancelledError:
            if called.done() and not called.cancelled():
                self._pass_on()  # it was called and has left in the same moment
            else:
                waiting.remove(called)
            raise
        finally:
            self._places[place] -= 1
            if not self._places[place]:
                del self._places[place]

    def _pass_on(self) -> None:
        """Give the turn to who waits longest in the first lane where somebody does."""
        for lane in Lane:
            while self._waiting[lane]:
                called = self._waiting[lane].popleft()
                if not called.done():
                    called.set_result(None)
                    return
        self._taken -= 1
