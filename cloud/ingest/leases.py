"""Leases: which worker serves which shards, so that all are served and a dead worker's are taken over.

Rule: leases only spread the work. Two workers on one shard are slow, never wrong: the shard's head is locked.
"""

import asyncpg

from schemas.topics import SHARDS

LASTS_S = 15.0
RENEWED_S = 4.0
LOCK = 0x6C656173  # "leas": leases are dealt one worker at a time

_LOCK = "SELECT pg_advisory_xact_lock($1)"
_CLEAN = "DELETE FROM worker_beat WHERE expires_at < clock_timestamp()"
_BEAT = """
INSERT INTO worker_beat (holder, expires_at) VALUES ($1, clock_timestamp() + make_interval(secs => $2))
ON CONFLICT (holder) DO UPDATE SET expires_at = excluded.expires_at
"""
_HELD = "SELECT shard FROM shard_lease WHERE holder = $1 ORDER BY shard"
_FREE = """
SELECT number::smallint AS shard FROM generate_series(0, $1 - 1) AS number
WHERE NOT EXISTS (
  SELECT 1 FROM shard_lease WHERE shard = number AND expires_at >= clock_timestamp() AND holder <> $2
) ORDER BY number
"""
_KEEP = """
INSERT INTO shard_lease (shard, holder, expires_at)
SELECT unnest($1::smallint[]), $2, clock_timestamp() + make_interval(secs => $3)
ON CONFLICT (shard) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
"""
_DROP = "DELETE FROM shard_lease WHERE holder = $1 AND shard <> ALL($2::smallint[])"


async def renew(pool: asyncpg.Pool, holder: str, lasts_s: float = LASTS_S) -> frozenset[int]:
    """Say that this worker lives, and return the shards it serves: a fair share, its own from before first."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(_LOCK, LOCK)
        await connection.execute(_CLEAN)
        await connection.execute(_BEAT, holder, lasts_s)
        alive = await connection.fetchval("SELECT count(*) FROM worker_beat")
        share = -(-SHARDS // alive)
        held = [row["shard"] for row in await connection.fetch(_HELD, holder)]
        free = [row["shard"] for row in await connection.fetch(_FREE, SHARDS, holder)]
        mine = [shard for shard in held if shard in free][:share]
        mine += [shard for shard in free if shard not in mine][: share - len(mine)]
        await connection.execute(_DROP, holder, mine)
        await connection.execute(_KEEP, mine, holder, lasts_s)
    return frozenset(mine)


async def give_up(pool: asyncpg.Pool, holder: str) -> None:
    """Let others have this worker's shards at once."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("DELETE FROM shard_lease WHERE holder = $1", holder)
        await connection.execute("DELETE FROM worker_beat WHERE holder = $1", holder)
