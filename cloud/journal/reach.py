"""Who reads and writes which journals: who teaches, who looks after a class, and who heads the school.

Rule: what somebody teaches is what its person of staff does, by the tie of the account; a substitute has the lessons
that it gives, and reads the rest of their course for two months around. A class is looked after in this school year:
its letter goes on to other students, so journals of earlier years are for who taught in them, and for who reads all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from cloud.attendance.queries import SchoolToday
from cloud.core.actor import Actor
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.journal.kinds import Lesson
from cloud.journal.quarters import Quarter
from cloud.journal.rules import Hand
from cloud.studies.queries import Course, course_of, courses_of, own_person
from cloud.studies.rules import year_of

LATELY = timedelta(days=60)  # how long a substitute reads the course
COURSES_MAX = 200
_SUBSTITUTED = """
SELECT DISTINCT course_id FROM lesson
WHERE teacher_id = $1 AND school_id = $2 AND "on" BETWEEN $3 AND $4 LIMIT $5
"""
_GIVES = """
SELECT EXISTS (SELECT FROM lesson WHERE teacher_id = $1 AND course_id = $2 AND "on" BETWEEN $3 AND $4)
"""


@dataclass(frozen=True, slots=True)
class Reach:
    """What an actor has at a school: all journals, those of some classes, and the person of staff that it is."""

    reads_all: bool
    classes: frozenset[int]
    person_id: int | None
    corrects: bool
    year: int  # of today

    def hand_at(self, course: Course, lesson: Lesson | None = None) -> Hand | None:
        """Return by whose hand the actor writes in a course, or at one lesson; None where it only reads."""
        if self.person_id is not None and self.person_id in (course.teacher_id, lesson.teacher_id if lesson else None):
            return Hand.TEACHER
        return Hand.CORRECTOR if self.corrects else None

    def hand_in(self, quarter: Quarter, today: date, course: Course, lesson: Lesson) -> Hand | None:
        """Return by whose hand the actor writes at a lesson: who corrects closed quarters does so in its own, too."""
        return Hand.CORRECTOR if self.corrects and not quarter.is_open(today) else self.hand_at(course, lesson)

    def reads_class(self, class_id: int, year: int) -> bool:
        """Tell whether the actor may look at all journals of a class in a school year."""
        return self.reads_all or (class_id in self.classes and year == self.year)


async def reach_of(services: Services, actor: Actor, school: SchoolToday) -> Reach:
    """Return what an actor has of a school's journals. Raises NotAllowed where that is nothing."""
    school_id = school.id
    teaches = actor.teaches(Right.JOURNAL_KEEP, school_id)
    reach = Reach(
        actor.can(Right.JOURNAL_READ, school_id), actor.classes(Right.JOURNAL_READ, school_id),
        await own_person(services, actor, school_id) if teaches else None,
        actor.can(Right.JOURNAL_CORRECT, school_id), year_of(school.on),
    )  # fmt: skip
    if not (reach.reads_all or reach.classes or reach.person_id is not None):
        raise NotAllowed(message("No courses are yours. Ask the office to tie your account to you as a teacher."))
    return reach


def sees_presence(actor: Actor, course: Course) -> bool:
    """Tell whether an actor may know of a course's class who is in; more people read a journal than may."""
    may, school_id = Right.PRESENCE_READ, course.school_id
    return actor.can(may, school_id) or course.class_id in actor.classes(may, school_id)


async def course_within(
    services: Services, actor: Actor, school: SchoolToday, course_id: int
) -> tuple[Reach, Course]:  # fmt: skip
    """Return a course that the actor may look at. Raises NotAllowed, or NotFound where it is out of its reach."""
    reach = await reach_of(services, actor, school)
    course = await course_of(services, school.id, course_id)
    if reach.reads_class(course.class_id, course.year) or reach.person_id == course.teacher_id is not None:
        return reach, course
    if reach.person_id is not None:
        asked = (reach.person_id, course.id, school.on - LATELY, school.on + LATELY)
        if await services.database.pool.fetchval(_GIVES, *asked):
            return reach, course
    raise NotFound


async def courses_within(
    services: Services, reach: Reach, school: SchoolToday, year: int
) -> tuple[list[Course], list[Course]]:  # fmt: skip
    """Return a year's courses that the actor teaches or lately took over, and those that it may only look at."""
    is_now = year == reach.year
    classes = None if reach.reads_all else sorted(reach.classes if is_now else ())
    readable = await courses_of(services, school.id, year, class_ids=classes) if classes is None or classes else []
    if reach.person_id is None:
        return [], readable
    mine = await courses_of(services, school.id, year, teacher_id=reach.person_id)
    if is_now:
        mine += await _taken_over(services, reach.person_id, school, {course.id for course in mine})
    own = {course.id for course in mine}
    return mine, [course for course in readable if course.id not in own]


async def class_within(services: Services, actor: Actor, school: SchoolToday, class_id: int, year: int) -> Reach:
    """Return the reach of who may look at all journals of a class in a year. Raises NotAllowed or NotFound."""
    reach = await reach_of(services, actor, school)
    if not reach.reads_class(class_id, year):
        raise NotFound
    return reach


async def _taken_over(services: Services, person_id: int, school: SchoolToday, own: set[int]) -> Sequence[Course]:
    span = school.on - LATELY, school.on + LATELY
    rows = await services.database.pool.fetch(_SUBSTITUTED, person_id, school.id, *span, COURSES_MAX)
    others = {row["course_id"] for row in rows} - own
    if not others:
        return []
    return [each for each in await courses_of(services, school.id, year_of(_middle(span))) if each.id in others]


def _middle(span: tuple[date, date]) -> date:
    return span[0] + (span[1] - span[0]) / 2
