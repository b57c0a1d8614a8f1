"""Checking what was handed in: a comment, a mark that goes into the journal, or returning it for rework.

Rule: a mark is written by the journal's own marking, in the same transaction, and never past its rules: at a lesson
that was given, in an open quarter, to who was there. What was handed in after the page was opened is not checked by it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.attendance.queries import SchoolToday
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.homework.errors import HomeworkChanged, HomeworkRefused
from cloud.homework.kinds import COMMENT, Answer, Homework, Recipient, State
from cloud.homework.queries import answers_of, last_of, recipients_of
from cloud.homework.reach import homework_kept
from cloud.homework.rules import ANSWERS_MAX, COMMENT_MAX
from cloud.journal.counting import counting_of
from cloud.journal.grid import writable
from cloud.journal.kinds import NOTHING, Here, Kind, Lesson, Standing
from cloud.journal.marking import Change, Place, mark_within, place_of
from cloud.journal.queries import cells_of, lessons_of
from cloud.journal.reach import Reach
from cloud.journal.rules import checked_text
from cloud.portfolio.holding import hold_left_too
from cloud.portfolio.kinds import Subject
from cloud.studies.queries import Course

MARKABLE_MAX = 15
NOT_THERE = frozenset({Here.ABSENT, Here.AWAY})
_ON_PAPER = """
INSERT INTO homework_answer (school_id, homework_id, person_id, number, state, is_paper, at, by_name)
VALUES ($1, $2, $3, 1, 'handed', true, $4, $5) RETURNING id
"""
_JUDGE = """
UPDATE homework_answer SET state = $2, checked_at = $3, checked_by = $4, comment_encrypted = $5,
  lesson_id = coalesce($6, lesson_id)
WHERE id = $1
"""


@dataclass(frozen=True, slots=True)
class Points:
    """Points for homework, into the cell of a lesson whose last entry was seen to have the number `seen` (0: none)."""

    lesson_id: int
    seen: int
    typed: str


@dataclass(frozen=True, slots=True)
class Markable:
    """A lesson at which a student can get a mark, with what stands in its cell."""

    lesson: Lesson
    standing: Standing

    @property
    def is_there(self) -> bool:
        """Tell whether the journal does not say that the student was not at the lesson."""
        return self.standing.cell.here not in NOT_THERE


async def check(
    services: Services, actor: Actor, school: SchoolToday, homework_id: int, ref: str, seen: int, comment: str = "",
    points: Points | None = None,
) -> None:  # fmt: skip
    """Say that a student's homework is checked, on paper too where nothing was handed in; `seen` is what the page had.

    Raises NotAllowed, NotFound, HomeworkRefused, HomeworkChanged, ErasureAsked, and what the journal's `mark` raises.
    """
    _, course, homework = await homework_kept(services, actor, school, homework_id)
    said = checked_text(comment, COMMENT_MAX)
    place = None
    if points is not None:
        if not points.typed.isdecimal():
            raise HomeworkRefused(message("Write the mark as a number of points, or leave it out."))
        place = await place_of(services, actor, school, course.id, points.lesson_id)
    async with services.database.transaction() as transaction:
        pupil, last = await _held(services, raw(transaction), homework, ref, seen)
        if place is not None and points is not None:
            await _mark(services, transaction, actor, school, place, pupil, points)
        answer_id = last.id if last else await _on_paper(services, raw(transaction), actor, homework, pupil)
        lesson_id = place.lesson.id if place else None
        await _judge(services, transaction, actor, homework, pupil, answer_id, State.CHECKED, said, lesson_id)


async def send_back(
    services: Services, actor: Actor, school: SchoolToday, homework_id: int, ref: str, seen: int, comment: str
) -> None:
    """Return what was handed in for rework, what was checked too, with what is to be done better.

    Raises NotAllowed, NotFound, HomeworkRefused, HomeworkChanged or ErasureAsked.
    """
    _, _, homework = await homework_kept(services, actor, school, homework_id)
    said = checked_text(comment, COMMENT_MAX)
    if not said:
        raise HomeworkRefused(message("Write what is to be done better."))
    async with services.database.transaction() as transaction:
        pupil, last = await _held(services, raw(transaction), homework, ref, seen)
        if last is None:
            raise HomeworkRefused(message("Nothing was handed in yet that could be returned."))
        if last.number >= ANSWERS_MAX:
            raise HomeworkRefused(message("This was handed in so often already: check it instead."))
        await _judge(services, transaction, actor, homework, pupil, last.id, State.RETURNED, said, None)


async def markable_of(
    services: Services, reach: Reach, course: Course, school: SchoolToday, person_ids: Sequence[int]
) -> Mapping[int, Sequence[Markable]]:
    """Return at which lessons students can get a mark now, the latest first; who asks was judged before."""
    counting = await counting_of(services, school, course, 0)
    if not counting.scheme.has_marks(course.grade):
        return dict.fromkeys(person_ids, ())
    lessons = [
        each for each in await lessons_of(services, [course.id], counting.quarter.first_on, school.on)
        if each.kind is Kind.LESSON and not each.is_off
    ]  # fmt: skip
    open_ids = writable(reach, course, lessons, counting.quarter, school.on)
    shown = [each for each in reversed(lessons) if each.id in open_ids][:MARKABLE_MAX]
    cells = await cells_of(services.database.pool, [each.id for each in shown], person_ids)
    return {
        person_id: [Markable(each, cells.get((each.id, person_id), NOTHING)) for each in shown]
        for person_id in person_ids
    }


async def _held(
    services: Services, connection: asyncpg.Connection, homework: Homework, ref: str, seen: int
) -> tuple[Recipient, Answer | None]:
    """Return a student with what was handed in last, held until the transaction ends, if that is what was seen."""
    pupil = next((each for each in await recipients_of(connection, homework.id) if each.ref == ref), None)
    if pupil is None:
        raise NotFound
    await hold_left_too(connection, _subject(homework, pupil), services.clock.now())
    answers = await answers_of(services, connection, [homework.id], [pupil.id])
    last = last_of(answers.get((homework.id, pupil.id), []))
    if (last.seen if last else 0) != seen:
        raise HomeworkChanged(message("Something was handed in or judged since you opened the page. Look, then check."))
    return pupil, last


async def _mark(
    services: Services, transaction: BaseDBAsyncClient, actor: Actor, school: SchoolToday, place: Place,
    pupil: Recipient, points: Points,
) -> None:  # fmt: skip
    """Write a mark into the journal; who was not at the lesson is marked at another one."""
    cells = await cells_of(raw(transaction), [place.lesson.id], [pupil.id])
    if place.lesson.kind is not Kind.LESSON:
        raise HomeworkRefused(message("A SOR or SOCH has its own points: choose another lesson for the mark."))
    if cells.get((place.lesson.id, pupil.id), NOTHING).cell.here in NOT_THERE:
        raise HomeworkRefused(message("Who was not at the lesson gets no mark for it: choose another lesson."))
    await mark_within(
        services, transaction, actor, school, place, [Change(pupil.ref, points.typed, points.seen)]
    )  # fmt: skip


async def _on_paper(
    services: Services, connection: asyncpg.Connection, actor: Actor, homework: Homework, pupil: Recipient
) -> int:
    now: datetime = services.clock.now()
    values = homework.school_id, homework.id, pupil.id, now, actor.name
    answer_id: int = await connection.fetchval(_ON_PAPER, *values)
    return answer_id


async def _judge(
    services: Services, transaction: BaseDBAsyncClient, actor: Actor, homework: Homework, pupil: Recipient,
    answer_id: int, state: State, comment: str, lesson_id: int | None,
) -> None:  # fmt: skip
    now = services.clock.now()
    sealed = services.vault.encrypt(comment, COMMENT, str(answer_id)) if comment else None
    await raw(transaction).execute(_JUDGE, answer_id, state.value, now, actor.name, sealed, lesson_id)
    await audit(
        transaction, actor, f"homework.{state.value}", f"person:{pupil.id}", {"homework": str(homework.id)},
        school_id=homework.school_id, at=now,
    )  # fmt: skip


def _subject(homework: Homework, pupil: Recipient) -> Subject:
    return Subject(pupil.id, pupil.ref, homework.school_id, pupil.name, 0, "", "", is_active=True)
