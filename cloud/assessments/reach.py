"""Who makes, gives and reads which tests: who teaches a subject, looks after a class, or heads the school.

Rule: what somebody teaches is what its person of staff does, by the tie of the account; what is out of reach answers as
what is not there. A class is looked after in this school year, as in the journal: its letter goes on to others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import asyncpg
import msgspec

from cloud.assessments.kinds import Counts, Given, Part, Review, Terms
from cloud.attendance.queries import SchoolToday
from cloud.core.actor import Actor
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.studies.queries import Course, course_of, courses_of, own_person
from cloud.studies.rules import year_of

FIRST_GRADE = 5  # of who teaches none
GIVEN = """
SELECT id, assessment_id, course_id, title, opens_at, closes_at, limit_min, attempts, counts, review, is_shuffled,
  one_by_one, sections, given_at, by_name FROM assessment_given
"""
_IS_HERE = "SELECT EXISTS (SELECT FROM school_subject WHERE id = $1 AND school_id = $2)"
_ONE = f"{GIVEN} WHERE id = $1 AND school_id = $2"


@dataclass(frozen=True, slots=True)
class Reach:
    """What an actor has of a school's tests: all of them, those of some classes, what it teaches itself."""

    makes_all: bool
    reads_all: bool
    classes: frozenset[int]
    person_id: int | None
    courses: Mapping[int, Course]  # of this school year, that it teaches
    year: int  # of today
    on: date  # today

    @property
    def subjects(self) -> frozenset[int]:
        """Return the subjects that it teaches now."""
        return frozenset(course.subject.id for course in self.courses.values() if course.is_on(self.on))

    @property
    def first_grade(self) -> int:
        """Return the grade that a form begins with: the lowest that it teaches."""
        return min((course.grade for course in self.courses.values()), default=FIRST_GRADE)

    def makes(self, subject_id: int) -> bool:
        """Tell whether it keeps the bank and the tests of a subject."""
        return self.makes_all or subject_id in self.subjects

    def gives(self, course: Course) -> bool:
        """Tell whether it gives tests to a course, and marks them."""
        return self.person_id is not None and self.person_id == course.teacher_id

    def reads(self, course: Course) -> bool:
        """Tell whether it sees what a course has reached."""
        looks_after = course.class_id in self.classes and course.year == self.year
        return self.reads_all or looks_after or self.gives(course)


async def reach_of(services: Services, actor: Actor, school: SchoolToday) -> Reach:
    """Return what an actor has of a school's tests. Raises NotAllowed where that is nothing."""
    person_id = await own_person(services, actor, school.id) if actor.teaches(Right.TESTS_GIVE, school.id) else None
    courses = []
    if person_id is not None:
        courses = await courses_of(services, school.id, year_of(school.on), teacher_id=person_id)
    reach = Reach(
        actor.can(Right.TESTS_MAKE, school.id), actor.can(Right.TESTS_READ, school.id),
        actor.classes(Right.TESTS_READ, school.id), person_id, {course.id: course for course in courses},
        year_of(school.on), school.on,
    )  # fmt: skip
    if not (reach.makes_all or reach.reads_all or reach.classes or reach.person_id is not None):
        raise NotAllowed(message("No courses are yours. Ask the office to tie your account to you as a teacher."))
    return reach


async def makes_any(services: Services, actor: Actor, school: SchoolToday) -> Reach:
    """Return the reach of who keeps a bank at all. Raises NotAllowed."""
    reach = await reach_of(services, actor, school)
    if not (reach.makes_all or reach.courses):
        raise NotAllowed
    return reach


async def gives_any(services: Services, actor: Actor, school: SchoolToday) -> Reach:
    """Return the reach of who teaches a course, to which tests can be given. Raises NotAllowed."""
    reach = await reach_of(services, actor, school)
    if not reach.courses:
        raise NotAllowed(message("Choose a course of yours in the test's subject."))
    return reach


async def maker_of(services: Services, actor: Actor, school: SchoolToday, subject_id: int) -> Reach:
    """Return the reach of who keeps the bank and the tests of a subject. Raises NotAllowed or NotFound."""
    reach = await reach_of(services, actor, school)
    is_here: bool = await services.database.pool.fetchval(_IS_HERE, subject_id, school.id)
    if not is_here or not reach.makes(subject_id):
        raise NotFound
    return reach


async def given_within(
    services: Services, actor: Actor, school: SchoolToday, given_id: int
) -> tuple[Reach, Given, Course]:  # fmt: skip
    """Return a test as it was given, to a course whose results the actor sees. Raises NotAllowed or NotFound."""
    reach = await reach_of(services, actor, school)
    row = await services.database.pool.fetchrow(_ONE, given_id, school.id)
    if row is None:
        raise NotFound
    course = await course_of(services, school.id, row["course_id"])
    if not reach.reads(course):
        raise NotFound
    return reach, as_given(row), course


async def given_by(
    services: Services, actor: Actor, school: SchoolToday, given_id: int
) -> tuple[Reach, Given, Course]:  # fmt: skip
    """Return a test of a course that the actor teaches. Raises NotAllowed or NotFound."""
    reach, given, course = await given_within(services, actor, school, given_id)
    if not reach.gives(course):
        raise NotAllowed(message("Who teaches the course gives its tests and marks them. You can look."))
    return reach, given, course


def as_given(row: Mapping[str, Any] | asyncpg.Record) -> Given:
    """Return a test as it was given, of its row."""
    terms = Terms(
        row["opens_at"], row["closes_at"], row["limit_min"], row["attempts"], Counts(row["counts"]),
        Review(row["review"]), row["is_shuffled"], row["one_by_one"],
    )  # fmt: skip
    parts = msgspec.json.decode(row["sections"], type=tuple[Part, ...])
    return Given(
        row["id"], row["assessment_id"], row["course_id"], row["title"], terms, parts, row["given_at"], row["by_name"]
    )
