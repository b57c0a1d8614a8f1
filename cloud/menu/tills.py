"""Tills of a school, the device that each stands on, and who may open a shift there: a PIN, kept as its digest."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from cloud.accounts.actions import audit
from cloud.accounts.passwords import hash_pin, is_pin_good, is_pin_old
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.ledger.posting import lock
from cloud.menu.errors import MealRefused, TillRefused
from cloud.menu.kinds import TillMode
from cloud.menu.rules import KEY, Names, named
from cloud.people.actions import tell_changed
from cloud.people.pins import Pins, holders_of, keep_pin, take_pin

CASHIER = "cashier"
_PUT = """
INSERT INTO till (school_id, key, name_kk, name_ru, name_en, device_id, mode)
SELECT $1, $2, $3, $4, $5, id, $7 FROM device WHERE school_id = $1 AND name = $6 AND state = 'active'
ON CONFLICT (school_id, key) DO UPDATE SET name_kk = excluded.name_kk, name_ru = excluded.name_ru,
  name_en = excluded.name_en, device_id = excluded.device_id, mode = excluded.mode, ended_at = NULL RETURNING key
"""
_LEAVE = """
UPDATE till_place SET until_at = $4 WHERE school_id = $1 AND till = $2 AND until_at IS NULL AND device <> $3
"""
_STAND = """
INSERT INTO till_place (school_id, till, device, since_at) SELECT $1, $2, $3, $4::timestamptz
WHERE NOT EXISTS (SELECT FROM till_place WHERE school_id = $1 AND till = $2 AND until_at IS NULL)
ON CONFLICT (school_id, device, till, since_at) DO UPDATE SET until_at = NULL
"""
_TILLS = """
SELECT till.key, name_kk, name_ru, name_en, device.name AS device, mode FROM till JOIN device ON device.id = device_id
WHERE till.school_id = $1 AND ended_at IS NULL AND device.state = 'active' ORDER BY till.key LIMIT 200
"""
_SERVES = """
SELECT EXISTS (
  SELECT FROM till JOIN device ON device.id = $2 WHERE till.school_id = $1 AND device.school_id = $1
    AND ended_at IS NULL AND (device_id = $2 OR device.is_hub)
)
"""
_PLACES = "SELECT name FROM device WHERE school_id = $1 AND state = 'active' ORDER BY name LIMIT 500"


@dataclass(frozen=True, slots=True)
class TillRow:
    """A till, with the name of the device that it stands on."""

    key: str
    names: Names
    device: str
    mode: TillMode


@dataclass(frozen=True, slots=True)
class Cashier:
    """Who may open a shift."""

    ref: str
    name: str
    pin_hash: str

    @property
    def is_pin_short(self) -> bool:
        """Tell whether the PIN may be of four digits: it was given before six were asked for."""
        return is_pin_old(self.pin_hash)


async def put_till(services: Services, actor: Actor, school_id: int, till: TillRow) -> None:
    """Add a till, or change the one of this key. Raises NotAllowed or TillRefused."""
    actor.require(Right.TILLS_KEEP, school_id)
    if not KEY.fullmatch(till.key):
        raise TillRefused(message("A till's key has small Latin letters, digits and hyphens, 16 at most, as till1."))
    names = named(till.names, MealRefused(message("A till needs a name, in one language at least.")))
    async with services.database.transaction() as connection:
        await lock(connection, school_id)  # whatever is counted from now on knows of the till, and nothing before
        now = services.clock.now()
        placed = await raw(connection).fetchval(
            _PUT, school_id, till.key, names.kk, names.ru, names.en, till.device, till.mode.value
        )
        if placed is None:
            raise TillRefused(
                message("There is no device “{name}” at this school. Add it first.", name=till.device[:24])
            )
        for statement in (_LEAVE, _STAND):  # where a till stood, and when, is asked of each sale, also years later
            await raw(connection).execute(statement, school_id, till.key, till.device, now)
        told = {"device": till.device, "mode": till.mode.value}
        await audit(connection, actor, "till.put", f"till:{till.key}", told, school_id=school_id, at=now)
        await tell_changed(connection, school_id)


async def end_till(services: Services, actor: Actor, school_id: int, key: str) -> None:
    """Let a till be none any more. Raises NotAllowed or NotFound."""
    actor.require(Right.TILLS_KEEP, school_id)
    now = services.clock.now()
    async with services.database.transaction() as connection:
        ended = await raw(connection).fetchval(
            "UPDATE till SET ended_at = $3 WHERE school_id = $1 AND key = $2 AND ended_at IS NULL RETURNING key",
            school_id, key, now,
        )  # fmt: skip
        if ended is None:
            raise NotFound
        await raw(connection).execute(_LEAVE, school_id, key, "", now)
        await audit(connection, actor, "till.ended", f"till:{key}", school_id=school_id, at=now)
        await tell_changed(connection, school_id)


async def set_pin(services: Services, actor: Actor, school_id: int, ref: str, pin: str) -> None:
    """Let a member of staff open shifts by a PIN; a new one replaces the old. Raises NotFound or TillRefused."""
    actor.require(Right.TILLS_KEEP, school_id)
    if not is_pin_good(pin):
        raise TillRefused(message("A PIN has 6 to 8 digits that are not guessed first, as 123456 or 000000 would be."))
    await keep_pin(services, actor, school_id, ref, await hash_pin(pin), pins=Pins.TILL, verb="till.pin_set")


async def drop_pin(services: Services, actor: Actor, school_id: int, ref: str) -> None:
    """Let somebody open shifts no more. Raises NotAllowed or NotFound."""
    actor.require(Right.TILLS_KEEP, school_id)
    await take_pin(services, actor, school_id, ref, pins=Pins.TILL, verb="till.pin_dropped")


async def tills_of(connection: asyncpg.Connection | asyncpg.Pool, school_id: int) -> list[TillRow]:
    """Return a school's tills whose devices are active."""
    return [
        TillRow(row["key"], Names(row["name_kk"], row["name_ru"], row["name_en"]), row["device"], TillMode(row["mode"]))
        for row in await connection.fetch(_TILLS, school_id)
    ]


async def cashiers_of(connection: asyncpg.Connection | asyncpg.Pool, school_id: int) -> list[Cashier]:
    """Return who may open shifts at a school, by name."""
    return [Cashier(**row) for row in await holders_of(connection, school_id, Pins.TILL)]


async def places_of(connection: asyncpg.Connection | asyncpg.Pool, school_id: int) -> list[str]:
    """Return the devices that a till may stand on."""
    return [row["name"] for row in await connection.fetch(_PLACES, school_id)]


async def serves_canteen(connection: asyncpg.Connection | asyncpg.Pool, school_id: int, device_id: int) -> bool:
    """Tell whether a device is a till of a school, or the hub of a school with a till."""
    return bool(await connection.fetchval(_SERVES, school_id, device_id))


async def schools_with_tills(connection: asyncpg.Connection | asyncpg.Pool, school_ids: Sequence[int]) -> list[int]:
    """Return which of some schools have a till."""
    rows = await connection.fetch(
        "SELECT DISTINCT school_id FROM till WHERE school_id = any($1::bigint[]) AND ended_at IS NULL", school_ids
    )
    return [row["school_id"] for row in rows]
