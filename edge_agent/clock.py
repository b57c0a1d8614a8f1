"""The clock that the agent is given; nothing in it looks at the time by itself."""

import asyncio
import time
from typing import Protocol

_SINCE_BOOT: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Clock(Protocol):
    """Time since boot, time of day, and waiting."""

    def monotonic_ms(self) -> int:
        """Return milliseconds since the machine booted; never goes back."""
        ...

    def wall_ms(self) -> int:
        """Return milliseconds since 1970-01-01T00:00:00Z as the machine believes; may jump."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's own clock; Linux's boot time goes on while the machine sleeps."""

    def monotonic_ms(self) -> int:
        return time.clock_gettime_ns(_SINCE_BOOT) // 1_000_000

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
