"""What the rules look at, of each student of a class: counted anew from journals, registers and portfolios when shown.

Rule: nothing of it is kept. What a mark is, the journal's own counting says.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from cloud.advice.kinds import Facts, SubjectFacts
from cloud.attendance.queries import SchoolToday
from cloud.core.services import Services
from cloud.journal.counting import counting_in, stretches_of
from cloud.journal.debts import Open, debts_of
from cloud.journal.grading import Result, Scheme
from cloud.journal.missed import Missed, attendance_of
from cloud.journal.quarters import Quarter, quarter_at
from cloud.journal.queries import Learner, Totals, got_by
from cloud.journal.schemes import quarters_of, schemes_of
from cloud.journal.sheets import Counted, Sheet, SheetRow, sheet_of
from cloud.portfolio.entries import Achieved, achieved_by
from cloud.studies.queries import Subject, courses_of
from cloud.studies.rules import year_of

_SINCE = "SELECT person_id, min(first_on) FROM stay WHERE school_id = $1 AND person_id = ANY($2) GROUP BY person_id"
_NO_DAYS = Achieved(None, None)


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """The students of a class by name, with their facts, in the quarter of today."""

    class_name: str
    year: int
    quarter: Quarter
    learners: Sequence[Learner]
    facts: Mapping[int, Facts]  # by person


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read of a class."""

    school: SchoolToday
    own: Sequence[Scheme]
    quarters: Sequence[Quarter]
    sheet: Sheet
    got: Totals  # of all stretches up to today
    missed: Mapping[int, Missed]
    owed: Counter[tuple[int, int]]  # works, by person and subject
    achieved: Mapping[int, Achieved]
    since: Mapping[int, date]


async def facts_of_class(services: Services, school: SchoolToday, class_id: int) -> ClassFacts:
    """Return the facts of each student who is in a class; that the reader may know them is checked before."""
    year, pool = year_of(school.on), services.database.pool
    quarters = await quarters_of(services, school.id, year)
    quarter = quarter_at(quarters, school.on)
    courses = await courses_of(services, school.id, year, class_ids=[class_id])
    sheet = await sheet_of(services, school, class_id, year, quarter.number)
    people = [row.learner.id for row in sheet.rows]
    debts = (await debts_of(services, school, courses, year, quarter.number)).debts
    missed = await attendance_of(services, school, class_id, year, quarter.number)
    known = _Known(
        school, await schemes_of(services, school.id), quarters, sheet,
        await got_by(pool, people, quarters, school.on) if people else {},
        {each.learner.id: each for each in missed.rows},
        Counter((each.learner.id, each.course.subject.id) for each in debts if each.learner and each.what is Open.WORK),
        await achieved_by(pool, people), dict(await pool.fetch(_SINCE, school.id, people)),
    )  # fmt: skip
    facts = {row.learner.id: _facts(known, row) for row in sheet.rows}
    return ClassFacts(sheet.class_name, year, quarter, [row.learner for row in sheet.rows], facts)


def _facts(known: _Known, row: SheetRow) -> Facts:
    person_id = row.learner.id
    subjects = [_subject(known, row, each) for each in known.sheet.subjects if each.id in row.results]
    missed, achieved = known.missed.get(person_id), known.achieved.get(person_id, _NO_DAYS)
    counts = (missed.lessons, missed.absent, missed.excused, missed.late) if missed else (0, 0, 0, 0)
    return Facts(
        known.school.on, subjects if known.sheet.has_marks else [], *counts, achieved.contest_on, achieved.any_on,
        known.since.get(person_id),
    )  # fmt: skip


def _subject(known: _Known, row: SheetRow, subject: Subject) -> SubjectFacts:
    result, person_id = row.results[subject.id], row.learner.id
    scheme = counting_in(known.own, known.quarters, known.sheet.quarter, subject.code).scheme
    next_mark, next_from = _next(scheme, result)
    before = _before(known, person_id, subject)
    return SubjectFacts(
        subject, _works(result), result.percent, before.percent if before else None, _works(before) if before else 0,
        known.owed[person_id, subject.id], next_mark, next_from,
    )  # fmt: skip


def _works(result: Result) -> int:
    return sum(line.got.works for line in result.lines)


def _before(known: _Known, person_id: int, subject: Subject) -> Result | None:
    """Return the result of the stretch before the one of today; None where there is none."""
    stretches = stretches_of(known.own, known.quarters, subject.code)
    earlier = [each for each in stretches if each.span.until < known.sheet.quarter.first_on]
    if not earlier:
        return None
    last = earlier[-1].span.quarters[-1]
    return Counted(known.own, known.quarters, last, known.school.on, subject).result(person_id, known.got)


def _next(scheme: Scheme, result: Result) -> tuple[int, int]:
    """Return the next better mark and the percent from which it is given; zeros where there is none."""
    lasts = {2: scheme.three, 3: scheme.four, 4: scheme.five}
    if result.mark is None or result.mark not in lasts:
        return 0, 0
    return result.mark + 1, lasts[result.mark]
