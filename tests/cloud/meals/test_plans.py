"""What is asked of sales and of the ledger is found by indexes: no table that grows is read from end to end."""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from cloud.core.database import Database
from cloud.ledger import checking, notes
from cloud.ledger import queries as ledger
from cloud.meals import corrections, odd, queries, reconciliation, statements

DAY, LAST = date(2026, 9, 1), date(2026, 9, 30)
IDS, PLACE = ["0" * 16], (["till-1"], ["e" * 16], [1])
GROWING = {
    "meal_sale", "meal_line", "meal_change", "meal_override", "meal_odd", "meal_claim", "meal_refusal", "till_shift",
    "till_place", "presence", "ledger_entry", "ledger_line", "ledger_note", "person",
    "register_mark", "register_reason",
}  # fmt: skip
ASKED: dict[str, tuple[object, str, tuple[object, ...]]] = {
    "what a person ate": (queries, "_EATEN", (1, DAY, LAST, 9)),
    "what was sold on a day": (queries, "_DAY", (1, DAY)),
    "the shifts of a day": (queries, "_SHIFTS", (1, DAY, 9)),
    "how many sales are odd": (odd, "_COUNTS", (1, DAY)),
    "how much waits": (odd, "_APART_COUNTS", (1,)),
    "what waits": (odd, "_APART", (1, "no_shift", 9, 0)),
    "what can be given back": (corrections, "_SALES", (1, DAY, LAST, 9)),
    "sold alone": (reconciliation, "_ALONE", (1, DAY, 9)),
    "granted in vain": (reconciliation, "_IN_VAIN", (1, DAY, 9)),
    "collided": (reconciliation, "_COLLIDED", (1, DAY, 9)),
    "who owes": (reconciliation, "_BUYERS", (1, DAY, ["a" * 12], 9)),
    "sales of records": (statements, "SALES", (1, IDS)),
    "lines of sales": (statements, "COSTS", (1, IDS, 9)),
    "changes of sales": (statements, "CHANGES", (1, IDS, IDS)),
    "lines at places": (statements, "LINES", PLACE),
    "shifts of sales": (statements, "RUNS", (1, ["till-1"], IDS, ["till-1"], [9])),
    "where tills stood": (statements, "STANDS", (1, ["till-1"])),
    "what is apart at places": (statements, "ODD_AT", PLACE),
    "what is apart under an id": (statements, "NAMESAKES", (1, IDS, ["till-1"], ["e" * 16])),
    "what waits for shifts": (statements, "ODD_OF_RUNS", (1, ["till-1"], IDS)),
    "days that were named": (statements, "NAME_DAYS", (1, ["till-1"], IDS)),
    "a person's balance": (ledger, "_HELD", (1,)),
    "a person's movements": (ledger, "_MOVEMENTS", (1, DAY, LAST, 9)),
    "what was posted by hand": (notes, "_NOTES", (1, 9)),
    "every account on a day": (ledger, "_TRIAL", (1, DAY, 9)),
    "accounts below zero on a day": (ledger, "_BELOW", (1, DAY, 9)),
    "what is new in the ledger": (checking, "_WRONG_SINCE", (1, 9, 1)),
}


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def reads_all(node: dict[str, Any]) -> bool:
    """Tell whether a step reads a table that grows without looking anything up in it."""
    if node.get("Relation Name") not in GROWING or node["Node Type"] == "ModifyTable":
        return False
    if node["Node Type"] == "Bitmap Heap Scan":
        return not any("Index Cond" in below for below in nodes(node))
    return "Index Cond" not in node


async def plan_of(database: Database, statement: str, asked: Sequence[object]) -> list[dict[str, Any]]:
    """Return the steps of a statement's plan, as of tables that are too large to be read from end to end."""
    async with database.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL enable_seqscan = off")
        (row,) = await connection.fetch(f"EXPLAIN (FORMAT JSON) {statement}", *asked)
    return list(nodes(json.loads(row[0])[0]["Plan"]))


async def test_every_question_is_answered_by_indexes(database: Database) -> None:
    asked = {name: (vars(module)[constant], values) for name, (module, constant, values) in ASKED.items()}
    for kind, of_kind in vars(odd)["_OF_KIND"].items():
        asked[kind] = (vars(odd)["_ROWS"].format(of_kind=of_kind), (1, DAY, 9, 0))

    read = {
        name: [(step["Node Type"], step["Relation Name"]) for step in await plan_of(database, *each) if reads_all(step)]
        for name, each in asked.items()
    }

    assert {name: steps for name, steps in read.items() if steps} == {}


async def test_a_question_that_no_index_answers_is_found_out(database: Database) -> None:
    steps = await plan_of(database, "SELECT FROM meal_sale WHERE meal = $1", ("lunch",))

    assert [step["Relation Name"] for step in steps if reads_all(step)] == ["meal_sale"]
