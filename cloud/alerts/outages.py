"""Gates of which not everything is known: out of reach while there is school, or with records that have not come.

Rule: what is not known is waited for; what was told nobody of for ten days is waited for by nobody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from cloud.devices.silence import GONE_AFTER, SILENT_ONLINE_AFTER

UNSENT_FEW = 10  # what a device in good health is just about to send
LAG = timedelta(seconds=10)
GATES_MAX = 100
_OUT = """
SELECT gate.id, gate.name_kk, gate.name_ru, gate.name_en, seen_at, is_online, unsent
FROM gate JOIN device ON device.id = gate.device_id
WHERE gate.school_id = $1 AND state = 'active' AND seen_at > $2
  AND (NOT is_online OR seen_at < $3 OR unsent > $4)
ORDER BY gate.key LIMIT $5
"""
_BEHIND = """
SELECT EXISTS (
  SELECT FROM record WHERE shard = $1 AND received_at < $2 AND position > (
    SELECT coalesce((SELECT position FROM reader_cursor WHERE name = 'attendance' AND shard = $1), 0)
  )
)
"""


@dataclass(frozen=True, slots=True)
class GateOut:
    """A gate whose records may be missing: since when it is not heard, or how many it has still to send."""

    id: int
    names: Mapping[str, str]
    seen_at: datetime
    is_online: bool
    unsent: int


async def gates_out(connection: asyncpg.Connection | asyncpg.Pool, school_id: int, now: datetime) -> Sequence[GateOut]:
    """Return the gates of a school whose records may be missing. Who may ask is the caller's to check."""
    rows = await connection.fetch(_OUT, school_id, now - GONE_AFTER, now - SILENT_ONLINE_AFTER, UNSENT_FEW, GATES_MAX)
    return [
        GateOut(
            row["id"], {language: row[f"name_{language}"] for language in ("kk", "ru", "en")},
            row["seen_at"], row["is_online"], row["unsent"],
        )
        for row in rows
    ]  # fmt: skip


async def is_behind(connection: asyncpg.Connection, shard: int, now: datetime) -> bool:
    """Tell whether records of a shard came some time ago and were not made movements of yet."""
    return bool(await connection.fetchval(_BEHIND, shard, now - LAG))
