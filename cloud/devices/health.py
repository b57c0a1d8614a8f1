"""How devices are: what each said of itself in the last days, and when its records last came and were acknowledged.

Rule: for pages, not for proof: what is lost of it between two writes is told again by the next record.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

KEPT = timedelta(days=8)
FORGOTTEN_AT_ONCE = 100_000
_NOTE = """
INSERT INTO device_health (device_id, at, uptime_s, unsent, disk_free_mb, temperature_c, wear_pct, signal_dbm)
SELECT DISTINCT ON (device_id, at) * FROM unnest(
  $1::bigint[], $2::timestamptz[], $3::bigint[], $4::bigint[], $5::bigint[], $6::smallint[], $7::smallint[],
  $8::smallint[]
) AS told (device_id, at) ON CONFLICT DO NOTHING
"""
_CONTACT = """
INSERT INTO device_contact (device_id, recorded_at, acked_at, epoch)
SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[], $4::text[])
ON CONFLICT (device_id) DO UPDATE SET
  recorded_at = greatest(device_contact.recorded_at, excluded.recorded_at),
  acked_at = greatest(device_contact.acked_at, excluded.acked_at),
  epoch = CASE WHEN excluded.epoch = '' THEN device_contact.epoch ELSE excluded.epoch END
"""
_FORGET = """
DELETE FROM device_health WHERE (device_id, at) IN (
  SELECT device_id, at FROM device_health WHERE at < $1 ORDER BY at LIMIT $2
)
"""
_SINCE = """
SELECT device_id, at, uptime_s, unsent, disk_free_mb, temperature_c, wear_pct, signal_dbm FROM device_health
WHERE device_id = $1 AND at > $2 ORDER BY at LIMIT 2000
"""


@dataclass(frozen=True, slots=True)
class Health:
    """How a device was at an instant; what it does not tell is None."""

    device_id: int
    at: datetime
    uptime_s: int
    unsent: int
    disk_free_mb: int | None
    temperature_c: int | None
    wear_pct: int | None
    signal_dbm: int | None


@dataclass(frozen=True, slots=True)
class Contact:
    """When records of a device came, and which were acknowledged if any were."""

    device_id: int
    recorded_at: datetime
    acked_at: datetime | None
    epoch: str


async def note_health(pool: asyncpg.Pool, healths: Iterable[Health]) -> None:
    """Write how devices were; a second word of the same instant is the first one's."""
    rows = [
        (
            each.device_id, each.at, each.uptime_s, each.unsent, each.disk_free_mb, each.temperature_c,
            each.wear_pct, each.signal_dbm,
        )
        for each in healths
    ]  # fmt: skip
    await pool.execute(_NOTE, *_columns(rows))


async def note_contacts(pool: asyncpg.Pool, contacts: Collection[Contact]) -> None:
    """Write when records of devices came, one entry a device."""
    in_order = sorted(contacts, key=lambda each: each.device_id)
    rows = [(each.device_id, each.recorded_at, each.acked_at, each.epoch) for each in in_order]
    await pool.execute(_CONTACT, *_columns(rows))


async def health_since(connection: asyncpg.Connection, device_id: int, since: datetime) -> Sequence[Health]:
    """Return how a device was since an instant, the oldest first."""
    return [Health(*row) for row in await connection.fetch(_SINCE, device_id, since)]


async def forget_health(pool: asyncpg.Pool, now: datetime) -> None:
    """Forget the oldest of what is of no use any more."""
    await pool.execute(_FORGET, now - KEPT, FORGOTTEN_AT_ONCE)


def _columns(rows: Collection[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
