"""Readers of the log: each has a name and a cursor on every shard, moved in the transaction that applies what it read.

Rule: a reader meets every record once, in the order of positions of its shard; what it makes of them must be a function
of the set of records, since a record may come days late.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import asyncpg

RECORDS_AT_ONCE = 250  # a round holds up the loop that takes records in for some 10 ms

_BEHIND = """
SELECT shard_head.shard, shard_head.position - coalesce(reader_cursor.position, 0) FROM shard_head
LEFT JOIN reader_cursor ON reader_cursor.shard = shard_head.shard AND reader_cursor.name = $1
WHERE shard_head.position > coalesce(reader_cursor.position, 0) AND shard_head.shard = ANY($2::smallint[])
ORDER BY shard_head.shard
"""
_PLACE = """
INSERT INTO reader_cursor (name, shard) SELECT $1, unnest($2::smallint[]) ON CONFLICT DO NOTHING
"""
_LOCK = """
SELECT shard, position FROM reader_cursor WHERE name = $1 AND shard = ANY($2::smallint[]) ORDER BY shard FOR UPDATE
"""
_READ = """
SELECT of_shard.* FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS cursor (shard, position, share)
CROSS JOIN LATERAL (
  SELECT shard, position, school_id, device, epoch, seq, received_at, corrected_ms, kind, record FROM record
  WHERE record.shard = cursor.shard AND record.position > cursor.position ORDER BY record.position LIMIT share
) AS of_shard
ORDER BY of_shard.shard, of_shard.position
"""
_MOVE = """
UPDATE reader_cursor SET position = moved.position
FROM unnest($2::smallint[], $3::bigint[]) AS moved (shard, position)
WHERE reader_cursor.name = $1 AND reader_cursor.shard = moved.shard
"""


@dataclass(frozen=True, slots=True)
class LoggedRecord:
    """A record as a reader meets it; `record` is the device's own line of JSON."""

    shard: int
    position: int
    school_id: int
    device: str
    epoch: str
    seq: int
    received_at: datetime
    corrected_ms: int
    kind: str
    record: bytes


class Projection(Protocol):
    """Tables that a reader makes of the log."""

    @property
    def name(self) -> str:
        """Return the cursor's name; another name reads everything anew."""
        ...

    async def apply(self, connection: asyncpg.Connection, records: Sequence[LoggedRecord]) -> None:
        """Write what these records mean, in the open transaction of `connection`."""
        ...


async def advance(
    pool: asyncpg.Pool, projection: Projection, shards: Sequence[int], most: int = RECORDS_AT_ONCE
) -> int:
    """Let a reader meet the next records of these shards; return how many it met, 0 when it is up to date."""
    async with pool.acquire() as connection:
        behind: dict[int, int] = dict(await connection.fetch(_BEHIND, projection.name, shards))
        if not behind:
            return 0
        shares = shares_of(behind, most)
        async with connection.transaction():
            await connection.execute(_PLACE, projection.name, list(shares))
            cursors: dict[int, int] = dict(await connection.fetch(_LOCK, projection.name, list(shares)))
            wanted = [shares[shard] for shard in cursors]
            rows = await connection.fetch(_READ, list(cursors), list(cursors.values()), wanted)
            records = [LoggedRecord(*row) for row in rows]
            if records:
                await projection.apply(connection, records)
                reached = {record.shard: record.position for record in records}
                await connection.execute(_MOVE, projection.name, list(reached), list(reached.values()))
    return len(records)


def shares_of(behind: Mapping[int, int], most: int) -> dict[int, int]:
    """Deal out how many records of each shard are met now: who is little behind meets all, the others share the rest.

    So a school with a long backlog does not hold up the shards of others.
    """
    shares, room, others = dict[int, int](), most, len(behind)
    for shard, lag in sorted(behind.items(), key=lambda each: each[1]):
        shares[shard] = min(lag, max(1, room // others))
        room, others = room - shares[shard], others - 1
    return shares
