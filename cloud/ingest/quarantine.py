"""Records that were acknowledged and could not be read: what is held, and what this program could read of it now."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from cloud.ingest.reading import CONSUMED, Unreadable, read_record

AT_ONCE = 500
GROUPS_MAX = 1_000
_HELD = """
SELECT device, reason, count(*) AS records, min(seq) AS first_seq, max(seq) AS last_seq,
  min(received_at) AS first_at, max(received_at) AS last_at
FROM quarantine WHERE $1::text IS NULL OR device = $1 GROUP BY device, reason ORDER BY device, reason LIMIT $2
"""
_ROWS = """
SELECT id, device, reason, seq, received_at, record FROM quarantine
WHERE id > $1 AND reason = ANY($2::text[]) ORDER BY id LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Held:
    """Records of a device that are held for one reason; their content is not shown, it may name people."""

    device: str
    reason: str
    records: int
    first_seq: int
    last_seq: int
    first_at: datetime
    last_at: datetime

    @property
    def may_be_read_later(self) -> bool:
        """Whether a newer program might understand them; the others tell of a device that contradicts itself."""
        return self.reason in CONSUMED


async def held(pool: asyncpg.Pool, device: str | None) -> list[Held]:
    """Return what is held, of one device or of all, by device and reason."""
    return [Held(**row) for row in await pool.fetch(_HELD, device, GROUPS_MAX)]


async def readable(pool: asyncpg.Pool) -> list[Held]:
    """Return what this program could read of what is held, by device and reason; nothing is changed."""
    found = dict[tuple[str, str], Held]()
    async for row in _rows(pool):
        if _is_readable(row["record"]):
            key, seq, at = (row["device"], row["reason"]), row["seq"], row["received_at"]
            before = found.get(key, Held(*key, 0, seq, seq, at, at))
            found[key] = Held(*key, before.records + 1, min(before.first_seq, seq), max(before.last_seq, seq),
                              min(before.first_at, at), max(before.last_at, at))  # fmt: skip
    return [found[key] for key in sorted(found)]


async def _rows(pool: asyncpg.Pool) -> AsyncIterator[asyncpg.Record]:
    after = 0
    while rows := await pool.fetch(_ROWS, after, list(CONSUMED), AT_ONCE):
        for row in rows:
            yield row
        after = rows[-1]["id"]


def _is_readable(record: bytes) -> bool:
    try:
        read_record(record)
    except Unreadable:
        return False
    return True
