"""When each object became what it is: noticed when it is told, by a digest of what was told before.

So a program that asks for what changed since its last look misses nothing, whatever changed it.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import asyncpg
import msgspec

from cloud.oneroster.building import Built
from cloud.oneroster.kinds import Kind, Telling

GONE_LASTS = timedelta(days=365)
GONE_MAX = 20_000
_DIGEST_BYTES = 16
_SEEN = """
SELECT sourced_id, digest, changed_at FROM roster_seen
WHERE school_id = $1 AND kind = $2 AND sourced_id = ANY($3::text[]) AND NOT is_gone
"""
_NOTE = """
INSERT INTO roster_seen (school_id, kind, sourced_id, digest, changed_at, is_gone)
SELECT $1, $2, sourced_id, digest, $5, false FROM unnest($3::text[], $4::bytea[]) AS told (sourced_id, digest)
ON CONFLICT (school_id, kind, sourced_id) DO UPDATE SET
  digest = excluded.digest, changed_at = excluded.changed_at, is_gone = false
"""
_GO = """
UPDATE roster_seen SET is_gone = true, changed_at = $4
WHERE school_id = $1 AND kind = $2 AND NOT is_gone AND NOT sourced_id = ANY($3::text[])
"""
_GONE = """
SELECT sourced_id, changed_at FROM roster_seen
WHERE school_id = $1 AND kind = $2 AND is_gone AND changed_at > $3 ORDER BY sourced_id LIMIT $4
"""


async def dated(
    connection: asyncpg.Connection, school_id: int, kind: Telling, built: Sequence[Built], now: datetime
) -> list[Built]:
    """Return objects with when they became so; those that are new or other than before became so now."""
    digests = {str(each["sourcedId"]): _digest(each) for each in built}
    seen = await connection.fetch(_SEEN, school_id, kind.value, list(digests))
    known = {row["sourced_id"]: row["changed_at"] for row in seen if row["digest"] == digests[row["sourced_id"]]}
    fresh = [sourced_id for sourced_id in digests if sourced_id not in known]
    if fresh:
        await connection.execute(_NOTE, school_id, kind.value, fresh, [digests[each] for each in fresh], now)
    return [{**each, "dateLastModified": instant(known.get(str(each["sourcedId"]), now))} for each in built]


async def gone(
    connection: asyncpg.Connection, school_id: int, kind: Kind, here: Sequence[str], now: datetime
) -> list[tuple[str, str]]:
    """Note which objects are there no more, given all that are, and return those of a year: identifier and since when.

    It begins at what was told once: an object that nobody heard of needs no end.
    """
    await connection.execute(_GO, school_id, kind.value, here, now)
    rows = await connection.fetch(_GONE, school_id, kind.value, now - GONE_LASTS, GONE_MAX)
    return [(row["sourced_id"], instant(row["changed_at"])) for row in rows]


def instant(at: datetime) -> str:
    """Return an instant as the standard writes it: UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _digest(built: Built) -> bytes:
    return hashlib.blake2b(msgspec.json.encode(built), digest_size=_DIGEST_BYTES).digest()
