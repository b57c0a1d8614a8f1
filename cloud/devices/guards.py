"""Guards of a school: who may sign in at a guard's desk, by a PIN kept as its digest; and which devices serve gates."""

from dataclasses import dataclass

import asyncpg

from cloud.accounts.actions import audit
from cloud.accounts.passwords import hash_password, is_pin_good
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.devices.errors import PinRefused
from cloud.people.actions import tell_changed

GUARD = "guard"
_GUARDS = """
SELECT ref, concat_ws(' ', surname, given_name, nullif(patronymic, '')) AS name, pin_hash FROM guard_pin
JOIN person ON person.id = person_id WHERE school_id = $1 AND is_active AND role = 'staff'
ORDER BY sort_key, person.id LIMIT 500
"""
_EVERYBODY = """
SELECT ref, concat_ws(' ', surname, given_name, nullif(patronymic, '')) AS name FROM person
WHERE school_id = $1 AND is_active AND role = 'staff' ORDER BY sort_key, id LIMIT 2000
"""
_STAFF = "SELECT id FROM person WHERE school_id = $1 AND ref = $2 AND is_active AND role = 'staff'"
_PUT_PIN = """
INSERT INTO guard_pin (person_id, pin_hash, set_at, set_by) VALUES ($1, $2, $3, $4)
ON CONFLICT (person_id) DO UPDATE SET pin_hash = excluded.pin_hash, set_at = excluded.set_at, set_by = excluded.set_by
"""
_DROP = """
DELETE FROM guard_pin USING person WHERE person.id = person_id AND school_id = $1 AND ref = $2 RETURNING person_id
"""
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
    pin_hash, now = await hash_password(pin), services.clock.now()  # a gate has not the memory that a till has
    async with services.database.transaction() as connection:
        person_id = await raw(connection).fetchval(_STAFF, school_id, ref)
        if person_id is None:
            raise NotFound
        await raw(connection).execute(_PUT_PIN, person_id, pin_hash, now, actor.name)
        await audit(connection, actor, "guard.pin_set", f"person:{person_id}", school_id=school_id, at=now)
        await tell_changed(connection, school_id)


async def drop_guard_pin(services: Services, actor: Actor, school_id: int, ref: str) -> None:
    """Let somebody sign in no more. Raises NotAllowed or NotFound."""
    actor.require(Right.GUARDS_KEEP, school_id)
    now = services.clock.now()
    async with services.database.transaction() as connection:
        person_id = await raw(connection).fetchval(_DROP, school_id, ref)
        if person_id is None:
            raise NotFound
        await audit(connection, actor, "guard.pin_dropped", f"person:{person_id}", school_id=school_id, at=now)
        await tell_changed(connection, school_id)


async def guards_of(connection: asyncpg.Connection | asyncpg.Pool, school_id: int) -> list[Guard]:
    """Return who may sign in at a school's desks, by name."""
    return [Guard(**row) for row in await connection.fetch(_GUARDS, school_id)]


async def staff_of(connection: asyncpg.Connection | asyncpg.Pool, school_id: int) -> list[tuple[str, str]]:
    """Return who may be given a PIN: reference and name of the staff, by name."""
    return [(row["ref"], row["name"]) for row in await connection.fetch(_EVERYBODY, school_id)]


async def serves_gate(connection: asyncpg.Connection | asyncpg.Pool, school_id: int, device_id: int) -> bool:
    """Tell whether a device serves a gate of a school."""
    return bool(await connection.fetchval(_SERVES, school_id, device_id))
