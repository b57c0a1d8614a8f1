"""Commanding: commands that wait in their table go out sealed, again and again, until they are answered or expire.

Rule: what a restart of ours or a lost message delays is sent again under the same number, and a device obeys a number
once; what has expired is never sent. A device obeys only numbers above its last, so nothing goes to it without all that
still waits for it from before.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import get_args

import asyncpg
import msgspec

from cloud.core.vault import Vault
from cloud.devices import overtaking, registry
from cloud.ingest.plan import Reply
from schemas import topics
from schemas.seal import DOWNLINK, derive, seal
from schemas.structs import Cmd

LOOK_S = 1.0  # the table is looked at this often, also when no wake-up came
AGAIN = timedelta(seconds=4)
AT_ONCE = 500  # devices; how many wait for one is bounded where they are asked for

_DUE = """
UPDATE device_command SET sent_at = $2, sent_count = sent_count + 1
WHERE id IN (
  SELECT id FROM device_command WHERE outcome = '' AND expires_at > $2 AND device_id IN (
    SELECT device.id FROM device_command JOIN device ON device.id = device_id
    JOIN school ON school.id = device.school_id
    WHERE outcome = '' AND expires_at > $2 AND (sent_at IS NULL OR sent_at <= $3)
      AND school.shard = ANY($1::smallint[]) AND device.state = 'active'
    GROUP BY device.id ORDER BY min(expires_at) LIMIT $4
  ) FOR UPDATE SKIP LOCKED
)
RETURNING id, (SELECT name FROM device WHERE device.id = device_id) AS device, counter, action, gate, expires_at
"""
_ACTIONS = get_args(Cmd.__annotations__["action"])


async def due(pool: asyncpg.Pool, vault: Vault, shards: Sequence[int], now: datetime) -> list[Reply]:
    """Return what is to be sent now to devices of these shards, each device's in the order of its counters."""
    await overtaking.renumber(pool, shards, now, AGAIN)
    rows = await pool.fetch(_DUE, list(shards), now, now - AGAIN, AT_ONCE)
    if not rows:
        return []
    devices = {each.name: each for each in await registry.find(pool, vault, {row["device"] for row in rows})}
    return [
        _sealed(devices[row["device"]], row)
        for row in sorted(rows, key=lambda row: row["counter"])
        if row["device"] in devices and row["action"] in _ACTIONS
    ]


def _sealed(device: registry.Registered, row: asyncpg.Record) -> Reply:
    frame = Cmd(
        id=row["id"], counter=row["counter"], expires_ms=int(row["expires_at"].timestamp() * 1_000),
        action=row["action"], gate=row["gate"],
    )  # fmt: skip
    return Reply(
        topics.topic(device.shard, device.school, device.name, topics.CMD),
        seal(derive(device.secret, DOWNLINK), msgspec.json.encode(frame)),
    )
