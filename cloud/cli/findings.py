"""What a look at an installation finds: judged in words, with what to do. Pure.

Rule: a line that is not in order says what to do; whoever reads it at night has no other book.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

GIB = 1 << 30


class Level(Enum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a look: what was looked at, how it is, and what to do about it; nothing where it is in order."""

    what: str
    level: Level
    told: str
    todo: str = ""


def ok(what: str, told: str) -> Finding:
    """Return a line that is in order."""
    return Finding(what, Level.OK, told)


def warning(what: str, told: str, todo: str) -> Finding:
    """Return a line that somebody should look at by day."""
    return Finding(what, Level.WARNING, told, todo)


def wrong(what: str, told: str, todo: str) -> Finding:
    """Return a line that keeps the service, or its safety, from working."""
    return Finding(what, Level.WRONG, told, todo)


def judge_disk(what: str, total: int, free: int) -> Finding:
    """Judge the free space of a disk, in bytes."""
    share = 100 * free / total if total else 0.0
    told = f"{free / GIB:.1f} GB free of {total / GIB:.1f} GB, {share:.0f} %"
    if share < 5:
        return wrong(what, told, "make room now: at 0 PostgreSQL stops and records wait at the gates")
    if share < 20:
        return warning(what, told, "make room, or give it a larger disk; old backups and logs go first")
    return ok(what, told)


def judge_clock(apart_s: float, newest: datetime | None, now: datetime) -> Finding:
    """Judge this machine's clock by the database's, seconds apart, and by the newest record that was taken in."""
    mend = "see to its time service: timedatectl; then systemctl restart systemd-timesyncd"
    if newest is not None and newest - now > timedelta(seconds=30):
        told = f"it was set back: records were taken in {_span(newest - now)} from now"
        return wrong("clock", told, f"{mend}. What was written meanwhile has times of the future")
    if abs(apart_s) > 30:
        return wrong("clock", f"{apart_s:+.0f} s from the database's", f"{mend}, here and there")
    if abs(apart_s) > 2:
        return warning("clock", f"{apart_s:+.1f} s from the database's", f"{mend}, here and there")
    return ok("clock", f"{apart_s:+.1f} s from the database's")


def judge_certificate(what: str, until: datetime, now: datetime, todo: str, *, early: timedelta) -> Finding:
    """Judge how long a certificate lasts; `early` is when it should have been renewed."""
    left = until - now
    if left < timedelta(0):
        return wrong(what, f"ended {_span(-left)} ago", todo)
    if left < early:
        return warning(what, f"ends in {_span(left)}", todo)
    return ok(what, f"lasts {_span(left)} more")


def judge_backups(made: Sequence[tuple[datetime, int]], now: datetime) -> Finding:
    """Judge backups by their instants and sizes, oldest first."""
    if not made:
        return wrong("backups", "there is none", "esik cloud backup; then systemctl enable --now esik-backup.timer")
    newest, size = made[-1]
    told = f"{len(made)}, the newest {_span(now - newest)} old, {size / 1e6:.1f} MB"
    if now - newest > timedelta(days=3):
        return wrong("backups", told, "systemctl status esik-backup says why; esik cloud backup makes one now")
    if now - newest > timedelta(hours=26):
        return warning("backups", told, "last night's is missing: systemctl status esik-backup says why")
    if len(made) > 1 and size < made[-2][1] / 2:
        return warning("backups", f"{told}: less than half of the one before", "esik cloud drill tells what is in it")
    return ok("backups", told)


def judge_workers(alive: int, shards: int, wanted: int) -> Finding:
    """Judge the workers by those that live and the shards that they hold."""
    if not alive:
        return wrong(
            "workers", "none works: nothing is taken in", "systemctl start esik-worker@1; journalctl -u 'esik-worker@*'"
        )
    if shards < wanted:
        told = f"{alive} work, {wanted - shards} of {wanted} shards are nobody's"
        return warning("workers", told, "look again in 15 seconds; if it stays, restart the workers one after another")
    return ok("workers", f"{alive} work, all {wanted} shards are served")


def judge_readers(behind: dict[str, int]) -> Finding:
    """Judge the readers of the log by how many entries they have not met."""
    late = {name: count for name, count in behind.items() if count > 10_000}
    if not late:
        return ok("readers", f"{len(behind)}, at most {max(behind.values(), default=0)} entries behind")
    told = ", ".join(f"{name} is {count} behind" for name, count in sorted(late.items()))
    return warning("readers", told, "esik cloud status again in a minute; if it grows, start another worker; "
                   "if it stands still, journalctl -u 'esik-worker@*' names the record")  # fmt: skip


def judge_quarantine(held: int) -> Finding:
    """Judge the records that were kept and not understood."""
    if held:
        return warning("quarantine", f"{held} records wait", "esik cloud quarantine list says which, and why")
    return ok("quarantine", "empty")


def judge_check(at: datetime | None, found: int, now: datetime) -> Finding:
    """Judge the last nightly check of chains, rights, anchors and sealed fields."""
    if at is None:
        return warning(
            "nightly check", "none was made yet", "it comes by night, while a worker runs; or esik cloud verify"
        )
    if found:
        return wrong(
            "nightly check", f"{found} things were wrong {_span(now - at)} ago", "esik cloud verify names them"
        )
    if now - at > timedelta(days=2):
        return warning(
            "nightly check", f"the last was {_span(now - at)} ago", "do the workers run by night? esik cloud verify"
        )
    return ok("nightly check", f"in order {_span(now - at)} ago")


def judge_migrations(missing: Sequence[str], extra: Sequence[str]) -> Finding:
    """Judge the tables by the migrations that were not applied, and by those this program does not know."""
    if extra:
        return wrong(
            "tables", f"of a newer version ({extra[0]})", "install that version of Esik, or restore its backup"
        )
    if missing:
        return wrong("tables", f"{missing[0]} was not applied", "esik cloud migrate, after a backup")
    return ok("tables", "of this version")


def _span(span: timedelta) -> str:
    if span >= timedelta(days=2):
        return f"{span.days} days"
    if span >= timedelta(hours=2):
        return f"{span // timedelta(hours=1)} hours"
    return f"{max(0, span // timedelta(minutes=1))} minutes"
