"""By what the marks of a course are counted in a quarter, and what somebody's come to by it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from cloud.attendance.queries import SchoolToday
from cloud.core.services import Services
from cloud.journal.grading import Got, Part, Result, Scheme, result_of, scheme_for
from cloud.journal.quarters import IN_HALF_A_YEAR, Quarter, Span, quarter_of_number
from cloud.journal.queries import Totals, got_by
from cloud.journal.schemes import quarters_of, schemes_of
from cloud.studies.queries import Course


@dataclass(frozen=True, slots=True)
class Stretch:
    """Of what one mark of a year is made, and the version that counts for it."""

    span: Span
    scheme: Scheme


@dataclass(frozen=True, slots=True)
class Counting:
    """By what a course's marks are counted in a quarter: the stretch of one mark, and the version that counts."""

    quarters: Sequence[Quarter]
    quarter: Quarter
    stretches: Sequence[Stretch]  # of the year
    span: Span
    scheme: Scheme
    is_changed: bool  # there is a later version, which does not count yet


async def counting_of(services: Services, school: SchoolToday, course: Course, number: int) -> Counting:
    """Return by what a course's marks are counted in a quarter; in that of today for 0."""
    quarters = await quarters_of(services, school.id, course.year)
    own = await schemes_of(services, school.id)
    quarter = quarter_of_number(quarters, number, school.on)
    return counting_in(own, quarters, quarter, course.subject.code)


def counting_in(own: Sequence[Scheme], quarters: Sequence[Quarter], quarter: Quarter, code: str) -> Counting:
    """Return by what marks of a subject are counted in a quarter. Pure."""
    stretches = stretches_of(own, quarters, code)
    stretch = next(each for each in stretches if quarter.number in each.span.numbers)
    later = any(each.from_on > stretch.scheme.from_on and each.from_on <= quarter.last_on for each in own)
    return Counting(quarters, quarter, stretches, stretch.span, stretch.scheme, later)


def stretches_of(own: Sequence[Scheme], quarters: Sequence[Quarter], code: str) -> list[Stretch]:
    """Return the stretches of a year: a half-year is one where the version of its first day says so, else two. Pure."""
    stretches = []
    for first in range(0, len(quarters), IN_HALF_A_YEAR):
        half = quarters[first : first + IN_HALF_A_YEAR]
        scheme = scheme_for(own, half[0].first_on)
        if scheme.is_half_year(code):
            stretches.append(Stretch(Span(half), scheme))
        else:
            stretches += [Stretch(Span([quarter]), scheme_for(own, quarter.first_on)) for quarter in half]
    return stretches


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
    return result_of(
        counting.scheme, course.subject.code, sums_over(counting.span.numbers, person_id, course.subject.id, got)
    )


def sums_over(numbers: Collection[int], person_id: int, subject_id: int,
              got: Totals) -> dict[Part, Got]:  # fmt: skip
    """Return what somebody reached in a subject in some quarters together. Pure."""
    sums: dict[Part, Got] = {}
    for number in numbers:
        for part, more in got.get((person_id, subject_id, number), {}).items():
            sums[part] = sums.get(part, Got()) + more
    return sums
