"""What every reader with a device does: open it, and open it again for as long as the agent runs.

Rule: a lost device never raises out of `taps`, and never makes the agent busy: between two attempts there is a pause.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

import structlog

from edge_agent.clock import Clock
from edge_agent.readers.lines import Lines
from edge_agent.readers.tap import Health, Medium, Tap

PAUSE_S_MIN, PAUSE_S_MAX = 0.5, 5.0
log = structlog.get_logger()


class DeviceLost(Exception):
    """The device is not there, or does not behave as one; the message says what was seen."""


@dataclass(slots=True)
class Counts:
    """What a reader has seen since the agent started."""

    taps: int = 0
    garbage: int = 0  # what was read and was no credential
    random_uids: int = 0
    troubles: int = 0  # what was tried again at once
    losses: int = 0


class SupervisedReader(ABC):
    """A reader on a device that comes and goes."""

    def __init__(self, name: str, path: str, clock: Clock) -> None:
        self.counts = Counts()
        self.reason = ""  # why the device is lost, for the status page
        self._name = name
        self._path = path
        self._clock = clock
        self._health = Health.STARTING
        self._pause_s = PAUSE_S_MIN

    @property
    def name(self) -> str:
        return self._name

    @property
    def health(self) -> Health:
        return self._health

    async def taps(self) -> AsyncGenerator[Tap, None]:
        """Yield each tap once, for as long as the caller listens; closing the iterator closes the device."""
        while True:
            try:
                async with aclosing(self._session()) as session:
                    async for tap in session:
                        yield tap
            except DeviceLost as lost:
                self._lose(str(lost))
            await self._clock.sleep(self._pause_s)
            self._pause_s = min(self._pause_s * 2, PAUSE_S_MAX)

    @abstractmethod
    def _session(self) -> AsyncGenerator[Tap, None]:
        """Open the device, call `_found`, and yield taps until it is lost; then raise DeviceLost. Always close it."""

    def _found(self) -> None:
        self._pause_s = PAUSE_S_MIN
        self.reason = ""
        if self._health is not Health.READY:
            self._health = Health.READY
            log.info("reader.ready", reader=self._name)

    def _lose(self, reason: str) -> None:
        if self._health is not Health.LOST:
            self.counts.losses += 1
            log.warning("reader.lost", reader=self._name, path=self._path, reason=reason)
        self._health = Health.LOST
        self.reason = reason

    def _tap(self, credential: bytes, medium: Medium, flaw: str = "") -> Tap:
        tap = Tap(self._name, credential, medium, self._clock.monotonic_ms(), flaw)
        self.counts.taps += 1
        self.counts.random_uids += tap.is_random
        return tap

    def _refuse_lines(self, lines: Lines) -> None:
        """Count the lines that never became one."""
        for _ in range(lines.dropped):
            self._refuse()
        lines.dropped = 0

    def _refuse(self) -> None:
        """Count something that was read and is no credential; what it was stays out of the log."""
        self.counts.garbage += 1
        log.warning("reader.garbage", reader=self._name, count=self.counts.garbage)
