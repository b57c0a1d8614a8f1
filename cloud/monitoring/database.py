"""PostgreSQL and the readers of the log as they are now, and what this machine's own disk remembers of PostgreSQL.

Rule: what is remembered stands outside the database: a database that went back would remember that it did not.
"""

import asyncio
import os
from datetime import datetime
from pathlib import Path

import asyncpg
import msgspec

from cloud.core.clock import Clock
from cloud.monitoring.rules import DatabaseState, Reader, Remembered

SEEN = "database.seen"  # in the data folder
READERS_MAX = 2_000
_STATE = """
SELECT (SELECT system_identifier FROM pg_control_system()) AS identity, pg_postmaster_start_time() AS started_at,
  (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint AS wal, clock_timestamp() AS now,
  pg_database_size(current_database()) AS size, current_setting('max_connections')::int AS connections_max,
  (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
  (SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND backend_type = 'client backend'
    AND query_start < clock_timestamp() - interval '1 minute') AS slow
"""
_BLOCKED = """
SELECT extract(epoch FROM clock_timestamp() - since)::float AS blocked_s,
  format('process %s of %s (%s), %s', pid, usename, application_name, what) AS blocking FROM (
    SELECT pid, usename, application_name, query_start AS since, 'waits for a lock' AS what FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND datname = current_database()
    UNION ALL
    SELECT pid, usename, application_name, state_change, 'sits in an open transaction' FROM pg_stat_activity
    WHERE state LIKE 'idle in transaction%' AND datname = current_database()
  ) AS waiting ORDER BY since LIMIT 1
"""
_WATCH = """
WITH behind AS (
  SELECT reader_cursor.name, reader_cursor.shard, reader_cursor.position FROM reader_cursor
  JOIN shard_head USING (shard) WHERE shard_head.position > reader_cursor.position
  ORDER BY reader_cursor.name, reader_cursor.shard LIMIT $2
), gone AS (
  DELETE FROM reader_watch WHERE NOT EXISTS (
    SELECT FROM behind WHERE behind.name = reader_watch.name AND behind.shard = reader_watch.shard)
)
INSERT INTO reader_watch (name, shard, position, since) SELECT name, shard, position, $1 FROM behind
ON CONFLICT (name, shard) DO UPDATE SET position = excluded.position,
  since = CASE WHEN reader_watch.position = excluded.position THEN reader_watch.since ELSE excluded.since END
RETURNING name, shard, position, since
"""
_NEXT = """
SELECT device || ' ' || epoch || ' ' || seq || ' (' || kind || ')' FROM record
WHERE shard = $1 AND position > $2 ORDER BY position LIMIT 1
"""


async def state_of(connection: asyncpg.Connection, clock: Clock) -> DatabaseState:
    """Return how PostgreSQL is; its clock is compared with the middle of asking."""
    began = clock.now()
    row = await connection.fetchrow(_STATE)
    middle = began + (clock.now() - began) / 2
    blocked = await connection.fetchrow(_BLOCKED)
    return DatabaseState(
        row["identity"], row["started_at"], row["wal"], (row["now"] - middle).total_seconds(), row["size"],
        row["connections"], row["connections_max"], row["slow"], blocked["blocked_s"] if blocked else 0.0,
        blocked["blocking"] if blocked else "",
    )  # fmt: skip


async def readers_behind(connection: asyncpg.Connection, now: datetime, long_ago: datetime) -> list[Reader]:
    """Return the readers that are behind, since when each stands where it stands, and what comes next after long."""
    rows = await connection.fetch(_WATCH, now, READERS_MAX)
    return [
        Reader(
            row["name"], row["shard"], row["position"], row["since"],
            str(await connection.fetchval(_NEXT, row["shard"], row["position"]) or "")
            if row["since"] < long_ago else "",
        )
        for row in rows
    ]  # fmt: skip


async def remembered(folder: Path) -> Remembered | None:
    """Return what this machine knew of the database before; None where it knew nothing."""
    return await asyncio.to_thread(_read, folder / SEEN)


async def remember(folder: Path, known: Remembered) -> None:
    """Keep what is to be known of the database later. Raises OSError."""
    await asyncio.to_thread(_write, folder / SEEN, known)


def _read(file: Path) -> Remembered | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Remembered)
    except (OSError, msgspec.MsgspecError):
        return None


def _write(file: Path, known: Remembered) -> None:
    temporary = file.with_name(file.name + ".part")
    with temporary.open("wb") as out:
        out.write(msgspec.json.encode(known))
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(file)
