"""Days are counted anew whenever something that they are counted of changed, and never counted up.

Rule: what touched a day is forgotten in the transaction that counts it, before its facts are read: whatever commits
later touches the day again. One at a time counts a school's days.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import astuple
from datetime import date, datetime, timedelta

import asyncpg
import msgspec
import structlog

from cloud.core.errors import kinds_of
from cloud.core.services import Services
from cloud.schools.many import SchoolOn
from cloud.statistics.facts import CALENDAR_OPEN, facts_of
from cloud.statistics.kinds import NAMES, Figures, Key, Kind, Line
from cloud.statistics.rules import lines_of

LOOK_S, OPEN_S = 2.0, 1_800.0
MOVED_AT_ONCE, DAYS_AT_ONCE, ROUND_MAX = 2_000, 40, 4_000
# Facts go after two years (`cloud/retention/rules.py`); days that old stay as they were counted.
STAYS = timedelta(days=700)
_LOCK = 0x73746174  # "stat"
Lines = Mapping[Key, Line]

_MOVED = """
WITH moved AS (
  DELETE FROM statistics_moved WHERE id IN (
    SELECT statistics_moved.id FROM statistics_moved JOIN school ON school.id = school_id
    WHERE shard = ANY($1::smallint[]) ORDER BY 1 LIMIT $3
  ) RETURNING person_id
), placed AS (
  INSERT INTO statistics_member AS own (person_id, school_id, from_on, class_id, is_student, is_here, came_on)
  SELECT person.id, school.id, CASE WHEN last.person_id IS NULL THEN local.came_on ELSE today END, now_in, now_student,
    person.is_active, coalesce(last.came_on, local.came_on)
  FROM (SELECT DISTINCT person_id FROM moved) AS moved JOIN person ON person.id = moved.person_id
  JOIN school ON school.id = person.school_id
  CROSS JOIN LATERAL (SELECT coalesce(school_class_id, 0) AS now_in, person.role = 'student' AS now_student,
    ($2::timestamptz AT TIME ZONE zone)::date AS today,
    least((person.created_at AT TIME ZONE zone)::date, ($2::timestamptz AT TIME ZONE zone)::date) AS came_on) AS local
  LEFT JOIN LATERAL (
    SELECT person_id, class_id, is_student, is_here, came_on FROM statistics_member AS before
    WHERE before.person_id = person.id ORDER BY from_on DESC LIMIT 1
  ) AS last ON true
  WHERE (last.class_id, last.is_student, last.is_here) IS DISTINCT FROM (now_in, now_student, person.is_active)
  ON CONFLICT (person_id, from_on) DO UPDATE SET class_id = excluded.class_id, is_student = excluded.is_student,
    is_here = excluded.is_here
  RETURNING school_id, from_on
), touched AS (
  INSERT INTO statistics_touched (school_id, "on") SELECT DISTINCT school_id, day::date FROM placed
  JOIN school ON school.id = school_id CROSS JOIN generate_series(
    greatest(from_on, ($2::timestamptz AT TIME ZONE zone)::date - $4::int), ($2::timestamptz AT TIME ZONE zone)::date,
    interval '1 day'
  ) AS day
)
SELECT count(*) FROM moved
"""
# What a calendar changed is every day that it still may change.
_SPREAD = """
WITH whole AS (
  DELETE FROM statistics_touched AS touched USING school
  WHERE school.id = school_id AND "on" IS NULL AND shard = ANY($1::smallint[]) RETURNING school_id, zone, at
)
INSERT INTO statistics_touched (school_id, "on", at)
SELECT school_id, ($2::timestamptz AT TIME ZONE zone)::date - back, min(at) FROM whole
CROSS JOIN generate_series(0, $3::int) AS back GROUP BY 1, 2
"""
_TOUCHED = """
SELECT school_id, "on" FROM statistics_touched JOIN school ON school.id = school_id
WHERE shard = ANY($1::smallint[]) AND "on" IS NOT NULL GROUP BY 1, 2 ORDER BY 2 DESC, 1 LIMIT $2
"""
_TAKE = """
DELETE FROM statistics_touched USING unnest($1::bigint[], $2::date[]) AS asked (school_id, "on")
WHERE statistics_touched.school_id = asked.school_id AND statistics_touched."on" = asked."on"
"""
_ALONE = "SELECT pg_advisory_xact_lock($1, id) FROM unnest($2::int[]) AS id"
_TODAYS = 'SELECT id, ($2::timestamptz AT TIME ZONE zone)::date AS "on" FROM school WHERE id = ANY($1::bigint[])'
_KEPT = f"""
SELECT day.school_id, day."on", kind, class_id, by_meal, {", ".join(NAMES)} FROM statistics_day AS day
JOIN unnest($1::bigint[], $2::date[]) AS asked (school_id, "on") USING (school_id, "on")
"""  # noqa: S608 (names of ours)
_FORGET = """
DELETE FROM statistics_day USING unnest($1::bigint[], $2::date[]) AS asked (school_id, "on")
WHERE statistics_day.school_id = asked.school_id AND statistics_day."on" = asked."on"
"""
_PUT = f"""
INSERT INTO statistics_day (school_id, "on", kind, class_id, by_meal, made_at, {", ".join(NAMES)})
SELECT * FROM unnest($1::bigint[], $2::date[], $3::text[], $4::bigint[], $5::jsonb[], $6::timestamptz[],
  {", ".join(f"${number + 7}::int[]" for number in range(len(NAMES)))})
"""  # noqa: S608 (names of ours)
_OPEN = """
INSERT INTO statistics_touched (school_id, "on")
SELECT id, today FROM school CROSS JOIN LATERAL (SELECT ($2::timestamptz AT TIME ZONE zone)::date AS today) AS local
WHERE shard = ANY($1::smallint[]) AND NOT EXISTS (
  SELECT FROM statistics_day WHERE kind = 'school' AND school_id = school.id AND "on" = today
)
"""
log = structlog.get_logger()


async def follow(services: Services, shards_of: Callable[[], Collection[int]]) -> None:
    """Count what was touched at the schools of a worker's shards, and open their days, until cancelled."""
    opened_s = -OPEN_S
    while True:
        shards, now_s = sorted(shards_of()), services.clock.monotonic_s()
        if shards and now_s - opened_s >= OPEN_S:
            await open_days(services, shards)
            opened_s = now_s
        while shards and await roll(services, shards) >= MOVED_AT_ONCE:
            pass
        await services.clock.sleep(LOOK_S)


async def roll(services: Services, shards: Sequence[int]) -> int:
    """Count the touched days of schools once, the newest first; return how much there was to do."""
    pool, now = services.database.pool, services.clock.now()
    moved = await pool.fetchval(_MOVED, shards, now, MOVED_AT_ONCE, CALENDAR_OPEN.days)
    await pool.execute(_SPREAD, shards, now, CALENDAR_OPEN.days)
    touched: list[SchoolOn] = [(row["school_id"], row["on"]) for row in await pool.fetch(_TOUCHED, shards, ROUND_MAX)]
    for first in range(0, len(touched), DAYS_AT_ONCE):
        await _count(services, touched[first : first + DAYS_AT_ONCE], now)
    return int(moved) + len(touched)


async def _count(services: Services, days: Sequence[SchoolOn], now: datetime) -> None:
    """Count days together; where that fails each alone, so that one that cannot be counted holds up no other."""
    try:
        await count(services, days, now)
    except Exception as error:  # noqa: BLE001 - as said; the day stays touched, and the next round tries again
        if len(days) == 1:
            ((school_id, on),) = days
            log.warning("statistics.not_counted", school=school_id, on=str(on), error=kinds_of(error))
            return
        for day in days:
            await _count(services, [day], now)


async def open_days(services: Services, shards: Collection[int]) -> None:
    """Touch today at the schools of shards where nothing did: a day on which no gate tells anything has lessons too."""
    await services.database.pool.execute(_OPEN, sorted(shards), services.clock.now())


async def todays_of(connection: asyncpg.Connection, school_ids: Collection[int], now: datetime) -> dict[int, date]:
    """Return which day it is at schools."""
    return dict(await connection.fetch(_TODAYS, sorted(school_ids), now))


async def kept_of(connection: asyncpg.Connection, days: Sequence[SchoolOn]) -> dict[SchoolOn, dict[Key, Line]]:
    """Return the lines of days as they are kept."""
    kept: dict[SchoolOn, dict[Key, Line]] = {day: {} for day in days}
    for row in await connection.fetch(_KEPT, *_columns(days)):
        line = Line(Figures(*(row[name] for name in NAMES)), msgspec.json.decode(row["by_meal"], type=dict[str, int]))
        kept[row["school_id"], row["on"]][Key(Kind(row["kind"]), row["class_id"])] = line
    return kept


async def lines_by_facts(
    services: Services, connection: asyncpg.Connection, days: Sequence[SchoolOn], todays: Mapping[int, date]
) -> dict[SchoolOn, dict[Key, Line]]:
    """Return the lines of days as their facts make them now."""
    facts = await facts_of(connection, services.vault, days, todays)
    return {day: lines_of(each) for day, each in facts.items()}


async def count(services: Services, days: Sequence[SchoolOn], now: datetime) -> None:
    """Count days of schools anew, all or none."""
    async with services.database.pool.acquire() as connection, connection.transaction():
        school_ids = sorted({school_id for school_id, _ in days})
        await connection.execute(_ALONE, _LOCK, [school_id & 0x7FFFFFFF for school_id in school_ids])
        await connection.execute(_TAKE, *_columns(days))
        todays = await todays_of(connection, school_ids, now)
        counted = [(each, on) for each, on in days if each in todays and todays[each] - STAYS <= on <= todays[each]]
        if not counted:
            return
        lines, kept = await lines_by_facts(services, connection, counted, todays), await kept_of(connection, counted)
        changed = {day: lines[day] for day in counted if lines[day] != kept[day]}
        if changed:
            await _keep(connection, changed, now)


async def _keep(connection: asyncpg.Connection, changed: Mapping[SchoolOn, Lines], now: datetime) -> None:
    await connection.execute(_FORGET, *_columns(list(changed)))
    rows = [
        (*day, key.kind.value, key.class_id, msgspec.json.encode(line.by_meal).decode(), now, *astuple(line.figures))
        for day, lines in changed.items() for key, line in lines.items()
    ]  # fmt: skip
    if rows:
        await connection.execute(_PUT, *_columns(rows))


def _columns(rows: Sequence[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
