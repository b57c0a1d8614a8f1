"""The parts of the agent, each in a task of its own that is started again when it fails, whatever the others do.

Rule: a part that fails or ends is told in the log, waits, and begins again; it never takes another part with it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from random import Random
from types import TracebackType
from typing import Self

import structlog

from edge_agent.clock import Clock
from edge_agent.status.snapshot import PartStatus
from edge_agent.sync.backoff import Backoff

WAIT_MS_MIN, WAIT_MS_MAX = 500, 30_000
STEADY_MS = 60_000  # A part that ran so long has recovered.
CANCELLED = "what it waited for was cancelled"
log = structlog.get_logger()


@dataclass(slots=True)
class _Part:
    name: str
    failures: int = 0
    error: str = ""
    started_ms: int = 0


class Parts:
    """A group of parts; leaving its block cancels them all and waits until they have ended."""

    def __init__(self, clock: Clock, rng: Random) -> None:
        self._clock = clock
        self._rng = rng
        self._group = asyncio.TaskGroup()
        self._tasks: list[asyncio.Task[None]] = []
        self._parts: list[_Part] = []

    def start(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Keep this work going until the block is left."""
        part = _Part(name)
        self._parts.append(part)
        self._tasks.append(self._group.create_task(self._keep(part, work), name=name))

    def statuses(self) -> Sequence[PartStatus]:
        """Return how each part is: its failures, and its last error until it has run steadily."""
        now_ms = self._clock.monotonic_ms()
        return [
            PartStatus(part.name, part.failures, part.error if now_ms - part.started_ms < STEADY_MS else "")
            for part in self._parts
        ]

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cancel()
        await self._group.__aexit__(kind, error, trace)

    async def stop(self) -> None:
        """End all parts now, before the block is left."""
        self._cancel()
        await asyncio.wait(self._tasks)

    def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _keep(self, part: _Part, work: Callable[[], Awaitable[None]]) -> None:
        backoff = Backoff(self._rng, WAIT_MS_MIN, WAIT_MS_MAX)
        while True:
            part.started_ms = self._clock.monotonic_ms()
            part.error = await self._once(part, work)
            part.failures += 1
            if _is_ended():
                return  # it is to end, and an error took the place of being cancelled
            if self._clock.monotonic_ms() - part.started_ms >= STEADY_MS:
                backoff.reset()
            await self._clock.sleep(backoff.next_ms() / 1000)

    async def _once(self, part: _Part, work: Callable[[], Awaitable[None]]) -> str:
        """Let the part run; return why it ended."""
        try:
            await work()
        except asyncio.CancelledError:
            if _is_ended():
                raise
            log.warning("part.failed", part=part.name, error=CANCELLED)  # nobody meant the part itself
            return CANCELLED
        except OSError as error:  # The world outside: its own words say enough.
            log.warning("part.failed", part=part.name, error=str(error))
            return str(error)
        except Exception as error:  # A mistake of ours must not stop the gate.
            log.exception("part.failed", part=part.name)
            return f"{type(error).__name__}: {error}"[:200]
        log.warning("part.ended", part=part.name)
        return "it ended by itself"


def _is_ended() -> bool:
    """Tell whether this task was cancelled itself, whatever its work has raised."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
