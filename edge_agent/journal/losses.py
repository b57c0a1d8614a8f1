"""What a journal could not keep, counted until a `loss` record can tell of it; and a little room held for that."""

import os
import threading
from pathlib import Path
from typing import Literal

import msgspec

from edge_agent.timekeeper import Stamp
from schemas.structs import Loss

RESERVE_BYTES = 256 * 1024
Reason = Literal["disk_full", "io_error", "queue_full"]
_REASONS: dict[str, Reason] = {"disk_full": "disk_full", "queue_full": "queue_full"}


class Losses:
    """Records that were lost and not yet told of, and how many since the start; counted from more than one thread."""

    def __init__(self) -> None:
        self.total = 0
        self._untold = 0
        self._telling = 0
        self._reason: Reason = "io_error"
        self._from_ms = self._to_ms = 0
        self._turn = threading.Lock()

    def count(self, records: int, reason: str, stamp: Stamp) -> None:
        """Add so many records, lost now; `reason` is a JournalUnavailable's, or queue_full."""
        with self._turn:
            if not self._untold:
                self._from_ms = stamp.wall_ms
            self.total += records
            self._untold += records
            self._reason = _REASONS.get(reason, "io_error")
            self._to_ms = stamp.wall_ms

    def record(self, stamp: Stamp) -> list[bytes]:
        """Return the record that tells, or none when nothing was lost."""
        with self._turn:
            self._telling = self._untold
            if not self._telling:
                return []
            loss = Loss(
                monotonic_ms=stamp.monotonic_ms,
                wall_ms=stamp.wall_ms,
                clock=stamp.quality,
                reason=self._reason,
                count=self._telling,
                from_ms=self._from_ms,
                to_ms=self._to_ms,
            )
        return [msgspec.json.encode(loss)]

    def told(self) -> None:
        """Note that the record is on the disk; what was lost since stays to be told."""
        with self._turn:
            self._untold -= self._telling
            self._telling = 0


class Reserve:
    """A file that only takes room, given up when the disk is full so that a loss can still be told."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.is_held = path.exists()

    def hold(self) -> None:
        """Take the room, if the disk has it."""
        if self.is_held:
            return
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, RESERVE_BYTES)
                self.is_held = True
            finally:
                os.close(descriptor)
                if not self.is_held:
                    self._path.unlink(missing_ok=True)
        except OSError:
            return

    def release(self) -> bool:
        """Give the room up; tell whether there was any."""
        was_held, self.is_held = self.is_held, False
        try:
            self._path.unlink(missing_ok=True)
        except OSError:
            return False
        return was_held
