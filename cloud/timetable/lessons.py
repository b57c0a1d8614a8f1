"""Lessons of days as pages and calendars show them: who, where, when by that day's bells, and what is otherwise."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import asyncpg

from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.schools.queries import calendar_between, times_of_classes
from cloud.schools.rules import Calendar, ClassTimes, lessons_on
from cloud.studies.queries import Course, courses_of
from cloud.studies.rules import year_of
from cloud.timetable.errors import TimetableRefused

LESSONS_MAX = 20_000
_LESSONS = """
SELECT lesson.id, course_id, "on", lesson.number, lesson.teacher_id, lesson.room, lesson.kind, is_off, theme, note,
  is_by_hand, coalesce(concat_ws(' ', surname, given_name, nullif(patronymic, '')), '') AS teacher
FROM lesson JOIN course ON course.id = course_id LEFT JOIN person ON person.id = lesson.teacher_id
WHERE lesson.school_id = $1 AND "on" BETWEEN $2 AND $3 AND ($4::bigint[] IS NULL OR course.school_class_id = ANY($4))
  AND ($5::bigint IS NULL OR $5 IN (lesson.teacher_id, course.teacher_id)) AND ($6::text IS NULL OR lesson.room = $6)
ORDER BY "on", lesson.number, course.school_class_id, lesson.id LIMIT $7
"""
_ONE = 'SELECT "on", course_id FROM lesson WHERE school_id = $1 AND id = $2'
_LOCK = "SELECT id FROM lesson WHERE school_id = $1 AND id = $2 FOR UPDATE"  # waits for who writes a mark of it
_IS_MARKED = "SELECT EXISTS (SELECT FROM journal_mark WHERE lesson_id = $1)"


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson of a day; without a time where the class has no such lesson that day."""

    id: int
    course: Course
    on: date
    number: int
    teacher_id: int | None
    teacher: str
    room: str
    kind: str
    is_off: bool
    theme: str
    note: str
    is_by_hand: bool
    starts_at: datetime | None
    ends_at: datetime | None

    @property
    def is_substituted(self) -> bool:
        """Tell whether somebody else gives it than the course's teacher."""
        return self.teacher_id != self.course.teacher_id

    def meets(self, other: "Lesson") -> bool:
        """Tell whether both are at one time."""
        if None in (self.starts_at, self.ends_at, other.starts_at, other.ends_at):
            return False
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at  # type: ignore[operator]


async def lessons_between(
    services: Services, school_id: int, first_on: date, last_on: date, *, class_ids: Collection[int] | None = None,
    teacher_id: int | None = None, room: str | None = None,
) -> list[Lesson]:  # fmt: skip
    """Return lessons of days, both included, those called off too: of classes, of a teacher, or in a room.

    A teacher's are those that somebody else gives instead, too. Rights are the caller's to check.
    """
    wanted = None if class_ids is None else list(class_ids)
    rows = await services.database.pool.fetch(
        _LESSONS, school_id, first_on, last_on, wanted, teacher_id, room, LESSONS_MAX
    )
    if not rows:
        return []
    years = sorted({year_of(first_on), year_of(last_on)})
    courses = {course.id: course for year in years for course in await courses_of(services, school_id, year)}
    clock = DayClock(
        await calendar_between(services, school_id, first_on, last_on), await times_of_classes(services, school_id)
    )
    return [_lesson(row, courses[row["course_id"]], clock) for row in rows if row["course_id"] in courses]


async def lesson_of(services: Services, school_id: int, lesson_id: int) -> Lesson:
    """Return a lesson of a school. Raises NotFound."""
    row = await services.database.pool.fetchrow(_ONE, school_id, lesson_id)
    if row is None:
        raise NotFound
    found = await lessons_between(services, school_id, row["on"], row["on"])
    return next(each for each in found if each.id == lesson_id)


async def check_unmarked(connection: asyncpg.Connection, school_id: int, lesson_id: int) -> None:
    """Lock a lesson. Raises TimetableRefused where the journal says something of it already: then it stays."""
    await connection.execute(_LOCK, school_id, lesson_id)
    if await connection.fetchval(_IS_MARKED, lesson_id):
        raise TimetableRefused(message("The journal has entries about this lesson already: it stays as it is."))


class DayClock:
    """Tells when a class's lessons are on a day."""

    def __init__(self, calendar: Calendar, times: dict[int, ClassTimes]) -> None:
        self._calendar, self._times = calendar, times
        self._known: dict[tuple[int, date], dict[int, tuple[datetime, datetime]]] = {}

    def hours(self, class_id: int, on: date) -> dict[int, tuple[datetime, datetime]]:
        """Return begin and end of each lesson that a class has on a day, by number; none on a day without lessons."""
        key = (class_id, on)
        if key not in self._known:
            times = self._times.get(class_id)
            day = lessons_on(self._calendar, times, on) if times is not None else None
            zone = self._calendar.zone
            self._known[key] = {
                ring.lesson: (_at(on, ring.starts_min, zone), _at(on, ring.ends_min, zone))
                for ring in (day.rings if day else ())
            }
        return self._known[key]


def week_of(on: date) -> tuple[date, date]:
    """Return Monday and Sunday of a day's week."""
    monday = on - timedelta(days=on.weekday())
    return monday, monday + timedelta(days=6)


def on_days(lessons: Sequence[Lesson]) -> dict[date, list[Lesson]]:
    """Return lessons by day, in the order of time."""
    days: dict[date, list[Lesson]] = {}
    for each in sorted(lessons, key=lambda each: (each.on, each.starts_at is None, each.starts_at, each.number)):
        days.setdefault(each.on, []).append(each)
    return days


def _lesson(row: asyncpg.Record, course: Course, clock: DayClock) -> Lesson:
    starts_at, ends_at = clock.hours(course.class_id, row["on"]).get(row["number"], (None, None))
    return Lesson(
        row["id"], course, row["on"], row["number"], row["teacher_id"], row["teacher"], row["room"], row["kind"],
        row["is_off"], row["theme"], row["note"], row["is_by_hand"], starts_at, ends_at,
    )  # fmt: skip


def _at(on: date, minute: int, zone: ZoneInfo) -> datetime:
    hour, rest = divmod(min(minute, 24 * 60 - 1), 60)
    return datetime.combine(on, time(hour, rest), zone)
