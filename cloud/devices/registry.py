"""The registry: devices by name with their secrets, for those who check seals and signatures many times a second.

Rule: what is remembered of a device is dropped as soon as it changes: `CHANGED` wakes whoever remembers.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from cloud.core.vault import Vault

CHANGED = "esik_devices"  # channel; the payload is the device's name
SECRET = "device.secret"  # noqa: S105 (the vault's context)

_FIND = """
SELECT device.id, device.name, device.state, device.secret_encrypted, school.id, school.code, school.shard
FROM device JOIN school ON school.id = device.school_id WHERE device.name = ANY($1::text[])
"""
_REVOKED = "SELECT name FROM device WHERE revoked_at > $1 ORDER BY revoked_at DESC LIMIT 10000"
_CERTIFICATES = """
SELECT serial FROM device_certificate WHERE revoked_at IS NOT NULL AND until > $1 ORDER BY until LIMIT 200000
"""


@dataclass(frozen=True, slots=True)
class Registered:
    """A device as it stands in the registry."""

    device_id: int
    name: str
    school_id: int
    school: str
    shard: int
    secret: bytes
    is_revoked: bool


async def find(pool: asyncpg.Pool, vault: Vault, names: Collection[str]) -> list[Registered]:
    """Return the devices of these names that there are."""
    rows = await pool.fetch(_FIND, list(names))
    return [
        Registered(id_, name, school_id, school, shard, vault.decrypt_bytes(sealed, SECRET), state != "active")
        for id_, name, state, sealed, school_id, school, shard in rows
    ]


async def revoked_since(pool: asyncpg.Pool, instant: datetime) -> list[str]:
    """Return the names of devices revoked after an instant, for those who may have missed a wake-up."""
    return [row["name"] for row in await pool.fetch(_REVOKED, instant)]


async def revoked_certificates(pool: asyncpg.Pool, now: datetime) -> frozenset[str]:
    """Return the serials, in hex, of the certificates that are revoked and not yet over."""
    return frozenset(row["serial"] for row in await pool.fetch(_CERTIFICATES, now))
