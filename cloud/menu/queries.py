"""What is asked of the canteen: its dishes as they are and were, its meals, and what is offered on which day."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from cloud.core.actor import Actor
from cloud.core.errors import NotFound
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.menu.rules import DishGiven, Names

DISHES_MAX = 3_000
VERSIONS_MAX = 200
MENU_ROWS_MAX = 20_000
# A dish in one version; a set has the allergens of its parts too, and their energy where it has none of its own.
DISH = """
SELECT d.id, d.key, v.version, v.name_kk, v.name_ru, v.name_en, v.category, v.price_tiyn, v.portion, v.composition,
  v.energy_kcal AS own_energy_kcal, v.allergens AS own_allergens, v.created_at, v.created_by,
  coalesce(v.energy_kcal, made.energy_kcal) AS energy_kcal,
  (SELECT coalesce(array_agg(DISTINCT a ORDER BY a), '{}') FROM (
    SELECT unnest(v.allergens) UNION SELECT unnest(pv.allergens) FROM dish_part p
      JOIN dish_version pv ON pv.dish_id = part_id AND pv.version = part_version
      WHERE p.dish_id = v.dish_id AND p.version = v.version) held (a)) AS allergens,
  d.barcode, d.photo, d.retired_at IS NOT NULL AS is_retired, made.parts
FROM dish d JOIN dish_version v ON v.dish_id = d.id
CROSS JOIN LATERAL (
  SELECT coalesce(json_agg(json_build_array(part.key, pv.version, pv.name_kk, pv.name_ru, pv.name_en, pv.category)
      ORDER BY place), '[]') AS parts, sum(pv.energy_kcal)::int AS energy_kcal
  FROM dish_part p JOIN dish part ON part.id = part_id
  JOIN dish_version pv ON pv.dish_id = part_id AND pv.version = part_version
  WHERE p.dish_id = v.dish_id AND p.version = v.version
) made
"""
_NEWEST = f"{DISH} WHERE d.school_id = $1 AND v.version = d.version"
_DISHES = f"{_NEWEST} ORDER BY v.name_kk, d.id LIMIT $2"
_ONE = f"{_NEWEST} AND d.key = $2"
_VERSIONS = f"{DISH} WHERE d.school_id = $1 AND d.key = $2 ORDER BY v.version DESC LIMIT $3"
_NAMED = f"{DISH} WHERE d.school_id = $1 AND (d.key, v.version) IN (SELECT * FROM unnest($2::text[], $3::int[]))"  # noqa: S608
_REPLACED = f"""
{DISH} WHERE d.school_id = $1 AND EXISTS (
  SELECT FROM dish_version AS newer WHERE newer.dish_id = v.dish_id AND newer.version = v.version + 1
    AND newer.created_at > $2
) ORDER BY d.id, v.version LIMIT $3
"""
_OFFERED = f"""
{DISH} WHERE (v.dish_id, v.version) IN (
  SELECT dish_id, item.version FROM menu_item item JOIN menu ON menu.id = menu_id
  WHERE menu.school_id = $1 AND "on" BETWEEN $2 AND $3 AND (published_at IS NOT NULL OR NOT $4))
"""  # noqa: S608 (a text of this file)
_MENUS = """
SELECT menu.id, "on", meal, set_id, published_at, published_by,
  coalesce((SELECT json_agg(json_build_array(dish_id, version) ORDER BY place) FROM menu_item WHERE menu_id = menu.id),
    '[]') AS items
FROM menu JOIN meal ON meal.school_id = menu.school_id AND meal.key = meal
WHERE menu.school_id = $1 AND "on" BETWEEN $2 AND $3 AND (published_at IS NOT NULL OR NOT $4)
ORDER BY "on", from_min, meal LIMIT $5
"""
_MEALS = """
SELECT key, name_kk, name_ru, name_en, from_min, to_min, ended_at IS NOT NULL AS is_ended FROM meal
WHERE school_id = $1 ORDER BY from_min, key LIMIT 100
"""
_CYCLES = """
SELECT name, weeks, kept_at, (SELECT count(DISTINCT (day, meal)) FROM cycle_item WHERE cycle_id = cycle.id) AS menus
FROM cycle WHERE school_id = $1 ORDER BY name LIMIT 100
"""


@dataclass(frozen=True, slots=True)
class Part:
    """A dish in a set."""

    key: str
    version: int
    names: Names
    category: str


@dataclass(frozen=True, slots=True)
class DishRow:
    """A dish in one of its versions."""

    id: int
    key: str
    version: int
    names: Names
    category: str
    price_tiyn: int
    portion: str
    energy_kcal: int | None
    composition: str
    allergens: tuple[str, ...]  # of a set, also those of its parts
    barcode: str
    photo: str  # digest, or empty
    parts: tuple[Part, ...]
    is_retired: bool
    created_at: datetime
    created_by: str
    own_allergens: tuple[str, ...]
    own_energy_kcal: int | None

    @property
    def wire_id(self) -> str:
        """Return what stands for the version in rosters: key/version."""
        return f"{self.key}/{self.version}"

    @property
    def given(self) -> DishGiven:
        """Return the dish as somebody would describe it to get this version."""
        return DishGiven(
            self.names, self.category, self.price_tiyn, self.portion, self.own_energy_kcal, self.composition,
            self.own_allergens, self.barcode, tuple(part.key for part in self.parts),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class MealRow:
    """A meal of a school's day, in minutes after local midnight."""

    key: str
    names: Names
    from_min: int
    to_min: int
    is_ended: bool  # served no more


@dataclass(frozen=True, slots=True)
class MenuRow:
    """What is offered at one meal of one day, in order."""

    on: date
    meal: str
    dishes: tuple[DishRow, ...]
    set_key: str  # of what one touch sells, or empty
    published_at: datetime | None
    published_by: str

    @property
    def set_dish(self) -> DishRow | None:
        """Return what one touch sells."""
        return next((dish for dish in self.dishes if dish.key == self.set_key), None)


@dataclass(frozen=True, slots=True)
class CycleRow:
    """A cycle that menus are copied from."""

    name: str
    weeks: int
    kept_at: datetime
    menus: int


async def dishes_of(services: Services, actor: Actor, school_id: int, *, retired: bool = False) -> list[DishRow]:
    """Return a school's dishes as they are now, by name. Raises NotAllowed."""
    actor.require(Right.MENU_READ, school_id)
    dishes = await dishes_within(services.database.pool, school_id)
    return [dish for dish in dishes if retired or not dish.is_retired]


async def dishes_within(connection: asyncpg.Connection | asyncpg.Pool, school_id: int) -> list[DishRow]:
    """Return a school's dishes as they are now, retired ones too, by name; for who may see them or for a change."""
    return [_dish(row) for row in await connection.fetch(_DISHES, school_id, DISHES_MAX)]


async def dish_of(services: Services, actor: Actor, school_id: int, key: str) -> DishRow:
    """Return a dish as it is now. Raises NotAllowed or NotFound."""
    actor.require(Right.MENU_READ, school_id)
    return await dish_within(services.database.pool, school_id, key)


async def dish_within(connection: asyncpg.Connection | asyncpg.Pool, school_id: int, key: str) -> DishRow:
    """Return a dish as it is now, for who may see it or in a transaction of the caller's. Raises NotFound."""
    row = await connection.fetchrow(_ONE, school_id, key)
    if row is None:
        raise NotFound
    return _dish(row)


async def versions_of(services: Services, actor: Actor, school_id: int, key: str) -> list[DishRow]:
    """Return every version of a dish, the newest first. Raises NotAllowed."""
    actor.require(Right.MENU_READ, school_id)
    rows = await services.database.pool.fetch(_VERSIONS, school_id, key, VERSIONS_MAX)
    return [_dish(row) for row in rows]


async def dish_versions(
    connection: asyncpg.Connection, school_id: int, named: Iterable[tuple[str, int]]
) -> dict[tuple[str, int], DishRow]:
    """Return versions of dishes by key and version, as records name them; what never was is left out."""
    pairs = sorted(set(named))
    rows = await connection.fetch(_NAMED, school_id, [key for key, _ in pairs], [version for _, version in pairs])
    return {(row["key"], row["version"]): _dish(row) for row in rows}


async def dishes_replaced(connection: asyncpg.Connection, school_id: int, since: datetime) -> list[DishRow]:
    """Return the versions of dishes that got a newer one since an instant: they may have been sold until then."""
    return [_dish(row) for row in await connection.fetch(_REPLACED, school_id, since, DISHES_MAX)]


async def meals_of(connection: asyncpg.Connection | asyncpg.Pool, school_id: int) -> list[MealRow]:
    """Return a school's meals in the order of the day, ended ones too."""
    return [
        MealRow(row["key"], _names(row), row["from_min"], row["to_min"], row["is_ended"])
        for row in await connection.fetch(_MEALS, school_id)
    ]


async def menus_between(
    connection: asyncpg.Connection | asyncpg.Pool, school_id: int, first_on: date, last_on: date
) -> list[MenuRow]:
    """Return the published menus of some days, by day and time."""
    return await _menus(connection, school_id, first_on, last_on, only_published=True)


async def plans_between(
    services: Services, actor: Actor, school_id: int, first_on: date, last_on: date
) -> list[MenuRow]:
    """Return the menus of some days, drafts too, by day and time. Raises NotAllowed."""
    actor.require(Right.MENU_READ, school_id)
    return await _menus(services.database.pool, school_id, first_on, last_on, only_published=False)


async def cycles_of(services: Services, actor: Actor, school_id: int) -> list[CycleRow]:
    """Return a school's cycles by name. Raises NotAllowed."""
    actor.require(Right.MENU_READ, school_id)
    return [CycleRow(**row) for row in await services.database.pool.fetch(_CYCLES, school_id)]


async def dish_photo(services: Services, school_id: int, digest: str) -> bytes:
    """Return a photo of a school's dish, WebP; whoever may come to its pages or tills may see it. Raises NotFound."""
    webp: bytes | None = await services.database.pool.fetchval(
        "SELECT webp FROM dish_photo WHERE school_id = $1 AND digest = $2", school_id, digest
    )
    if webp is None:
        raise NotFound
    return webp


async def _menus(
    connection: asyncpg.Connection | asyncpg.Pool,
    school_id: int,
    first_on: date,
    last_on: date,
    *,
    only_published: bool,
) -> list[MenuRow]:
    asked = (school_id, first_on, last_on, only_published)
    menus = await connection.fetch(_MENUS, *asked, MENU_ROWS_MAX)
    dishes = {(row["id"], row["version"]): _dish(row) for row in await connection.fetch(_OFFERED, *asked)}
    return [_menu(row, dishes) for row in menus]


def _menu(row: asyncpg.Record, dishes: dict[tuple[int, int], DishRow]) -> MenuRow:
    # Between the two questions a menu may have changed: what is not known yet comes with the next look.
    named: Sequence[tuple[int, int]] = [(dish_id, version) for dish_id, version in json.loads(row["items"])]
    offered = tuple(dishes[pair] for pair in named if pair in dishes)
    set_key = next((dish.key for dish in offered if dish.id == row["set_id"]), "")
    return MenuRow(row["on"], row["meal"], offered, set_key, row["published_at"], row["published_by"])


def _dish(row: asyncpg.Record) -> DishRow:
    parts = tuple(
        Part(key, version, Names(kk, ru, en), category)
        for key, version, kk, ru, en, category in json.loads(row["parts"])
    )
    return DishRow(
        id=row["id"], key=row["key"], version=row["version"], names=_names(row), category=row["category"],
        price_tiyn=row["price_tiyn"], portion=row["portion"], energy_kcal=row["energy_kcal"],
        composition=row["composition"], allergens=tuple(row["allergens"]), barcode=row["barcode"], photo=row["photo"],
        parts=parts, is_retired=row["is_retired"], created_at=row["created_at"], created_by=row["created_by"],
        own_allergens=tuple(row["own_allergens"]), own_energy_kcal=row["own_energy_kcal"],
    )  # fmt: skip


def _names(row: asyncpg.Record) -> Names:
    return Names(row["name_kk"], row["name_ru"], row["name_en"])
