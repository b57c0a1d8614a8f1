"""What a school's timetable of a year is made of: classes with their bells, courses, rooms, teachers' times, rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from cloud.core.services import Services
from cloud.schools.queries import ClassRow, calendar_between, times_of_classes
from cloud.schools.rules import usual_week
from cloud.studies.queries import Course, courses_of
from cloud.timetable.rules import Bell, ClassWeek, Frame, Off, Room, Taught

ROOMS_MAX, TIMES_MAX = 1_000, 10_000
POINTS_MAX, SUMMATIVE_MAX = 0, 3  # usual ones; see docs/timetable.md
_CLASSES = "SELECT id, grade, letter, shift FROM school_class WHERE school_id = $1 AND is_active ORDER BY grade, letter"
_ROOMS = "SELECT id, name, kind FROM room WHERE school_id = $1 AND is_active ORDER BY name LIMIT $2"
_RULE = "SELECT points_max, summative_max FROM timetable_rule WHERE school_id = $1"
_ASKS = "SELECT subject_id, coalesce(room_kind, '') AS room_kind, is_double FROM timetable_subject WHERE school_id = $1"
_TIMES = """
SELECT own.id, person_id, weekday, from_min, until_min, is_wish, concat_ws(' ', surname, given_name) AS name
FROM teacher_time AS own JOIN person ON person.id = person_id
WHERE own.school_id = $1 AND person.is_active ORDER BY sort_key, person_id, weekday, from_min LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class SchoolRule:
    """What a school set of its timetable."""

    points_max: int = POINTS_MAX
    summative_max: int = SUMMATIVE_MAX


@dataclass(frozen=True, slots=True)
class Asks:
    """What a subject asks of a timetable."""

    room_kind: str = ""
    is_double: bool = False


@dataclass(frozen=True, slots=True)
class RoomRow:
    """A room of a school."""

    id: int
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class TimeRow:
    """When somebody cannot teach, or would rather not."""

    id: int
    person_id: int
    name: str
    weekday: int
    from_min: int
    until_min: int
    is_wish: bool


@dataclass(frozen=True, slots=True)
class Book:
    """A school's year: the frame that timetables are judged by, and what its ids stand for."""

    frame: Frame
    year: int
    courses: Mapping[int, Course]
    classes: Mapping[int, ClassRow]
    rule: SchoolRule
    rooms: Sequence[RoomRow]

    @property
    def teachers(self) -> dict[int, str]:
        """Return who teaches, by id, in the order of names."""
        named = {course.teacher_id: course.teacher for course in self.courses.values() if course.teacher_id is not None}
        return dict(sorted(named.items(), key=lambda pair: pair[1]))


async def book_of(services: Services, school_id: int, year: int, on: date) -> Book:
    """Return what a school's timetable is made of on a day. Rights are the caller's to check."""
    courses = {course.id: course for course in await courses_of(services, school_id, year) if course.is_on(on)}
    rows = await services.database.pool.fetch(_CLASSES, school_id)
    classes = {row["id"]: ClassRow(**row) for row in rows}
    calendar = await calendar_between(services, school_id, on, on)
    times = await times_of_classes(services, school_id)
    weeks = [
        ClassWeek(class_id, {
            day: [Bell(ring.lesson, ring.starts_min, ring.ends_min) for ring in rings]
            for day, rings in usual_week(calendar, times[class_id]).items()
        })
        for class_id in classes
    ]  # fmt: skip
    asks, rule, rooms = await asks_of(services, school_id), await rule_of(services, school_id), await rooms_of(
        services, school_id
    )  # fmt: skip
    frame = Frame(
        weeks, [_taught(course, asks.get(course.subject.id, Asks())) for course in courses.values()
                if course.class_id in classes],
        [Off(each.person_id, each.weekday, each.from_min, each.until_min, each.is_wish)
         for each in await times_of(services, school_id)],
        [Room(room.name, room.kind) for room in rooms], rule.points_max,
    )  # fmt: skip
    return Book(frame, year, courses, classes, rule, rooms)


async def rule_of(services: Services, school_id: int) -> SchoolRule:
    """Return what a school set of its timetable."""
    row = await services.database.pool.fetchrow(_RULE, school_id)
    return SchoolRule(**row) if row else SchoolRule()


async def asks_of(services: Services, school_id: int) -> dict[int, Asks]:
    """Return what subjects ask of a timetable, by the subject's id."""
    rows = await services.database.pool.fetch(_ASKS, school_id)
    return {row["subject_id"]: Asks(row["room_kind"], row["is_double"]) for row in rows}


async def rooms_of(services: Services, school_id: int) -> list[RoomRow]:
    """Return a school's rooms by name."""
    return [RoomRow(**row) for row in await services.database.pool.fetch(_ROOMS, school_id, ROOMS_MAX)]


async def times_of(services: Services, school_id: int) -> list[TimeRow]:
    """Return when a school's staff cannot teach, or would rather not, by name."""
    return [TimeRow(**row) for row in await services.database.pool.fetch(_TIMES, school_id, TIMES_MAX)]


def _taught(course: Course, asks: Asks) -> Taught:
    return Taught(
        course.id, course.class_id, course.subject.id, course.group, course.teacher_id, course.half_hours,
        course.room, asks.room_kind, course.subject.difficulty, asks.is_double,
    )  # fmt: skip
