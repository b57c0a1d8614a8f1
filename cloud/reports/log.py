"""The log as a check reads it: records of a school up to a position, and who belonged to the school by then."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from cloud.ingest.cursor import LoggedRecord

AT_ONCE = 1_000
# Records received since an instant; of the kinds that reach further back, since an earlier one.
_RECORDS = """
SELECT shard, position, school_id, device, epoch, seq, received_at, corrected_ms, kind, record FROM record
WHERE shard = $1 AND position <= $2 AND received_at >= $3 AND (received_at >= $4 OR kind = ANY($7))
  AND school_id = $5 AND kind = ANY($6) ORDER BY position
"""
_PEOPLE = "SELECT ref FROM person WHERE school_id = $1 AND created_at <= $2"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a school's records: up to a position, received since an instant; `early` kinds since another."""

    shard: int
    school_id: int
    upto: int
    since_at: datetime
    kinds: Collection[str]
    early_since_at: datetime | None = None
    early: Collection[str] = ()


async def records_of(connection: asyncpg.Connection, stretch: Stretch) -> AsyncIterator[Sequence[LoggedRecord]]:
    """Yield the records of a stretch in the order of the log, some at a time; a transaction must be open."""
    asked = (
        stretch.shard, stretch.upto, stretch.early_since_at or stretch.since_at, stretch.since_at, stretch.school_id,
        sorted(stretch.kinds), sorted(stretch.early),
    )  # fmt: skip
    cursor = await connection.cursor(_RECORDS, *asked)
    while rows := [LoggedRecord(*row) for row in await cursor.fetch(AT_ONCE)]:
        yield rows


async def people_until(connection: asyncpg.Connection, school_id: int, at: datetime) -> set[str]:
    """Return the references of whom a school had by an instant."""
    return {row["ref"] for row in await connection.fetch(_PEOPLE, school_id, at)}
