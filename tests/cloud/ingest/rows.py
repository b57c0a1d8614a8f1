"""Rows that ingest needs beneath it: a school and its devices."""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg

from cloud.core.clock import Clock
from cloud.core.vault import Vault
from cloud.core.wakeups import notify
from cloud.devices.registry import CHANGED, SECRET
from tests.cloud.ingest.device import Device
from tests.waiting import PATIENCE_S, PAUSE_S, Late

_SCHOOL = """
INSERT INTO school (code, shard, name_kk, name_ru, name_en, zone, school_days, passback, created_at)
VALUES ($1, $2, 'Мектеп', 'Школа', 'School', 'Asia/Almaty', 5, 'soft', $3)
ON CONFLICT (code) DO UPDATE SET code = excluded.code RETURNING id
"""
_DEVICE = """
INSERT INTO device (
  school_id, name, state, secret_encrypted, is_hub, certificate_serial, command_counter, firmware, boot, roster_version,
  clock, unsent, is_online, created_at
) VALUES ($1, $2, 'active', $3, false, '', 0, '', '', 0, '', 0, false, $4) RETURNING id
"""


async def add_devices(pool: asyncpg.Pool, vault: Vault, clock: Clock, *devices: Device) -> None:
    """Enter devices, and their schools, into the registry."""
    for device in devices:
        school_id = await pool.fetchval(_SCHOOL, device.school, device.shard, clock.now())
        sealed = vault.encrypt_bytes(device.secret, SECRET)
        await pool.fetchval(_DEVICE, school_id, device.name, sealed, clock.now())


async def revoke(pool: asyncpg.Pool, clock: Clock, device: Device, *, tell: bool = True) -> None:
    """Revoke a device, with or without the wake-up."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "UPDATE device SET state = 'revoked', revoked_at = $2 WHERE name = $1", device.name, clock.now()
        )
        if tell:
            await notify(connection, CHANGED, device.name)


async def eventually(asked: Callable[[], Awaitable[object]], timeout_s: float = PATIENCE_S) -> None:
    """Ask again and again until the answer is true; raise Late after timeout_s."""
    for _ in range(int(timeout_s / PAUSE_S)):
        if await asked():
            return
        await asyncio.sleep(PAUSE_S)
    raise Late("still waiting for a row")
