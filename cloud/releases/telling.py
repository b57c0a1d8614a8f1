"""Telling devices at once that there is a release for them, where they are connected; the others ask by themselves."""

import asyncpg
import msgspec

from cloud.core.vault import Vault
from cloud.devices import registry
from cloud.ingest.plan import Reply
from cloud.releases.rules import Stage, is_in_stage
from schemas import topics
from schemas.release import ANY_BOARD
from schemas.seal import DOWNLINK, derive, seal
from schemas.structs import Notice

DEVICES_MAX = 500  # at once; of a whole country's the others ask within some hours

_ROLLOUT = """
SELECT stage, product, board, counter, first_device_id FROM rollout JOIN release ON release.id = release_id
WHERE rollout.id = $1 AND state = 'running'
"""
_DEVICES = """
SELECT device.id, device.name FROM device_program JOIN device ON device.id = device_id
JOIN school ON school.id = device.school_id
WHERE device.state = 'active' AND is_online AND product = $1 AND (board = $2 OR $2 = $3) AND counter < $4
  AND shard = ANY($5::smallint[]) ORDER BY device.id LIMIT 20000
"""


async def notices(pool: asyncpg.Pool, vault: Vault, rollout_id: int, shards: list[int], now_ms: int) -> list[Reply]:
    """Return a notice for each device that a running rollout has come to, on these shards."""
    row = await pool.fetchrow(_ROLLOUT, rollout_id)
    if row is None:
        return []
    stage, counter = Stage(row["stage"]), row["counter"]
    found = await pool.fetch(_DEVICES, row["product"], row["board"], ANY_BOARD, counter, shards)
    names = [
        each["name"]
        for each in found
        if each["id"] == row["first_device_id"] or is_in_stage(stage, each["name"], counter)
    ]
    body = msgspec.json.encode(Notice(what="update", wall_ms=now_ms))
    return [
        Reply(
            topics.topic(device.shard, device.school, device.name, topics.NOTICE),
            seal(derive(device.secret, DOWNLINK), body),
        )
        for device in await registry.find(pool, vault, names[:DEVICES_MAX])
    ]
