"""What parents think of meals: of food, dishes and service, one to five, with a word if they like, once a meal.

Rule: only a meal that was taken is rated, by who may see the child; the canteen reads it without the child's name.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Any

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound, Refused
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.meals.statistics import Meal, meals_taken
from cloud.menu.rules import Names, shortened

MARKS = range(1, 6)
WITHIN = timedelta(days=7)
COMMENT_MAX = 300
COMMENTS_MAX = 100
DISHES_MAX = 500
WEEKS_MAX = 60
# Who may say what was thought: a guardian who sees the meals, and the student by the own account.
_EATER = """
SELECT p.id, p.school_id FROM person p WHERE p.ref = $2 AND (
  EXISTS (SELECT FROM guardianship_at($3) AS family
    WHERE family.account_id = $1 AND family.person_id = p.id AND (may_see_meals OR may_limit OR may_order))
  OR p.is_active AND EXISTS (SELECT FROM student_account AS own
    JOIN grant_of_role AS held ON held.account_id = own.account_id AND held.role = 'student'
    WHERE own.account_id = $1 AND own.person_id = p.id AND held.school_id = p.school_id))
"""
_RATED = """
SELECT r."on", r.meal, food, service, comment, rated_at,
  (SELECT coalesce(json_object_agg(dish, mark), '{}') FROM dish_rating d
    WHERE d.person_id = r.person_id AND d."on" = r."on" AND d.meal = r.meal) AS marks
FROM meal_rating r WHERE r.person_id = $1 AND r."on" BETWEEN $2 AND $3 LIMIT 100
"""
_RATE = """
INSERT INTO meal_rating (school_id, person_id, "on", meal, food, service, comment, rated_at, rated_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING meal
"""
_MARK = """
INSERT INTO dish_rating (person_id, "on", meal, dish, mark)
SELECT $1, $2, $3, * FROM unnest($4::text[], $5::smallint[])
"""
# A dish's mark is its own where it got one, else that of the food of its meal; bought twice at a meal, it counts once.
_OF_DISHES = """
  SELECT DISTINCT r.person_id, r."on", r.meal, line.dish, coalesce(own.mark, food) AS mark FROM meal_rating r
  JOIN meal_sale sale ON sale.person_id = r.person_id AND sale."on" = r."on" AND sale.meal = r.meal AND NOT is_void
  JOIN meal_line line ON line.school_id = sale.school_id AND line.sale = sale.id
    AND line.device = sale.device AND line.epoch = sale.epoch
  LEFT JOIN dish_rating own ON own.person_id = r.person_id AND own."on" = r."on" AND own.meal = r.meal
    AND own.dish = line.dish
  WHERE r.school_id = $1 AND r."on" BETWEEN $2 AND $3
"""
_DISHES = f"""
SELECT dish.key, v.name_kk, v.name_ru, v.name_en, count(*) AS count, round(avg(mark) * 10)::int AS tenths
FROM ({_OF_DISHES}) rated
JOIN dish ON dish.school_id = $1 AND dish.key = rated.dish
JOIN dish_version v ON v.dish_id = dish.id AND v.version = dish.version
GROUP BY 1, 2, 3, 4 ORDER BY tenths, count DESC, dish.key LIMIT $4
"""  # noqa: S608 (a text of this file)
_WEEKS = """
SELECT "on" - (extract(isodow FROM "on")::int - 1) AS monday, count(*) AS count,
  round(avg(food) * 10)::int AS food, round(avg(service) * 10)::int AS service
FROM meal_rating WHERE school_id = $1 AND "on" BETWEEN $2 AND $3 GROUP BY 1 ORDER BY 1 DESC LIMIT $4
"""
_WEEKS_OF_DISH = f"""
SELECT "on" - (extract(isodow FROM "on")::int - 1) AS monday, count(*) AS count, round(avg(mark) * 10)::int AS food,
  NULL::int AS service
FROM ({_OF_DISHES}) rated WHERE dish = $5 GROUP BY 1 ORDER BY 1 DESC LIMIT $4
"""  # noqa: S608 (as above)
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
class DishTaken:
    """A dish of such a meal, with its mark if it got one."""

    key: str
    names: Names
    mark: int | None


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
    dishes: tuple[DishTaken, ...]


@dataclass(frozen=True, slots=True)
class WeekMark:
    """What was thought in a week, means in tenths: of all food or of one dish; the service is told of all food only."""

    monday: date
    count: int
    food: int
    service: int | None


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


@dataclass(frozen=True, slots=True)
class _Eater:
    person_id: int
    school_id: int


async def taken_of(services: Services, actor: Actor, ref: str, today: date) -> list[Rated]:
    """Return the meals of the last week that an own child took, newest first. Raises NotFound."""
    ward = await _eater(services, actor, ref)
    pool, first_on = services.database.pool, today - WITHIN
    rated = {(row["on"], row["meal"]): row for row in await pool.fetch(_RATED, ward.person_id, first_on, today)}
    taken: dict[tuple[date, str], list[Meal]] = {}
    for meal in await meals_taken(pool, ward.person_id, first_on, today):
        if not meal.is_void:
            taken.setdefault((meal.on, meal.meal), []).append(meal)
    return [_rated(meals, rated.get(key)) for key, meals in sorted(taken.items(), key=lambda each: each[0][0])][::-1]


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
    dishes: Mapping[str, int] | None = None,
) -> None:
    """Keep what is thought of a meal, and of dishes of it by their keys. Raises NotFound or RatingRefused."""
    ward = await _eater(services, actor, ref)
    marks = dict(dishes or {})
    if not all(mark in MARKS for mark in (food, service, *marks.values())):
        raise RatingRefused(message("Choose a mark from 1 to 5 for the food and for the service."))
    taken = await taken_of(services, actor, ref, today)
    found = next((each for each in taken if (each.on, each.meal) == (on, meal)), None)
    if found is None or not marks.keys() <= {dish.key for dish in found.dishes}:
        raise RatingRefused(message("Only a meal that was taken in the last week can be rated."))
    word, now = shortened(comment, COMMENT_MAX), services.clock.now()
    async with services.database.transaction() as connection:
        kept = await raw(connection).fetchval(
            _RATE, ward.school_id, ward.person_id, on, meal, food, service, word, now, actor.name
        )
        if kept is None:
            raise RatingRefused(message("This meal was rated already, once is enough."))
        await raw(connection).execute(_MARK, ward.person_id, on, meal, list(marks), list(marks.values()))
        subject = f"person:{ward.person_id}"
        await audit(connection, actor, "meal.rated", subject, {"on": str(on)}, school_id=ward.school_id, at=now)


async def opinion_of(services: Services, actor: Actor, school_id: int, first_on: date, last_on: date) -> Opinion:
    """Return what is thought of a school's canteen, the worst dishes first. Raises NotAllowed."""
    actor.require(Right.RATINGS_READ, school_id)
    pool = services.database.pool
    dishes = await pool.fetch(_DISHES, school_id, first_on, last_on, DISHES_MAX)
    service = await pool.fetchrow(_SERVICE, school_id, first_on, last_on)
    comments = await pool.fetch(_COMMENTS, school_id, first_on, last_on, COMMENTS_MAX)
    return Opinion(
        [DishMark(row["key"], _names(row), row["count"], row["tenths"]) for row in dishes],
        (service["count"], service["tenths"]),
        [Comment(row["on"], _names(row), row["food"], row["service"], row["comment"]) for row in comments],
    )


async def weeks_of(
    services: Services, actor: Actor, school_id: int, first_on: date, last_on: date, dish: str = ""
) -> list[WeekMark]:
    """Return what was thought of the food, or of one dish, week by week, the newest first. Raises NotAllowed."""
    actor.require(Right.RATINGS_READ, school_id)
    asked: tuple[object, ...] = (school_id, first_on, last_on, WEEKS_MAX)
    statement, values = (_WEEKS_OF_DISH, (*asked, dish)) if dish else (_WEEKS, asked)
    return [WeekMark(**row) for row in await services.database.pool.fetch(statement, *values)]


async def _eater(services: Services, actor: Actor, ref: str) -> _Eater:
    """Return an own child, or the student whose account it is. Raises NotFound."""
    if actor.account_id is None or actor.must_change:
        raise NotFound
    row = await services.database.pool.fetchrow(_EATER, actor.account_id, ref, services.clock.now())
    if row is None:
        raise NotFound
    return _Eater(row["id"], row["school_id"])


def _rated(meals: Sequence[Meal], row: Mapping[str, Any] | None) -> Rated:
    marks = json.loads(row["marks"]) if row else {}
    dishes = {portion.dish: portion.names for meal in meals for portion in meal.portions}
    return Rated(
        meals[0].on, meals[0].meal, meals[0].names, row["food"] if row else None, row["service"] if row else None,
        row["comment"] if row else "", row["rated_at"] if row else None,
        tuple(DishTaken(key, names, marks.get(key)) for key, names in dishes.items()),
    )  # fmt: skip


def _names(row: Mapping[str, str | None]) -> Names:
    kk = row["name_kk"] or ""
    return Names(kk, row["name_ru"] or kk, row["name_en"] or kk)
