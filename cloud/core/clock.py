"""The clock that the cloud is given; nothing in it looks at the time by itself."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """The instant it is, a count of seconds that never goes back, and waiting."""

    def now(self) -> datetime:
        """Return the instant it is: aware, in UTC."""
        ...

    def monotonic_s(self) -> float:
        """Return seconds since some start; never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time_ns() / 1e9, UTC)

    def monotonic_s(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
