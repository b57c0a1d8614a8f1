"""What is done with dishes: added, changed into a new version, given a photo, taken from the list.

Rule: a version never changes. What changes a dish makes the next version, of the sets that it is part of as well;
menus take it from a day on, and what was sold before stays what it was.
"""

from datetime import date
from typing import cast

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.messages import message
from cloud.core.pictures import Frame, made_small
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.menu.errors import BarcodeTaken, DayIsOver, DishRefused
from cloud.menu.kinds import SET
from cloud.menu.queries import DISHES_MAX, dish_within
from cloud.menu.rules import DishGiven, checked_dish, differing
from cloud.people.actions import tell_changed
from cloud.schools.queries import school_of_id

PLATE = Frame(400, 300)
_LOCK = "SELECT true FROM school WHERE id = $1 FOR NO KEY UPDATE"
# The first number that no dish has; lists may bring numbers of their own, and dishes are never deleted.
_NEXT_KEY = """
SELECT count(*) AS dishes, (SELECT min(n) FROM generate_series(1, $2 + 1) n
  WHERE NOT EXISTS (SELECT FROM dish WHERE school_id = $1 AND key = n::text)) AS next FROM dish WHERE school_id = $1
"""
_ADD = "INSERT INTO dish (school_id, key, version, created_at) VALUES ($1, $2, 0, $3) RETURNING id"
_VERSION = """
INSERT INTO dish_version (dish_id, version, name_kk, name_ru, name_en, category, price_tiyn, portion, energy_kcal,
  composition, allergens, created_at, created_by)
SELECT id, version + 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 FROM dish WHERE id = $1 RETURNING version
"""
_PARTS = """
INSERT INTO dish_part (dish_id, version, place, part_id, part_version)
SELECT $1, $2, place, dish.id, dish.version FROM unnest($4::text[]) WITH ORDINALITY AS given (key, place)
JOIN dish ON dish.key = given.key AND dish.school_id = $3 AND dish.retired_at IS NULL AND dish.id <> $1
JOIN dish_version v ON v.dish_id = dish.id AND v.version = dish.version AND category <> 'set' RETURNING place
"""
_NEWEST = "UPDATE dish SET version = $2 WHERE id = $1"
_BARCODE = "UPDATE dish SET barcode = $2 WHERE id = $1"
# The sets that a changed dish is part of get their next version with the same price, in one statement.
_SETS = """
WITH held AS (
  SELECT d.id, d.version FROM dish d WHERE d.school_id = $1 AND EXISTS (
    SELECT FROM dish_part p WHERE p.dish_id = d.id AND p.version = d.version AND part_id = $2)
), renewed AS (
  INSERT INTO dish_version (dish_id, version, name_kk, name_ru, name_en, category, price_tiyn, portion, energy_kcal,
    composition, allergens, created_at, created_by)
  SELECT v.dish_id, v.version + 1, name_kk, name_ru, name_en, category, price_tiyn, portion, energy_kcal, composition,
    allergens, $3, $4 FROM held JOIN dish_version v ON v.dish_id = held.id AND v.version = held.version
  RETURNING dish_id, version
), parts AS (
  INSERT INTO dish_part (dish_id, version, place, part_id, part_version)
  SELECT p.dish_id, p.version + 1, place, part_id, part.version FROM held
  JOIN dish_part p ON p.dish_id = held.id AND p.version = held.version JOIN dish part ON part.id = part_id
)
UPDATE dish SET version = renewed.version FROM renewed WHERE dish.id = renewed.dish_id RETURNING dish.id
"""
_MENUS = """
UPDATE menu_item SET version = dish.version FROM menu, dish
WHERE menu.id = menu_id AND dish.id = dish_id AND dish_id = any($1::bigint[]) AND "on" >= $2
"""
_IN_USE = """
SELECT (SELECT max("on") FROM menu_item JOIN menu ON menu.id = menu_id WHERE dish_id = $1 AND "on" >= $2) AS last_on,
  EXISTS (SELECT FROM dish_part p JOIN dish d ON d.id = p.dish_id AND d.version = p.version
    WHERE part_id = $1 AND d.retired_at IS NULL) AS is_part
"""
_RETIRE = "UPDATE dish SET retired_at = $2 WHERE id = $1 AND retired_at IS NULL"
_KEEP_PHOTO = "INSERT INTO dish_photo (school_id, digest, webp, put_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
_DROP_PHOTOS = """
DELETE FROM dish_photo WHERE school_id = $1 AND digest = $2
  AND NOT EXISTS (SELECT FROM dish WHERE school_id = $1 AND photo = $2)
"""


async def add_dish(services: Services, actor: Actor, school_id: int, given: DishGiven, key: str = "") -> str:
    """Add a dish and return its key, the next number where none is given. Raises NotAllowed or DishRefused."""
    actor.require(Right.MENU_PLAN, school_id)
    dish = checked_dish(given)
    async with services.database.transaction() as connection:
        added = await put_new(services, connection, actor, school_id, dish, key)
        await tell_changed(connection, school_id)
    return added


async def change_dish(
    services: Services, actor: Actor, school_id: int, key: str, given: DishGiven, from_on: date
) -> int:
    """Change a dish and return its newest version; menus from a day on, today at the earliest, have that one.

    Raises NotAllowed, NotFound, DayIsOver or DishRefused.
    """
    actor.require(Right.MENU_PLAN, school_id)
    if from_on < await today_of(services, school_id):
        raise DayIsOver
    dish = checked_dish(given)
    async with services.database.transaction() as connection:
        version = await put_changed(services, connection, actor, school_id, key, dish, from_on)
        await tell_changed(connection, school_id)
    return version


async def put_new(
    services: Services, connection: BaseDBAsyncClient, actor: Actor, school_id: int, dish: DishGiven, key: str
) -> str:
    """Write a new dish, checked, in a transaction of the caller's, and return its key."""
    at, now = raw(connection), services.clock.now()
    await at.execute(_LOCK, school_id)
    row = await at.fetchrow(_NEXT_KEY, school_id, DISHES_MAX)
    if row["dishes"] >= DISHES_MAX:
        raise DishRefused(message("A school has {count} dishes at most. Change one of them instead.", count=DISHES_MAX))
    named = key or str(row["next"])
    dish_id = await at.fetchval(_ADD, school_id, named, now)
    await _put_version(services, at, actor, school_id, dish_id, dish)
    await _put_barcode(at, dish_id, dish.barcode)
    await audit(connection, actor, "dish.added", f"dish:{named}", _told(dish), school_id=school_id, at=now)
    return named


async def put_changed(
    services: Services,
    connection: BaseDBAsyncClient,
    actor: Actor,
    school_id: int,
    key: str,
    dish: DishGiven,
    from_on: date,
) -> int:
    """Write the next version of a dish, checked, where it differs from the newest, and return the newest version."""
    at, now = raw(connection), services.clock.now()
    await at.execute(_LOCK, school_id)
    old = await dish_within(at, school_id, key)
    await _put_barcode(at, old.id, dish.barcode)
    if not differing(old.given, dish):
        return old.version
    if (old.category == SET) != (dish.category == SET):
        raise DishRefused(message("A dish does not become a set, nor a set a dish. Add another one."))
    version = await _put_version(services, at, actor, school_id, old.id, dish)
    sets = await at.fetch(_SETS, school_id, old.id, now, actor.name)
    await at.execute(_MENUS, [old.id, *(row["id"] for row in sets)], from_on)
    told = {**_told(dish), "version": str(version), "from": str(from_on), "before_tiyn": str(old.price_tiyn)}
    await audit(connection, actor, "dish.changed", f"dish:{key}", told, school_id=school_id, at=now)
    return version


async def retire_dish(services: Services, actor: Actor, school_id: int, key: str) -> None:
    """Take a dish from the list; it stays in what was. Raises NotAllowed, NotFound or DishRefused while it is used."""
    actor.require(Right.MENU_PLAN, school_id)
    today, now = await today_of(services, school_id), services.clock.now()
    async with services.database.transaction() as connection:
        at = raw(connection)
        await at.execute(_LOCK, school_id)
        dish = await dish_within(at, school_id, key)
        used = await at.fetchrow(_IN_USE, dish.id, today)
        if used["last_on"] is not None:
            raise DishRefused(
                message(
                    "The dish stands in a menu of {day}. Take it out there first.", day=f"{used['last_on']:%d.%m.%Y}"
                )
            )
        if used["is_part"]:
            raise DishRefused(message("The dish is part of a set. Change the set first."))
        await at.execute(_RETIRE, dish.id, now)
        await audit(connection, actor, "dish.retired", f"dish:{key}", school_id=school_id, at=now)


async def put_dish_photo(services: Services, actor: Actor, school_id: int, key: str, upload: bytes) -> None:
    """Keep a photo of a dish in place of the one before. Raises NotAllowed, NotFound or PhotoRefused."""
    actor.require(Right.MENU_PLAN, school_id)
    await dish_within(services.database.pool, school_id, key)
    small, now = await made_small(upload, PLATE), services.clock.now()
    async with services.database.transaction() as connection:
        at = raw(connection)
        await at.execute(_LOCK, school_id)
        dish = await dish_within(at, school_id, key)
        await at.execute(_KEEP_PHOTO, school_id, small.digest, small.webp, now)
        await at.execute("UPDATE dish SET photo = $2 WHERE id = $1", dish.id, small.digest)
        await at.execute(_DROP_PHOTOS, school_id, dish.photo)
        await audit(connection, actor, "dish.photo_put", f"dish:{key}", school_id=school_id, at=now)
        await tell_changed(connection, school_id)


async def today_of(services: Services, school_id: int) -> date:
    """Return a school's day. Raises NotFound."""
    school = await school_of_id(services, school_id)
    return services.clock.now().astimezone(school.zone).date()


async def _put_version(
    services: Services, at: asyncpg.Connection, actor: Actor, school_id: int, dish_id: int, dish: DishGiven
) -> int:
    version = await at.fetchval(
        _VERSION, dish_id, dish.names.kk, dish.names.ru, dish.names.en, dish.category, dish.price_tiyn, dish.portion,
        dish.energy_kcal, dish.composition, list(dish.allergens), services.clock.now(), actor.name,
    )  # fmt: skip
    await at.execute(_NEWEST, dish_id, version)
    placed = await at.fetch(_PARTS, dish_id, version, school_id, list(dish.parts))
    if len(placed) != len(dish.parts):
        raise DishRefused(message("A set is made of dishes of the list that are no sets. Choose its dishes again."))
    return cast(int, version)


async def _put_barcode(at: asyncpg.Connection, dish_id: int, barcode: str) -> None:
    try:
        await at.execute(_BARCODE, dish_id, barcode)
    except asyncpg.UniqueViolationError:
        raise BarcodeTaken(barcode) from None


def _told(dish: DishGiven) -> dict[str, str]:
    return {"name": dish.names.kk, "price_tiyn": str(dish.price_tiyn)}
