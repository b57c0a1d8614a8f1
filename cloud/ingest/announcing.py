"""Announcing: the newest rosters of a school, told to devices at once by a notice; the doors' in each welcome, too.

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

CHANNEL = "esik_announcements"  # the payload is the school's id; behind it, for another than the doors', whose
CANTEEN, DESK = ":canteen", ":desk"
DEVICES_MAX = 500  # of one school

_ANNOUNCE = """
INSERT INTO announced_roster (school_id, version) VALUES ($1, $2)
ON CONFLICT (school_id) DO UPDATE SET version = greatest(announced_roster.version, excluded.version)
"""
_DEVICES = """
SELECT device.name FROM device JOIN school ON school.id = device.school_id
WHERE school_id = $1 AND state = 'active' AND shard = ANY($2::smallint[]) ORDER BY name LIMIT $3
"""
_AT_THE_CANTEEN = """
SELECT device.name FROM device JOIN school ON school.id = device.school_id
WHERE school_id = $1 AND state = 'active' AND shard = ANY($2::smallint[])
  AND (is_hub OR EXISTS (SELECT FROM till WHERE till.device_id = device.id AND ended_at IS NULL))
ORDER BY name LIMIT $3
"""


_AT_DESKS = """
SELECT device.name FROM device JOIN school ON school.id = device.school_id
WHERE school_id = $1 AND state = 'active' AND shard = ANY($2::smallint[])
  AND EXISTS (SELECT FROM gate WHERE gate.device_id = device.id)
ORDER BY name LIMIT $3
"""


async def announce_roster(connection: BaseDBAsyncClient, school_id: int, version: int) -> None:
    """Note a school's newest roster, and wake who tells its devices, with the transaction."""
    await connection.execute_query(_ANNOUNCE, [school_id, version])
    await notify(connection, CHANNEL, str(school_id))


async def announce_canteen(connection: BaseDBAsyncClient, school_id: int) -> None:
    """Wake who tells a school's tills that the canteen has a newer roster, with the transaction.

    A till that misses it asks when it is welcomed: no version is noted.
    """
    await notify(connection, CHANNEL, f"{school_id}{CANTEEN}")


async def announce_desk(connection: BaseDBAsyncClient, school_id: int) -> None:
    """Wake who tells a school's gates that the desk has a newer roster, as of the canteen's."""
    await notify(connection, CHANNEL, f"{school_id}{DESK}")


async def notices(pool: asyncpg.Pool, vault: Vault, announced: str, shards: list[int], now_ms: int) -> list[Reply]:
    """Return the notices to send for a payload of CHANNEL, if its school is on one of these shards."""
    school_id = int(announced.partition(":")[0])
    if announced.endswith(CANTEEN):
        return await _told(pool, vault, _AT_THE_CANTEEN, school_id, shards, Notice(what="canteen", wall_ms=now_ms))
    if announced.endswith(DESK):
        return await _told(pool, vault, _AT_DESKS, school_id, shards, Notice(what="desk", wall_ms=now_ms))
    version = await pool.fetchval("SELECT version FROM announced_roster WHERE school_id = $1", school_id)
    if version is None:
        return []
    notice = Notice(what="roster", roster=version, wall_ms=now_ms)
    return await _told(pool, vault, _DEVICES, school_id, shards, notice)


async def _told(
    pool: asyncpg.Pool, vault: Vault, whom: str, school_id: int, shards: list[int], notice: Notice
) -> list[Reply]:
    """Return a notice for each device that a query finds."""
    names = [row["name"] for row in await pool.fetch(whom, school_id, shards, DEVICES_MAX)]
    body = msgspec.json.encode(notice)
    return [
        Reply(
            topics.topic(device.shard, device.school, device.name, topics.NOTICE),
            seal(derive(device.secret, DOWNLINK), body),
        )
        for device in (await registry.find(pool, vault, names) if names else ())
    ]
