"""What the agent itself notices and a person should know: a clock that jumped, a journal that fills, a disk that fails.

Each trouble is told once when it begins, by an alarm record; the health check shows it for as long as it lasts.
"""

from typing import Literal, Protocol

import msgspec

from edge_agent.journal.entry import Fill
from edge_agent.pipeline import Written
from edge_agent.timekeeper import Timekeeper
from schemas.structs import Alarm

AlarmReason = Literal["journal_nearly_full", "disk_full", "disk_read_only", "clock_jumped"]
_BY_TROUBLE: dict[str, AlarmReason] = {"disk_full": "disk_full", "read_only": "disk_read_only"}


class WatchedLog(Protocol):
    """The journal, as it is watched."""

    @property
    def fill(self) -> Fill: ...
    @property
    def held(self) -> int: ...
    @property
    def unavailable(self) -> str:
        """Return why the last append failed; empty when it did not."""
        ...

    def append(self, *records: bytes) -> Written: ...


class Watch:
    """Looks once a second or so; makes no records of its own accord."""

    def __init__(self, log: WatchedLog, timekeeper: Timekeeper) -> None:
        self._log = log
        self._timekeeper = timekeeper
        self._jumps = timekeeper.jumps
        self._is_full = False
        self._trouble = ""
        self._untold: list[tuple[AlarmReason, str]] = []

    def look(self) -> None:
        """Notice what is new, and write alarms for it as soon as the journal takes them."""
        self._notice_clock()
        self._notice_fill()
        self._notice_disk()
        if self._untold and not self._log.unavailable:
            untold, self._untold = self._untold, []
            for reason, detail in untold:
                self._log.append(self._alarm(reason, detail)).add_done_callback(_ignore)

    def _notice_clock(self) -> None:
        self._timekeeper.now()
        jumps = self._timekeeper.jumps - self._jumps
        if jumps:
            self._jumps += jumps
            self._untold.append(("clock_jumped", f"by {self._timekeeper.last_jump_ms // 1000} s"))

    def _notice_fill(self) -> None:
        is_full = self._log.fill is not Fill.ROOMY
        if is_full and not self._is_full:
            self._untold.append(("journal_nearly_full", f"{self._log.fill.value}: {self._log.held} records wait"))
        self._is_full = is_full

    def _notice_disk(self) -> None:
        trouble = self._log.unavailable
        if trouble and trouble != self._trouble and trouble in _BY_TROUBLE:
            self._untold.append((_BY_TROUBLE[trouble], "records were lost; their count follows"))
        self._trouble = trouble

    def _alarm(self, reason: AlarmReason, detail: str) -> bytes:
        stamp = self._timekeeper.now()
        return msgspec.json.encode(
            Alarm(
                monotonic_ms=stamp.monotonic_ms,
                wall_ms=stamp.wall_ms,
                clock=stamp.quality,
                reason=reason,
                detail=detail[:48],
            )
        )


def _ignore(written: Written) -> None:
    """Take note of a failure, which the journal has counted."""
    if not written.cancelled():
        written.exception()
