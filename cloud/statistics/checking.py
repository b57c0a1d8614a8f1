"""What is kept of days is compared with what their facts make now, each night; what differs is told and counted anew.

Rule: a check sees one snapshot: a day that something touched and that is not counted yet differs from nothing.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg
import structlog

from cloud.core.actor import Actor
from cloud.core.errors import kinds_of
from cloud.core.nights import EVERY, LATEST, NIGHT
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.devices.alarms import note_alarm
from cloud.schools.many import SchoolOn
from cloud.statistics.kinds import NAMES, Key, Line
from cloud.statistics.rolling import STAYS, kept_of, lines_by_facts, todays_of

FOUND_MAX = 100
SCHOOLS_AT_ONCE, DAYS_AT_ONCE = 1_000, 30
LATELY = timedelta(days=60)  # days that are compared each night; of those before, each comes once in so many nights:
ROTATION = 14
WHO, ALARM = "service", "statistics_not_true"
_EPOCH = date(2000, 1, 1)
_DUE = """
SELECT school.id, zone, checked_at FROM school LEFT JOIN statistics_check AS kept ON kept.school_id = school.id
WHERE checked_at IS NULL OR checked_at < $1 ORDER BY checked_at NULLS FIRST LIMIT $2
"""
_FIRST = 'SELECT min("on") FROM statistics_day WHERE school_id = $1'
_TOUCHED = 'SELECT DISTINCT "on" FROM statistics_touched WHERE school_id = $1'
_MEND = 'INSERT INTO statistics_touched (school_id, "on") SELECT $1, unnest($2::date[])'
# Days of late that were never counted: the service stood still on them, or they have nothing to count.
_OPEN = """
INSERT INTO statistics_touched (school_id, "on")
SELECT $1, day::date FROM generate_series($2::date, $3::date, interval '1 day') AS day WHERE NOT EXISTS (
  SELECT FROM statistics_day WHERE kind = 'school' AND school_id = $1 AND "on" = day::date
)
"""
_KEEP = """
INSERT INTO statistics_check AS kept (school_id, checked_at, wrong) VALUES ($1, $2, $3)
ON CONFLICT (school_id) DO UPDATE SET checked_at = excluded.checked_at, wrong = excluded.wrong
"""
_STATE = "SELECT checked_at, wrong FROM statistics_check WHERE school_id = $1"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure that is kept and is not what the facts make."""

    on: str
    of: str  # school, staff, or class:<id>
    figure: str
    kept: int
    counted: int


@dataclass(frozen=True, slots=True)
class Checked:
    """What the last check of a school's statistics found."""

    checked_at: datetime
    wrong: Sequence[Difference]


async def check_nightly(services: Services) -> int:
    """Compare the days of each school where it is night and it was not done; return at how many schools it was."""
    now, count = services.clock.now(), 0
    for row in await services.database.pool.fetch(_DUE, now - EVERY, SCHOOLS_AT_ONCE):
        is_late = row["checked_at"] is not None and row["checked_at"] < now - LATEST
        if is_late or now.astimezone(ZoneInfo(row["zone"])).hour in NIGHT:
            count += await _went(services, row["id"])
    return count


async def check_school(services: Services, school_id: int) -> list[Difference]:
    """Compare a school's days of the night, keep what differs, let it be counted anew; an alarm tells of it."""
    now = services.clock.now()
    found = await differences(services, school_id, every_day=False)
    async with services.database.pool.acquire() as connection, connection.transaction():
        told = json.dumps([asdict(each) for each in found[:FOUND_MAX]])
        await connection.execute(_KEEP, school_id, now, told)
        await _open(connection, school_id, now)
        if found:
            await connection.execute(_MEND, school_id, sorted({date.fromisoformat(each.on) for each in found}))
            first = found[0]
            log.error("statistics.not_true", school=school_id, found=len(found), on=first.on, figure=first.figure)
            detail = f"{len(found)}: {first.on} {first.of} {first.figure} {first.kept} <> {first.counted}"
            await note_alarm(connection, school_id, WHO, ALARM, detail, now)
    return found


async def differences(services: Services, school_id: int, *, every_day: bool = True) -> list[Difference]:
    """Return what is kept of a school's days and is not what their facts make; it only reads."""
    found: list[Difference] = []
    async with services.database.pool.acquire() as connection:
        today = (await todays_of(connection, [school_id], services.clock.now()))[school_id]
        days = await _days(connection, school_id, today, every_day=every_day)
        for first in range(0, len(days), DAYS_AT_ONCE):
            part = days[first : first + DAYS_AT_ONCE]
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                found += await _compare(services, connection, school_id, part, today)
    return found


async def checked(services: Services, actor: Actor, school_id: int) -> Checked | None:
    """Return what the last check of a school found; None before the first. Raises NotAllowed."""
    actor.require(Right.STATISTICS_READ, school_id)
    row = await services.database.pool.fetchrow(_STATE, school_id)
    if row is None:
        return None
    return Checked(row["checked_at"], [Difference(**each) for each in json.loads(row["wrong"])])


async def _went(services: Services, school_id: int) -> bool:
    """Tell whether a school could be checked: one school's trouble is not another's; the next look tries again."""
    try:
        await check_school(services, school_id)
    except Exception as error:  # noqa: BLE001 - as said
        log.warning("statistics.not_checked", school=school_id, error=kinds_of(error))
        return False
    return True


async def _days(connection: asyncpg.Connection, school_id: int, today: date, *, every_day: bool) -> list[SchoolOn]:
    """Return the days to be compared: all that still are counted, or those whose turn it is tonight."""
    known = await connection.fetchval(_FIRST, school_id)
    first_on = max(known or today, today - STAYS)
    span = [first_on + timedelta(days=number) for number in range((today - first_on).days + 1)]
    turn = (today - _EPOCH).days % ROTATION
    return [
        (school_id, on) for on in span
        if every_day or on >= today - LATELY or (on - _EPOCH).days % ROTATION == turn
    ]  # fmt: skip


async def _compare(
    services: Services, connection: asyncpg.Connection, school_id: int, days: Sequence[SchoolOn], today: date
) -> list[Difference]:
    touched = {row["on"] for row in await connection.fetch(_TOUCHED, school_id)}
    if None in touched:
        return []  # the calendar changed, and nothing of it is counted yet
    still = [(each, on) for each, on in days if on not in touched]
    if not still:
        return []
    made, kept = await lines_by_facts(services, connection, still, {school_id: today}), await kept_of(connection, still)
    return [
        each for day in still if kept[day] or _has_happened(made[day])
        for each in _between(day[1], kept[day], made[day])
    ]  # fmt: skip


async def _open(connection: asyncpg.Connection, school_id: int, now: datetime) -> None:
    """Let days be counted that never were, and on which nothing happened that would have touched them."""
    today = (await todays_of(connection, [school_id], now))[school_id]
    known = await connection.fetchval(_FIRST, school_id)
    await connection.execute(_OPEN, school_id, max(known or today, today - LATELY), today)


def _has_happened(lines: Mapping[Key, Line]) -> bool:
    """Tell whether a day is counted of more than that there were lessons."""
    return any(line.figures.came or line.figures.meals or line.figures.rated for line in lines.values())


def _between(on: date, kept: Mapping[Key, Line], made: Mapping[Key, Line]) -> Iterator[Difference]:
    for key in sorted({*kept, *made}):
        of = f"class:{key.class_id}" if key.kind == "class" else key.kind.value
        was, is_now = kept.get(key, Line()), made.get(key, Line())
        for figure, one, other in (*_figures(was, is_now), *_meals(was, is_now)):
            if one != other:
                yield Difference(on.isoformat(), of, figure, one, other)


def _figures(was: Line, is_now: Line) -> Iterable[tuple[str, int, int]]:
    return ((name, getattr(was.figures, name), getattr(is_now.figures, name)) for name in NAMES)


def _meals(was: Line, is_now: Line) -> Iterable[tuple[str, int, int]]:
    keys = sorted({*was.by_meal, *is_now.by_meal})
    return ((f"meal:{key}", was.by_meal.get(key, 0), is_now.by_meal.get(key, 0)) for key in keys)
