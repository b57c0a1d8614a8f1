"""Up to which record of each device the sales are in the books: what a till needs to know beside a balance.

Rule: it is written in the transaction that wrote the sales, and never goes back.
"""

from collections.abc import Iterable
from datetime import datetime

import asyncpg

from cloud.meals.reading import Met

_KEEP = """
INSERT INTO meal_counted AS kept (school_id, device, epoch, seq, newest_at)
SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bigint[], $5::timestamptz[])
ON CONFLICT (school_id, device, epoch) DO UPDATE
SET seq = greatest(kept.seq, excluded.seq), newest_at = greatest(kept.newest_at, excluded.newest_at)
"""


async def note_counted(connection: asyncpg.Connection, school_id: int, met: Iterable[Met]) -> None:
    """Note that these records of a school are in the books, in the open transaction that wrote them there."""
    newest: dict[tuple[str, str], tuple[int, datetime]] = {}
    for each in met:
        key = each.place.device, each.place.epoch
        seq, received_at = newest.get(key, (0, each.received_at))
        newest[key] = max(seq, each.place.seq), max(received_at, each.received_at)
    rows = [(*key, *noted) for key, noted in sorted(newest.items())]
    if rows:
        await connection.execute(_KEEP, school_id, *(list(column) for column in zip(*rows, strict=True)))
