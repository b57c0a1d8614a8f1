"""Lessons of the days ahead, laid out by the published timetables and the school's calendar, again and again.

Rule: what was given stays: days that have gone are not touched, nor lessons that somebody changed on their day, or made
a summative work of. What follows a change is the rest, and nothing is doubled. A theme stays with its lesson, also
where that is called off since no timetable has it any more; so does what else hangs on one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import asyncpg
import structlog

from cloud.core.services import Services
from cloud.schools.queries import SchoolRow, calendar_between, school_of_id, times_of_classes
from cloud.schools.rules import Calendar, ClassTimes, lessons_on
from cloud.studies.queries import Course, courses_of
from cloud.studies.rules import year_of
from cloud.timetable.kinds import Weeks
from cloud.timetable.rules import Slot, weeks_of
from cloud.timetable.versions import Version, in_force, slots_of_version, versions_of

AHEAD = timedelta(days=70)  # how far lessons are laid out: longer than a term
SCHOOLS_AT_ONCE = 50
_DUE = """
SELECT DISTINCT plan.school_id FROM timetable AS plan JOIN school ON school.id = plan.school_id
LEFT JOIN timetable_head AS head ON head.school_id = school.id
WHERE plan.first_on IS NOT NULL AND (head.laid_on IS NULL OR head.laid_on < ($1::timestamptz AT TIME ZONE zone)::date
  OR head.calendar_number <> school.calendar_number)
ORDER BY plan.school_id LIMIT $2
"""
_HEAD = """
INSERT INTO timetable_head (school_id) VALUES ($1) ON CONFLICT (school_id) DO UPDATE SET school_id = $1
"""
_NUMBER = "SELECT calendar_number FROM school WHERE id = $1"
_LAID = "UPDATE timetable_head SET laid_on = $2, calendar_number = $3 WHERE school_id = $1"
_HAS_TODAY = 'SELECT EXISTS (SELECT FROM lesson WHERE school_id = $1 AND "on" = $2 AND NOT is_by_hand)'
_WANTED = """
WITH wanted AS (
  SELECT * FROM unnest($2::bigint[], $3::date[], $4::smallint[], $5::bigint[], $6::text[])
    AS wanted (course_id, "on", number, teacher_id, room)
)
"""
_UNTOUCHED = "NOT lesson.is_by_hand AND lesson.kind = 'lesson'"
_PUT = f"""{_WANTED}
INSERT INTO lesson (school_id, course_id, "on", number, teacher_id, room) SELECT $1, * FROM wanted
ON CONFLICT (course_id, "on", number) DO UPDATE
SET teacher_id = excluded.teacher_id, room = excluded.room, is_off = false
WHERE {_UNTOUCHED}
  AND (lesson.teacher_id, lesson.room, lesson.is_off) IS DISTINCT FROM (excluded.teacher_id, excluded.room, false)
RETURNING 1
"""  # noqa: S608 (text of ours)
_GONE = f"""{_WANTED}, gone AS (
  SELECT id, theme FROM lesson WHERE school_id = $1 AND "on" >= $7 AND {_UNTOUCHED} AND NOT EXISTS (
    SELECT FROM wanted WHERE (wanted.course_id, wanted."on", wanted.number) = (
      lesson.course_id, lesson."on", lesson.number))
)
"""  # noqa: S608 (text of ours)
_DROP = f"{_GONE} DELETE FROM lesson USING gone WHERE lesson.id = gone.id AND gone.theme = ''"  # noqa: S608
_OFF = f"""{_GONE} UPDATE lesson SET is_off = true FROM gone WHERE lesson.id = gone.id AND NOT is_off RETURNING 1
"""  # noqa: S608
_HANGING = """
SELECT conrelid::regclass::text AS hanging, quote_ident(attname) AS named FROM pg_constraint
JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
WHERE contype = 'f' AND confrelid = 'lesson'::regclass AND confdeltype IN ('a', 'r') AND conparentid = 0
ORDER BY 1, 2 LIMIT 100
"""  # whatever slices above hang on a lesson that must not go without it
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Planned:
    """A lesson of a day as the timetable has it."""

    course: Course
    on: date
    number: int
    room: str


@dataclass(frozen=True, slots=True)
class _Plan:
    """What lessons are laid out by."""

    calendar: Calendar
    times: Mapping[int, ClassTimes]
    versions: Sequence[Version]
    slots: Mapping[int, Mapping[tuple[int, int], Sequence[Slot]]]  # by version, then by class and weekday
    courses: Mapping[int, Course]


async def lay_out_due(services: Services) -> int:
    """Lay out lessons of schools whose day, calendar or timetable is another; return how many rows changed."""
    rows = await services.database.pool.fetch(_DUE, services.clock.now(), SCHOOLS_AT_ONCE)
    changed = 0
    for row in rows:
        changed += await lay_out(services, row["school_id"])
    return changed


async def lay_out(services: Services, school_id: int) -> int:
    """Lay out a school's lessons of the days ahead; return how many rows changed.

    Today's are laid out where there are none yet but those added by hand: who publishes in the morning begins that day.
    """
    school = await school_of_id(services, school_id)
    today = services.clock.now().astimezone(school.zone).date()
    async with services.database.pool.acquire() as connection, connection.transaction():
        # Locks it: one at a time, and a publication is either read below or lets it be done anew.
        await connection.execute(_HEAD, school_id)
        number = await connection.fetchval(_NUMBER, school_id)  # before the calendar: what comes after is for next time
        first_on = today + timedelta(days=1) if await connection.fetchval(_HAS_TODAY, school_id, today) else today
        planned = list(_planned(await _plan_of(services, school, first_on, today + AHEAD), first_on, today + AHEAD))
        columns = (
            [each.course.id for each in planned], [each.on for each in planned], [each.number for each in planned],
            [each.course.teacher_id for each in planned], [each.room for each in planned],
        )  # fmt: skip
        changed = len(await connection.fetch(_PUT, school_id, *columns))
        changed += await _drop(connection, (school_id, *columns, first_on))
        await connection.execute(_LAID, school_id, today, number)
    if changed:
        log.info("lessons.laid_out", school=school_id, changed=changed)
    return changed


async def planned_at(services: Services, school_id: int, course_id: int, on: date, number: int) -> Planned | None:
    """Return a course's lesson as timetable and calendar have it, or none where they do not."""
    plan = await _plan_of(services, await school_of_id(services, school_id), on, on)
    return next((each for each in _planned(plan, on, on) if (each.course.id, each.number) == (course_id, number)), None)


async def _drop(connection: asyncpg.Connection, values: tuple[object, ...]) -> int:
    """Delete lessons that are in no timetable any more, and call off those with a theme or with anything hanging on.

    Where something comes to hang on one in this instant, all of them are called off.
    """
    free = "".join(
        f" AND NOT EXISTS (SELECT FROM {row['hanging']} AS hanging WHERE hanging.{row['named']} = gone.id)"
        for row in await connection.fetch(_HANGING)
    )
    dropped = 0
    try:
        async with connection.transaction():
            dropped = len(await connection.fetch(f"{_DROP}{free} RETURNING 1", *values))
    except asyncpg.ForeignKeyViolationError:
        pass
    return dropped + len(await connection.fetch(_OFF, *values))


async def _plan_of(services: Services, school: SchoolRow, first_on: date, last_on: date) -> _Plan:
    years = sorted({year_of(first_on), year_of(last_on)})
    versions = [each for year in years for each in await versions_of(services, school.id, year) if not each.is_draft]
    courses = {course.id: course for year in years for course in await courses_of(services, school.id, year)}
    slots: dict[int, dict[tuple[int, int], list[Slot]]] = {}
    for version in versions:
        own: dict[tuple[int, int], list[Slot]] = {}
        for slot in (await slots_of_version(services.database.pool, version.id)).slots:
            if (course := courses.get(slot.course_id)) is not None:
                own.setdefault((course.class_id, slot.weekday), []).append(slot)
        slots[version.id] = own
    calendar = await calendar_between(services, school.id, first_on, last_on)
    return _Plan(calendar, await times_of_classes(services, school.id), versions, slots, courses)


def _planned(plan: _Plan, first_on: date, last_on: date) -> Iterator[Planned]:
    """Yield the lessons of days, both included, each cell of a course once."""
    for on in (first_on + timedelta(days=number) for number in range((last_on - first_on).days + 1)):
        version = in_force(plan.versions, on)
        if version is None:
            continue
        for class_id, times in plan.times.items():
            day = lessons_on(plan.calendar, times, on)
            if day is None:
                continue
            numbers, weeks = {ring.lesson for ring in day.rings}, weeks_of(version.year, on)
            for slot in plan.slots[version.id].get((class_id, int(day.weekday)), ()):
                course = plan.courses[slot.course_id]
                if slot.number in numbers and slot.weeks in (Weeks.EACH, weeks) and course.is_on(on):
                    yield Planned(course, on, slot.number, slot.room)
