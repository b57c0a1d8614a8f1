"""What is done with devices: entering one into the registry with its gates, and revoking it."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.wakeups import notify
from cloud.devices.errors import DeviceNameWrong, DeviceTaken, DeviceUnknown, GateRefused, GateTaken, HubTaken
from cloud.devices.models import DeviceState
from cloud.devices.registry import CHANGED, SECRET

NAME = re.compile(r"[a-z0-9-]{3,24}")
GATE = re.compile(r"[^\s\x00-\x1f]{1,16}")
GATE_NAME_MAX = 64
SECRET_BYTES = 32

_ADD = """
INSERT INTO device (
  school_id, name, state, secret_encrypted, is_hub, certificate_serial, certificate_until, command_counter, firmware,
  boot, roster_version, clock, unsent, is_online, created_at
) VALUES ($1, $2, 'active', $3, $4, '', NULL, 0, '', '', 0, '', 0, false, $5) RETURNING id
"""
_ADD_AGAIN = """
UPDATE device SET state = 'active', revoked_at = NULL, secret_encrypted = $3, is_hub = $4, created_at = $5,
  certificate_serial = '', certificate_until = NULL, key_digest = NULL, renewal_asked_at = NULL,
  renewal_approved_at = NULL
WHERE school_id = $1 AND name = $2 AND state = 'revoked' RETURNING id
"""
_PUT_GATE = """
INSERT INTO gate (school_id, key, name_kk, name_ru, name_en, device_id, has_sensor)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (school_id, key) DO UPDATE SET device_id = excluded.device_id,
  name_kk = excluded.name_kk, name_ru = excluded.name_ru, name_en = excluded.name_en,
  has_sensor = gate.has_sensor OR excluded.has_sensor
"""
_ADD_GATE = """
INSERT INTO gate (school_id, key, name_kk, name_ru, name_en, has_sensor) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING RETURNING true
"""
_REVOKE = """
UPDATE device SET state = 'revoked', revoked_at = $2, is_online = false WHERE id = $1 AND state = 'active'
"""
_REVOKE_CERTIFICATES = "UPDATE device_certificate SET revoked_at = $2 WHERE device = $1 AND revoked_at IS NULL"
_NOTE_CERTIFICATE = """
INSERT INTO device_certificate (serial, device, issued_at, until) VALUES ($2, $1, $4, $3) ON CONFLICT DO NOTHING
"""
_HOLDS_CERTIFICATE = """
UPDATE device SET certificate_serial = $2, certificate_until = $3, key_digest = $4, renewal_asked_at = NULL,
  renewal_approved_at = NULL
WHERE name = $1
"""


@dataclass(frozen=True, slots=True)
class NewGate:
    """A gate that a device serves; `key` stands in records."""

    key: str
    name_kk: str
    name_ru: str
    name_en: str
    has_sensor: bool = False


@dataclass(frozen=True, slots=True)
class NewDevice:
    """A device that is to be added. A revoked one's name may be given again at its school: with a new secret."""

    name: str
    gates: Sequence[NewGate] = field(default_factory=tuple)
    is_hub: bool = False


async def register(services: Services, actor: Actor, school_id: int, new: NewDevice) -> bytes:
    """Enter a device into the registry; return its new secret.

    Raises NotAllowed, DeviceNameWrong, DeviceTaken, GateRefused or HubTaken.
    """
    async with services.database.transaction() as connection:
        return await register_within(services, connection, actor, school_id, new)


async def register_within(
    services: Services, connection: BaseDBAsyncClient, actor: Actor, school_id: int, new: NewDevice
) -> bytes:
    """Do the same in a transaction of the caller's."""
    actor.require(Right.DEVICES_KEEP, school_id)
    _check(new)
    secret, now, plain = secrets.token_bytes(SECRET_BYTES), services.clock.now(), raw(connection)
    row = (school_id, new.name, services.vault.encrypt_bytes(secret, SECRET), new.is_hub, now)
    await _check_hub(plain, school_id, new)
    device_id = await plain.fetchval(_ADD_AGAIN, *row) or await _add(plain, row)
    for gate in new.gates:
        await plain.execute(
            _PUT_GATE, school_id, gate.key, gate.name_kk, gate.name_ru, gate.name_en, device_id, gate.has_sensor
        )
    await audit(connection, actor, "device.added", f"device:{new.name}", school_id=school_id, at=now)
    await notify(connection, CHANGED, new.name)
    return secret


async def add_gate(services: Services, actor: Actor, school_id: int, gate: NewGate) -> None:
    """Enter a gate that no device serves yet. Raises NotAllowed, GateRefused or GateTaken."""
    actor.require(Right.DEVICES_KEEP, school_id)
    _check_gates([gate])
    names = gate.name_kk, gate.name_ru, gate.name_en
    async with services.database.transaction() as connection:
        if not await raw(connection).fetchval(_ADD_GATE, school_id, gate.key, *names, gate.has_sensor):
            raise GateTaken(gate.key)
        now = services.clock.now()
        await audit(connection, actor, "gate.added", f"gate:{gate.key}", school_id=school_id, at=now)


async def note_certificate(
    services: Services, name: str, serial: str, until: datetime, key_digest: str | None = None
) -> None:
    """Note which certificate a device was given with its bundle, and for which key, by the digest of `ca`."""
    async with services.database.transaction() as connection:
        await put_certificate(raw(connection), name, serial, until, key_digest, services.clock.now())


async def put_certificate(
    connection: asyncpg.Connection, name: str, serial: str, until: datetime, key_digest: str | None, now: datetime
) -> None:
    """Note, in a transaction, which certificate a device holds from now on."""
    await connection.execute(_NOTE_CERTIFICATE, name, serial, until, now)
    await connection.execute(_HOLDS_CERTIFICATE, name, serial, until, key_digest)


async def revoke(services: Services, actor: Actor, name: str) -> None:
    """Believe a device no more, from its next message on; twice is as good as once.

    Raises NotAllowed or DeviceUnknown.
    """
    async with services.database.transaction() as connection:
        await revoke_within(connection, actor, name, services.clock.now())


async def retire(services: Services, actor: Actor, name: str) -> None:
    """Take a device out of service: revoke it, and let its gates be served by nobody. Raises as `revoke` does."""
    async with services.database.transaction() as connection:
        device_id, school_id = await revoke_within(connection, actor, name, now := services.clock.now())
        await raw(connection).execute("UPDATE gate SET device_id = NULL WHERE device_id = $1", device_id)
        await audit(connection, actor, "device.retired", f"device:{name}", school_id=school_id, at=now)


async def revoke_within(connection: BaseDBAsyncClient, actor: Actor, name: str, now: datetime) -> tuple[int, int]:
    """Revoke in a transaction of the caller's; return the ids of the device and of its school."""
    plain = raw(connection)
    row = await plain.fetchrow("SELECT id, school_id FROM device WHERE name = $1", name)
    if row is None:
        raise DeviceUnknown(name)
    actor.require(Right.DEVICES_KEEP, row["school_id"])
    await plain.execute(_REVOKE, row["id"], now)
    await plain.execute(_REVOKE_CERTIFICATES, name, now)
    await audit(connection, actor, "device.revoked", f"device:{name}", school_id=row["school_id"], at=now)
    await notify(connection, CHANGED, name)
    return row["id"], row["school_id"]


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device as a list shows it."""

    name: str
    school: str
    state: DeviceState
    is_hub: bool
    is_online: bool


async def devices_of(services: Services, actor: Actor, school: str | None = None) -> list[DeviceRow]:
    """Return the devices of a school, or of all that the actor keeps, by name; 10,000 at most."""
    rows = await services.database.pool.fetch(
        "SELECT device.name, school.code, school.id, state, is_hub, is_online FROM device "
        "JOIN school ON school.id = school_id WHERE $1::text IS NULL OR school.code = $1 ORDER BY name LIMIT 10000",
        school,
    )
    own = [row for row in rows if actor.can(Right.DEVICES_KEEP, row["id"])]
    if rows and not own:
        raise NotFound
    return [
        DeviceRow(row["name"], row["code"], DeviceState(row["state"]), row["is_hub"], row["is_online"]) for row in own
    ]


async def _add(connection: asyncpg.Connection, row: tuple[object, ...]) -> object:
    name = str(row[1])
    if await connection.fetchval("SELECT true FROM device WHERE name = $1", name):
        raise DeviceTaken(name)
    try:
        async with connection.transaction():
            return await connection.fetchval(_ADD, *row)
    except asyncpg.UniqueViolationError:  # somebody was quicker
        raise DeviceTaken(name) from None


async def _check_hub(connection: asyncpg.Connection, school_id: int, new: NewDevice) -> None:
    if not new.is_hub:
        return
    hub = await connection.fetchval(
        "SELECT name FROM device WHERE school_id = $1 AND is_hub AND state = 'active' AND name <> $2",
        school_id, new.name,
    )  # fmt: skip
    if hub is not None:
        raise HubTaken(hub)


def _check(new: NewDevice) -> None:
    if not NAME.fullmatch(new.name):
        raise DeviceNameWrong(new.name)
    _check_gates(new.gates)


def _check_gates(gates: Sequence[NewGate]) -> None:
    for gate in gates:
        names = (gate.name_kk, gate.name_ru, gate.name_en)
        if not GATE.fullmatch(gate.key) or not all(0 < len(name) <= GATE_NAME_MAX for name in names):
            raise GateRefused(
                message(
                    "A gate has a key of 1 to 16 characters without spaces, and a name in each language; “{key}” not.",
                    key=gate.key[:40],
                )
            )
