"""What the broker's rules take from the registry: which devices are hubs, and which certificates are revoked."""

from datetime import datetime

import asyncpg

from cloud.brokers.access import Access, School
from cloud.devices.registry import revoked_certificates

_HUBS = """
SELECT device.name, school.shard, school.code FROM device JOIN school ON school.id = device.school_id
WHERE is_hub AND state = 'active' ORDER BY device.name LIMIT 20000
"""


async def read_access(pool: asyncpg.Pool, now: datetime) -> Access:
    """Return the rules as of now."""
    hubs = {row["name"]: School(row["shard"], row["code"]) for row in await pool.fetch(_HUBS)}
    return Access(hubs, await revoked_certificates(pool, now))
