"""What is measured of the report builder: a school's year of days by class, and what is cut off at its limit."""

import time
from datetime import date, timedelta

from cloud.builder.choice import Choice
from cloud.builder.errors import ReportCut
from cloud.builder.kinds import USUAL, Limits, Period
from cloud.builder.ready import ready_of
from cloud.builder.running import run
from cloud.core.services import Services
from tests.bench.reports import with_services
from tests.bench.table import Figure, at_most, percentile
from tests.cloud.schools.factory import SYSTEM

STUDENTS, CLASSES, DAYS, TRIES = 2_000, 80, 200, 15
FIRST = date(2026, 9, 1)
CUT_S = 0.2
SCHOOL = """
INSERT INTO school (code, shard, name_kk, name_ru, name_en, zone, school_days, passback, created_at)
VALUES ('s1', 1, 'x', 'x', 'x', 'Asia/Almaty', 5, 'off', now()) RETURNING id
"""
CLASS = """
INSERT INTO school_class (school_id, grade, letter, shift, is_active)
SELECT $1, n % 11 + 1, n::text, 1, true FROM generate_series(1, $2::int) n
"""
PERSON = """
INSERT INTO person (school_id, shard, ref, role, surname, given_name, patronymic, sort_key, position, is_active,
  created_at, school_class_id)
SELECT $1, 1, lpad(n::text, 12, '0'), 'student', 'x', 'x', '', n::text, '', true, now(),
  (SELECT min(id) FROM school_class) + n % $3::int
FROM generate_series(1, $2::int) n
"""
PRESENCE = """
INSERT INTO presence (shard, school_id, person_id, "on", first_in_at, last_out_at, is_inside, late_min, without_card,
  entries, updated_at)
SELECT 1, school_id, person.id, $2::date + n, now(), now() + interval '6 hours', false, (person.id * n) % 20, false, 1,
  now()
FROM person, generate_series(0, $1::int - 1) n
"""
HEAVY = Choice(
    "attendance", Period.DAYS, FIRST, FIRST + timedelta(days=DAYS), groups=("student", "weekday", "class"),
    measures=("people", "average:late_min", "share:late", "most:inside"), sort="-people",
)  # fmt: skip


def reports_of_a_year() -> list[Figure]:
    """Run ready-made reports over a school's year, and one that is cut off."""
    return with_services(_measure)


async def _measure(services: Services) -> list[Figure]:
    school_id = await _fill(services)
    today = FIRST + timedelta(days=DAYS)
    figures = []
    for key in ("late_by_class", "late_by_day"):
        ready = ready_of(key)
        assert ready is not None, key
        choice = Choice(
            ready.choice.subject, Period.DAYS, FIRST, today, groups=ready.choice.groups,
            measures=ready.choice.measures, sort=ready.choice.sort,
        )  # fmt: skip
        took = [await _took(services, school_id, today, choice) for _ in range(TRIES)]
        method = f"{STUDENTS:,} students, {STUDENTS * DAYS:,} days, {TRIES} runs one after the other"
        name = f"a year's report, {key.replace('_', ' ')}, p99"
        figures.append(at_most(name, percentile(took, 0.99), "s", method, ceiling=USUAL.seconds_max / 2))
    return [*figures, await _cut(services, school_id, today)]


async def _cut(services: Services, school_id: int, today: date) -> Figure:
    began_s, limits = time.perf_counter(), Limits(seconds_max=CUT_S)
    try:
        await run(services, SYSTEM, school_id, today, HEAVY, limits)
    except ReportCut:
        took_s = time.perf_counter() - began_s
        method = f"a limit of {CUT_S * 1000:g} ms, a report of {STUDENTS * DAYS:,} days by student and weekday"
        return at_most("a report cut off at its limit, after", took_s, "s", method, ceiling=CUT_S + 0.3)
    raise AssertionError("the heavy report was quicker than the limit")


async def _took(services: Services, school_id: int, today: date, choice: Choice) -> float:
    began_s = time.perf_counter()
    result = await run(services, SYSTEM, school_id, today, choice)
    assert result.rows, "the report is empty"
    return time.perf_counter() - began_s


async def _fill(services: Services) -> int:
    async with services.database.pool.acquire() as connection:
        school_id: int = await connection.fetchval(SCHOOL)
        await connection.execute(CLASS, school_id, CLASSES)
        await connection.execute(PERSON, school_id, STUDENTS, CLASSES)
        await connection.execute(PRESENCE, DAYS, FIRST, timeout=600)
        await connection.execute("ANALYZE")
    return school_id


MEASUREMENTS = (reports_of_a_year,)
