"""What is asked of meals: what a person ate, a day's sales by meal, and its shifts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import asyncpg

from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.meals.dishes_sold import DISHES, LANGUAGES, dishes_read
from cloud.meals.rules import Payment

MEALS_MAX, SHIFTS_MAX = 500, 100
_EATEN = f"""
SELECT sale.id, sale.at, sale."on", sale.meal, meal.name_kk, meal.name_ru, meal.name_en, payment, amount_tiyn,
  full_tiyn, returned_tiyn, is_void,
  {DISHES}
FROM meal_sale AS sale LEFT JOIN meal ON meal.school_id = sale.school_id AND meal.key = sale.meal
WHERE person_id = $1 AND "on" BETWEEN $2 AND $3 ORDER BY sale.at DESC, sale.id LIMIT $4
"""  # noqa: S608 - of our own columns only
_DAY = """
SELECT sale.meal, meal.name_kk, meal.name_ru, meal.name_en, payment, count(*) AS count,
  sum(amount_tiyn - returned_tiyn)::bigint AS paid_tiyn, coalesce(sum(greatest(full_tiyn - amount_tiyn, 0))
    FILTER (WHERE payment IN ('free', 'subsidised')), 0)::bigint AS owed_tiyn
FROM meal_sale AS sale LEFT JOIN meal ON meal.school_id = sale.school_id AND meal.key = sale.meal
WHERE sale.school_id = $1 AND "on" = $2 AND NOT is_void AND is_known
GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 5 LIMIT 200
"""
# Money given back is taken off the shift in which it was given: the last that was opened at that device before it in
# the log, whatever starts came between; where the opening was lost, the shift of the sale. A sale voided in its own
# shift is none of it.
_SHIFTS = """
SELECT shift.id, shift.device, till, coalesce(concat_ws(' ', surname, given_name), '') AS cashier, opened_at, closed_at,
  shift.amount_tiyn AS told_tiyn, shift.cash_tiyn AS told_cash_tiyn, shift.count AS told_count,
  coalesce(sold.amount, 0) - coalesce(back.amount, 0) AS found_tiyn,
  coalesce(sold.cash, 0) - coalesce(back.cash, 0) AS found_cash_tiyn, sold.count - back.voids AS found_count
FROM till_shift AS shift LEFT JOIN person ON person.school_id = shift.school_id AND person.ref = shift.staff
CROSS JOIN (SELECT zone FROM school WHERE id = $1) AS school
CROSS JOIN LATERAL (
  SELECT sum(amount_tiyn)::bigint AS amount, sum(amount_tiyn) FILTER (WHERE payment = 'cash')::bigint AS cash,
    count(*) AS count
  FROM meal_sale AS sale WHERE sale.school_id = $1 AND sale.shift = shift.id AND sale.device = shift.device
) AS sold
CROSS JOIN LATERAL (
  SELECT coalesce(min(opened_position), 9223372036854775807) AS position FROM till_shift AS next
  WHERE next.school_id = $1 AND next.device = shift.device AND next.opened_position > shift.opened_position
) AS next
CROSS JOIN LATERAL (
  SELECT sum(given_tiyn)::bigint AS amount, sum(given_tiyn) FILTER (WHERE payment = 'cash')::bigint AS cash,
    count(DISTINCT id) FILTER (WHERE kind = 'void' AND is_own) AS voids
  FROM (
    SELECT given_tiyn, kind, payment, sale.id, sale.shift = shift.id AND sale.device = shift.device AS is_own
    FROM meal_change AS change JOIN meal_sale AS sale ON sale.school_id = $1 AND sale.id = change.sale
    WHERE change.school_id = $1 AND change.device = shift.device AND change.position > shift.opened_position
      AND change.position < next.position
    UNION ALL
    SELECT given_tiyn, kind, payment, sale.id, true
    FROM meal_sale AS sale JOIN meal_change AS change ON change.school_id = $1 AND change.sale = sale.id
    WHERE sale.school_id = $1 AND sale.shift = shift.id AND sale.device = shift.device AND change.device = shift.device
      AND NOT EXISTS (SELECT FROM till_shift AS other WHERE other.school_id = $1 AND other.device = shift.device
        AND other.opened_position < change.position)
  ) AS given
) AS back
WHERE shift.school_id = $1 AND (named_on = $2 OR (coalesce(opened_at, closed_at) >= $2::date - 2
    AND coalesce(opened_at, closed_at) < $2::date + 3))
  AND coalesce(named_on, (coalesce(opened_at, closed_at) AT TIME ZONE zone)::date) = $2
ORDER BY coalesce(opened_at, closed_at), shift.id LIMIT $3
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
    device: str
    till: str
    cashier: str
    opened_at: datetime | None
    closed_at: datetime | None
    told_tiyn: int | None
    told_cash_tiyn: int | None
    told_count: int | None
    found_tiyn: int
    found_cash_tiyn: int
    found_count: int

    @property
    def is_right(self) -> bool:
        """Tell whether till and records agree; an open shift is not counted yet."""
        told, found = (self.told_tiyn, self.told_count), (self.found_tiyn, self.found_count)
        is_cash_right = self.told_cash_tiyn in {None, self.found_cash_tiyn}
        return self.told_tiyn is None or (told == found and is_cash_right)


async def eaten_by(
    connection: asyncpg.Connection | asyncpg.Pool, person_id: int, first_on: date, last_on: date
) -> list[Eaten]:
    """Return what a person ate on days of the school, newest first. For slices above, after their own check."""
    rows = await connection.fetch(_EATEN, person_id, first_on, last_on, MEALS_MAX)
    return [
        Eaten(
            row["at"], row["on"], names_of(row), Payment(row["payment"]), row["amount_tiyn"] - row["returned_tiyn"],
            row["full_tiyn"], row["is_void"], dishes_read(row["dishes"]),
        )
        for row in rows
    ]  # fmt: skip


async def day_of(services: Services, actor: Actor, school_id: int, on: date) -> list[Sold]:
    """Return what was sold on a day. Raises NotAllowed."""
    actor.require(Right.SALES_READ, school_id)
    rows = await services.database.pool.fetch(_DAY, school_id, on)
    return [
        Sold(names_of(row), Payment(row["payment"]), row["count"], row["paid_tiyn"], row["owed_tiyn"]) for row in rows
    ]  # fmt: skip


async def shifts_of(services: Services, actor: Actor, school_id: int, on: date) -> list[ShiftRow]:
    """Return the shifts of a day. Raises NotAllowed."""
    actor.require(Right.SALES_READ, school_id)
    return [ShiftRow(**row) for row in await services.database.pool.fetch(_SHIFTS, school_id, on, SHIFTS_MAX)]


def names_of(row: Mapping[str, Any]) -> dict[str, str]:
    """Return a meal's names by language; its key where the school has no such meal."""
    return {language: row[f"name_{language}"] or row["meal"] for language in LANGUAGES}
