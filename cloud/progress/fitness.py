"""Physical fitness: what was measured of students, kept by who teaches them physical education.

Rule: a value belongs to a day; written anew on the same day it is put right, and an emptied one is taken out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from cloud.accounts.actions import audit
from cloud.attendance.queries import SchoolToday
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.messages import Message, message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.progress.errors import FitnessRefused
from cloud.progress.kinds import BY_KEY, INDICATORS, Indicator
from cloud.progress.rules import change_of, read_value
from cloud.studies.queries import Course, Member, courses_of, members_of, own_person
from cloud.studies.rules import days_of, year_of

PHYSICAL = "physical_education"  # the code of the subject
VALUES_MAX = 5_000
_OF_PERSON = """
SELECT indicator, "on", value FROM fitness_value WHERE person_id = $1 AND school_id = $2 ORDER BY "on", id LIMIT $3
"""
_ON_DAY = """
SELECT person_id, indicator, value FROM fitness_value
WHERE person_id = ANY($1) AND school_id = $2 AND "on" = $3 LIMIT $4
"""
_PUT = """
INSERT INTO fitness_value (school_id, person_id, indicator, "on", value, at, by_name)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (person_id, indicator, "on") DO UPDATE
SET value = excluded.value, at = excluded.at, by_name = excluded.by_name
"""
_DROP = 'DELETE FROM fitness_value WHERE person_id = $1 AND indicator = $2 AND "on" = $3'


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of somebody of one kind, day by day."""

    indicator: Indicator
    values: Sequence[tuple[date, int]]

    @property
    def last(self) -> tuple[date, int]:
        return self.values[-1]

    @property
    def change(self) -> tuple[int, bool] | None:
        """Return by how much the last value differs from the one before, and whether that is better."""
        return change_of(self.indicator, [value for _, value in self.values])


@dataclass(frozen=True, slots=True)
class Sheet:
    """A day of a course: who learns in it, and what stands of each, by person and indicator."""

    course: Course
    on: date
    members: Sequence[Member]
    values: Mapping[tuple[int, str], int]


async def fitness_of(services: Services, school_id: int, person_id: int) -> list[Measured]:
    """Return what was measured of a student; who asks is the caller's to check."""
    found: dict[str, list[tuple[date, int]]] = {}
    for row in await services.database.pool.fetch(_OF_PERSON, person_id, school_id, VALUES_MAX):
        found.setdefault(row["indicator"], []).append((row["on"], row["value"]))
    return [Measured(each, found[each.key]) for each in INDICATORS if each.key in found]


async def courses_for(services: Services, actor: Actor, school: SchoolToday) -> list[Course]:
    """Return the courses of physical education that the actor teaches. Raises NotAllowed where it teaches nothing."""
    if not actor.teaches(Right.FITNESS_KEEP, school.id):
        raise NotAllowed
    person_id = await own_person(services, actor, school.id)
    if person_id is None:
        raise NotAllowed(message("No courses are yours. Ask the office to tie your account to you as a teacher."))
    courses = await courses_of(services, school.id, year_of(school.on), teacher_id=person_id)
    return [each for each in courses if each.subject.code == PHYSICAL and each.is_on(school.on)]


async def sheet_of(services: Services, actor: Actor, school: SchoolToday, course_id: int, on: date) -> Sheet:
    """Return a day of a course that the actor teaches. Raises NotAllowed, NotFound or FitnessRefused."""
    course = next((each for each in await courses_for(services, actor, school) if each.id == course_id), None)
    if course is None:
        raise NotFound
    first_on, _ = days_of(course.year)
    if not first_on <= on <= school.on:
        raise FitnessRefused(message("Choose a day of this school year, up to today."))
    pool = services.database.pool
    members = (await members_of(pool, [course.id], on))[course.id]
    rows = await pool.fetch(_ON_DAY, [each.id for each in members], school.id, on, VALUES_MAX)
    return Sheet(course, on, members, {(row["person_id"], row["indicator"]): row["value"] for row in rows})


async def put_values(
    services: Services, actor: Actor, school: SchoolToday, sheet: Sheet, typed: Mapping[tuple[str, str], str]
) -> int:
    """Keep what was typed, by students' refs and indicators, and return how many values changed.

    Raises FitnessRefused; of a refused form nothing is kept.
    """
    people = {each.ref: each for each in sheet.members}
    changes = []
    for (ref, key), text in typed.items():
        if ref in people and key in BY_KEY:
            value = _read(people[ref], BY_KEY[key], text)
            if value != sheet.values.get((people[ref].id, key)):
                changes.append((people[ref].id, key, value))
    if not changes:
        return 0
    async with services.database.transaction() as connection:
        at, now = raw(connection), services.clock.now()
        await at.executemany(
            _PUT, [(school.id, person_id, key, sheet.on, value, now, actor.name)
                   for person_id, key, value in changes if value is not None],
        )  # fmt: skip
        gone = [(person_id, key, sheet.on) for person_id, key, value in changes if value is None]
        await at.executemany(_DROP, gone)
        detail = {"on": sheet.on.isoformat(), "count": str(len(changes))}
        await audit(
            connection, actor, "fitness.put", f"course:{sheet.course.id}", detail, school_id=school.id, at=now
        )  # fmt: skip
    return len(changes)


def _read(member: Member, indicator: Indicator, text: str) -> int | None:
    try:
        return read_value(indicator, text)
    except FitnessRefused as refused:
        raise FitnessRefused(
            message("{name}, {what}: {why}", name=member.name, what=Message(indicator.words), why=refused.message)
        ) from None
