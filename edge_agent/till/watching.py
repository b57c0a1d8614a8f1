"""Open screens and how they hear of a change: each is sent the newest state, never a backlog of old ones.

Rule: a screen that reads slowly costs nothing but itself; when the till ends, every stream ends.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

WATCHERS_MAX = 16
TICK_S = 10.0
ENDING_S = 2.0


class TooMany(RuntimeError):
    """As many screens are open as a till has."""


class Watching:
    """The streams to open screens."""

    def __init__(self, most: int | None = None) -> None:
        """`most` streams are open at a time; as many as a till has unless said."""
        self.count = 0
        self.most = WATCHERS_MAX if most is None else most
        self._version = 0
        self._is_ending = False
        self._changed = asyncio.Event()
        self._gone = asyncio.Event()

    @property
    def is_full(self) -> bool:
        """Tell whether no screen more may be opened."""
        return self.count >= self.most

    def change(self) -> None:
        """Wake every screen."""
        self._version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def turns(self) -> AsyncGenerator[bool]:
        """Yield at once, at each change (true), and every few seconds without one (false). Raises TooMany."""
        if self.is_full:
            raise TooMany(f"{self.most} screens are open already")
        self.count += 1
        seen = -1
        try:
            while not self._is_ending:
                is_change, seen = seen != self._version, self._version
                changed = self._changed
                yield is_change
                if seen == self._version and not self._is_ending:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(TICK_S):
                            await changed.wait()
        finally:
            self.count -= 1
            self._gone.set()

    async def close(self) -> None:
        """End all streams, and give them a moment to do so."""
        self._is_ending = True
        self.change()
        with suppress(TimeoutError):
            async with asyncio.timeout(ENDING_S):
                while self.count:
                    self._gone.clear()
                    await self._gone.wait()
