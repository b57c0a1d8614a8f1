"""A student's marks over the school years, as the journals have them: counted anew whenever they are shown.

Rule: nothing of it is kept; a subject stands in a year once something was marked in it. Whose marks they are, and who
asks, is the caller's to check.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from cloud.core.services import Services
from cloud.journal.counting import stretches_of
from cloud.journal.grading import Got, Part, Result, Scheme, YearMark
from cloud.journal.quarters import Quarter, quarters_in
from cloud.journal.queries import Key, got_by
from cloud.journal.schemes import schemes_of
from cloud.journal.sheets import Counted
from cloud.schools.queries import terms_of
from cloud.studies.queries import Subject, subjects_of
from cloud.studies.rules import year_of

YEARS_MAX = 12  # the latest
APART = 100  # between the numbers of quarters of two years
_FIRST = "SELECT min(first_on) FROM stay WHERE person_id = $1 AND school_id = $2"


@dataclass(frozen=True, slots=True)
class SubjectYear:
    """A subject in a year: its marks by quarters, where a half-year's stands in its last one, and the year's."""

    subject: Subject
    marks: Mapping[int, Result]  # by the number of the quarter
    year: YearMark


@dataclass(frozen=True, slots=True)
class SchoolYear:
    """A school year that begins in `year`, with the subjects that were marked in it."""

    year: int
    quarters: Sequence[Quarter]
    subjects: Sequence[SubjectYear]

    @property
    def mean_percent(self) -> dict[int, int]:
        """Return the mean of what subjects come to in each quarter, in whole percents; quarters without marks lack."""
        found: dict[int, list[int]] = {}
        for subject in self.subjects:
            for number, result in subject.marks.items():
                if result.percent is not None:
                    found.setdefault(number, []).append(result.percent)
        return {number: (2 * sum(some) + len(some)) // (2 * len(some)) for number, some in sorted(found.items())}


async def history_of(services: Services, school_id: int, person_id: int, today: date) -> list[SchoolYear]:
    """Return a student's years at a school, the latest first."""
    pool, this_year = services.database.pool, year_of(today)
    first_on = await pool.fetchval(_FIRST, person_id, school_id)
    if first_on is None:
        return []
    terms = await terms_of(services, school_id)
    years = range(max(year_of(first_on), this_year - YEARS_MAX + 1), this_year + 1)
    quarters = {year: quarters_in(terms, year) for year in years}
    numbered = [
        replace(each, number=APART * place + each.number)
        for place, year in enumerate(years) for each in quarters[year] if each.first_on <= today
    ]  # fmt: skip
    if not numbered:
        return []
    got = await got_by(pool, [person_id], numbered, today)
    subjects, own = await subjects_of(services, school_id), await schemes_of(services, school_id)
    told = [
        SchoolYear(year, quarters[year], _subjects(own, quarters[year], subjects, _of_year(got, place), today))
        for place, year in enumerate(years)
    ]  # fmt: skip
    return [each for each in reversed(told) if each.subjects]


def _of_year(got: Mapping[Key, dict[Part, Got]], place: int) -> dict[Key, dict[Part, Got]]:
    return {
        (person_id, subject_id, number - APART * place): parts
        for (person_id, subject_id, number), parts in got.items() if number // APART == place
    }  # fmt: skip


def _subjects(
    own: Sequence[Scheme], quarters: Sequence[Quarter], subjects: Sequence[Subject],
    got: Mapping[Key, dict[Part, Got]], today: date,
) -> list[SubjectYear]:  # fmt: skip
    marked = {subject_id for (_, subject_id, _), parts in got.items() if any(each.works for each in parts.values())}
    persons = {person_id for person_id, _, _ in got}
    if not persons:
        return []
    (person_id,) = persons
    found = []
    for subject in (each for each in subjects if each.id in marked):
        begun = [each for each in stretches_of(own, quarters, subject.code) if each.span.first_on <= today]
        lasts = [each.span.quarters[-1] for each in begun]
        marks = {
            last.number: Counted(own, quarters, last, today, subject).result(person_id, got) for last in lasts
        }  # fmt: skip
        year = Counted(own, quarters, lasts[-1], today, subject).year(person_id, got)
        found.append(SubjectYear(subject, {n: each for n, each in marks.items() if each.percent is not None}, year))
    return found
