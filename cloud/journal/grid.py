"""The journal of a course in a quarter: students, lessons, what stands where they meet, and what marks come of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from cloud.attendance.queries import SchoolToday
from cloud.core.services import Services
from cloud.journal.counting import Counting, counting_of, result_in, sums_over
from cloud.journal.grading import Got, Part, Result, YearMark, result_of, year_mark
from cloud.journal.kinds import NOTHING, Lesson, Standing
from cloud.journal.offers import Hours, Offer, hours_on, offers_on
from cloud.journal.quarters import Quarter, Span
from cloud.journal.queries import (
    Entry,
    Learner,
    Totals,
    cells_of,
    got_by,
    history_of,
    learners_of,
    lessons_of,
    remarks_of,
)
from cloud.journal.reach import Reach
from cloud.journal.rules import Hand
from cloud.studies.queries import Course


@dataclass(frozen=True, slots=True)
class Row:
    """A student with its cells, one a lesson; None where it was not in the course on that day."""

    learner: Learner
    cells: Sequence[Standing | None]
    result: Result | None  # None in a grade without marks


@dataclass(frozen=True, slots=True)
class Grid:
    """The journal of a quarter up to today; `writes` are the lessons into which the reader writes."""

    course: Course
    counting: Counting
    lessons: Sequence[Lesson]
    ahead: Sequence[Lesson]  # to come, or called off
    rows: Sequence[Row]
    writes: frozenset[int]
    hand: Hand | None  # of the whole course
    offers: Mapping[int, Offer]  # of today, by person; none for who may not know
    hours: Mapping[int, Hours]  # of today's lessons, by number

    @property
    def has_marks(self) -> bool:
        return self.counting.scheme.has_marks(self.course.grade)


@dataclass(frozen=True, slots=True)
class Explained:
    """A student's mark in a course, with all that it comes of."""

    course: Course
    counting: Counting
    learner: Learner
    lessons: Sequence[tuple[Lesson, Standing]]
    result: Result | None
    year: Sequence[tuple[Span, Result]]
    year_mark: YearMark
    history: Sequence[tuple[Lesson, Entry]]
    elsewhere: int  # marks of the quarter that were given in another class or group
    remarks: Mapping[int, str]  # by lesson


async def grid_of(
    services: Services, reach: Reach, course: Course, school: SchoolToday, number: int, *, sees_presence: bool
) -> Grid:
    """Return the journal of a course in a quarter; rights were asked by `course_within`.

    What is offered of today's lessons is for who writes into them, or sees the class's presence anyway.
    """
    counting = await counting_of(services, school, course, number)
    quarter, pool = counting.quarter, services.database.pool
    lessons = await lessons_of(services, [course.id], quarter.first_on, quarter.until)
    shown = [lesson for lesson in lessons if lesson.on <= school.on and not lesson.is_off]
    learners = (await learners_of(pool, [course.id], quarter.first_on, quarter.until))[course.id]
    learners = [each for each in learners if each.is_in(school.on) or any(each.is_in(lesson.on) for lesson in shown)]
    cells = await cells_of(pool, [lesson.id for lesson in shown])
    ids = [each.id for each in learners]
    got = await got_by(pool, ids, counting.span.quarters, school.on, [course.subject.id])
    rows = [
        Row(each, [_cell(cells, lesson, each) for lesson in shown], result_in(counting, course, each.id, got))
        for each in learners
    ]
    writes = writable(reach, course, shown, quarter, school.on)
    told = [each for each in shown if each.on == school.on and (sees_presence or each.id in writes)]
    offers, hours = await _offers(services, school, course, ids) if told else ({}, {})
    ahead = [lesson for lesson in lessons if lesson not in shown]
    return Grid(course, counting, shown, ahead, rows, writes, reach.hand_at(course), offers, hours)


async def explain(
    services: Services, course: Course, school: SchoolToday, number: int, learner: Learner
) -> Explained:  # fmt: skip
    """Return how a student's mark came to be; rights were asked by `course_within`."""
    counting = await counting_of(services, school, course, number)
    pool, span = services.database.pool, counting.span
    lessons = [
        lesson for lesson in await lessons_of(services, [course.id], span.first_on, min(span.until, school.on))
        if not lesson.is_off and learner.is_in(lesson.on)
    ]  # fmt: skip
    ids = [lesson.id for lesson in lessons]
    cells = await cells_of(pool, ids, [learner.id])
    got = await got_by(pool, [learner.id], counting.quarters, school.on, [course.subject.id])
    year = []
    if counting.scheme.has_marks(course.grade):
        for each in counting.stretches:
            sums = _sums(each.span, course, learner.id, got)
            year.append((each.span, result_of(each.scheme, course.subject.code, sums)))
    result = result_in(counting, course, learner.id, got)
    here = sum(standing.cell.points is not None for standing in cells.values())
    given = sum(part.works for part in _sums(span, course, learner.id, got).values())
    by_id = {lesson.id: lesson for lesson in lessons}
    history = [(by_id[entry.lesson_id], entry) for entry in await history_of(services, [learner.id], ids)]
    remarks = await remarks_of(services, ids, [learner.id])
    return Explained(
        course, counting, learner, [(lesson, cells.get((lesson.id, learner.id), NOTHING)) for lesson in lessons],
        result, year, year_mark([each for span, each in year if span.first_on <= school.on]), history, given - here,
        {lesson_id: words for (lesson_id, _), words in remarks.items()},
    )  # fmt: skip


def writable(
    reach: Reach, course: Course, lessons: Collection[Lesson], quarter: Quarter, today: date
) -> frozenset[int]:  # fmt: skip
    """Return the lessons into which somebody writes now. Pure."""
    is_open = quarter.is_open(today)
    wanted = Hand.TEACHER if is_open else Hand.CORRECTOR
    return frozenset(lesson.id for lesson in lessons if reach.hand_in(quarter, today, course, lesson) is wanted)


def _sums(span: Span, course: Course, person_id: int, got: Totals) -> dict[Part, Got]:
    return sums_over(span.numbers, person_id, course.subject.id, got)


def _cell(cells: Mapping[tuple[int, int], Standing], lesson: Lesson, learner: Learner) -> Standing | None:
    if not learner.is_in(lesson.on):
        return None
    return cells.get((lesson.id, learner.id), NOTHING)


async def _offers(
    services: Services, school: SchoolToday, course: Course, ids: Sequence[int]
) -> tuple[Mapping[int, Offer], Mapping[int, Hours]]:
    """Return what is offered of today, and when the class's lessons are."""
    async with services.database.pool.acquire() as connection:
        offers = await offers_on(connection, services.vault, school.id, ids, school.on)
    return offers, await hours_on(services, school.id, course.class_id, school.on)
