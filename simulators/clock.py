"""A clock that stands still until it is told to go on; both the cloud's and the agent's Clock."""

import asyncio
import heapq
import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

START = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)  # seven in the morning of a first school day in Almaty


@dataclass(slots=True)
class SimulatedClock:
    """Time moves by `advance` only; whoever sleeps is woken when their instant is reached, in its order."""

    started_at: datetime = START
    _elapsed: timedelta = timedelta()
    _wall_offset: timedelta = timedelta()
    _sleepers: list[tuple[timedelta, int, asyncio.Future[None]]] = field(default_factory=list)
    _turns: "itertools.count[int]" = field(default_factory=itertools.count)

    def now(self) -> datetime:
        return self.started_at + self._elapsed + self._wall_offset

    def wall_ms(self) -> int:
        return (self.now() - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)

    def monotonic_s(self) -> float:
        return self._elapsed.total_seconds()

    def monotonic_ms(self) -> int:
        return self._elapsed // timedelta(milliseconds=1)

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has been advanced by that much; give others a turn when it is nothing."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + timedelta(seconds=seconds), next(self._turns), woken))
        await woken

    def advance(self, seconds: float) -> None:
        """Let time pass and wake whoever slept until an instant that has come."""
        assert seconds >= 0, "time does not go back; use jump for a wall clock that does"  # noqa: S101
        self._elapsed += timedelta(seconds=seconds)
        while self._sleepers and self._sleepers[0][0] <= self._elapsed:
            _, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                woken.set_result(None)

    def jump(self, seconds: float) -> None:
        """Move the wall clock alone, as somebody or a wrong time server does."""
        self._wall_offset += timedelta(seconds=seconds)

    def next_wake_s(self) -> float | None:
        """Return how many seconds from now the first sleeper wants to be woken; nothing when nobody sleeps."""
        waiting = [deadline for deadline, _, woken in self._sleepers if not woken.done()]
        return (min(waiting) - self._elapsed).total_seconds() if waiting else None
