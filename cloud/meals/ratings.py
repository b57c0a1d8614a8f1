"""What parents think of meals: of the food and of the service, one to five, with a word if they like, once a meal.

Rule: only a meal that was taken is rated, by who may see the child; the canteen reads it without the child's name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from http import HTTPStatus

from cloud.accounts.actions import audit
from cloud.core.actor import Actor, Role
from cloud.core.database import raw
from cloud.core.errors import Refused
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.menu.restrictions import ward_of
from cloud.menu.rules import Names, shortened

READERS = (Role.CANTEEN, Role.OFFICE, Role.DIRECTOR)
MARKS = range(1, 6)
WITHIN = timedelta(days=7)
COMMENT_MAX = 300
COMMENTS_MAX = 100
DISHES_MAX = 500
_TAKEN = """
SELECT DISTINCT ON (sale."on", sale.meal) sale."on", sale.meal, meal.name_kk, meal.name_ru, meal.name_en, food, service,
  comment, rated_at FROM meal_sale sale
LEFT JOIN meal ON meal.school_id = sale.school_id AND meal.key = sale.meal
LEFT JOIN meal_rating r ON r.person_id = sale.person_id AND r."on" = sale."on" AND r.meal = sale.meal
WHERE sale.person_id = $1 AND sale."on" BETWEEN $2 AND $3 AND NOT is_void AND is_known
ORDER BY sale."on" DESC, sale.meal LIMIT 100
"""
_RATE = """
INSERT INTO meal_rating (school_id, person_id, "on", meal, food, service, comment, rated_at, rated_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING meal
"""
_DISHES = """
SELECT dish.key, v.name_kk, v.name_ru, v.name_en, count(*) AS count, round(avg(food) * 10)::int AS tenths
FROM (
  SELECT DISTINCT r.person_id, r."on", r.meal, food, line.dish FROM meal_rating r
  JOIN meal_sale sale ON sale.person_id = r.person_id AND sale."on" = r."on" AND sale.meal = r.meal AND NOT is_void
  JOIN meal_line line ON line.school_id = sale.school_id AND line.sale = sale.id
  WHERE r.school_id = $1 AND r."on" BETWEEN $2 AND $3
) rated
JOIN dish ON dish.school_id = $1 AND dish.key = rated.dish
JOIN dish_version v ON v.dish_id = dish.id AND v.version = dish.version
GROUP BY 1, 2, 3, 4 ORDER BY tenths, count DESC, dish.key LIMIT $4
"""
_SERVICE = """
SELECT count(*) AS count, coalesce(round(avg(service) * 10), 0)::int AS tenths FROM meal_rating
WHERE school_id = $1 AND "on" BETWEEN $2 AND $3
"""
_COMMENTS = """
SELECT r."on", meal.name_kk, meal.name_ru, meal.name_en, food, service, comment FROM meal_rating r
JOIN meal ON meal.school_id = r.school_id AND meal.key = r.meal
WHERE r.school_id = $1 AND r."on" BETWEEN $2 AND $3 AND comment <> '' ORDER BY r."on" DESC, rated_at DESC LIMIT $4
"""


class RatingRefused(Refused):
    """A rating cannot be taken."""

    status = HTTPStatus.CONFLICT
    code = "rating_refused"


@dataclass(frozen=True, slots=True)
class Rated:
    """A meal that a child took, with what was thought of it; no marks until it is rated."""

    on: date
    meal: str
    names: Names
    food: int | None
    service: int | None
    comment: str
    rated_at: datetime | None


@dataclass(frozen=True, slots=True)
class DishMark:
    """What is thought of a dish: the mean of the marks of meals that it was in, in tenths."""

    key: str
    names: Names
    count: int
    tenths: int


@dataclass(frozen=True, slots=True)
class Comment:
    """A word about a meal, without whose child took it."""

    on: date
    names: Names
    food: int
    service: int
    comment: str


@dataclass(frozen=True, slots=True)
class Opinion:
    """What is thought of a canteen."""

    dishes: list[DishMark]
    service: tuple[int, int]  # how many marks, and their mean in tenths
    comments: list[Comment]


async def taken_of(services: Services, actor: Actor, ref: str, today: date) -> list[Rated]:
    """Return the meals of the last week that an own child took, newest first. Raises NotFound."""
    ward = await ward_of(services, actor, ref)
    rows = await services.database.pool.fetch(_TAKEN, ward.person_id, today - WITHIN, today)
    return [
        Rated(
            row["on"], row["meal"], _names({**row, "name_kk": row["name_kk"] or row["meal"]}), row["food"],
            row["service"], row["comment"] or "", row["rated_at"],
        )
        for row in rows
    ]  # fmt: skip


async def rate(
    services: Services,
    actor: Actor,
    ref: str,
    today: date,
    on: date,
    meal: str,
    *,
    food: int,
    service: int,
    comment: str,
) -> None:
    """Keep what is thought of a meal. Raises NotFound or RatingRefused."""
    ward = await ward_of(services, actor, ref)
    if food not in MARKS or service not in MARKS:
        raise RatingRefused(message("Choose a mark from 1 to 5 for the food and for the service."))
    taken = {(each.on, each.meal) for each in await taken_of(services, actor, ref, today)}
    if (on, meal) not in taken:
        raise RatingRefused(message("Only a meal that was taken in the last week can be rated."))
    word, now = shortened(comment, COMMENT_MAX), services.clock.now()
    async with services.database.transaction() as connection:
        kept = await raw(connection).fetchval(
            _RATE, ward.school_id, ward.person_id, on, meal, food, service, word, now, actor.name
        )
        if kept is None:
            raise RatingRefused(message("This meal was rated already, once is enough."))
        subject = f"person:{ward.person_id}"
        await audit(connection, actor, "meal.rated", subject, {"on": str(on)}, school_id=ward.school_id, at=now)


async def opinion_of(services: Services, actor: Actor, school_id: int, first_on: date, last_on: date) -> Opinion:
    """Return what is thought of a school's canteen, the worst dishes first. Raises NotAllowed."""
    actor.require(READERS, school_id)
    pool = services.database.pool
    dishes = await pool.fetch(_DISHES, school_id, first_on, last_on, DISHES_MAX)
    service = await pool.fetchrow(_SERVICE, school_id, first_on, last_on)
    comments = await pool.fetch(_COMMENTS, school_id, first_on, last_on, COMMENTS_MAX)
    return Opinion(
        [DishMark(row["key"], _names(row), row["count"], row["tenths"]) for row in dishes],
        (service["count"], service["tenths"]),
        [Comment(row["on"], _names(row), row["food"], row["service"], row["comment"]) for row in comments],
    )


def _names(row: Mapping[str, str | None]) -> Names:
    kk = row["name_kk"] or ""
    return Names(kk, row["name_ru"] or kk, row["name_en"] or kk)
