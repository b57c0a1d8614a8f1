"""What is open in courses: summative works that somebody has not written, too few marks, and works nobody planned.

Rule: a work stays open in the course in which it was missed, also for who has another class or group by now; who has
left the school owes nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import asyncpg

from cloud.attendance.queries import SchoolToday
from cloud.core.services import Services
from cloud.journal.counting import Counting, counting_in, sums_over
from cloud.journal.grading import Lack, Part, Scheme, result_of
from cloud.journal.kinds import NOTHING, Kind, Lesson, Standing
from cloud.journal.quarters import Quarter, Span, quarter_of_number
from cloud.journal.queries import MEMBERS_MAX, Learner, Totals, cells_of, got_by, learners_of, lessons_of
from cloud.journal.schemes import quarters_of, schemes_of
from cloud.studies.queries import Course

_AT_SCHOOL = """
SELECT DISTINCT person_id FROM stay
WHERE person_id = ANY($1) AND school_id = $2 AND first_on <= $3 AND (last_on IS NULL OR last_on >= $3) LIMIT $4
"""


class Open(StrEnum):
    """What is open. Its words are `word(f"debt_{open}")`."""

    WORK = "work"  # a summative work was held without the student
    FEW = "few"  # formative marks are too few
    NO_SOCH = "no_soch"  # none is planned in the stretch


@dataclass(frozen=True, slots=True)
class Debt:
    """What is open in a course: for a student, or (None) for all of it; `until` is the stretch's last day."""

    course: Course
    learner: Learner | None
    what: Open
    until: date
    lesson: Lesson | None = None
    has: int = 0
    needs: int = 0


@dataclass(frozen=True, slots=True)
class Debts:
    """What is open in a quarter."""

    quarters: Sequence[Quarter]
    quarter: Quarter
    debts: Sequence[Debt]


@dataclass(frozen=True, slots=True)
class _Course:
    """A course with what is known of it."""

    course: Course
    counting: Counting
    works: Sequence[Lesson]  # summative, planned or held
    learners: Sequence[Learner]


async def debts_of(
    services: Services, school: SchoolToday, courses: Sequence[Course], year: int, number: int
) -> Debts:  # fmt: skip
    """Return what is open in courses of a year in a quarter: works not written first, each by course and student.

    Rights are the caller's to check.
    """
    quarters = await quarters_of(services, school.id, year)
    quarter = quarter_of_number(quarters, number, school.on)
    own = await schemes_of(services, school.id)
    counted = [(each, counting_in(own, quarters, quarter, each.subject.code)) for each in courses]
    marked = {each.id: (each, counting) for each, counting in counted if counting.scheme.has_marks(each.grade)}
    if not marked:
        return Debts(quarters, quarter, [])
    pool, upto = services.database.pool, max(quarter.first_on, min(quarter.until, school.on))
    lessons = await lessons_of(services, marked, quarters[0].first_on, quarters[-1].until)
    works = [each for each in lessons if each.is_summative and not each.is_off]
    first_on = min(counting.span.first_on for _, counting in marked.values())
    learners = await learners_of(pool, marked, first_on, upto)
    cells = await cells_of(pool, [work.id for work in works if work.on <= school.on])
    people = await _at_school(pool, school.id, {each.id for some in learners.values() for each in some}, upto)
    subjects = {each.subject.id for each, _ in marked.values()}
    got = await got_by(pool, people, quarters, school.on, subjects)
    known = [
        _Course(each, counting, [work for work in works if work.course_id == each.id and _in(counting.span, work)],
                [learner for learner in learners[each.id] if learner.id in people])
        for each, counting in marked.values()
    ]  # fmt: skip
    debts = [debt for each in known for debt in _of_course(each, cells, got, school.on, upto)]
    return Debts(quarters, quarter, sorted(debts, key=lambda debt: debt.what is not Open.WORK))


async def _at_school(pool: asyncpg.Pool, school_id: int, person_ids: Collection[int], on: date) -> set[int]:
    rows = await pool.fetch(_AT_SCHOOL, list(person_ids), school_id, on, MEMBERS_MAX)
    return {row["person_id"] for row in rows}


def _of_course(
    known: _Course, cells: Mapping[tuple[int, int], Standing], got: Totals, today: date, upto: date
) -> list[Debt]:  # fmt: skip
    course, scheme, span = known.course, known.counting.scheme, known.counting.span
    debts: list[Debt] = []
    needs_soch = scheme.soch and course.subject.code not in scheme.without_soch and course.is_on(span.last_on)
    if needs_soch and not any(work.kind is Kind.SOCH for work in known.works):
        debts.append(Debt(course, None, Open.NO_SOCH, span.last_on))
    held = [work for work in known.works if work.on <= today]
    for learner in known.learners:
        debts += [
            Debt(course, learner, Open.WORK, span.last_on, work) for work in held
            if learner.is_in(work.on) and cells.get((work.id, learner.id), NOTHING).cell.points is None
        ]  # fmt: skip
        if learner.is_in(upto):
            debts += _few(course, scheme, span, learner, got)
    return debts


def _few(course: Course, scheme: Scheme, span: Span, learner: Learner, got: Totals) -> list[Debt]:
    sums = sums_over(span.numbers, learner.id, course.subject.id, got)
    result = result_of(scheme, course.subject.code, sums)
    line = result.line(Part.FORMATIVE)
    if Lack.FEW not in result.lacks or line is None:
        return []
    return [Debt(course, learner, Open.FEW, span.last_on, has=line.got.works, needs=scheme.formative_least)]


def _in(span: Span, lesson: Lesson) -> bool:
    return any(quarter.has(lesson.on) for quarter in span.quarters)
