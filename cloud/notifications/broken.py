"""Orders that cannot be had as they were made: a dish was taken off the menu, or there are no lessons on that day.

Rule: of an order each dish that goes is told of once, and once that there are no lessons; when its meal is over nothing
is. A dish that comes back and goes again is not told of again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import asyncpg
import structlog

from cloud.core.errors import kinds_of
from cloud.core.services import Services
from cloud.menu.ordering import AHEAD, closes_at
from cloud.menu.preorders import BrokenOrder, broken_orders
from cloud.menu.queries import MealRow, meals_of
from cloud.menu.rules import Names
from cloud.menu.settings import rules_of
from cloud.notifications.kinds import CLOSED, Detail, Kind, Named, unpacked
from cloud.notifications.outbox import tell
from cloud.notifications.rules import Fact

logger = structlog.get_logger()
_SCHOOLS = """
SELECT id, zone FROM school WHERE shard = ANY($1::smallint[])
  AND EXISTS (SELECT FROM preorder WHERE school_id = school.id AND "on" >= $2 AND cancelled_at IS NULL)
ORDER BY id LIMIT 10000
"""
_TOLD = """
SELECT DISTINCT split_part(fact, ':', 2)::bigint AS order_id, detail::text AS detail FROM notice
WHERE person_id = ANY($1::bigint[]) AND kind = $2
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where orders are made: the school, its meals, its clock, and when orders for a day close."""

    school_id: int
    zone: ZoneInfo
    cutoff_min: int
    meals: Mapping[str, MealRow]


def fact_of(broken: BrokenOrder, place: Place, told: Sequence[Detail], now: datetime) -> Fact | None:
    """Return what a broken order tells now, after what was told of it; nothing where there is nothing new."""
    ordered, meal = broken.ordered, place.meals.get(broken.ordered.meal)
    if meal is None or now >= _over_at(broken, meal, place.zone):
        return None
    if broken.is_closed:
        if any(each.reason == CLOSED for each in told):
            return None
        detail = Detail(meal=_named(meal.names), on=ordered.on, reason=CLOSED)
        return _fact(broken, place, CLOSED, now, detail)
    known = {dish for each in told for dish in each.dishes}
    gone = tuple(dish for names in broken.gone if (dish := _named(names)) not in known)
    if not gone:
        return None
    until = closes_at(ordered.on, place.cutoff_min, place.zone)
    detail = Detail(meal=_named(meal.names), dishes=gone, on=ordered.on, until=until if now < until else None)
    return _fact(broken, place, str(len(known.union(gone))), now, detail)


async def tell_broken(services: Services, shards: Collection[int]) -> None:
    """Tell guardians at the schools of some shards; a school that fails is looked at again the next time."""
    now = services.clock.now()
    since = (now - timedelta(days=1)).date()
    for school in await services.database.pool.fetch(_SCHOOLS, sorted(shards), since):
        try:
            await _tell_at(services, school["id"], ZoneInfo(school["zone"]), now)
        except Exception as error:  # noqa: BLE001 - one school's trouble is not another's; the next look tries again
            logger.warning("notices.failed", log="preorders", school=school["id"], error=kinds_of(error))


async def _tell_at(services: Services, school_id: int, zone: ZoneInfo, now: datetime) -> None:
    today = now.astimezone(zone).date()
    orders = await broken_orders(services, school_id, today, today + AHEAD)
    if not orders:
        return
    async with services.database.pool.acquire() as connection, connection.transaction():
        meals = {meal.key: meal for meal in await meals_of(connection, school_id)}
        place = Place(school_id, zone, (await rules_of(connection, school_id)).preorder_cutoff_min, meals)
        told = await _told_of(connection, {each.ordered.person_id for each in orders})
        facts = [fact_of(each, place, told.get(each.ordered.id, ()), now) for each in orders]
        await tell(connection, [fact for fact in facts if fact is not None], now)


async def _told_of(connection: asyncpg.Connection, children: Collection[int]) -> dict[int, list[Detail]]:
    """Return what was told of orders of some children, by the order."""
    told: dict[int, list[Detail]] = {}
    for row in await connection.fetch(_TOLD, sorted(children), Kind.PREORDER_BROKEN.value):
        told.setdefault(row["order_id"], []).append(unpacked(row["detail"]))
    return told


def _fact(broken: BrokenOrder, place: Place, state: str, now: datetime, detail: Detail) -> Fact:
    ordered = broken.ordered
    key = f"broken:{ordered.id}:{state}"
    return Fact(key, Kind.PREORDER_BROKEN, place.school_id, ordered.person_id, now, detail)


def _over_at(broken: BrokenOrder, meal: MealRow, zone: ZoneInfo) -> datetime:
    local = datetime.combine(broken.ordered.on, time()) + timedelta(minutes=meal.to_min)
    return local.replace(tzinfo=zone)


def _named(names: Names) -> Named:
    return Named(names.kk, names.ru, names.en)
