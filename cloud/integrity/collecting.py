"""Collecting what PostgreSQL noted of itself from its log on this machine into a table, for the security events.

Rule: connections that come and go stay in the log: they are many, and no event that somebody looks for.
"""

import asyncio
from datetime import datetime, timedelta

from cloud.core.services import Services
from cloud.integrity.database_events import DatabaseEvent, EventKind, events_in

KINDS = frozenset({EventKind.RIGHTS, EventKind.GUARDS, EventKind.STRUCTURE, EventKind.FAILED, EventKind.SERVER})
AT_ONCE = 2_000
FIRST = timedelta(days=1)  # of the log that is read when nothing was collected yet
KEPT = timedelta(days=3 * 366)  # as alarms: journals of security events
TOLD_MAX = 400
_LAST = "SELECT max(at) FROM database_event"
_KEEP = """
INSERT INTO database_event (at, kind, who, told)
SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[]) ON CONFLICT DO NOTHING
"""
_FORGET = "DELETE FROM database_event WHERE id IN (SELECT id FROM database_event WHERE at < $1 ORDER BY at LIMIT 10000)"


async def collect_due(services: Services) -> int:
    """Collect what is new in the log, where there is one on this machine; return how much was read."""
    folder, pool, now = services.settings.database_log_folder, services.database.pool, services.clock.now()
    if folder is None or not await asyncio.to_thread(folder.is_dir):
        return 0
    since: datetime = await pool.fetchval(_LAST) or now - FIRST
    events = await asyncio.to_thread(events_in, folder, since, now + timedelta(minutes=1), AT_ONCE, KINDS)
    rows = [(each.at, each.kind.value, _who(each), _told(each)) for each in events]
    if rows:
        await pool.execute(_KEEP, *(list(column) for column in zip(*rows, strict=True)))
    await pool.execute(_FORGET, now - KEPT)
    return len(rows)


def _who(event: DatabaseEvent) -> str:
    return " ".join(each for each in (event.user, event.host, event.program) if each)


def _told(event: DatabaseEvent) -> str:
    """Return what is told of it; of a failure without its statement, which may hold a person's data."""
    told = event.told.partition(" | ")[0] if event.kind is EventKind.FAILED else event.told
    return told.replace("\x00", "")[:TOLD_MAX]
