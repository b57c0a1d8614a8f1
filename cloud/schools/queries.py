"""What is asked of schools: which there are, their classes, and a day's plan for a class or for all of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import asyncpg

from cloud.core.actor import Actor
from cloud.core.errors import NotFound
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.schools.errors import SchoolUnknown
from cloud.schools.models import DayKind, Weekday
from cloud.schools.rules import EVERYBODY, Calendar, ClassTimes, Day, DayPlan, Ring, Whom, plan_day

SCHOOL = "SELECT id, code, shard, name_kk, name_ru, name_en, zone, school_days, passback FROM school"
CLASSES = """
SELECT id, grade, letter, shift, school_days FROM school_class
WHERE school_id = $1 AND ($2::bigint IS NULL OR id = $2) AND (is_active OR id = $2) ORDER BY grade, letter LIMIT 500
"""
LESSONS = """
SELECT school_class_id, weekday, lesson, last_lesson FROM first_lesson
JOIN school_class ON school_class.id = school_class_id WHERE school_id = $1 LIMIT 4000
"""
SPECIAL = """
SELECT school_id, "on", kind, lessons_of, lessons, lesson_min, from_min, until_min, note, grade, school_class_id
FROM calendar_day
"""
SCHOOLS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class SchoolRow:
    """A school as pages and programs know it."""

    id: int
    code: str
    shard: int
    name_kk: str
    name_ru: str
    name_en: str
    zone: ZoneInfo
    school_days: int
    passback: str

    def name(self, language: str) -> str:
        """Return the school's name in a language."""
        return {"ru": self.name_ru, "en": self.name_en}.get(language, self.name_kk)


@dataclass(frozen=True, slots=True)
class ClassRow:
    """A class of a school."""

    id: int
    grade: int
    letter: str
    shift: int

    @property
    def name(self) -> str:
        return f"{self.grade}{self.letter}"


async def school_of_code(services: Services, code: str) -> SchoolRow:
    """Return the school of a code, whoever asks: a code is no secret. Raises SchoolUnknown."""
    row = await services.database.pool.fetchrow(f"{SCHOOL} WHERE code = $1", code)
    if row is None:
        raise SchoolUnknown(code)
    return _school(row)


async def school_of_id(services: Services, school_id: int) -> SchoolRow:
    """Return a school. Raises NotFound."""
    row = await services.database.pool.fetchrow(f"{SCHOOL} WHERE id = $1", school_id)
    if row is None:
        raise NotFound
    return _school(row)


async def schools_of(services: Services, actor: Actor) -> list[SchoolRow]:
    """Return the schools that the actor may know of, by code."""
    own = actor.schools_with(Right.SCHOOLS_READ)
    rows = await services.database.pool.fetch(
        f"{SCHOOL} WHERE $1::bigint[] IS NULL OR id = any($1) ORDER BY code LIMIT $2",
        None if own is None else sorted(own),
        SCHOOLS_MAX,
    )
    return [_school(row) for row in rows]


async def classes_of(services: Services, actor: Actor, school_id: int) -> list[ClassRow]:
    """Return the classes of a school by grade and letter. Raises NotAllowed."""
    actor.require(Right.SCHOOLS_READ, school_id)
    rows = await services.database.pool.fetch(CLASSES, school_id, None)
    return [ClassRow(row["id"], row["grade"], row["letter"], row["shift"]) for row in rows]


async def day_plan(services: Services, school_id: int, class_id: int | None, on: date) -> DayPlan:
    """Return the day of a class; of the school itself, without lessons, where there is no class (staff)."""
    async with services.database.pool.acquire() as connection:
        calendar = await _calendar(connection, school_id, on)
        if class_id is None:
            return plan_day(calendar, None, on)
        times = await _times(connection, school_id, class_id)
    return plan_day(calendar, times.get(class_id), on)


async def day_plans(services: Services, school_id: int, on: date) -> dict[int | None, DayPlan]:
    """Return the day of every class of a school by class id, and of the school itself under None."""
    async with services.database.pool.acquire() as connection:
        calendar = await _calendar(connection, school_id, on)
        times = await _times(connection, school_id, None)
    plans: dict[int | None, DayPlan] = {each: plan_day(calendar, own, on) for each, own in times.items()}
    return {None: plan_day(calendar, None, on), **plans}


async def school_days(
    services: Services, school_id: int, first_on: date, last_on: date, class_id: int | None = None
) -> list[date]:
    """Return the days between two, both included, on which a school teaches; or one class, which may have others."""
    async with services.database.pool.acquire() as connection:
        calendar = await _calendar(connection, school_id, first_on, last_on)
        times = {} if class_id is None else await _times(connection, school_id, class_id)
    days = (first_on + timedelta(days=number) for number in range((last_on - first_on).days + 1))
    own = None if class_id is None else times.get(class_id)
    return [on for on in days if plan_day(calendar, own, on).is_school_day]


async def taught_days(
    services: Services, school_id: int, first_on: date, last_on: date
) -> dict[int | None, frozenset[date]]:
    """Return the days between two on which each class is taught, by class id, and the school's own under None."""
    async with services.database.pool.acquire() as connection:
        calendar = await _calendar(connection, school_id, first_on, last_on)
        times = await _times(connection, school_id, None)
    days = [first_on + timedelta(days=number) for number in range((last_on - first_on).days + 1)]
    classes: list[tuple[int | None, ClassTimes | None]] = [(None, None), *times.items()]
    return {
        class_id: frozenset(on for on in days if plan_day(calendar, own, on).is_school_day) for class_id, own in classes
    }


async def terms_of(services: Services, school_id: int) -> list[tuple[date, date]]:
    """Return a school's terms in order, first and last day of each; none where it has named none."""
    rows = await services.database.pool.fetch(
        "SELECT first_on, last_on FROM term WHERE school_id = $1 ORDER BY first_on LIMIT 100", school_id
    )
    return [(row["first_on"], row["last_on"]) for row in rows]


async def calendar_between(services: Services, school_id: int, first_on: date, last_on: date) -> Calendar:
    """Return a school's calendar with what is set of the days between two. Raises NotFound."""
    async with services.database.pool.acquire() as connection:
        return await _calendar(connection, school_id, first_on, last_on)


async def times_of_classes(services: Services, school_id: int, class_id: int | None = None) -> dict[int, ClassTimes]:
    """Return the place of each class of a school in its calendar, or of one class."""
    async with services.database.pool.acquire() as connection:
        return await _times(connection, school_id, class_id)


def calendar_of(
    school: asyncpg.Record, bells: Iterable[asyncpg.Record], days: Iterable[asyncpg.Record],
    terms: Iterable[asyncpg.Record],
) -> Calendar:  # fmt: skip
    """Return a calendar of the rows of one school."""
    special = {(row["on"], Whom(row["grade"], row["school_class_id"])): day_of(row) for row in days}
    return Calendar(
        zone=ZoneInfo(school["zone"]),
        school_days=school["school_days"],
        rings=[
            Ring(bell["shift"], bell["lesson"], bell["starts_min"], bell["ends_min"], bell["grade"]) for bell in bells
        ],
        days={on: day for (on, whom), day in special.items() if whom == EVERYBODY},
        apart={place: day for place, day in special.items() if place[1] != EVERYBODY},
        terms=[(term["first_on"], term["last_on"]) for term in terms],
    )


def times_of(classes: Iterable[asyncpg.Record], lessons: Iterable[asyncpg.Record]) -> dict[int, ClassTimes]:
    """Return the place of each class in the calendar of its school."""
    own: dict[int, dict[Weekday, tuple[int, int]]] = {}
    for row in lessons:
        of_class = own.setdefault(row["school_class_id"], {})
        of_class[Weekday(row["weekday"])] = (row["lesson"], row["last_lesson"])
    return {
        row["id"]: ClassTimes(row["grade"], row["shift"], row["school_days"], own.get(row["id"], {}), row["id"])
        for row in classes
    }


def day_of(row: asyncpg.Record) -> Day:
    """Return what a row of the calendar says of its day."""
    return Day(
        DayKind(row["kind"]), _weekday(row["lessons_of"]), row["lessons"], row["lesson_min"], row["from_min"],
        row["until_min"], row["note"],
    )  # fmt: skip


def _school(row: asyncpg.Record) -> SchoolRow:
    return SchoolRow(**{**row, "zone": ZoneInfo(row["zone"])})


async def _calendar(connection: asyncpg.Connection, school_id: int, on: date, last_on: date | None = None) -> Calendar:
    school = await connection.fetchrow(f"{SCHOOL} WHERE id = $1", school_id)
    if school is None:
        raise NotFound
    bells = await connection.fetch(
        "SELECT shift, lesson, starts_min, ends_min, grade FROM bell WHERE school_id = $1 LIMIT 1000", school_id
    )
    days = await connection.fetch(
        f'{SPECIAL} WHERE school_id = $1 AND "on" BETWEEN $2 AND $3 LIMIT 4000',
        school_id,
        on,
        last_on or on,
    )
    terms = await connection.fetch("SELECT first_on, last_on FROM term WHERE school_id = $1 LIMIT 100", school_id)
    return calendar_of(school, bells, days, terms)


async def _times(connection: asyncpg.Connection, school_id: int, class_id: int | None) -> dict[int, ClassTimes]:
    lessons = await connection.fetch(LESSONS, school_id)
    return times_of(await connection.fetch(CLASSES, school_id, class_id), lessons)


def _weekday(number: int | None) -> Weekday | None:
    return None if number is None else Weekday(number)
