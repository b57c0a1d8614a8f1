"""The sheet of a class: the marks of a quarter in all subjects, the year's so far, and how they are spread."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from cloud.attendance.queries import SchoolToday
from cloud.core.services import Services
from cloud.journal.counting import Stretch, counting_in, stretches_of, sums_over
from cloud.journal.grading import Result, Scheme, YearMark, result_of, year_mark
from cloud.journal.quarters import Quarter, quarter_of_number
from cloud.journal.queries import Learner, Totals, got_by, learners_of
from cloud.journal.schemes import quarters_of, schemes_of
from cloud.studies.queries import Course, Subject, courses_of

PASSED, GOOD = 3, 4


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A student with its results by subject; of a subject that it does not learn there is none."""

    learner: Learner
    results: Mapping[int, Result]
    years: Mapping[int, YearMark]


@dataclass(frozen=True, slots=True)
class Shares:
    """Of marks: how many there are, and which share in whole percents is 3 or better, and 4 or better."""

    marks: int
    passed: int
    good: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """The marks of a class in a quarter, and of its year so far."""

    class_name: str
    quarters: Sequence[Quarter]
    quarter: Quarter
    subjects: Sequence[Subject]
    rows: Sequence[SheetRow]
    has_marks: bool

    def shares(self, subject_id: int) -> Shares:
        """Return how a subject's marks are spread."""
        found = [row.results[subject_id].mark for row in self.rows if subject_id in row.results]
        return shares_of([mark for mark in found if mark is not None])

    @property
    def all_good(self) -> int:
        """Return how many students have 4 or better in every subject in which anybody has a mark yet."""
        marked = {each for row in self.rows for each, result in row.results.items() if result.mark is not None}
        own = [[result.mark or 0 for each, result in row.results.items() if each in marked] for row in self.rows]
        return sum(bool(marks) and min(marks) >= GOOD for marks in own)


@dataclass(frozen=True, slots=True)
class Counted:
    """How the marks of a subject are counted in a quarter, and in its year up to today."""

    own: Sequence[Scheme]
    quarters: Sequence[Quarter]
    quarter: Quarter
    today: date
    subject: Subject

    def result(self, person_id: int, got: Totals) -> Result:
        """Return a student's result in the quarter, or in the half-year that it belongs to."""
        counting = counting_in(self.own, self.quarters, self.quarter, self.subject.code)
        return self._in(Stretch(counting.span, counting.scheme), person_id, got)

    def year(self, person_id: int, got: Totals) -> YearMark:
        """Return a student's mark of the year so far."""
        begun = [
            each for each in stretches_of(self.own, self.quarters, self.subject.code)
            if each.span.first_on <= self.today
        ]  # fmt: skip
        return year_mark([self._in(each, person_id, got) for each in begun])

    def _in(self, stretch: Stretch, person_id: int, got: Totals) -> Result:
        sums = sums_over(stretch.span.numbers, person_id, self.subject.id, got)
        return result_of(stretch.scheme, self.subject.code, sums)


async def sheet_of(services: Services, school: SchoolToday, class_id: int, year: int, number: int) -> Sheet:
    """Return a class's marks of a quarter (of the last that began for 0), and of its year.

    Rights were asked by `class_within`.
    """
    courses = await courses_of(services, school.id, year, class_ids=[class_id])
    quarters = await quarters_of(services, school.id, year)
    quarter = quarter_of_number(quarters, number, school.on)
    own, pool = await schemes_of(services, school.id), services.database.pool
    learners = await learners_of(pool, [course.id for course in courses], quarter.first_on, quarter.until)
    got = await got_by(pool, {each.id for some in learners.values() for each in some}, quarters, school.on)
    subjects = {course.subject.id: course.subject for course in courses}
    counted = {each.id: Counted(own, quarters, quarter, school.on, each) for each in subjects.values()}
    rows = [
        SheetRow(
            learner, {each: counted[each].result(learner.id, got) for each in taught},
            {each: counted[each].year(learner.id, got) for each in taught},
        )
        for learner, taught in _taught(courses, learners, max(quarter.first_on, min(quarter.last_on, school.on)))
    ]  # fmt: skip
    scheme, grade = counting_in(own, quarters, quarter, "").scheme, courses[0].grade if courses else 0
    name = courses[0].class_name if courses else ""
    return Sheet(name, quarters, quarter, list(subjects.values()), rows, scheme.has_marks(grade))


def shares_of(marks: Sequence[int]) -> Shares:
    """Return how marks are spread, shares in whole percents, a half up."""

    def percent(least: int) -> int:
        fit = sum(mark >= least for mark in marks)
        return (200 * fit + len(marks)) // (2 * len(marks)) if marks else 0

    return Shares(len(marks), percent(PASSED), percent(GOOD))


def _taught(
    courses: Iterable[Course], learners: Mapping[int, Sequence[Learner]], on: date
) -> list[tuple[Learner, list[int]]]:  # fmt: skip
    """Return the students who are in a class on a day, by name, each with the subjects that it learns."""
    found: dict[int, tuple[Learner, list[int]]] = {}
    for course in courses:
        for learner in (each for each in learners[course.id] if each.is_in(on)):
            subjects = found.setdefault(learner.id, (learner, []))[1]
            if course.subject.id not in subjects:
                subjects.append(course.subject.id)
    return sorted(found.values(), key=lambda each: each[0].place)
