"""Who has to do with which homework: who teaches, who reads journals, and whose child or whose own it is.

Rule: a course's journal and its homework are within the same reach; who may know of none is told that there is none.
"""

from cloud.attendance.queries import SchoolToday
from cloud.core.actor import Actor
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.homework.kinds import Homework
from cloud.homework.queries import homework_of
from cloud.journal.reach import LATELY, Reach, course_within
from cloud.portfolio.kinds import Subject
from cloud.portfolio.reach import kin_of
from cloud.studies.queries import Course

_GIVES = """
SELECT EXISTS (SELECT FROM lesson WHERE teacher_id = $1 AND course_id = $2 AND "on" BETWEEN $3 AND $4)
"""


async def homework_within(
    services: Services, actor: Actor, school: SchoolToday, homework_id: int
) -> tuple[Reach, Course, Homework]:  # fmt: skip
    """Return homework that the actor may look at, with its course. Raises NotAllowed or NotFound."""
    homework = await homework_of(services.database.pool, school.id, homework_id)
    reach, course = await course_within(services, actor, school, homework.course_id)
    return reach, course, homework


def keeps(actor: Actor, reach: Reach, course: Course, homework: Homework) -> bool:
    """Tell whether the actor changes and checks homework: who teaches the course, or who set it."""
    is_own = reach.person_id is not None and reach.person_id in (course.teacher_id, homework.teacher_id)
    return is_own and actor.teaches(Right.HOMEWORK_SET, course.school_id)


async def homework_kept(
    services: Services, actor: Actor, school: SchoolToday, homework_id: int
) -> tuple[Reach, Course, Homework]:  # fmt: skip
    """Return homework that the actor changes and checks. Raises NotAllowed or NotFound."""
    reach, course, homework = await homework_within(services, actor, school, homework_id)
    if not keeps(actor, reach, course, homework):
        raise NotAllowed(message("Who teaches the course, or set this homework, does this. You can look."))
    return reach, course, homework


async def course_set(
    services: Services, actor: Actor, school: SchoolToday, course_id: int
) -> tuple[int, Course]:  # fmt: skip
    """Return a course for which the actor sets homework, after who the actor is: its teacher, or a substitute of late.

    Raises NotAllowed or NotFound.
    """
    reach, course = await course_within(services, actor, school, course_id)
    person_id = reach.person_id
    if person_id is None or not actor.teaches(Right.HOMEWORK_SET, school.id):
        raise NotAllowed(message("Who teaches the course sets its homework."))
    span = school.on - LATELY, school.on + LATELY
    if person_id != course.teacher_id and not await services.database.pool.fetchval(
        _GIVES, person_id, course.id, *span
    ):
        raise NotAllowed(message("Who teaches the course sets its homework."))
    return person_id, course


async def pupil_of(services: Services, actor: Actor, ref: str) -> Subject:
    """Return a child of the actor's own, or the student the actor is. Raises NotFound."""
    if not actor.kinships(Right.HOMEWORK_HAND_IN):
        raise NotFound
    whose, _ = await kin_of(services, actor, ref)
    return whose
