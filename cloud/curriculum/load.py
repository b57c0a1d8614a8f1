"""The teaching load: hours a week that each teacher has by courses, lessons given in a period, and what nobody teaches.

Rule: a lesson counts for who gave it: a substitute's is the substitute's, and the teacher who was away gave none. One
that nobody was named for, as of a vacancy, counts for nobody, whoever has the course by now.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import asyncpg

from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.curriculum.rules import NORM_BY_LAW
from cloud.studies.queries import Course, courses_of, staff_of_school

GIVEN_MAX = 2_000
_NORM = "SELECT hours FROM load_norm WHERE school_id = $1"
_GIVEN = """
SELECT lesson.teacher_id, count(*) AS lessons,
  count(*) FILTER (WHERE lesson.teacher_id IS DISTINCT FROM course.teacher_id) AS substituted
FROM lesson JOIN course ON course.id = course_id
WHERE lesson.school_id = $1 AND "on" BETWEEN $2 AND $3 AND NOT is_off
  AND lesson.teacher_id IS NOT NULL
GROUP BY 1 LIMIT $4
"""
_NAMES = """
SELECT id, ref, concat_ws(' ', surname, given_name, nullif(patronymic, '')) AS name, person.position
FROM person WHERE school_id = $1 AND id = ANY($2) ORDER BY sort_key, id
"""


@dataclass(frozen=True, slots=True)
class TeacherLoad:
    """A teacher's courses as of the day, and the lessons of the period."""

    id: int
    ref: str
    name: str
    position: str
    courses: Sequence[Course]
    given: int  # lessons in the period
    substituted: int  # of these, in another one's place
    norm: int  # hours a week

    @property
    def half_hours(self) -> int:
        """Return the lessons in two weeks by courses."""
        return sum(course.half_hours for course in self.courses)

    @property
    def over(self) -> int:
        """Return by how many lessons in two weeks the norm is passed; negative where they are fewer."""
        return self.half_hours - 2 * self.norm

    @property
    def rate_hundredths(self) -> int:
        """Return the rate in hundredths, to the nearest: 100 is a whole one."""
        return (self.half_hours * 100 + self.norm) // (2 * self.norm)


@dataclass(frozen=True, slots=True)
class Load:
    """The load of a school as of a day, and lessons given between two days."""

    year: int
    first_on: date
    last_on: date
    norm: int
    is_own_norm: bool  # set by the school, not by the law
    teachers: Sequence[TeacherLoad]
    vacancies: Sequence[Course]  # nobody teaches them, or somebody who has left

    @property
    def half_hours(self) -> int:
        """Return all lessons in two weeks that somebody gives."""
        return sum(teacher.half_hours for teacher in self.teachers)

    @property
    def vacant_half_hours(self) -> int:
        return sum(course.half_hours for course in self.vacancies)


async def load_of(
    services: Services, actor: Actor, school_id: int, year: int, on: date, first_on: date, last_on: date
) -> Load:
    """Return the load by a year's courses that are taught on a day, and what was given in a period.

    Raises NotAllowed.
    """
    actor.require(Right.STUDIES_READ, school_id)
    pool = services.database.pool
    courses = [each for each in await courses_of(services, school_id, year) if each.is_on(on)]
    here = {each.id for each in await staff_of_school(services, school_id)}
    given_until = min(on, last_on)  # what is planned for later was not given yet
    given = {row["teacher_id"]: row for row in await pool.fetch(_GIVEN, school_id, first_on, given_until, GIVEN_MAX)}
    own_norm = await pool.fetchval(_NORM, school_id)
    norm = NORM_BY_LAW if own_norm is None else own_norm
    teaching: dict[int, list[Course]] = {}
    for course in courses:
        if course.teacher_id is not None and course.teacher_id in here:
            teaching.setdefault(course.teacher_id, []).append(course)
    rows = await pool.fetch(_NAMES, school_id, sorted({*teaching, *given}))
    return Load(
        year, first_on, last_on, norm, own_norm is not None,
        [_teacher(row, teaching.get(row["id"], []), given.get(row["id"]), norm) for row in rows],
        [course for course in courses if course.teacher_id not in here],
    )  # fmt: skip


def _teacher(row: asyncpg.Record, courses: Sequence[Course], given: asyncpg.Record | None, norm: int) -> TeacherLoad:
    lessons, substituted = (given["lessons"], given["substituted"]) if given else (0, 0)
    return TeacherLoad(
        row["id"], row["ref"], row["name"], row["position"], courses, lessons, substituted, norm
    )  # fmt: skip
