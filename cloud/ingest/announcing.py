"""Announcing: the newest roster of a school, told to devices in their welcome and, at once, by a notice.

Rule: a slice above ingest announces in the transaction that makes the news; ingest, which holds the wire, tells it.
"""

import asyncpg
import msgspec
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.core.vault import Vault
from cloud.core.wakeups import notify
from cloud.devices import registry
from cloud.ingest.plan import Reply
from schemas import topics
from schemas.seal import DOWNLINK, derive, seal
from schemas.structs import Notice

CHANNEL = "esik_announcements"  # the payload is the school's id
DEVICES_MAX = 500  # of one school

_ANNOUNCE = """
INSERT INTO announced_roster (school_id, version) VALUES ($1, $2)
ON CONFLICT (school_id) DO UPDATE SET version = greatest(announced_roster.version, excluded.version)
"""
_DEVICES = """
SELECT device.name FROM device JOIN school ON school.id = device.school_id
WHERE school_id = $1 AND state = 'active' AND shard = ANY($2::smallint[]) ORDER BY name LIMIT $3
"""


async def announce_roster(connection: BaseDBAsyncClient, school_id: int, version: int) -> None:
    """Note a school's newest roster, and wake who tells its devices, with the transaction."""
    await connection.execute_query(_ANNOUNCE, [school_id, version])
    await notify(connection, CHANNEL, str(school_id))


async def notices(pool: asyncpg.Pool, vault: Vault, school_id: int, shards: list[int], now_ms: int) -> list[Reply]:
    """Return the notice of the newest roster for each device of a school, if the school is on one of these shards."""
    version = await pool.fetchval("SELECT version FROM announced_roster WHERE school_id = $1", school_id)
    names = [row["name"] for row in await pool.fetch(_DEVICES, school_id, shards, DEVICES_MAX)]
    if version is None or not names:
        return []
    body = msgspec.json.encode(Notice(what="roster", roster=version, wall_ms=now_ms))
    return [
        Reply(
            topics.topic(device.shard, device.school, device.name, topics.NOTICE),
            seal(derive(device.secret, DOWNLINK), body),
        )
        for device in await registry.find(pool, vault, names)
    ]
