"""PINs of a school's staff, each kind in a table of its own, kept as digests: who has one, who may be given one."""

from enum import StrEnum

import asyncpg

from cloud.audit.writing import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.services import Services
from cloud.people.actions import tell_changed


class Pins(StrEnum):
    """A kind of PINs, by its table."""

    TILL = "till_pin"
    GUARD = "guard_pin"


_NAME = "concat_ws(' ', surname, given_name, nullif(patronymic, '')) AS name"
_EVERYBODY = f"""
SELECT ref, {_NAME} FROM person
WHERE school_id = $1 AND is_active AND role = 'staff' ORDER BY sort_key, id LIMIT 2000
"""  # noqa: S608 (words of ours)
_STAFF = "SELECT id FROM person WHERE school_id = $1 AND ref = $2 AND is_active AND role = 'staff'"


async def keep_pin(
    services: Services, actor: Actor, school_id: int, ref: str, pin_hash: str, *, pins: Pins, verb: str
) -> None:  # fmt: skip
    """Keep the digest of a PIN for a member of staff; a new one replaces the old. Raises NotFound."""
    now = services.clock.now()
    async with services.database.transaction() as connection:
        person_id = await raw(connection).fetchval(_STAFF, school_id, ref)
        if person_id is None:
            raise NotFound
        await raw(connection).execute(
            f"INSERT INTO {pins} (person_id, pin_hash, set_at, set_by) VALUES ($1, $2, $3, $4) "  # noqa: S608 (a table of ours)
            "ON CONFLICT (person_id) DO UPDATE SET pin_hash = excluded.pin_hash, set_at = excluded.set_at,"
            " set_by = excluded.set_by",
            person_id, pin_hash, now, actor.name,
        )  # fmt: skip
        await audit(connection, actor, verb, f"person:{person_id}", school_id=school_id, at=now)
        await tell_changed(connection, school_id)


async def take_pin(services: Services, actor: Actor, school_id: int, ref: str, *, pins: Pins, verb: str) -> None:
    """Take somebody's PIN away. Raises NotFound."""
    now = services.clock.now()
    async with services.database.transaction() as connection:
        person_id = await raw(connection).fetchval(
            f"DELETE FROM {pins} USING person WHERE person.id = person_id AND school_id = $1 AND ref = $2"  # noqa: S608 (a table of ours)
            " RETURNING person_id",
            school_id, ref,
        )  # fmt: skip
        if person_id is None:
            raise NotFound
        await audit(connection, actor, verb, f"person:{person_id}", school_id=school_id, at=now)
        await tell_changed(connection, school_id)


async def holders_of(
    connection: asyncpg.Connection | asyncpg.Pool, school_id: int, pins: Pins
) -> list[asyncpg.Record]:  # fmt: skip
    """Return who has a PIN of a kind: `ref`, `name` and `pin_hash` of each, by name."""
    return list(
        await connection.fetch(
            f"SELECT ref, {_NAME}, pin_hash FROM {pins} JOIN person ON person.id = person_id "  # noqa: S608 (a table of ours)
            "WHERE school_id = $1 AND is_active AND role = 'staff' ORDER BY sort_key, person.id LIMIT 500",
            school_id,
        )
    )


async def staff_of(connection: asyncpg.Connection | asyncpg.Pool, school_id: int) -> list[tuple[str, str]]:
    """Return who may be given a PIN: reference and name of the staff, by name."""
    return [(row["ref"], row["name"]) for row in await connection.fetch(_EVERYBODY, school_id)]
