"""What a teacher does with attempts: marks what people mark, and puts results into the journal.

Rule: the journal takes them by its own rules, through its own marking: no mark is written over, and none is given to
who was not there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cloud.accounts.actions import audit
from cloud.assessments.errors import MarkingRefused
from cloud.assessments.kinds import REMARK, Counts, Given
from cloud.assessments.papers import item_place, paper_of
from cloud.assessments.reach import given_by
from cloud.assessments.results import Result, results_of
from cloud.assessments.rules import as_mark, checked_points, checked_remark, is_final
from cloud.attendance.queries import SchoolToday
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.journal.kinds import NOTHING, Here, Kind, Lesson, Standing
from cloud.journal.marking import Change, Place, mark, place_of
from cloud.journal.queries import cells_of, learners_of, lessons_of
from cloud.studies.queries import Course
from cloud.studies.rules import days_of

LESSONS_SHOWN = 12
_MARK = """
UPDATE assessment_answer SET points = $3, marked_at = $4, marked_by = $5, remark_encrypted = $6
WHERE attempt_id = $1 AND place = $2
"""


@dataclass(frozen=True, slots=True)
class Put:
    """What became of putting results into the journal: marks that were written, and why others were not."""

    written: int
    stood: int  # who has a mark of that lesson already
    away: int  # who was not at the lesson, or not in the course
    open: int  # who has not ended an attempt, or waits for a person


async def mark_item(
    services: Services, actor: Actor, school: SchoolToday, given_id: int, attempt_id: int, place: int, *,
    points: str, remark: str,
) -> None:  # fmt: skip
    """Give points for an answer, and say why. Raises NotAllowed, NotFound or MarkingRefused."""
    await given_by(services, actor, school, given_id)
    paper, now = await paper_of(services, attempt_id), services.clock.now()
    item = next((each for each in paper.items if each.place == place), None)
    if paper.given.id != given_id or item is None:
        raise NotFound
    if not paper.attempt.is_over(now):
        raise MarkingRefused(message("This attempt goes on: mark it when it is over."))
    if item.answer is None:
        raise MarkingRefused(message("Nothing was answered here: it has no points."))
    given, words = checked_points(points, item.question.points), checked_remark(remark)
    sealed = services.vault.encrypt(words, REMARK, item_place(attempt_id, place)) if words else None
    async with services.database.transaction() as transaction:
        await raw(transaction).execute(_MARK, attempt_id, place, given, now, actor.name, sealed)
        detail = {"test": str(given_id), "place": str(place)}
        subject = f"person:{paper.attempt.person_id}"
        await audit(transaction, actor, "attempt.marked", subject, detail, school_id=school.id, at=now)


async def lessons_for(services: Services, school: SchoolToday, course: Course) -> Sequence[Lesson]:
    """Return the latest lessons of a course into which results can be put, the newest first."""
    first_on, last_on = days_of(course.year)
    lessons = await lessons_of(services, [course.id], first_on, min(last_on, school.on))
    fit = [each for each in lessons if each.kind is Kind.LESSON and not each.is_off]
    return fit[-LESSONS_SHOWN:][::-1]


async def put_marks(
    services: Services, actor: Actor, school: SchoolToday, given_id: int, lesson_id: int
) -> Put:  # fmt: skip
    """Write what the students reached as formative marks of a lesson; who has a mark there keeps it.

    Raises NotAllowed, NotFound, MarkingRefused, or what the journal raises: of a closed quarter, or of a class without
    marks.
    """
    _, given, course = await given_by(services, actor, school, given_id)
    place = await place_of(services, actor, school, course.id, lesson_id)
    if place.lesson.kind is not Kind.LESSON:
        raise MarkingRefused(message("Results go into an ordinary lesson as formative marks."))
    results = await results_of(services, given, course, school.on)
    pool, on = services.database.pool, place.lesson.on
    there = {each.id for each in (await learners_of(pool, [course.id], on, on))[course.id]}
    cells = {person_id: cell for (_, person_id), cell in (await cells_of(pool, [lesson_id])).items()}
    changes, put = _changes(results, there, cells, place, given.terms.counts, services.clock.now())
    if changes:
        await mark(services, actor, school, place, changes)
        await _note(services, actor, school, given, lesson_id, len(changes))
    return put


def _changes(
    results: Sequence[Result], there: set[int], cells: Mapping[int, Standing], place: Place, counts: Counts,
    now: datetime,
) -> tuple[list[Change], Put]:  # fmt: skip
    """Return what is to be written, and what is not and why."""
    changes, stood, away, waits = [], 0, 0, 0
    for result in results:
        stands = cells.get(result.student.id, NOTHING)
        if result.counts is None or not is_final(result.attempts, result.counts, counts, now):
            waits += 1
        elif result.student.id not in there or stands.cell.here in (Here.ABSENT, Here.AWAY):
            away += 1
        elif stands.cell.points is not None:
            stood += 1
        else:
            points = as_mark(result.counts.percent, place.scheme.formative_max)
            changes.append(Change(result.student.ref, str(points), stands.number))
    return changes, Put(len(changes), stood, away, waits)


async def _note(
    services: Services, actor: Actor, school: SchoolToday, given: Given, lesson_id: int, count: int
) -> None:  # fmt: skip
    async with services.database.transaction() as transaction:
        detail = {"lesson": str(lesson_id), "count": str(count)}
        await audit(
            transaction, actor, "test.put_into_journal", f"given_test:{given.id}", detail, school_id=school.id,
            at=services.clock.now(),
        )  # fmt: skip
