"""A month of one school among many is read by indexes: no table of the line is gone through whole."""

import json
from datetime import date
from typing import Any

import asyncpg
import pytest

from cloud.attendance.monthly import DAYS as DAYS_SEEN
from cloud.attendance.monthly import SEEN
from cloud.meals.monthly import LINES, OVERRULED, SALES
from cloud.reports.making import _LACKING, LACKING_MAX, LOOKED_BACK
from tests.cloud.reports.factory import NEXT

SCHOOLS, PEOPLE, DAYS = 300, 10, 8
MONTH = (date(2026, 9, 1), date(2026, 9, 30))
KINDS = ["free", "subsidised"]
FILL = f"""
INSERT INTO school (code, shard, name_kk, name_ru, name_en, zone, school_days, passback, created_at)
  SELECT 's' || n, n % 64, 'x', 'x', 'x', 'Asia/Almaty', 5, 'off', now() FROM generate_series(1, {SCHOOLS}) n;
INSERT INTO person (school_id, shard, ref, role, surname, given_name, patronymic, sort_key, position, is_active,
    created_at)
  SELECT id, shard, lpad((id * 100 + n)::text, 12, '0'), 'student', 'x', 'x', '', n::text, '', true, now()
  FROM school, generate_series(1, {PEOPLE}) n;
INSERT INTO presence (shard, school_id, person_id, "on", first_in_at, is_inside, late_min, without_card, entries,
    updated_at)
  SELECT shard, school_id, person.id, '2026-08-25'::date + n, now(), true, 0, false, 1, now()
  FROM person, generate_series(1, {DAYS}) n;
INSERT INTO meal_sale (school_id, id, device, epoch, seq, shift, meal, payment, person_id, is_known, amount_tiyn,
    full_tiyn, returned_tiyn, is_void, is_unconfirmed, clock, at, "on")
  SELECT school_id, person.id || '-' || n, 'till-' || school_id, 'e', person.id * 100 + n, 's', 'lunch', 'free',
    person.id, true, 0, 57700, 0, false, false, 'ntp', now(), '2026-08-25'::date + n
  FROM person, generate_series(1, {DAYS}) n;
INSERT INTO meal_line (school_id, sale, device, epoch, seq, dish, version, count, price_tiyn)
  SELECT school_id, id, device, epoch, seq, '1', 1, 1, 57700 FROM meal_sale;
ANALYZE;
"""  # noqa: S608 (figures of this file)


@pytest.fixture(name="filled")
async def _filled(database_url: str) -> Any:
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("ALTER TABLE meal_sale DISABLE TRIGGER USER")
        await connection.execute(FILL)
        yield connection
    finally:
        await connection.close()


def scanned(node: dict[str, Any]) -> set[str]:
    """Return the tables that a plan goes through from their beginning to their end."""
    own = {node["Relation Name"]} if node["Node Type"] in {"Seq Scan", "Parallel Seq Scan"} else set()
    return own.union(*(scanned(each) for each in node.get("Plans", ())))


async def plan_of(connection: asyncpg.Connection, statement: str, *values: object) -> dict[str, Any]:
    told = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {statement}", *values)
    plan: dict[str, Any] = json.loads(told)[0]["Plan"]
    return plan


async def test_a_month_of_a_school_among_many_stays_on_its_indexes(filled: asyncpg.Connection) -> None:
    school_id = await filled.fetchval("SELECT id FROM school WHERE code = 's150'")
    asked = {
        "sales": (SALES, (school_id, *MONTH, KINDS)),
        "lines": (LINES, (school_id, *MONTH, KINDS)),
        "overruled": (OVERRULED, (school_id, *MONTH, KINDS)),
        "seen": (SEEN, (school_id, *MONTH)),
        "days": (DAYS_SEEN, (school_id, *MONTH)),
    }

    whole = {name: scanned(await plan_of(filled, statement, *values)) for name, (statement, values) in asked.items()}

    assert whole == {
        "sales": set(),
        "lines": set(),
        "overruled": whole["overruled"] & {"meal_override"},
        "seen": set(),
        "days": set(),
    }
    lacking = scanned(await plan_of(filled, _LACKING, NEXT, "meals", LOOKED_BACK, LACKING_MAX))
    assert lacking <= {"school", "report"}  # a few thousand rows, and one a school and month
