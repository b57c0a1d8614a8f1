"""How learning goes, from journals and plans that were really written, within each one's reach."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from cloud.curriculum.rules import Theme
from cloud.curriculum.themes import set_themes
from cloud.journal.grading import STATE
from cloud.journal.schemes import put_scheme
from cloud.quality.queries import Quality, Wanted, quality_of
from cloud.quality.rules import Line, together
from cloud.studies.actions import end_course, set_members
from tests.cloud.journal.factory import TERMS, TODAY, Journal, journal
from tests.cloud.schools.factory import SYSTEM

DAY = timedelta(days=1)


@pytest.fixture(name="journal")
async def _journal(services: Services) -> Journal:
    return await journal(services)


async def told(opened: Journal, actor: Actor | None = None, wanted: Wanted | None = None) -> Quality:
    return await quality_of(opened.services, actor or opened.deputy, opened.school, wanted or Wanted(), "en")


async def mathematics(opened: Journal, wanted: Wanted | None = None) -> Line:
    lines = (await told(opened, wanted=wanted)).lines
    return next(each for each in lines if each.course.id == opened.studies.mathematics)


@pytest.mark.requirement("KZ456-27.5")
async def test_marks_lessons_without_a_theme_and_lessons_that_nobody_filled_in(journal: Journal) -> None:
    first = await journal.lesson(TODAY, 1)
    await journal.lesson(TODAY - DAY, 2)
    off = await journal.lesson(TODAY, 3)
    await journal.services.database.pool.execute("UPDATE lesson SET is_off = true WHERE id = $1", off)
    await journal.services.database.pool.execute("UPDATE lesson SET theme = 'Бөлшектер' WHERE id = $1", first)
    for student, typed in enumerate(("9", "7", "3", "н")):
        await journal.type(first, student, typed)

    line = await mathematics(journal)

    assert line.spread == {5: 1, 4: 1, 3: 0, 2: 1}
    assert (line.shares.good, line.shares.passed) == (67, 67)
    assert (line.held, line.without_theme, line.empty) == (2, 1, 1)
    await journal.lesson(TODAY, 2)
    assert (await mathematics(journal)).empty == 1, "what is held today may still be filled in"
    assert [each.course.title("en") for each in (await told(journal)).lines] == [
        "English, 5А, 1", "English, 5А, 2", "Mathematics, 5А",
    ]  # fmt: skip


@pytest.mark.requirement("KZ456-27.5")
async def test_a_course_is_behind_the_themes_of_the_weeks_that_are_over(journal: Journal) -> None:
    assert (await mathematics(journal)).planned is None
    await journal.lesson(TODAY, 1)
    themes = [Theme("", "Натурал сандар", 3, 1), Theme("", "Қосу", 2, 2), Theme("", "Азайту", 5, 3)]
    await set_themes(journal.services, SYSTEM, journal.school.id, journal.studies.mathematics, themes)

    line = await mathematics(journal)  # in the third week
    assert (line.planned, line.held_year, line.behind) == (5, 1, 4)

    await set_themes(journal.services, SYSTEM, journal.school.id, journal.studies.mathematics,
                     [*themes, Theme("", "Қайталау", 1)])  # fmt: skip
    assert (await mathematics(journal)).planned is None  # a theme without a week


async def test_a_week_is_over_on_its_sunday_and_at_a_quarters_end_all_of_its_weeks_are(journal: Journal) -> None:
    themes = [Theme("", str(week), 1, week) for week in range(1, 12)]
    await set_themes(journal.services, SYSTEM, journal.school.id, journal.studies.mathematics, themes)
    planned = []
    for on in (TODAY + 4 * DAY, TODAY + 5 * DAY, TERMS[0][1] - DAY, TERMS[0][1], TERMS[1][0]):
        await journal.at(on)
        planned.append(((await mathematics(journal)).planned, (await mathematics(journal, Wanted(quarter=1))).planned))

    assert planned == [(2, 2), (3, 3), (7, 7), (8, 8), (8, 8)]


async def test_who_left_in_the_holidays_has_a_mark_of_the_quarter_before(journal: Journal) -> None:
    await journal.type(await journal.lesson(TODAY), 0, "9")
    await journal.services.database.pool.execute(
        "UPDATE stay SET last_on = $2 WHERE person_id = $1", journal.studies.student_ids[0], TERMS[0][1] + DAY
    )
    await journal.at(TERMS[0][1] + 3 * DAY)

    assert (await mathematics(journal)).marks == [5]


async def test_a_subject_of_half_years_has_the_mark_of_both_quarters_in_each(journal: Journal) -> None:
    own = replace(
        STATE[-1], from_on=TERMS[0][0], formative_least=1, half_year=frozenset({"mathematics"}),
        without_soch=frozenset({"mathematics"}),
    )  # fmt: skip
    await put_scheme(journal.services, journal.deputy, journal.school.id, own, TODAY)
    await journal.type(await journal.lesson(TODAY), 0, "6")
    await journal.at(TERMS[1][0])
    await journal.type(await journal.lesson(TERMS[1][0]), 0, "10")

    marks = [(await mathematics(journal, Wanted(quarter=number))).marks for number in (1, 2)]

    assert marks == [[4], [4]]


async def test_a_course_that_gave_way_to_groups_has_no_marks_and_one_that_ended_before_the_quarter_is_left_out(
    journal: Journal,
) -> None:
    studies = journal.studies
    await journal.type(await journal.lesson(TODAY), 0, "9")
    await end_course(journal.services, SYSTEM, journal.school.id, studies.mathematics, TODAY)
    group = await studies.course("mathematics", "1")
    await set_members(journal.services, SYSTEM, journal.school.id, group, studies.student_ids[:2], TODAY)
    await journal.at(TODAY + DAY)
    asked = Wanted(subject_id=studies.subjects["mathematics"])

    lines = (await told(journal, wanted=asked)).lines
    assert {each.course.group: (list(each.marks), each.held) for each in lines} == {"": ([], 1), "1": ([5], 0)}
    assert together(lines).marks == 1

    await journal.at(TERMS[1][0])
    assert [each.course.group for each in (await told(journal, wanted=asked)).lines] == ["1"]


async def test_a_quarter_counts_its_own_lessons_and_a_plan_the_years(journal: Journal) -> None:
    await journal.type(await journal.lesson(TODAY), 0, "9")
    await journal.at(TERMS[1][0])
    await journal.lesson(TERMS[1][0], 1)

    now, before = await mathematics(journal), await mathematics(journal, Wanted(quarter=1))

    assert (now.held, now.held_year, now.marks) == (1, 2, [])
    assert (before.held, before.held_year, before.marks) == (1, 1, [5])


async def test_a_group_has_the_marks_of_its_own_students(journal: Journal) -> None:
    course = journal.studies.english[1]
    lesson = await journal.lesson(TODAY, 1, course=course, teacher=journal.colleague)
    await journal.type(lesson, 2, "9", journal.colleague, course=course)

    english = (await told(journal, wanted=Wanted(subject_id=journal.studies.subjects["english"]))).lines

    assert [(each.course.group, list(each.marks)) for each in english] == [("1", []), ("2", [5])]


async def test_who_has_classes_sees_them_and_who_reads_no_journals_nothing(journal: Journal) -> None:
    other = {Reach(Role.TUTOR, journal.school.id), Reach(Role.TUTOR, journal.school.id, journal.studies.other_class_id)}
    assert {each.course.class_name for each in (await told(journal, journal.class_teacher)).lines} == {"5А"}
    assert (await told(journal, Actor("x", 7, frozenset(other)))).lines == []
    assert (await told(journal, wanted=Wanted(class_id=journal.studies.other_class_id))).lines == []

    for actor in (journal.studies.office, journal.teacher):
        with pytest.raises(NotAllowed):
            await told(journal, actor)
