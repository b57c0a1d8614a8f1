"""The schedule of summative works: for a unit (SOR) and for a quarter (SOCH), each on a lesson of its own course.

Rule: a class has so many summative works on one day and no more. The usual limit is three, as the order of the Minister
of Education No. 125 of 18 March 2008 on rules of assessment is applied; a school may set another one.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.schools.queries import terms_of
from cloud.timetable.errors import TimetableRefused
from cloud.timetable.framing import rule_of
from cloud.timetable.kinds import LESSON, SUMMATIVE
from cloud.timetable.lessons import Lesson, check_unmarked, lesson_of, lessons_between

_LOCK = "SELECT id FROM school_class WHERE id = $1 FOR NO KEY UPDATE"
_PLANNED = """
SELECT subject_id, number FROM lesson JOIN course ON course.id = course_id
WHERE lesson.school_id = $1 AND school_class_id = $2 AND "on" = $3 AND kind <> 'lesson' AND NOT is_off
"""
_SET = "UPDATE lesson SET kind = $3 WHERE school_id = $1 AND id = $2"


class Wrong(StrEnum):
    """What does not fit about a summative work."""

    NO_LESSON = "no_lesson"  # the calendar changed: the class has no such lesson that day
    OFF = "off"  # the lesson was called off
    TOO_MANY = "too_many"  # more on that day than the class should have
    LAST_DAY = "last_day"  # a term's last day leaves no time to mark it


@dataclass(frozen=True, slots=True)
class Work:
    """A summative work on its lesson, with what does not fit."""

    lesson: Lesson
    wrong: tuple[Wrong, ...]


async def works_between(services: Services, school_id: int, first_on: date, last_on: date) -> list[Work]:
    """Return the summative works of days, both included. Rights are the caller's to check."""
    lessons = [each for each in await lessons_between(services, school_id, first_on, last_on) if each.kind != LESSON]
    most = (await rule_of(services, school_id)).summative_max
    last_days = {last for _, last in await terms_of(services, school_id)}
    count = Counter((each.course.class_id, each.on) for each in _by_work(lessons) if not each.is_off)
    return [Work(each, _wrong(each, count, most, last_days)) for each in lessons]


async def set_kind(
    services: Services, actor: Actor, school_id: int, lesson_id: int, kind: str, today: date
) -> None:  # fmt: skip
    """Make a lesson a summative work, or a plain one again. Raises NotAllowed, NotFound or TimetableRefused."""
    actor.require(Right.TIMETABLE_KEEP, school_id)
    if kind != LESSON and kind not in SUMMATIVE:
        raise NotFound
    lesson = await lesson_of(services, school_id, lesson_id)
    if lesson.on < today:
        raise TimetableRefused(message("The lesson's day has gone. What was given is in the journal."))
    if lesson.on == today:
        raise TimetableRefused(message("Of what kind today's lesson is, its teacher says in the journal."))
    if kind != LESSON:
        _check(lesson)
    most = (await rule_of(services, school_id)).summative_max
    async with services.database.transaction() as transaction:
        at = raw(transaction)
        await at.fetchval(_LOCK, lesson.course.class_id)
        await check_unmarked(at, school_id, lesson_id)
        await at.execute(_SET, school_id, lesson_id, kind)
        detail = {"kind": kind, "on": str(lesson.on)}
        await audit(transaction, actor, "lesson.kind_set", f"lesson:{lesson_id}", detail, school_id=school_id,
                    at=services.clock.now())  # fmt: skip
        planned = await at.fetch(_PLANNED, school_id, lesson.course.class_id, lesson.on)
        works = {(row["subject_id"], row["number"]) for row in planned}
        if kind != LESSON and len(works) > most:
            raise TimetableRefused(
                message(
                    "Class {name} has {count} summative works on that day already, and more are not allowed.",
                    name=lesson.course.class_name, count=most,
                )
            )  # fmt: skip


def _check(lesson: Lesson) -> None:
    if lesson.is_off:
        raise TimetableRefused(message("The lesson is called off. Choose another one."))
    if lesson.starts_at is None:
        raise TimetableRefused(message("There are no lessons for the class on that day."))


def _by_work(lessons: Sequence[Lesson]) -> list[Lesson]:
    """Return lessons with groups that write beside each other as one."""
    works: dict[tuple[int, date, int, int], Lesson] = {}
    for each in lessons:
        works.setdefault((each.course.class_id, each.on, each.course.subject.id, each.number), each)
    return list(works.values())


def _wrong(
    lesson: Lesson, count: Counter[tuple[int, date]], most: int, last_days: set[date]
) -> tuple[Wrong, ...]:  # fmt: skip
    told = {
        Wrong.OFF: lesson.is_off,
        Wrong.NO_LESSON: lesson.starts_at is None,
        Wrong.TOO_MANY: count[lesson.course.class_id, lesson.on] > most,
        Wrong.LAST_DAY: lesson.on in last_days,
    }
    return tuple(wrong for wrong, holds in told.items() if holds)
