"""A day after an outage: what was sold without the hub's word, what it granted in vain, what collided, who owes.

Rule: it only reads, and tells of records that have come; a till that is still away may add to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import asyncpg

from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.ledger.queries import below_zero
from cloud.meals.queries import names_of

ROWS_MAX = 200
_ALONE = """
SELECT device, count(*) AS count, sum(amount_tiyn)::bigint AS amount_tiyn,
  count(*) FILTER (WHERE payment IN ('free', 'subsidised')) AS by_right FROM meal_sale
WHERE school_id = $1 AND "on" = $2 AND is_unconfirmed AND NOT is_void GROUP BY device ORDER BY device LIMIT $3
"""
_IN_VAIN = """
SELECT min(claim.at) AS at, coalesce(concat_ws(' ', surname, given_name), '') AS name, claim.meal,
  name_kk, name_ru, name_en, max(claim.amount_tiyn) AS amount_tiyn, bool_or(claim.is_by_right) AS is_by_right
FROM meal_claim AS claim LEFT JOIN person ON person.id = claim.person_id
LEFT JOIN meal ON meal.school_id = $1 AND meal.key = claim.meal
WHERE claim.school_id = $1 AND claim."on" = $2 AND is_granted
  AND NOT EXISTS (SELECT FROM meal_sale AS sale WHERE sale.school_id = $1 AND sale.id = claim.sale)
GROUP BY claim.sale, 2, 3, meal.school_id, meal.key ORDER BY 1, 2 LIMIT $3
"""
# Two sales to one person at one meal, of which the tills could not know: one at least without the hub's word.
_COLLIDED = """
SELECT coalesce(concat_ws(' ', surname, given_name), '') AS name, sale.meal, name_kk, name_ru, name_en,
  count(*) AS count,
  count(*) FILTER (WHERE payment IN ('free', 'subsidised')) AS by_right,
  array_agg(DISTINCT device ORDER BY device) AS devices, sum(amount_tiyn)::bigint AS amount_tiyn
FROM meal_sale AS sale JOIN person ON person.id = person_id
LEFT JOIN meal ON meal.school_id = $1 AND meal.key = sale.meal
WHERE sale.school_id = $1 AND "on" = $2 AND NOT is_void AND person_id IS NOT NULL
GROUP BY person_id, surname, given_name, sale.meal, meal.school_id, meal.key
HAVING bool_or(is_unconfirmed) AND (count(DISTINCT device) > 1
  OR count(*) FILTER (WHERE payment IN ('free', 'subsidised')) > 1)
ORDER BY name, meal LIMIT $3
"""
_BUYERS = """
SELECT ref, concat_ws(' ', surname, given_name) AS name,
  coalesce(array_agg(DISTINCT ARRAY[coalesce((SELECT concat_ws(' ', staff.surname, staff.given_name)
    FROM person AS staff WHERE staff.school_id = $1 AND staff.ref = told.staff), ''), told.rule, told.why])
    FILTER (WHERE told.sale IS NOT NULL), '{}') AS overruled
FROM meal_sale AS sale JOIN person ON person.id = person_id
LEFT JOIN meal_override AS told ON told.school_id = $1 AND told.sale = sale.id AND told.device = sale.device
  AND told.epoch = sale.epoch
WHERE sale.school_id = $1 AND "on" = $2 AND NOT is_void AND amount_tiyn > 0 AND payment <> 'cash' AND ref = ANY($3)
GROUP BY person.id, ref, surname, given_name ORDER BY name, ref LIMIT $4
"""


@dataclass(frozen=True, slots=True)
class Alone:
    """What a till sold without the hub's word."""

    device: str
    count: int
    amount_tiyn: int
    by_right: int  # of them free or for less


@dataclass(frozen=True, slots=True)
class InVain:
    """What the hub granted and no sale followed."""

    at: datetime
    name: str
    meal: Mapping[str, str]  # its names by language
    amount_tiyn: int
    is_by_right: bool


@dataclass(frozen=True, slots=True)
class Collided:
    """More than one sale to a person at a meal, at tills that could not ask each other."""

    name: str
    meal: Mapping[str, str]  # its names by language
    count: int
    by_right: int
    devices: Sequence[str]
    amount_tiyn: int


@dataclass(frozen=True, slots=True)
class Overruled:
    """Who sold although a rule spoke against it, and why; without a name where the school has nobody of it."""

    staff: str
    rule: str
    why: str


@dataclass(frozen=True, slots=True)
class Below:
    """An account below zero at the day's end, and who overruled what on that day."""

    ref: str
    name: str
    owed_tiyn: int
    overruled: Sequence[Overruled]


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A day as it turned out once all had come."""

    alone: Sequence[Alone]
    in_vain: Sequence[InVain]
    collided: Sequence[Collided]
    below: Sequence[Below]

    @property
    def is_empty(self) -> bool:
        return not (self.alone or self.in_vain or self.collided or self.below)


async def reconciliation_of(services: Services, actor: Actor, school_id: int, on: date) -> Reconciliation:
    """Return what a day's outage came to. Raises NotAllowed."""
    actor.require(Right.SALES_READ, school_id)
    async with services.database.pool.acquire() as connection:
        asked = (school_id, on, ROWS_MAX)
        return Reconciliation(
            [Alone(**row) for row in await connection.fetch(_ALONE, *asked)],
            [InVain(**_named(row)) for row in await connection.fetch(_IN_VAIN, *asked)],
            [Collided(**_named(row)) for row in await connection.fetch(_COLLIDED, *asked)],
            await _below(connection, school_id, on),
        )


async def _below(connection: asyncpg.Connection, school_id: int, on: date) -> list[Below]:
    owed: Mapping[str, int] = await below_zero(connection, school_id, on)
    rows = await connection.fetch(_BUYERS, school_id, on, list(owed), ROWS_MAX)
    return [
        Below(row["ref"], row["name"], owed[row["ref"]], [Overruled(*each) for each in row["overruled"]])
        for row in rows
    ]


def _named(row: asyncpg.Record) -> dict[str, Any]:
    """Return a row with its meal's names in the place of its key."""
    return {key: value for key, value in row.items() if not key.startswith("name_")} | {"meal": names_of(row)}
