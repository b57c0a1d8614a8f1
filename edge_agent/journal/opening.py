"""Opening a journal, whatever state its file is in; what cannot be used is set aside and kept, never deleted."""

import contextlib
import errno
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Literal

import msgspec

from edge_agent.journal.entry import Entry, JournalBroken, JournalUnavailable
from edge_agent.journal.file import JournalFile
from edge_agent.journal.losses import Losses
from edge_agent.timekeeper import Stamp
from schemas.structs import Alarm, Open

Why = Literal["start", "created", "recovered", "set_aside"]
Damage = Literal["journal_lost", "journal_damaged"]
MARKER = ".began"
_REASONS = {errno.ENOSPC: "disk_full", errno.EDQUOT: "disk_full", errno.EROFS: "read_only"}


@dataclass(frozen=True, slots=True)
class Opened:
    """An open journal and the first records of its epoch; `previous` is the epoch before, empty when unknown."""

    file: JournalFile
    entries: list[Entry]
    why: Why


def open_journal(
    path: Path,
    device: str,
    rng: Random,
    *,
    stamp: Stamp,
    boot: str,
    firmware: str,
    broken: str = "",
    make: Callable[[Path, str, Random], JournalFile] = JournalFile,
) -> Opened:
    """Open or create the journal and write the epoch's first record; `make` is how a simulated world puts its file in.

    `broken` says what is wrong with the file that stands there, when that is known: then it is set aside unseen.
    Raises JournalUnavailable when the disk takes nothing at all.
    """
    marker = path.with_suffix(path.suffix + MARKER)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        alarms = _missing(path, marker)
        why: Why = "start" if path.exists() else "created"
        begun = None
        if not broken:
            try:
                begun = _begin(path, device, rng, _Start(why, stamp, boot, firmware, alarms), make)
            except JournalBroken as error:
                broken = str(error)
        if begun is None:
            why = "set_aside"
            alarms.append(("journal_damaged", _set_aside(path, stamp.wall_ms) + ": " + broken))
            begun = _begin(path, device, rng, _Start(why, stamp, boot, firmware, alarms), make)
    except OSError as error:
        raise JournalUnavailable(_REASONS.get(error.errno or 0, "io_error"), str(error)) from error
    with contextlib.suppress(OSError):
        marker.write_text(begun[0].epoch)
    return Opened(*begun, why)


@dataclass(frozen=True, slots=True)
class _Start:
    """What the first records of an epoch say."""

    why: Why
    stamp: Stamp
    boot: str
    firmware: str
    alarms: list[tuple[Damage, str]]


def _begin(
    path: Path, device: str, rng: Random, start: _Start, make: Callable[[Path, str, Random], JournalFile]
) -> tuple[JournalFile, list[Entry]]:
    file = make(path, device, rng)
    try:
        records = [_open_record(file, start), *(_alarm(start.stamp, *alarm) for alarm in start.alarms)]
        records += _told_of_lost_commits(file, start)
        return file, file.append(records)
    except BaseException:
        file.close()
        raise


def _told_of_lost_commits(file: JournalFile, start: _Start) -> list[bytes]:
    """Return an alarm and a loss when a flipped bit has cost what was on the disk already; each is one at least."""
    if not file.lost_commits:
        return []
    losses = Losses()
    losses.count(file.lost_commits, "io_error", start.stamp)
    alarm = _alarm(start.stamp, "journal_damaged", f"{file.lost_commits} log commits cannot be read")
    return [alarm, *losses.record(start.stamp)]


def _missing(path: Path, marker: Path) -> list[tuple[Damage, str]]:
    """Return an alarm when a journal was here and is gone."""
    if path.exists() or not marker.exists():
        return []
    last = "unknown"
    with contextlib.suppress(OSError):
        last = marker.read_text(errors="replace")[:16]
    return [("journal_lost", "the file is gone; last epoch " + last)]


def _open_record(file: JournalFile, start: _Start) -> bytes:
    before, stamp = file.before, start.stamp
    return msgspec.json.encode(
        Open(
            monotonic_ms=stamp.monotonic_ms,
            wall_ms=stamp.wall_ms,
            clock=stamp.quality,
            boot=start.boot,
            previous_epoch=before.epoch or None,
            previous_head=before.head if before.epoch else None,
            previous_digest=before.digest.hex() if before.epoch else None,
            reason="recovered" if file.lost_commits else start.why,
            firmware=start.firmware,
        )
    )


def _alarm(stamp: Stamp, reason: Damage, detail: str) -> bytes:
    return msgspec.json.encode(
        Alarm(
            monotonic_ms=stamp.monotonic_ms,
            wall_ms=stamp.wall_ms,
            clock=stamp.quality,
            reason=reason,
            detail=detail[:48],
        )
    )


def _set_aside(path: Path, wall_ms: int) -> str:
    """Rename the file and what belongs to it; return the new name."""
    name = f"{path.name}.broken-{wall_ms}"
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(path.with_name(name + suffix))
    return name
