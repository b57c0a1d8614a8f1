"""A month of meals that were free or cost less, one by one with their dishes, as the tables hold them.

Rule: what a report needs of the tables of meals is read here only; cloud/meals/replay.py makes the same of the records.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from cloud.meals.rules import Payment, Place, Portion

GIVEN = (Payment.FREE, Payment.SUBSIDISED)
_KINDS = [kind.value for kind in GIVEN]
SALES = """
SELECT sale.id, device, epoch, seq, at, "on", meal, payment, coalesce(person.ref, '') AS person, is_known, amount_tiyn,
  full_tiyn, returned_tiyn, is_unconfirmed, clock
FROM meal_sale AS sale LEFT JOIN (SELECT id, ref FROM person WHERE school_id = $1) AS person ON person.id = person_id
WHERE sale.school_id = $1 AND "on" BETWEEN $2 AND $3 AND payment = ANY($4) AND NOT is_void
ORDER BY at, device, epoch, seq
"""
LINES = """
SELECT line.sale, line.dish, line.version, line.count, line.price_tiyn FROM meal_sale AS sale
JOIN meal_line AS line ON line.school_id = sale.school_id AND line.sale = sale.id AND line.device = sale.device
  AND line.epoch = sale.epoch
WHERE sale.school_id = $1 AND sale."on" BETWEEN $2 AND $3 AND payment = ANY($4) AND NOT is_void
ORDER BY line.device, line.epoch, line.seq
"""
OVERRULED = """
SELECT DISTINCT sale.id, rule FROM meal_sale AS sale
JOIN meal_override AS why ON why.school_id = sale.school_id AND why.sale = sale.id AND why.device = sale.device
  AND why.epoch = sale.epoch
WHERE sale.school_id = $1 AND sale."on" BETWEEN $2 AND $3 AND payment = ANY($4) AND NOT is_void
ORDER BY sale.id, rule
"""
_SOLD = """
SELECT school_id, first_on FROM unnest($1::bigint[], $2::date[]) WITH ORDINALITY AS asked (school_id, first_on, place)
WHERE EXISTS (SELECT FROM meal_sale WHERE meal_sale.school_id = asked.school_id
  AND "on" >= first_on AND "on" < (first_on + interval '1 month')::date)
ORDER BY place
"""


@dataclass(frozen=True, slots=True)
class GivenMeal:
    """A sale that the budget pays, wholly or in part, and that was not made void."""

    sale: str
    place: Place
    at: datetime
    on: date
    meal: str
    payment: Payment
    person: str  # reference; empty where the school has nobody of it
    is_known: bool  # false: nothing was posted for it
    amount_tiyn: int
    full_tiyn: int
    returned_tiyn: int
    is_unconfirmed: bool
    clock: str
    portions: tuple[Portion, ...]
    overruled: tuple[str, ...]  # rules that spoke against it

    @property
    def order(self) -> tuple[datetime, Place]:
        """Return what meals are sorted by, always the same."""
        return self.at, self.place


async def meals_given(
    connection: asyncpg.Connection, school_id: int, first_on: date, last_on: date
) -> Sequence[GivenMeal]:
    """Return the meals of a school's days in order. For slices above, after their own check."""
    asked = (school_id, first_on, last_on, _KINDS)
    portions: defaultdict[str, list[Portion]] = defaultdict(list)
    for sale, *line in await connection.fetch(LINES, *asked):
        portions[sale].append(Portion(*line))
    rules: defaultdict[str, list[str]] = defaultdict(list)
    for sale, rule in await connection.fetch(OVERRULED, *asked):
        rules[sale].append(rule)
    rows = await connection.fetch(SALES, *asked)
    return [_given(row, portions[row["id"]], rules[row["id"]]) for row in rows]


async def months_sold(connection: asyncpg.Connection, months: Sequence[tuple[int, date]]) -> list[tuple[int, date]]:
    """Return in which of these months of schools anything was sold, in order; a month is named by its first day."""
    columns = [list(column) for column in zip(*months, strict=True)] or [[], []]
    return [(row["school_id"], row["first_on"]) for row in await connection.fetch(_SOLD, *columns)]


def _given(row: asyncpg.Record, portions: Sequence[Portion], rules: Sequence[str]) -> GivenMeal:
    return GivenMeal(
        row["id"], Place(row["device"], row["epoch"], row["seq"]), row["at"], row["on"], row["meal"],
        Payment(row["payment"]), row["person"], row["is_known"], row["amount_tiyn"], row["full_tiyn"],
        row["returned_tiyn"], row["is_unconfirmed"], row["clock"], tuple(portions), tuple(rules),
    )  # fmt: skip
