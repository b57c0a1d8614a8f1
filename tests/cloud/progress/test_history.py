"""A student's marks over the years, from journals that were really written: quarters, years, and nothing kept."""

from datetime import date, timedelta

import pytest

from cloud.core.services import Services
from cloud.journal.kinds import Kind
from cloud.progress.history import SchoolYear, history_of
from cloud.progress.queries import progress_of
from cloud.schools.actions import set_terms
from cloud.studies.actions import put_course
from cloud.studies.rules import CourseGiven
from tests.cloud.journal.factory import TERMS, TODAY, Journal, journal
from tests.cloud.schools.factory import SYSTEM


@pytest.fixture(name="journal")
async def _journal(services: Services) -> Journal:
    return await journal(services)


async def quarter(opened: Journal, on: date, formative: str, sor: str, soch: str, course: int | None = None) -> None:
    """Give the first student a whole quarter's marks of mathematics: three formative ones, a SOR and a SOCH of 20."""
    lessons = [await opened.lesson(on, number, course=course) for number in (1, 2, 3)]
    lessons += [
        await opened.lesson(on, number, kind, 20, course=course) for number, kind in ((4, Kind.SOR), (5, Kind.SOCH))
    ]
    for lesson, typed in zip(lessons, (formative, formative, formative, sor, soch), strict=True):
        await opened.type(lesson, 0, typed, course=course)


async def history(opened: Journal, student: int = 0) -> list[SchoolYear]:
    person_id = opened.studies.student_ids[student]
    return await history_of(opened.services, opened.school.id, person_id, opened.school.on)


def marks(year: SchoolYear) -> dict[int, int | None]:
    (subject,) = year.subjects
    assert subject.subject.code == "mathematics"
    return {number: result.mark for number, result in subject.marks.items()}


@pytest.mark.requirement("KBR-4.1.progress")
async def test_quarters_and_years_come_from_the_journals_by_themselves_over_the_years(journal: Journal) -> None:
    assert await history(journal) == []
    await quarter(journal, TODAY, "9", "18", "18")
    await journal.at(TERMS[1][0])
    await quarter(journal, TERMS[1][0], "7", "14", "14")

    (year,) = await history(journal)
    assert (year.year, marks(year), year.subjects[0].year.mark) == (2026, {1: 5, 2: 4}, 5)
    assert year.mean_percent == {1: 90, 2: 70}
    assert await history(journal, 1) == []

    september = date(2027, 9, 2)
    next_year = (date(2027, 9, 1), date(2027, 10, 25))
    await set_terms(journal.services, SYSTEM, journal.school.id, [*TERMS, next_year])
    await journal.at(september)
    given = CourseGiven(2027, journal.studies.class_id, journal.studies.subjects["mathematics"], 10, "",
                        journal.studies.teacher_ids[0])  # fmt: skip
    course = await put_course(journal.services, SYSTEM, journal.school.id, given)
    await quarter(journal, september, "5", "10", "10", course)

    later, earlier = await history(journal)
    assert (later.year, earlier.year) == (2027, 2026)
    assert (marks(later), marks(earlier)) == ({1: 3}, {1: 5, 2: 4})


@pytest.mark.requirement("KBR-4.1.progress")
async def test_a_mark_that_is_put_right_is_right_in_the_progress_too(journal: Journal) -> None:
    await quarter(journal, TODAY, "9", "18", "18")
    lesson = await journal.services.database.pool.fetchval("SELECT id FROM lesson WHERE kind = 'soch'")
    await journal.at(TERMS[1][0])
    await journal.type(lesson, 0, "2", journal.deputy, reason="Қате енгізілген")

    (year,) = await history(journal)

    assert marks(year) == {1: 3}


async def test_the_chart_needs_two_quarters_and_shows_what_the_table_says(journal: Journal) -> None:
    async def told() -> tuple[list[tuple[int, int, int]], int]:
        person_id = journal.studies.student_ids[0]
        found = await progress_of(journal.services, journal.school.id, person_id, journal.school.on)
        return found.quarters, len(found.chart.columns) if found.chart else 0

    await quarter(journal, TODAY, "9", "18", "18")
    assert await told() == ([(2026, 1, 90)], 0)
    await journal.at(TERMS[1][0] + timedelta(days=1))
    await quarter(journal, journal.school.on, "7", "14", "14")

    assert await told() == ([(2026, 1, 90), (2026, 2, 70)], 2)
