"""What is asked of meals that a budget pays, whole or in part: one by one, for who compares or bills them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from cloud.meals.dishes_sold import DISHES, dishes_read
from cloud.meals.rules import Payment

FREE_MAX = 200_000
_FREE = f"""
SELECT sale.id AS sale, person_id, sale."on", sale.meal, sale.at, clock NOT IN ('floor', 'none') AS is_time_sure,
  coalesce(shift.till, sale.device) AS till, payment, full_tiyn, sale.amount_tiyn AS paid_tiyn, is_void,
  {DISHES}
FROM meal_sale AS sale
LEFT JOIN till_shift AS shift
  ON shift.school_id = sale.school_id AND shift.device = sale.device AND shift.id = sale.shift
WHERE sale.school_id = $1 AND sale."on" BETWEEN $2 AND $3 AND payment IN ('free', 'subsidised')
  AND person_id IS NOT NULL
ORDER BY sale.at, sale.id LIMIT $4
"""  # noqa: S608 - of our own columns only
_OWED = """
SELECT id AS sale, person_id, "on", meal, full_tiyn - amount_tiyn AS owed_tiyn FROM meal_sale
WHERE school_id = $1 AND "on" BETWEEN $2 AND $3 AND payment IN ('free', 'subsidised') AND person_id IS NOT NULL
  AND NOT is_void
ORDER BY at, id LIMIT $4
"""


@dataclass(frozen=True, slots=True)
class FreeMeal:
    """A meal that was given free or for less; `dishes` are names by language, each with how many."""

    sale: str
    person_id: int
    on: date
    meal: str
    at: datetime
    is_time_sure: bool
    till: str
    payment: Payment
    full_tiyn: int
    paid_tiyn: int
    is_void: bool
    dishes: Sequence[tuple[Mapping[str, str], int]]

    @property
    def owed_tiyn(self) -> int:
        """Return what the budget owes."""
        return 0 if self.is_void else self.full_tiyn - self.paid_tiyn


@dataclass(frozen=True, slots=True)
class OwedMeal:
    """A meal that stands, and what the budget owes for it."""

    sale: str
    person_id: int
    on: date
    meal: str
    owed_tiyn: int


async def free_meals(
    connection: asyncpg.Connection | asyncpg.Pool, school_id: int, first_on: date, last_on: date
) -> list[FreeMeal]:
    """Return the meals of some days that a budget pays for known persons, voided ones too, as they were taken."""
    rows = await connection.fetch(_FREE, school_id, first_on, last_on, FREE_MAX)
    return [_meal(row) for row in rows]


async def owed_meals(
    connection: asyncpg.Connection | asyncpg.Pool, school_id: int, first_on: date, last_on: date
) -> list[OwedMeal]:
    """Return of the same those that stand, without their dishes."""
    return [OwedMeal(**row) for row in await connection.fetch(_OWED, school_id, first_on, last_on, FREE_MAX)]


def _meal(row: asyncpg.Record) -> FreeMeal:
    return FreeMeal(**{**row, "payment": Payment(row["payment"]), "dishes": dishes_read(row["dishes"])})
