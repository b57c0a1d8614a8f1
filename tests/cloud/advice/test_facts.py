"""What the rules look at, from journals, the register and portfolios that were really written."""

from datetime import date, timedelta

import pytest

from cloud.advice.facts import facts_of_class
from cloud.advice.kinds import Facts, SubjectFacts
from cloud.core.services import Services
from cloud.journal.kinds import Kind
from cloud.portfolio.adding import add
from cloud.portfolio.kinds import OF_STUDENTS, Given, State
from cloud.portfolio.kinds import Kind as Entry
from cloud.portfolio.reach import student_at
from cloud.register.actions import mark as say_of_day
from cloud.register.kinds import BY_CODE
from tests.cloud.journal.factory import TERMS, TODAY, Journal, journal
from tests.cloud.schools.factory import SYSTEM

DAY = timedelta(days=1)


@pytest.fixture(name="journal")
async def _journal(services: Services) -> Journal:
    return await journal(services)


async def facts(opened: Journal, student: int) -> Facts:
    told = await facts_of_class(opened.services, opened.school, opened.studies.class_id)
    return told.facts[opened.studies.student_ids[student]]


async def mathematics(opened: Journal, student: int) -> SubjectFacts:
    code = "mathematics"
    return next(each for each in (await facts(opened, student)).subjects if each.subject.code == code)


@pytest.mark.requirement("KBR-4.2.advice")
async def test_marks_of_the_quarter_and_of_the_one_before_works_that_are_owed_and_the_next_mark(
    journal: Journal,
) -> None:
    for number, typed in enumerate(("9", "9", "9"), 1):
        await journal.type(await journal.lesson(TODAY, number), 0, typed)
    assert (await mathematics(journal, 0)).before is None
    await journal.at(TERMS[1][0])
    for number, typed in enumerate(("6", "6", "6"), 1):
        await journal.type(await journal.lesson(TERMS[1][0], number), 0, typed)
    await journal.lesson(TERMS[1][0], 4, Kind.SOR, 20)

    stands = await mathematics(journal, 0)

    assert (stands.works, stands.percent, stands.owes) == (3, 60, 1)
    assert (stands.before, stands.works_before) == (90, 3)
    assert (stands.next_mark, stands.next_from) == (4, 65)
    assert [each.subject.code for each in (await facts(journal, 0)).subjects] == ["english", "mathematics"]


async def test_lessons_missed_with_and_without_a_good_reason_and_late_ones(journal: Journal) -> None:
    days = [TODAY - DAY * back for back in (5, 4, 1)]
    lessons = [await journal.lesson(on) for on in [*days, TODAY]]
    for lesson, typed in zip(lessons, ("н", "н", "о", "8"), strict=True):
        await journal.type(lesson, 0, typed)
    await say_of_day(journal.services, SYSTEM, journal.school, journal.studies.class_id, days[0], journal.refs[0],
                     BY_CODE["absent_ill"], 0)  # fmt: skip

    told = await facts(journal, 0)

    assert (told.lessons, told.absent, told.excused, told.late) == (4, 2, 1, 1)


async def test_the_portfolio_counts_by_what_is_confirmed_alone(journal: Journal) -> None:
    services, school_id = journal.services, journal.school.id
    whose = await student_at(services, SYSTEM, school_id, journal.refs[0])
    for kind, on, state in (
        (Entry.SPORT, date(2026, 9, 10), State.CONFIRMED), (Entry.OLYMPIAD, date(2026, 3, 1), State.CONFIRMED),
        (Entry.OLYMPIAD, date(2026, 9, 12), State.WAITING), (Entry.REFERENCE, date(2026, 9, 14), State.CONFIRMED),
    ):  # fmt: skip
        await add(services, SYSTEM, whose, Given(kind, "x", on), OF_STUDENTS, state=state)

    told = await facts(journal, 0)

    assert (told.contest_on, told.achieved_on) == (date(2026, 3, 1), date(2026, 9, 10))
    other = await facts(journal, 1)
    assert (other.achieved_on, other.since) == (None, date(2026, 9, 1))


async def test_a_class_without_marks_is_judged_by_presence_alone_and_one_without_courses_has_nobody(
    journal: Journal,
) -> None:
    empty = await facts_of_class(journal.services, journal.school, journal.studies.other_class_id)
    assert (empty.learners, empty.facts) == ([], {})

    await journal.services.database.pool.execute(
        "UPDATE school_class SET grade = 1 WHERE id = $1", journal.studies.class_id
    )
    told = await facts(journal, 0)

    assert told.subjects == []
