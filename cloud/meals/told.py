"""Meals as a log: each sale to a person, each thing taken back and each refusal, once, as they came to count.

Rule: the database itself numbers them (migration `notices`), whatever way they come into the tables.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from cloud.meals.dishes_sold import DISHES_BEFORE

HEADS = "meal_head"  # counts each school's facts
Names = tuple[str, str, str]  # Kazakh, Russian, English
_FACTS = "SELECT number, what, id FROM meal_fact WHERE school_id = $1 AND number > $2 ORDER BY number LIMIT $3"
_SOLD = f"""
SELECT sale.id, device, epoch, seq, person_id, payment, amount_tiyn, clock, at, meal, name_kk, name_ru, name_en,
  {DISHES_BEFORE}
FROM meal_sale AS sale LEFT JOIN meal ON meal.school_id = sale.school_id AND meal.key = sale.meal
WHERE sale.school_id = $1 AND sale.id = ANY($2) AND person_id IS NOT NULL
"""  # noqa: S608 - of our own columns only
_RETURNED = """
SELECT change.id, change.kind, change.device, change.epoch, change.seq, change.given_tiyn, change.reason, change.at,
  sale.device AS sold_by, sale.epoch AS sold_in, sale.seq AS sold_as, sale.at AS sold_at, sale.person_id, sale.payment,
  sale.meal, name_kk, name_ru, name_en
FROM meal_change AS change JOIN meal_sale AS sale ON sale.school_id = change.school_id AND sale.id = change.sale
LEFT JOIN meal ON meal.school_id = sale.school_id AND meal.key = sale.meal
WHERE change.school_id = $1 AND change.id = ANY($2) AND given_tiyn IS NOT NULL AND sale.person_id IS NOT NULL
"""
_REFUSED = """
SELECT concat_ws(':', device, epoch, seq) AS id, person_id, meal, name_kk, name_ru, name_en, reason, clock, at
FROM meal_refusal AS refusal LEFT JOIN meal ON meal.school_id = refusal.school_id AND meal.key = refusal.meal
WHERE refusal.school_id = $1
  AND (device, epoch, seq) IN (SELECT * FROM unnest($2::text[], $3::text[], $4::bigint[]))
"""


@dataclass(frozen=True, slots=True)
class MealSold:
    """A meal that a person took; `key` names its record."""

    key: str
    school_id: int
    person_id: int
    at: datetime
    clock: str
    meal: Names
    dishes: Sequence[tuple[Names, int]]
    payment: str
    amount_tiyn: int  # what the payer paid
    full_tiyn: int  # what its dishes cost


@dataclass(frozen=True, slots=True)
class MealReturned:
    """A sale that was taken back, or money given back for it; both keys name records."""

    key: str
    school_id: int
    person_id: int
    at: datetime
    kind: str  # void, refund
    meal: Names
    payment: str
    given_tiyn: int
    reason: str
    sale_key: str
    sold_at: datetime


@dataclass(frozen=True, slots=True)
class MealRefused:
    """A meal that a till did not sell to a person, and why, in one word; `key` names its record."""

    key: str
    school_id: int
    person_id: int
    at: datetime
    clock: str
    meal: Names
    reason: str


MealFact = MealSold | MealReturned | MealRefused
Known = dict[tuple[str, str], MealFact]


async def meals_after(
    connection: asyncpg.Connection, school_id: int, number: int, most: int
) -> tuple[Sequence[MealFact], int]:
    """Return the next facts in order, and the number of the last one; `number` itself when there is none."""
    facts = await connection.fetch(_FACTS, school_id, number, most)
    if not facts:
        return [], number
    known = {
        **await _sales(connection, school_id, _ids(facts, "sale")),
        **await _changes(connection, school_id, _ids(facts, "change")),
        **await _refusals(connection, school_id, _ids(facts, "refusal")),
    }
    met = [known[key] for fact in facts if (key := (fact["what"], fact["id"])) in known]
    return met, facts[-1]["number"]


def _ids(facts: Sequence[asyncpg.Record], what: str) -> list[str]:
    return [fact["id"] for fact in facts if fact["what"] == what]


async def _sales(connection: asyncpg.Connection, school_id: int, ids: Sequence[str]) -> Known:
    rows = await connection.fetch(_SOLD, school_id, ids) if ids else []
    return {("sale", row["id"]): _sold(school_id, row) for row in rows}


async def _changes(connection: asyncpg.Connection, school_id: int, ids: Sequence[str]) -> Known:
    rows = await connection.fetch(_RETURNED, school_id, ids) if ids else []
    return {("change", row["id"]): _returned(school_id, row) for row in rows}


async def _refusals(connection: asyncpg.Connection, school_id: int, ids: Sequence[str]) -> Known:
    places = [(device, epoch, int(seq)) for device, epoch, seq in (each.split(":") for each in ids)]
    columns = [list(column) for column in zip(*places, strict=True)]
    rows = await connection.fetch(_REFUSED, school_id, *columns) if ids else []
    return {("refusal", row["id"]): _refused(school_id, row) for row in rows}


def _sold(school_id: int, row: asyncpg.Record) -> MealSold:
    lines = json.loads(row["dishes"])
    return MealSold(
        _key(row), school_id, row["person_id"], row["at"], row["clock"],
        _names(row), [((line["kk"], line["ru"], line["en"]), line["count"]) for line in lines], row["payment"],
        row["amount_tiyn"], sum(line["tiyn"] for line in lines),
    )  # fmt: skip


def _returned(school_id: int, row: asyncpg.Record) -> MealReturned:
    key = _key(row) if row["device"] else f"change:{school_id}:{row['id']}"  # without one the office took it back
    return MealReturned(
        key, school_id, row["person_id"], row["at"], row["kind"], _names(row), row["payment"],
        row["given_tiyn"], row["reason"], f"record:{row['sold_by']}:{row['sold_in']}:{row['sold_as']}", row["sold_at"],
    )  # fmt: skip


def _refused(school_id: int, row: asyncpg.Record) -> MealRefused:
    return MealRefused(
        f"record:{row['id']}", school_id, row["person_id"], row["at"], row["clock"], _names(row), row["reason"]
    )


def _key(row: asyncpg.Record) -> str:
    return f"record:{row['device']}:{row['epoch']}:{row['seq']}"


def _names(row: Mapping[str, Any]) -> Names:
    kk = row["name_kk"] or row["meal"]
    return kk, row["name_ru"] or kk, row["name_en"] or kk
