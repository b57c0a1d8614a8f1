"""What is done with orders ahead: made, changed and cancelled before they close; counted by the kitchen and the till.

Rule: an order is never changed: another one takes its place, and both stay told with who ordered and when.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.vault import Vault
from cloud.core.wakeups import notify
from cloud.menu.entitlements import rights_of
from cloud.menu.errors import OrderRefused, OrdersClosed
from cloud.menu.kinds import ORDERED
from cloud.menu.ordering import AHEAD, DISHES_MAX, Ordered, closes_at, due_tiyn, right_on, standing_of
from cloud.menu.queries import DishRow, MealRow, MenuRow, dish_versions, meals_of, menus_between
from cloud.menu.restrictions import Ward, held_of, ward_of
from cloud.menu.rules import Names, time_of
from cloud.menu.settings import rules_of
from cloud.schools.queries import school_days, taught_days

ORDERS_MAX = 100_000
CHANGES_MAX = 30  # of a child's orders for a day: each is kept for ever, and told to tills
_ORDERED = """
SELECT o.id, o.person_id, ref, school_class_id AS class_id, o."on", o.meal, ordered_at, ordered_by,
  (SELECT json_agg(json_build_array(dish.key, chosen.version) ORDER BY place) FROM preorder_dish chosen
    JOIN dish ON dish.id = dish_id WHERE preorder_id = o.id) AS dishes
FROM preorder o JOIN person ON person.id = o.person_id AND person.is_active
"""
_OF_SCHOOL = f"""
{_ORDERED} WHERE o.school_id = $1 AND o."on" BETWEEN $2 AND $3 AND cancelled_at IS NULL
ORDER BY o."on", o.meal, ref LIMIT $4
"""
_OF_PERSON = f"""
{_ORDERED} WHERE o.person_id = $1 AND o."on" BETWEEN $2 AND $3 AND cancelled_at IS NULL
ORDER BY o."on", o.meal LIMIT $4
"""
_PLACE = """
SELECT zone, person.school_class_id AS class_id, ($2::timestamptz AT TIME ZONE zone)::date AS today
FROM person JOIN school ON school.id = person.school_id WHERE person.id = $1
"""
_LOCK = "SELECT true FROM person WHERE id = $1 FOR NO KEY UPDATE"
_MADE = 'SELECT count(*) FROM preorder WHERE person_id = $1 AND "on" = $2'
_CANCEL = """
UPDATE preorder SET cancelled_at = $4, cancelled_by = $5
WHERE person_id = $1 AND "on" = $2 AND meal = $3 AND cancelled_at IS NULL RETURNING id
"""
_ORDER = """
INSERT INTO preorder (school_id, person_id, "on", meal, ordered_at, ordered_by) VALUES ($1, $2, $3, $4, $5, $6)
RETURNING id
"""
_DISHES = """
INSERT INTO preorder_dish (preorder_id, place, dish_id, version)
SELECT $1, place, id, version FROM unnest($2::bigint[], $3::int[]) WITH ORDINALITY AS chosen (id, version, place)
"""


@dataclass(frozen=True, slots=True)
class Count:
    """How many of a dish are ordered by itself, and how many more within sets."""

    key: str
    names: Names
    alone: int
    in_sets: int

    @property
    def total(self) -> int:
        return self.alone + self.in_sets


@dataclass(frozen=True, slots=True)
class MealCount:
    """What is ordered at a meal: by how many, and of which dish how many; `gone` was taken off the menu since."""

    meal: MealRow
    orders: int
    dishes: Sequence[Count]
    gone: Sequence[Count]


@dataclass(frozen=True, slots=True)
class BrokenOrder:
    """An order that cannot be had as it was made: dishes that are offered no more, or no lessons on that day."""

    ordered: Ordered
    gone: tuple[Names, ...]
    is_closed: bool


async def order(services: Services, actor: Actor, ref: str, on: date, meal: str, keys: Sequence[str]) -> None:
    """Order dishes of a published menu, in the place of what was ordered for that meal before.

    Raises NotFound, NotAllowed, OrdersClosed or OrderRefused, which says why.
    """
    ward = await _acting(services, actor, ref)
    await _refuse_unless_taught(services, ward, on)
    async with services.database.transaction() as connection:
        at = raw(connection)
        await at.execute(_LOCK, ward.person_id)
        await _refuse_if_closed(services, at, ward, on)
        menu = await _menu(at, ward.school_id, on, meal)
        chosen = _chosen(menu, keys)
        before = await orders_of(at, ward.person_id, on, on)
        if any(each.meal == meal and each.dishes == tuple((d.key, d.version) for d in chosen) for each in before):
            return
        await _refuse_more_changes(at, ward, on)
        others = [each for each in before if each.meal != meal]
        await _refuse_what_is_not_sold(at, services.vault, ward, menu, chosen, others)
        now = services.clock.now()
        await at.execute(_CANCEL, ward.person_id, on, meal, now, actor.name)
        order_id = await at.fetchval(_ORDER, ward.school_id, ward.person_id, on, meal, now, actor.name)
        await at.execute(_DISHES, order_id, [dish.id for dish in chosen], [dish.version for dish in chosen])
        told = {"on": str(on), "meal": meal}
        await audit(
            connection, actor, "preorder.made", f"person:{ward.person_id}", told, school_id=ward.school_id, at=now
        )
        await notify(connection, ORDERED, str(ward.school_id))


async def cancel(services: Services, actor: Actor, ref: str, on: date, meal: str) -> None:
    """Cancel what was ordered for a meal. Raises NotFound, NotAllowed or OrdersClosed."""
    ward = await _acting(services, actor, ref)
    async with services.database.transaction() as connection:
        at = raw(connection)
        await at.execute(_LOCK, ward.person_id)
        await _refuse_if_closed(services, at, ward, on)
        now = services.clock.now()
        if await at.fetchval(_CANCEL, ward.person_id, on, meal, now, actor.name) is None:
            raise NotFound
        told = {"on": str(on), "meal": meal}
        await audit(
            connection, actor, "preorder.cancelled", f"person:{ward.person_id}", told, school_id=ward.school_id, at=now
        )
        await notify(connection, ORDERED, str(ward.school_id))


async def orders_of(
    connection: asyncpg.Connection | asyncpg.Pool, person_id: int, first_on: date, last_on: date
) -> list[Ordered]:
    """Return what is ordered for a person on some days; for slices above, after their own check."""
    return [_ordered(row) for row in await connection.fetch(_OF_PERSON, person_id, first_on, last_on, ORDERS_MAX)]


async def preorders_between(
    connection: asyncpg.Connection | asyncpg.Pool, school_id: int, first_on: date, last_on: date
) -> list[Ordered]:
    """Return what is ordered at a school on some days, by day, meal and person; see `orders_of`."""
    return [_ordered(row) for row in await connection.fetch(_OF_SCHOOL, school_id, first_on, last_on, ORDERS_MAX)]


async def kitchen_of(services: Services, actor: Actor, school_id: int, on: date) -> list[MealCount]:
    """Return what is ordered for a day by meal, of children who have lessons then. Raises NotAllowed."""
    actor.require(Right.ORDERS_READ, school_id)
    pool = services.database.pool
    taught = await taught_days(services, school_id, on, on)
    orders = [each for each in await preorders_between(pool, school_id, on, on) if _is_taught(each, taught)]
    menus = {menu.meal: menu for menu in await menus_between(pool, school_id, on, on)}
    known = await dish_versions(pool, school_id, {dish for each in orders for dish in each.dishes})
    counted = []
    for meal in await meals_of(pool, school_id):
        own = [each for each in orders if each.meal == meal.key]
        if own:
            counted.append(_counted(meal, own, menus.get(meal.key), known))
    return counted


async def broken_orders(services: Services, school_id: int, first_on: date, last_on: date) -> list[BrokenOrder]:
    """Return the orders of some days that cannot be had as they were made; see `orders_of`."""
    pool = services.database.pool
    orders = await preorders_between(pool, school_id, first_on, last_on)
    if not orders:
        return []
    taught = await taught_days(services, school_id, first_on, last_on)
    menus = {(menu.on, menu.meal): menu for menu in await menus_between(pool, school_id, first_on, last_on)}
    known = await dish_versions(pool, school_id, {dish for each in orders for dish in each.dishes})
    broken = []
    for each in orders:
        gone = set(standing_of(each, menus.get((each.on, each.meal))).gone)
        is_closed = not _is_taught(each, taught)
        if gone or is_closed:
            names = tuple(known[dish].names for dish in each.dishes if dish[0] in gone and dish in known)
            broken.append(BrokenOrder(each, names, is_closed))
    return broken


async def _acting(services: Services, actor: Actor, ref: str) -> Ward:
    ward = await ward_of(services, actor, ref)
    if not ward.may_order:
        raise NotAllowed
    return ward


async def _refuse_unless_taught(services: Services, ward: Ward, on: date) -> None:
    place = await services.database.pool.fetchrow(_PLACE, ward.person_id, services.clock.now())
    if not timedelta() <= on - place["today"] <= AHEAD:
        raise OrderRefused(message("Orders are taken for the next {count} days.", count=AHEAD.days))
    if not await school_days(services, ward.school_id, on, on, place["class_id"]):
        raise OrderRefused(message("There are no lessons on this day. Choose another."))


async def _refuse_if_closed(services: Services, at: asyncpg.Connection, ward: Ward, on: date) -> None:
    """Judge by the clock of now, when nobody else is changing orders of this child."""
    now = services.clock.now()
    place = await at.fetchrow(_PLACE, ward.person_id, now)
    zone = ZoneInfo(place["zone"])
    if not timedelta(days=-1) <= on - place["today"] <= AHEAD:
        raise NotFound
    cutoff_min = (await rules_of(at, ward.school_id)).preorder_cutoff_min
    if now >= closes_at(on, cutoff_min, zone):
        raise OrdersClosed(time_of(cutoff_min))


async def _refuse_more_changes(at: asyncpg.Connection, ward: Ward, on: date) -> None:
    if await at.fetchval(_MADE, ward.person_id, on) >= CHANGES_MAX:
        raise OrderRefused(
            message("Orders for this day were changed {count} times. They cannot be changed any more, only cancelled.",
                    count=CHANGES_MAX)
        )  # fmt: skip


async def _menu(at: asyncpg.Connection, school_id: int, on: date, meal: str) -> MenuRow:
    menus = await menus_between(at, school_id, on, on)
    menu = next((each for each in menus if each.meal == meal), None)
    is_served = any(each.key == meal and not each.is_ended for each in await meals_of(at, school_id))
    if menu is None or not is_served:
        raise OrderRefused(message("The canteen offers nothing at this meal. Look at the menu again."))
    return menu


def _chosen(menu: MenuRow, keys: Sequence[str]) -> list[DishRow]:
    """Return the chosen dishes in the menu's order."""
    wanted = set(keys)
    chosen = [dish for dish in menu.dishes if dish.key in wanted]
    if len(chosen) != len(wanted):
        raise OrderRefused(message("The menu has changed: a dish of it is offered no more. Choose again."))
    if not chosen:
        raise OrderRefused(message("Choose a dish at least, or cancel the order."))
    if len(chosen) > DISHES_MAX:
        raise OrderRefused(message("An order has {count} dishes at most.", count=DISHES_MAX))
    return chosen


async def _refuse_what_is_not_sold(
    at: asyncpg.Connection,
    vault: Vault,
    ward: Ward,
    menu: MenuRow,
    chosen: Sequence[DishRow],
    others: Sequence[Ordered],
) -> None:
    """Refuse what the till would refuse as well: a dish that is not sold to the child, more than an amount a day."""
    limits = await held_of(at, vault, ward.person_id)
    if any(limits.bans(dish) for dish in chosen):
        raise OrderRefused(message("A dish of these is not sold to the child. Choose without it."))
    if limits.day_limit_tiyn is None:
        return
    rights = [each for own in (await rights_of(at, ward.school_id, menu.on, ward.person_id)).values() for each in own]
    total = due_tiyn(chosen, menu.set_key, right_on(rights, menu.on, menu.meal))
    menus = {each.meal: each for each in await menus_between(at, ward.school_id, menu.on, menu.on)}
    for other in others:
        theirs = menus.get(other.meal)
        dishes = standing_of(other, theirs).offered
        total += due_tiyn(dishes, theirs.set_key if theirs else "", right_on(rights, menu.on, other.meal))
    if total > limits.day_limit_tiyn:
        raise OrderRefused(
            message(
                "Together it would be {total} tenge on this day, and {limit} are allowed. Choose less, or lift the "
                "limit.", total=-(-total // 100), limit=limits.day_limit_tiyn // 100,
            )
        )  # fmt: skip


def _is_taught(ordered: Ordered, taught: Mapping[int | None, frozenset[date]]) -> bool:
    return ordered.on in taught.get(ordered.class_id, taught[None])


def _counted(
    meal: MealRow, orders: Sequence[Ordered], menu: MenuRow | None, known: Mapping[tuple[str, int], DishRow]
) -> MealCount:
    alone: Counter[str] = Counter()
    in_sets: Counter[str] = Counter()
    names: dict[str, Names] = {}
    offered = {dish.key: dish for dish in menu.dishes} if menu is not None else {}
    for key, version in (dish for each in orders for dish in each.dishes):
        dish = offered.get(key) or known.get((key, version))
        alone[key] += 1
        if dish is None:
            continue
        names[key] = dish.names
        for part in dish.parts:
            in_sets[part.key] += 1
            names.setdefault(part.key, part.names)
    place = {key: number for number, key in enumerate(offered)}
    keys = sorted(alone | in_sets, key=lambda key: (place.get(key, len(place)), key))
    counts = [Count(key, names.get(key, Names(key, key, key)), alone[key], in_sets[key]) for key in keys]
    return MealCount(
        meal, len(orders), [each for each in counts if each.key in offered or each.in_sets],
        [each for each in counts if each.key not in offered and not each.in_sets],
    )  # fmt: skip


def _ordered(row: asyncpg.Record) -> Ordered:
    dishes = tuple((key, version) for key, version in json.loads(row["dishes"] or "[]"))
    return Ordered(**{**row, "dishes": dishes})
