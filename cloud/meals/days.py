"""What people ate on single days, for the line of a child's day: one statement, however many children there are."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import asyncpg

from cloud.meals.rules import Payment
from cloud.menu.rules import Names

MEALS_MAX = 1_000  # of a family on a day, or of a child on some
_EATEN = """
SELECT sale.person_id, sale."on", sale.at, sale.meal, meal.name_kk, meal.name_ru, meal.name_en, payment,
  amount_tiyn - returned_tiyn AS paid_tiyn, coalesce(held.dishes, '[]') AS dishes
FROM unnest($1::bigint[], $2::date[]) AS asked (person_id, day)
JOIN meal_sale AS sale ON sale.person_id = asked.person_id AND sale."on" = asked.day AND NOT sale.is_void
LEFT JOIN meal ON meal.school_id = sale.school_id AND meal.key = sale.meal
LEFT JOIN LATERAL (
  SELECT json_agg(json_build_array(v.name_kk, v.name_ru, v.name_en, line.dish) ORDER BY line.seq) AS dishes
  FROM meal_line AS line LEFT JOIN dish ON dish.school_id = line.school_id AND dish.key = line.dish
  LEFT JOIN dish_version AS v ON v.dish_id = dish.id AND v.version = line.version
  WHERE line.school_id = sale.school_id AND line.sale = sale.id AND line.device = sale.device
    AND line.epoch = sale.epoch
) AS held ON true
ORDER BY sale.at, sale.id LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """A meal that counts: when, under which name, how it was paid, and the dishes as they were sold."""

    at: datetime
    names: Names
    payment: Payment
    paid_tiyn: int
    dishes: Sequence[Names]


async def taken_on(
    connection: asyncpg.Connection | asyncpg.Pool, days: Iterable[tuple[int, date]]
) -> dict[tuple[int, date], list[Taken]]:
    """Return what persons, by id, took on a day each, in order. For slices above, after their own check."""
    asked = sorted(set(days))
    ids, ons = [person_id for person_id, _ in asked], [on for _, on in asked]
    taken: dict[tuple[int, date], list[Taken]] = {}
    for row in await connection.fetch(_EATEN, ids, ons, MEALS_MAX) if asked else ():
        taken.setdefault((row["person_id"], row["on"]), []).append(_taken(row))
    return taken


def _taken(row: Mapping[str, Any]) -> Taken:
    name = _named(row["name_kk"], row["name_ru"], row["name_en"], row["meal"])
    dishes = tuple(_named(*each) for each in json.loads(row["dishes"]))
    return Taken(row["at"], name, Payment(row["payment"]), row["paid_tiyn"], dishes)


def _named(kk: str | None, ru: str | None, en: str | None, key: str) -> Names:
    return Names(kk or key, ru or key, en or key)
