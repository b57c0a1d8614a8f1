"""The journal of a course in a quarter: students, lessons, what stands where they meet, and what marks come of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from cloud.attendance.queries import SchoolToday
from cloud.core.services import Services
from cloud.journal.grading import Got, Part, Result, Scheme, YearMark, result_of, year_mark
from cloud.journal.kinds import NOTHING, Lesson, Standing
from cloud.journal.marking import scheme_in
from cloud.journal.offers import Offer, offers_on
from cloud.journal.quarters import Quarter, Span, quarter_of_number, span_of, spans_in
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
from cloud.journal.schemes import quarters_of, schemes_of
from cloud.studies.queries import Course


@dataclass(frozen=True, slots=True)
class Counting:
    """By what a course's marks are counted in a quarter: the stretch of one mark, and the version that counts."""

    quarters: Sequence[Quarter]
    quarter: Quarter
    spans: Sequence[Span]
    span: Span
    scheme: Scheme
    is_changed: bool  # there is a later version, which does not count yet


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
    offers: Mapping[int, Offer]  # of today, by person

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


async def counting_of(services: Services, school: SchoolToday, course: Course, number: int) -> Counting:
    """Return by what a course's marks are counted in a quarter; in that of today for 0."""
    quarters = await quarters_of(services, school.id, course.year)
    own = await schemes_of(services, school.id)
    quarter = quarter_of_number(quarters, number, school.on)
    return counting_in(own, quarters, quarter, course.subject.code)


def counting_in(own: Sequence[Scheme], quarters: Sequence[Quarter], quarter: Quarter, code: str) -> Counting:
    """Return by what marks of a subject are counted in a quarter. Pure."""
    scheme = scheme_in(own, quarters, quarter, code)
    spans = spans_in(quarters, by_half_years=scheme.is_half_year(code))
    later = any(each.from_on > scheme.from_on and each.from_on <= quarter.last_on for each in own)
    return Counting(quarters, quarter, spans, span_of(spans, quarter.number), scheme, later)


async def grid_of(services: Services, reach: Reach, course: Course, school: SchoolToday, number: int) -> Grid:
    """Return the journal of a course in a quarter; rights were asked by `course_within`."""
    counting = await counting_of(services, school, course, number)
    quarter, pool = counting.quarter, services.database.pool
    lessons = await lessons_of(services, [course.id], quarter.first_on, quarter.last_on)
    shown = [lesson for lesson in lessons if lesson.on <= school.on and not lesson.is_off]
    learners = (await learners_of(pool, [course.id], quarter.first_on, quarter.last_on))[course.id]
    learners = [each for each in learners if each.is_in(school.on) or any(each.is_in(lesson.on) for lesson in shown)]
    cells = await cells_of(pool, [lesson.id for lesson in shown])
    ids = [each.id for each in learners]
    got = await got_by(pool, ids, counting.span.quarters, school.on, [course.subject.id])
    rows = [
        Row(each, [_cell(cells, lesson, each) for lesson in shown], result_in(counting, course, each.id, got))
        for each in learners
    ]
    writes = writable(reach, course, shown, quarter, school.on)
    offers = await _offers(services, school, ids, shown)
    ahead = [lesson for lesson in lessons if lesson not in shown]
    return Grid(course, counting, shown, ahead, rows, writes, reach.hand_at(course), offers)


async def explain(
    services: Services, course: Course, school: SchoolToday, number: int, learner: Learner
) -> Explained:  # fmt: skip
    """Return how a student's mark came to be; rights were asked by `course_within`."""
    counting = await counting_of(services, school, course, number)
    pool, span = services.database.pool, counting.span
    lessons = [
        lesson for lesson in await lessons_of(services, [course.id], span.first_on, min(span.last_on, school.on))
        if not lesson.is_off and learner.is_in(lesson.on)
    ]  # fmt: skip
    ids = [lesson.id for lesson in lessons]
    cells = await cells_of(pool, ids, [learner.id])
    got = await got_by(pool, [learner.id], counting.quarters, school.on, [course.subject.id])
    own = await schemes_of(services, school.id)
    year = []
    if counting.scheme.has_marks(course.grade):
        for each in counting.spans:
            then = counting_in(own, counting.quarters, each.quarters[0], course.subject.code)
            year.append((each, result_of(then.scheme, course.subject.code, _sums(each, course, learner.id, got))))
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


async def result_now(
    services: Services, course: Course, counting: Counting, person_id: int, today: date
) -> Result | None:  # fmt: skip
    """Return a student's result as it is after something was written."""
    got = await got_by(services.database.pool, [person_id], counting.span.quarters, today, [course.subject.id])
    return result_in(counting, course, person_id, got)


def result_in(
    counting: Counting, course: Course, person_id: int, got: Totals
) -> Result | None:  # fmt: skip
    """Return a student's result in the stretch that is counted; None in a grade without marks. Pure."""
    if not counting.scheme.has_marks(course.grade):
        return None
    return result_of(counting.scheme, course.subject.code, _sums(counting.span, course, person_id, got))


def writable(
    reach: Reach, course: Course, lessons: Collection[Lesson], quarter: Quarter, today: date
) -> frozenset[int]:  # fmt: skip
    """Return the lessons into which somebody writes now. Pure."""
    is_open = quarter.is_open(today)
    wanted = Hand.TEACHER if is_open else Hand.CORRECTOR
    return frozenset(lesson.id for lesson in lessons if reach.hand_at(course, lesson) is wanted)


def sums_over(numbers: Collection[int], person_id: int, subject_id: int,
              got: Totals) -> dict[Part, Got]:  # fmt: skip
    """Return what somebody reached in a subject in some quarters together. Pure."""
    sums: dict[Part, Got] = {}
    for number in numbers:
        for part, more in got.get((person_id, subject_id, number), {}).items():
            sums[part] = sums.get(part, Got()) + more
    return sums


def _sums(span: Span, course: Course, person_id: int, got: Totals) -> dict[Part, Got]:
    return sums_over(span.numbers, person_id, course.subject.id, got)


def _cell(cells: Mapping[tuple[int, int], Standing], lesson: Lesson, learner: Learner) -> Standing | None:
    if not learner.is_in(lesson.on):
        return None
    return cells.get((lesson.id, learner.id), NOTHING)


async def _offers(
    services: Services, school: SchoolToday, ids: Sequence[int], lessons: Sequence[Lesson]
) -> Mapping[int, Offer]:  # fmt: skip
    """Return what is offered of today, where there is a lesson of today."""
    if not any(lesson.on == school.on for lesson in lessons):
        return {}
    async with services.database.pool.acquire() as connection:
        return await offers_on(connection, services.vault, school.id, ids, school.on)
