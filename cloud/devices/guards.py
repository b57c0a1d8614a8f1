"""Guards of a school: who may sign in at a guard's desk, by a PIN kept as its digest; and which devices serve gates."""

from dataclasses import dataclass

import asyncpg

from cloud.accounts.passwords import hash_password, is_pin_good
from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.devices.errors import PinRefused
from cloud.people.pins import Pins, holders_of, keep_pin, take_pin

GUARD = "guard"
_SERVES = "SELECT EXISTS (SELECT FROM gate WHERE school_id = $1 AND device_id = $2)"


@dataclass(frozen=True, slots=True)
class Guard:
    """Who may sign in at a desk."""

    ref: str
    name: str
    pin_hash: str


async def set_guard_pin(services: Services, actor: Actor, school_id: int, ref: str, pin: str) -> None:
    """Let a member of staff sign in by a PIN; a new one replaces the old. Raises NotAllowed, NotFound or PinRefused."""
    actor.require(Right.GUARDS_KEEP, school_id)
    if not is_pin_good(pin):
        raise PinRefused
    pin_hash = await hash_password(pin)  # a gate has not the memory that a till has
    await keep_pin(services, actor, school_id, ref, pin_hash, pins=Pins.GUARD, verb="guard.pin_set")


async def drop_guard_pin(services: Services, actor: Actor, school_id: int, ref: str) -> None:
    """Let somebody sign in no more. Raises NotAllowed or NotFound."""
    actor.require(Right.GUARDS_KEEP, school_id)
    await take_pin(services, actor, school_id, ref, pins=Pins.GUARD, verb="guard.pin_dropped")


async def guards_of(connection: asyncpg.Connection | asyncpg.Pool, school_id: int) -> list[Guard]:
    """Return who may sign in at a school's desks, by name."""
    return [Guard(**row) for row in await holders_of(connection, school_id, Pins.GUARD)]


async def serves_gate(connection: asyncpg.Connection | asyncpg.Pool, school_id: int, device_id: int) -> bool:
    """Tell whether a device serves a gate of a school."""
    return bool(await connection.fetchval(_SERVES, school_id, device_id))
