"""A teacher's own lessons: added on a day on which the class is taught, and planned with theme, notes and links."""

from dataclasses import dataclass, replace
from datetime import date

import asyncpg

from cloud.accounts.actions import audit
from cloud.attendance.queries import SchoolToday
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotAllowed
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.texts import one_line
from cloud.journal.errors import JournalClosed, JournalRefused
from cloud.journal.kinds import Kind
from cloud.journal.marking import Place, locked
from cloud.journal.offers import hours_on
from cloud.journal.quarters import quarter_at
from cloud.journal.reach import course_within
from cloud.journal.rules import NOTES_MAX, THEME_MAX, Hand, checked_kind, checked_links, checked_text
from cloud.journal.schemes import quarters_of
from cloud.schools.queries import school_days
from cloud.studies.queries import Course
from cloud.studies.rules import days_of
from cloud.timetable.framing import rule_of

NUMBERS = range(1, 13)
_ADD = """
INSERT INTO lesson (school_id, course_id, "on", number, teacher_id, room, theme, is_by_hand)
VALUES ($1, $2, $3, $4, $5, $6, $7, true) RETURNING id
"""
_KEEP = "UPDATE lesson SET theme = $2, kind = $3 WHERE id = $1"
_PLAN = """
INSERT INTO lesson_plan (lesson_id, school_id, notes, links, points_max, changed_at, by_name)
VALUES ($1, $2, $3, $4, nullif($5::smallint, 0), $6, $7)
ON CONFLICT (lesson_id) DO UPDATE SET notes = excluded.notes, links = excluded.links, points_max = excluded.points_max,
  changed_at = excluded.changed_at, by_name = excluded.by_name
"""
_PLANNED = """
SELECT count(DISTINCT (subject_id, number)) FROM lesson JOIN course ON course.id = course_id
WHERE school_class_id = $1 AND "on" = $2 AND lesson.id <> $3 AND kind <> 'lesson' AND NOT is_off
"""
_HIGHEST = """
SELECT max(points) FROM (
  SELECT DISTINCT ON (person_id) points FROM journal_mark WHERE lesson_id = $1 ORDER BY person_id, number DESC
) AS last
"""


@dataclass(frozen=True, slots=True)
class Planned:
    """A lesson's plan as a teacher writes it; links one a line."""

    theme: str
    notes: str = ""
    links: str = ""
    kind: Kind = Kind.LESSON
    points_max: int = 0


async def add_lesson(
    services: Services, actor: Actor, school: SchoolToday, course_id: int, on: date, number: int, theme: str = ""
) -> int:  # fmt: skip
    """Add a lesson of a course by hand, and return its id.

    Raises NotAllowed, NotFound, JournalClosed or JournalRefused.
    """
    reach, course = await course_within(services, actor, school, course_id)
    if reach.hand_at(course) is not Hand.TEACHER or not actor.teaches(Right.LESSONS_KEEP, school.id):
        raise NotAllowed(message("Who teaches the course adds its lessons."))
    if number not in NUMBERS:
        raise JournalRefused(message("Lessons of a day are numbered 1 to 12."))
    theme = one_line(checked_text(theme, THEME_MAX))
    await _check_day(services, school, course, on)
    hours = await hours_on(services, school.id, course.class_id, on)
    if hours and number not in hours:  # a school may have given no bells at all
        raise JournalRefused(message("The class has no such lesson on that day."))
    try:
        async with services.database.transaction() as transaction:
            row = (school.id, course_id, on, number, reach.person_id, course.room, theme)
            lesson_id: int = await raw(transaction).fetchval(_ADD, *row)
            detail = {"on": on.isoformat(), "number": str(number), "course": str(course_id)}
            await audit(
                transaction, actor, "lesson.added", f"lesson:{lesson_id}", detail, school_id=school.id,
                at=services.clock.now(),
            )  # fmt: skip
    except asyncpg.UniqueViolationError:
        raise JournalRefused(message("The course has this lesson on that day already.")) from None
    return lesson_id


async def plan_lesson(
    services: Services, actor: Actor, school: SchoolToday, place: Place, planned: Planned
) -> None:  # fmt: skip
    """Keep the plan of a lesson, and what kind of lesson it is. Raises NotAllowed, JournalClosed or JournalRefused."""
    if place.hand is not Hand.TEACHER:
        raise NotAllowed
    if place.lesson.is_off or (place.lesson.on <= school.on and not place.quarter.is_open(school.on)):
        raise JournalClosed(message("This lesson stays as it is: it is called off, or its quarter is closed."))
    theme, notes = one_line(checked_text(planned.theme, THEME_MAX)), checked_text(planned.notes, NOTES_MAX)
    links = checked_links(planned.links)
    async with services.database.transaction() as transaction:
        connection, lesson = await locked(transaction, school.id), place.lesson
        highest = await connection.fetchval(_HIGHEST, lesson.id)
        kept = checked_kind(lesson, planned.kind, planned.points_max, highest)
        kept = replace(kept, theme=theme, notes=notes, links=links)
        if kept == lesson:
            return
        if kept.is_summative and not lesson.is_summative:
            await _check_works(services, connection, school.id, place)
        now = services.clock.now()
        await connection.execute(_KEEP, lesson.id, theme, kept.kind.value)
        await connection.execute(_PLAN, lesson.id, school.id, notes, list(links), kept.points_max, now, actor.name)
        detail = {"on": lesson.on.isoformat(), "kind": kept.kind.value, "points": str(kept.points_max)}
        await audit(
            transaction, actor, "lesson.planned", f"lesson:{lesson.id}", detail, school_id=school.id, at=now
        )  # fmt: skip


async def _check_works(services: Services, connection: asyncpg.Connection, school_id: int, place: Place) -> None:
    """Refuse one more summative work than a class writes on one day."""
    most, course = (await rule_of(services, school_id)).summative_max, place.course
    if await connection.fetchval(_PLANNED, course.class_id, place.lesson.on, place.lesson.id) >= most:
        raise JournalRefused(
            message(
                "Class {name} has {count} summative works on that day already, and more are not allowed.",
                name=course.class_name, count=most,
            )
        )  # fmt: skip


async def _check_day(services: Services, school: SchoolToday, course: Course, on: date) -> None:
    """Refuse a day on which the class is not taught, or of which nothing is written any more."""
    first_on, last_on = days_of(course.year)
    if not first_on <= on <= last_on or not course.is_on(on):
        raise JournalRefused(message("Choose a day of the course's school year, before the course ends."))
    if not await school_days(services, school.id, on, on, course.class_id):
        raise JournalRefused(message("The class has no lessons on this day."))
    quarter = quarter_at(await quarters_of(services, school.id, course.year), on)
    if on <= school.on and not quarter.is_open(school.on):
        raise JournalClosed(message("This quarter is closed: no lesson is added to it."))
