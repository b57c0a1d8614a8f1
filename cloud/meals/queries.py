"""What is asked of meals: what a person ate, a day's sales by meal, its shifts, and what somebody should look at."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import asyncpg

from cloud.core.actor import Actor, Role
from cloud.core.services import Services
from cloud.meals.rules import Payment

READERS = (Role.OFFICE, Role.CANTEEN, Role.DIRECTOR)
MEALS_MAX, SHIFTS_MAX, ODD_MAX = 500, 100, 200
_EATEN = """
SELECT sale.id, sale.at, sale."on", sale.meal, meal.name_kk, meal.name_ru, meal.name_en, payment, amount_tiyn,
  full_tiyn, returned_tiyn, is_void,
  (SELECT coalesce(json_agg(json_build_object('kk', coalesce(version.name_kk, line.dish),
      'ru', coalesce(version.name_ru, line.dish), 'en', coalesce(version.name_en, line.dish), 'count', line.count)
      ORDER BY line.seq), '[]')
    FROM meal_line AS line LEFT JOIN dish ON dish.school_id = line.school_id AND dish.key = line.dish
    LEFT JOIN dish_version AS version ON version.dish_id = dish.id AND version.version = line.version
    WHERE line.school_id = sale.school_id AND line.sale = sale.id) AS dishes
FROM meal_sale AS sale LEFT JOIN meal ON meal.school_id = sale.school_id AND meal.key = sale.meal
WHERE person_id = $1 AND "on" BETWEEN $2 AND $3 ORDER BY sale.at DESC, sale.id LIMIT $4
"""
_DAY = """
SELECT sale.meal, meal.name_kk, meal.name_ru, meal.name_en, payment, count(*) AS count,
  sum(amount_tiyn - returned_tiyn)::bigint AS paid_tiyn, sum(full_tiyn - amount_tiyn)::bigint AS owed_tiyn
FROM meal_sale AS sale LEFT JOIN meal ON meal.school_id = sale.school_id AND meal.key = sale.meal
WHERE sale.school_id = $1 AND "on" = $2 AND NOT is_void AND is_known
GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 5 LIMIT 200
"""
_SHIFTS = """
SELECT shift.id, till, coalesce(concat_ws(' ', surname, given_name), '') AS cashier, opened_at, closed_at,
  shift.amount_tiyn AS told_tiyn, shift.count AS told_count, coalesce(found.amount, 0) AS found_tiyn,
  coalesce(found.count, 0) AS found_count
FROM till_shift AS shift LEFT JOIN person ON person.school_id = shift.school_id AND person.ref = shift.staff
CROSS JOIN (SELECT zone FROM school WHERE id = $1) AS school
LEFT JOIN LATERAL (
  SELECT sum(amount_tiyn - returned_tiyn)::bigint AS amount, count(*) FILTER (WHERE NOT is_void) AS count
  FROM meal_sale WHERE meal_sale.school_id = $1 AND meal_sale.shift = shift.id
) AS found ON true
WHERE shift.school_id = $1 AND (coalesce(opened_at, closed_at) AT TIME ZONE zone)::date = $2
ORDER BY coalesce(opened_at, closed_at), shift.id LIMIT $3
"""
_ODD = """
SELECT what, sale.id, sale.at, coalesce(concat_ws(' ', surname, given_name), '') AS name, sale.device, detail FROM (
  SELECT 'second_free' AS what, id, '' AS detail FROM (
    SELECT id, row_number() OVER (PARTITION BY person_id, meal ORDER BY at, device, epoch, seq) AS place FROM meal_sale
    WHERE school_id = $1 AND "on" = $2 AND NOT is_void AND payment IN ('free', 'subsidised') AND person_id IS NOT NULL
  ) AS ranked WHERE place > 1
  UNION ALL
  SELECT 'not_seen', id, '' FROM meal_sale WHERE school_id = $1 AND "on" = $2 AND NOT is_void
    AND payment IN ('free', 'subsidised') AND person_id IS NOT NULL AND NOT EXISTS (
      SELECT FROM presence WHERE presence.person_id = meal_sale.person_id AND presence."on" = $2
        AND first_in_at IS NOT NULL)
  UNION ALL
  SELECT 'stranger', id, '' FROM meal_sale WHERE school_id = $1 AND "on" = $2 AND NOT is_known
  UNION ALL
  SELECT 'unconfirmed', id, '' FROM meal_sale WHERE school_id = $1 AND "on" = $2 AND is_unconfirmed AND NOT is_void
  UNION ALL
  SELECT 'no_lines', id, '' FROM meal_sale
    WHERE school_id = $1 AND "on" = $2 AND is_known AND full_tiyn < amount_tiyn
  UNION ALL
  SELECT 'too_much_back', sale.id, '' FROM meal_change AS change JOIN meal_sale AS sale
    ON sale.school_id = change.school_id AND sale.id = change.sale
    WHERE sale.school_id = $1 AND "on" = $2 AND given_tiyn < change.amount_tiyn
  UNION ALL
  SELECT 'overruled', sale.id, rule || ': ' || why FROM meal_override JOIN meal_sale AS sale
    ON sale.school_id = meal_override.school_id AND sale.id = meal_override.sale
    WHERE sale.school_id = $1 AND "on" = $2
) AS odd JOIN meal_sale AS sale ON sale.school_id = $1 AND sale.id = odd.id
LEFT JOIN person ON person.id = person_id ORDER BY sale.at, sale.id, what LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Eaten:
    """A meal that a person took; `dishes` are names by language, each with how many."""

    at: datetime
    on: date
    meal: Mapping[str, str]
    payment: Payment
    paid_tiyn: int  # of the account, less what was given back
    full_tiyn: int
    is_void: bool
    dishes: Sequence[tuple[Mapping[str, str], int]]


@dataclass(frozen=True, slots=True)
class Sold:
    """What was sold of a meal on a day in one way of paying, voids left out."""

    meal: Mapping[str, str]
    payment: Payment
    count: int
    paid_tiyn: int
    owed_tiyn: int  # by the budget


@dataclass(frozen=True, slots=True)
class ShiftRow:
    """A till's shift: what the till counted at its closing, and what its records add up to."""

    id: str
    till: str
    cashier: str
    opened_at: datetime | None
    closed_at: datetime | None
    told_tiyn: int | None
    told_count: int | None
    found_tiyn: int
    found_count: int

    @property
    def is_right(self) -> bool:
        """Tell whether till and records agree; an open shift is not counted yet."""
        return self.told_tiyn is None or (self.told_tiyn, self.told_count) == (self.found_tiyn, self.found_count)


@dataclass(frozen=True, slots=True)
class Odd:
    """A sale that somebody should look at, and why."""

    what: str
    id: str
    at: datetime
    name: str
    device: str
    detail: str


async def eaten_by(
    connection: asyncpg.Connection | asyncpg.Pool, person_id: int, first_on: date, last_on: date
) -> list[Eaten]:
    """Return what a person ate on days of the school, newest first. For slices above, after their own check."""
    rows = await connection.fetch(_EATEN, person_id, first_on, last_on, MEALS_MAX)
    return [
        Eaten(
            row["at"], row["on"], _names(row), Payment(row["payment"]), row["amount_tiyn"] - row["returned_tiyn"],
            row["full_tiyn"], row["is_void"], [(each, each["count"]) for each in json.loads(row["dishes"])],
        )
        for row in rows
    ]  # fmt: skip


async def day_of(services: Services, actor: Actor, school_id: int, on: date) -> list[Sold]:
    """Return what was sold on a day. Raises NotAllowed."""
    actor.require(READERS, school_id)
    rows = await services.database.pool.fetch(_DAY, school_id, on)
    return [
        Sold(_names(row), Payment(row["payment"]), row["count"], row["paid_tiyn"], row["owed_tiyn"]) for row in rows
    ]  # fmt: skip


async def shifts_of(services: Services, actor: Actor, school_id: int, on: date) -> list[ShiftRow]:
    """Return the shifts of a day. Raises NotAllowed."""
    actor.require(READERS, school_id)
    return [ShiftRow(**row) for row in await services.database.pool.fetch(_SHIFTS, school_id, on, SHIFTS_MAX)]


async def odd_of(services: Services, actor: Actor, school_id: int, on: date) -> list[Odd]:
    """Return the sales of a day that somebody should look at. Raises NotAllowed."""
    actor.require(READERS, school_id)
    return [Odd(**row) for row in await services.database.pool.fetch(_ODD, school_id, on, ODD_MAX)]


def _names(row: Mapping[str, Any]) -> dict[str, str]:
    return {language: row[f"name_{language}"] or row["meal"] for language in ("kk", "ru", "en")}
