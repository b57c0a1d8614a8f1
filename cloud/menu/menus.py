"""What is done with menus: written for a day and meal, kept as a cycle, copied from one, and published.

Rule: the menu of a day that is over never changes, and a dish keeps in a menu the version it was put there with, until
the dish itself is changed from that day on.
"""

from collections.abc import Sequence
from datetime import date, timedelta

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.menu.dishes import today_of
from cloud.menu.errors import DayIsOver, MenuRefused
from cloud.menu.rules import DAYS, cycle_day, shortened
from cloud.people.actions import tell_changed
from cloud.schools.queries import school_days

DISHES_MAX = 40
AHEAD = timedelta(days=366)
WEEKS_MAX = 8
FILLED_MAX = timedelta(days=120)
CYCLE_NAME_MAX = 60
_LOCK = "SELECT true FROM school WHERE id = $1 FOR NO KEY UPDATE"
_MEAL = "SELECT true FROM meal WHERE school_id = $1 AND key = $2 AND ended_at IS NULL"
_MENU = """
INSERT INTO menu (school_id, "on", meal) VALUES ($1, $2, $3)
ON CONFLICT (school_id, "on", meal) DO UPDATE SET set_id = NULL RETURNING id
"""
_GONE = "DELETE FROM menu_item USING dish WHERE dish.id = dish_id AND menu_id = $1 AND NOT key = any($2)"
_ITEMS = """
INSERT INTO menu_item (menu_id, place, dish_id, version)
SELECT $1, place, dish.id, dish.version FROM unnest($3::text[]) WITH ORDINALITY AS given (key, place)
JOIN dish ON dish.school_id = $2 AND dish.key = given.key AND (dish.retired_at IS NULL
  OR EXISTS (SELECT FROM menu_item WHERE menu_id = $1 AND dish_id = dish.id))
ON CONFLICT (menu_id, dish_id) DO UPDATE SET place = excluded.place RETURNING place
"""
_SET = "UPDATE menu SET set_id = (SELECT id FROM dish WHERE school_id = $2 AND key = $3) WHERE id = $1"
_DROP = 'DELETE FROM menu WHERE school_id = $1 AND "on" = $2 AND meal = $3 RETURNING id'
_PUBLISH = """
UPDATE menu SET published_at = $4, published_by = $5
WHERE school_id = $1 AND "on" BETWEEN $2 AND $3 AND published_at IS NULL
  AND EXISTS (SELECT FROM menu_item WHERE menu_id = menu.id) RETURNING id
"""
_KEEP = """
INSERT INTO cycle (school_id, name, weeks, kept_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (school_id, name) DO UPDATE SET weeks = excluded.weeks, kept_at = excluded.kept_at RETURNING id
"""
_KEEP_ITEMS = """
INSERT INTO cycle_item (cycle_id, day, meal, place, dish_id, is_set)
SELECT $1, "on" - $3::date, meal, place, dish_id, coalesce(set_id = dish_id, false)
FROM menu JOIN menu_item ON menu_id = menu.id WHERE school_id = $2 AND "on" BETWEEN $3 AND $4 RETURNING day
"""
_FILL = """
INSERT INTO menu (school_id, "on", meal)
SELECT DISTINCT $1::bigint, given."on", cycle_item.meal FROM unnest($3::date[], $4::int[]) AS given ("on", day)
JOIN cycle_item ON cycle_id = $2 AND cycle_item.day = given.day
JOIN dish ON dish.id = dish_id AND retired_at IS NULL
JOIN meal ON meal.school_id = $1 AND meal.key = cycle_item.meal AND ended_at IS NULL
ON CONFLICT (school_id, "on", meal) DO NOTHING RETURNING id, "on", meal
"""
_FILL_ITEMS = """
INSERT INTO menu_item (menu_id, place, dish_id, version)
SELECT given.id, place, dish_id, dish.version FROM unnest($2::bigint[], $3::int[], $4::text[]) AS given (id, day, meal)
JOIN cycle_item c ON cycle_id = $1 AND c.day = given.day AND c.meal = given.meal
JOIN dish ON dish.id = dish_id AND retired_at IS NULL
"""
_FILL_SETS = """
UPDATE menu SET set_id = c.dish_id FROM unnest($2::bigint[], $3::int[], $4::text[]) AS given (id, day, meal)
JOIN cycle_item c ON cycle_id = $1 AND c.day = given.day AND c.meal = given.meal AND is_set
JOIN dish ON dish.id = dish_id AND retired_at IS NULL WHERE menu.id = given.id
"""


async def set_menu(
    services: Services, actor: Actor, school_id: int, on: date, meal: str, keys: Sequence[str], set_key: str = ""
) -> None:
    """Write what is offered at a meal, in order; nothing at all takes the menu away. A published menu stays published.

    Raises NotAllowed, DayIsOver or MenuRefused.
    """
    actor.require(Right.MENU_PLAN, school_id)
    await _check_day(services, school_id, on)
    chosen = list(dict.fromkeys(keys))
    if len(chosen) > DISHES_MAX:
        raise MenuRefused(message("A meal has {count} dishes at most.", count=DISHES_MAX))
    if set_key and set_key not in chosen:
        raise MenuRefused(message("What one touch sells must stand in the menu. Choose it again."))
    async with services.database.transaction() as connection:
        at = raw(connection)
        await at.execute(_LOCK, school_id)
        if chosen:
            await _write(at, school_id, on, meal, chosen, set_key)
        else:
            await at.execute(_DROP, school_id, on, meal)
        told = {"dishes": ",".join(chosen), "set": set_key}
        await audit(
            connection, actor, "menu.set", f"menu:{on} {meal}", told, school_id=school_id, at=services.clock.now()
        )
        await tell_changed(connection, school_id)


async def publish_menus(services: Services, actor: Actor, school_id: int, first_on: date, last_on: date) -> int:
    """Show the drafts of some days, from today on, to parents and tills; return how many. Raises NotAllowed."""
    actor.require(Right.MENU_PLAN, school_id)
    first, now = max(first_on, await today_of(services, school_id)), services.clock.now()
    async with services.database.transaction() as connection:
        shown = await raw(connection).fetch(_PUBLISH, school_id, first, last_on, now, actor.name)
        told = {"menus": str(len(shown))}
        subject = f"menus:{first}..{last_on}"
        await audit(connection, actor, "menus.published", subject, told, school_id=school_id, at=now)
        await tell_changed(connection, school_id)
    return len(shown)


async def keep_cycle(services: Services, actor: Actor, school_id: int, name: str, monday: date, weeks: int) -> None:
    """Keep the menus of some weeks from a Monday on as a cycle, in place of the one of this name.

    Raises NotAllowed or MenuRefused.
    """
    actor.require(Right.MENU_PLAN, school_id)
    called = shortened(name, CYCLE_NAME_MAX)
    if not called or not 1 <= weeks <= WEEKS_MAX or monday.isoweekday() != 1:
        raise MenuRefused(
            message("A cycle has a name, begins on a Monday and lasts 1 to {count} weeks.", count=WEEKS_MAX)
        )
    now = services.clock.now()
    async with services.database.transaction() as connection:
        at = raw(connection)
        await at.execute(_LOCK, school_id)
        cycle_id = await at.fetchval(_KEEP, school_id, called, weeks, now)
        await at.execute("DELETE FROM cycle_item WHERE cycle_id = $1", cycle_id)
        last_on = monday + timedelta(days=weeks * DAYS - 1)
        if not await at.fetch(_KEEP_ITEMS, cycle_id, school_id, monday, last_on):
            raise MenuRefused(message("There are no menus in these weeks. Write them first, then keep them."))
        told = {"weeks": str(weeks), "from": str(monday)}
        await audit(connection, actor, "cycle.kept", f"cycle:{called}", told, school_id=school_id, at=now)


async def fill_from_cycle(
    services: Services, actor: Actor, school_id: int, name: str, first_monday: date, last_on: date
) -> int:
    """Write drafts from a cycle that begins on a Monday, on school days without a menu; return how many.

    Raises NotAllowed, NotFound, DayIsOver or MenuRefused.
    """
    actor.require(Right.MENU_PLAN, school_id)
    first = max(first_monday, await today_of(services, school_id))
    if first_monday.isoweekday() != 1 or not timedelta() <= last_on - first <= FILLED_MAX:
        raise MenuRefused(message("Begin on a Monday, and end within {count} days.", count=FILLED_MAX.days))
    days = await school_days(services, school_id, first, last_on)
    async with services.database.transaction() as connection:
        at = raw(connection)
        await at.execute(_LOCK, school_id)
        cycle = await at.fetchrow("SELECT id, weeks FROM cycle WHERE school_id = $1 AND name = $2", school_id, name)
        if cycle is None:
            raise NotFound
        number_of = {on: cycle_day(on, first_monday, cycle["weeks"]) for on in days}
        made = await at.fetch(_FILL, school_id, cycle["id"], days, list(number_of.values()))
        placed = [row["id"] for row in made], [number_of[row["on"]] for row in made], [row["meal"] for row in made]
        await at.execute(_FILL_ITEMS, cycle["id"], *placed)
        await at.execute(_FILL_SETS, cycle["id"], *placed)
        told = {"from": str(first), "to": str(last_on), "menus": str(len(made))}
        now = services.clock.now()
        await audit(connection, actor, "cycle.copied", f"cycle:{name}", told, school_id=school_id, at=now)
    return len(made)


async def _check_day(services: Services, school_id: int, on: date) -> None:
    today = await today_of(services, school_id)
    if on < today:
        raise DayIsOver
    if on > today + AHEAD:
        raise MenuRefused(message("This day is more than a year ahead. Check the year."))


async def _write(at: asyncpg.Connection, school_id: int, on: date, meal: str, keys: list[str], set_key: str) -> None:
    if not await at.fetchval(_MEAL, school_id, meal):
        raise MenuRefused(message("There is no such meal at this school. Choose one of the list."))
    menu_id = await at.fetchval(_MENU, school_id, on, meal)
    await at.execute(_GONE, menu_id, keys)
    placed = await at.fetch(_ITEMS, menu_id, school_id, keys)
    if len(placed) != len(keys):
        raise MenuRefused(message("A dish is no more on the list. Choose the dishes again."))
    if set_key:
        await at.execute(_SET, menu_id, school_id, set_key)
