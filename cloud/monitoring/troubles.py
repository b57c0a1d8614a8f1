"""The table of troubles: one row from when something was found until it was not found for a while, and who is told.

Rule: a trouble is told once to each target, and its end to whom its beginning was told. What a maintenance window
explains is held: noted, and told when the window is over and it is still so.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from cloud.core.page_wakeups import CHANNEL
from cloud.core.wakeups import NOBODY
from cloud.devices.alarm_kinds import Severity
from cloud.devices.alarms import OPERATORS
from cloud.monitoring.kinds import ABOUT, About, Found, Kind
from cloud.monitoring.rules import ENDS_AFTER

DETAIL_MAX, SUBJECT_MAX = 300, 120
SHOWN = 100
KEPT = timedelta(days=3 * 366)  # as alarms: journals of security events
_NOTE = """
INSERT INTO trouble (kind, subject, severity, detail, began_at, seen_at, is_held)
SELECT kind, subject, severity, detail, $5, $5, kind = ANY($6)
FROM unnest($1::text[], $2::text[], $3::smallint[], $4::text[]) AS found (kind, subject, severity, detail)
ON CONFLICT (kind, subject) WHERE ended_at IS NULL DO UPDATE SET seen_at = excluded.seen_at, detail = excluded.detail
RETURNING id, is_held, xmax = 0 AS is_new
"""
_RELEASE = """
UPDATE trouble SET is_held = false WHERE is_held AND ended_at IS NULL AND seen_at = $1 AND NOT kind = ANY($2)
RETURNING id
"""
_END = "UPDATE trouble SET ended_at = $1 WHERE ended_at IS NULL AND seen_at < $2 RETURNING id"
_TELL = """
INSERT INTO trouble_message (trouble_id, stage, target, next_at)
SELECT id, 'began', target, $3 FROM unnest($1::bigint[]) AS id, unnest($2::text[]) AS target ON CONFLICT DO NOTHING
"""
_UNTOLD = """
DELETE FROM trouble_message WHERE trouble_id = ANY($1) AND stage = 'began' AND sent_at IS NULL
"""
_OVER = """
INSERT INTO trouble_message (trouble_id, stage, target, next_at)
SELECT trouble_id, 'over', target, $2 FROM trouble_message WHERE trouble_id = ANY($1) AND stage = 'began'
ON CONFLICT DO NOTHING
"""
_WAKE = "SELECT pg_notify($1, $2)"
_OPEN = "SELECT * FROM trouble WHERE ended_at IS NULL ORDER BY severity DESC, began_at LIMIT $1"
_ENDED = "SELECT * FROM trouble WHERE ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT $1"
_FORGET = "DELETE FROM trouble WHERE id IN (SELECT id FROM trouble WHERE began_at < $1 ORDER BY began_at LIMIT 10000)"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something abnormal from its beginning to its end."""

    id: int
    kind: str
    subject: str
    severity: Severity
    detail: str
    began_at: datetime
    seen_at: datetime
    ended_at: datetime | None
    is_held: bool

    @property
    def about(self) -> About:
        return ABOUT[Kind(self.kind)]

    @property
    def sign(self) -> str:
        """Return the sign of its severity."""
        return f"alarm_{self.severity.name.lower()}"


async def note(
    pool: asyncpg.Pool, found: Iterable[Found], targets: Collection[str], now: datetime,
    held: Collection[Kind] = frozenset(),
) -> None:  # fmt: skip
    """Note what is found now, end what was not found for a while, and plan who is told of either.

    `held` are the kinds of which nobody is told now; of those of before that are held no longer somebody is.
    """
    columns, kinds = _columns(found), [kind.value for kind in held]
    async with pool.acquire() as connection, connection.transaction():
        noted = await connection.fetch(_NOTE, *columns, now, kinds)
        told = [row["id"] for row in noted if row["is_new"] and not row["is_held"]]
        told += [row["id"] for row in await connection.fetch(_RELEASE, now, kinds)]
        ended = [row["id"] for row in await connection.fetch(_END, now, now - ENDS_AFTER)]
        if told:
            await connection.execute(_TELL, told, list(targets), now)
        if ended:
            await connection.execute(_UNTOLD, ended)
            await connection.execute(_OVER, ended, now)
        if told or ended or any(row["is_new"] for row in noted):
            await connection.execute(_WAKE, CHANNEL, f"{OPERATORS}:{NOBODY}")


async def open_troubles(connection: asyncpg.Connection | asyncpg.Pool) -> list[Trouble]:
    """Return what is wrong now, the worst first."""
    return [_trouble(row) for row in await connection.fetch(_OPEN, SHOWN)]


async def ended_troubles(connection: asyncpg.Connection | asyncpg.Pool, most: int = 20) -> list[Trouble]:
    """Return what was wrong and is over, the last first."""
    return [_trouble(row) for row in await connection.fetch(_ENDED, most)]


async def forget(pool: asyncpg.Pool, now: datetime) -> None:
    """Forget troubles that need not be kept any longer."""
    await pool.execute(_FORGET, now - KEPT)


def _columns(found: Iterable[Found]) -> Sequence[list[object]]:
    """Return what is found in columns; of one kind and subject the first."""
    rows: dict[tuple[str, str], tuple[object, ...]] = {}
    for each in found:
        subject = each.subject[:SUBJECT_MAX]
        severity = ABOUT[each.kind].severity.value
        rows.setdefault((each.kind.value, subject), (each.kind.value, subject, severity, each.detail[:DETAIL_MAX]))
    return [list(column) for column in zip(*sorted(rows.values(), key=str), strict=True)] or [[], [], [], []]


def _trouble(row: asyncpg.Record) -> Trouble:
    return Trouble(**{**row, "severity": Severity(row["severity"])})
