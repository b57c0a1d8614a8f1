"""Sheets, debts, schemes, reports and the diary through their seams."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.journal.debts import Open, debts_of
from cloud.journal.diary import Week, courses_of_student, diary_of, progress_of
from cloud.journal.errors import GradingRefused
from cloud.journal.grading import STATE, Lack, Part
from cloud.journal.kinds import Cell, Here, Kind
from cloud.journal.marking import remark
from cloud.journal.missed import attendance_of
from cloud.journal.reach import class_within, course_within, courses_within, reach_of
from cloud.journal.reports import reports_of
from cloud.journal.schemes import put_scheme, schemes_of, versions_of
from cloud.journal.sheets import Shares, shares_of, sheet_of
from cloud.people.moving import leave, move
from cloud.people.stays import Said
from cloud.register.actions import mark as say_of_day
from cloud.register.kinds import BY_CODE
from cloud.schools.calendar import set_day
from cloud.schools.rules import Day
from cloud.studies.actions import put_course, set_members
from cloud.studies.queries import course_of, years_taught
from cloud.studies.rules import CourseGiven
from tests.cloud.journal.factory import TERMS, TODAY, Journal, journal
from tests.cloud.schools.factory import SYSTEM

DAY = timedelta(days=1)
YEAR = 2026
OWN = replace(STATE[-1], from_on=TERMS[0][0], formative_least=1)


@pytest.fixture(name="journal")
async def _journal(services: Services) -> Journal:
    return await journal(services)


async def whole_quarter(opened: Journal, quarter: int, marks: dict[int, tuple[str, str, str]]) -> None:
    """Give students of mathematics a formative mark, a SOR and a SOCH, of 10, 20 and 20 points."""
    first_on = max(TERMS[quarter - 1][0], TODAY)
    kinds = ((Kind.LESSON, 0), (Kind.SOR, 20), (Kind.SOCH, 20))
    lessons = [await opened.lesson(first_on, number, kind, most) for number, (kind, most) in enumerate(kinds, 1)]
    for student, typed in marks.items():
        for lesson, points in zip(lessons, typed, strict=True):
            await opened.type(lesson, student, points)


async def test_the_sheet_of_a_class_has_the_quarters_marks_and_the_years_and_how_they_are_spread(
    journal: Journal,
) -> None:
    await put_scheme(journal.services, journal.deputy, journal.school.id, OWN, TODAY)
    await whole_quarter(journal, 1, {0: ("9", "18", "18"), 1: ("7", "14", "14"), 2: ("3", "6", "7")})
    await journal.at(TERMS[1][0])
    await whole_quarter(journal, 2, {0: ("7", "14", "14"), 1: ("8", "16", "17")})

    first = await sheet_of(journal.services, journal.school, journal.studies.class_id, YEAR, 1)
    second = await sheet_of(journal.services, journal.school, journal.studies.class_id, YEAR, 0)

    mathematics, english = journal.studies.subjects["mathematics"], journal.studies.subjects["english"]
    assert (first.class_name, first.quarter.number, second.quarter.number) == ("5А", 1, 2)
    assert [row.results[mathematics].mark for row in first.rows] == [5, 4, 2, None]
    assert [row.results[mathematics].is_final for row in first.rows] == [True, True, True, False]
    assert [row.results[mathematics].mark for row in second.rows] == [4, 4, None, None]
    assert [row.years[mathematics].mark for row in second.rows] == [5, 4, 2, None]  # 4.5 goes up
    assert [row.years[mathematics].is_final for row in second.rows] == [True, True, False, False]
    assert first.shares(mathematics) == Shares(3, 67, 67)
    assert all(english in row.results for row in first.rows)  # taught in two groups
    assert len(first.subjects) == 2


async def test_a_subject_in_which_nobody_has_a_mark_yet_counts_against_nobody(journal: Journal) -> None:
    services, studies = journal.services, journal.studies
    await put_scheme(services, journal.deputy, journal.school.id, OWN, TODAY)
    await whole_quarter(journal, 1, {0: ("9", "18", "18"), 1: ("7", "14", "14"), 2: ("3", "6", "7")})
    before = await sheet_of(services, journal.school, studies.class_id, YEAR, 1)

    english = await journal.lesson(TODAY, 4, Kind.LESSON, 0, studies.english[0], journal.colleague)
    await journal.type(english, 0, "9", journal.colleague, course=studies.english[0])

    after = await sheet_of(services, journal.school, studies.class_id, YEAR, 1)
    assert (before.all_good, after.all_good) == (2, 1)


async def test_a_class_out_of_reach_is_not_found(journal: Journal) -> None:
    services, school = journal.services, journal.school

    assert (await class_within(services, journal.class_teacher, school, journal.studies.class_id, YEAR)).classes
    for actor in (journal.class_teacher, journal.teacher):
        with pytest.raises(NotFound):
            await class_within(services, actor, school, journal.studies.other_class_id, YEAR)
    with pytest.raises(NotFound):  # who only teaches the class reads the own course of it
        await class_within(services, journal.teacher, school, journal.studies.class_id, YEAR)


async def test_in_a_new_year_who_reads_all_finds_the_sheet_of_the_last_one_and_the_next_class_teacher_does_not(
    journal: Journal,
) -> None:
    services, class_id = journal.services, journal.studies.class_id
    await put_scheme(services, journal.deputy, journal.school.id, OWN, TODAY)
    await whole_quarter(journal, 1, {0: ("9", "18", "18")})
    await journal.at(date(2027, 9, 6))

    assert await years_taught(services, journal.school.id, YEAR + 1) == [YEAR + 1, YEAR]
    reach = await class_within(services, journal.deputy, journal.school, class_id, YEAR)
    sheet = await sheet_of(services, journal.school, class_id, YEAR, 1)
    assert sheet.rows[0].results[journal.studies.subjects["mathematics"]].mark == 5
    mine, others = await courses_within(services, reach, journal.school, YEAR)
    assert (mine, len(others)) == ([], 3)
    assert await courses_within(services, reach, journal.school, YEAR + 1) == ([], [])
    with pytest.raises(NotFound):
        await class_within(services, journal.class_teacher, journal.school, class_id, YEAR)
    with pytest.raises(NotFound):
        await course_within(services, journal.class_teacher, journal.school, journal.studies.mathematics)
    of_teacher = await reach_of(services, journal.teacher, journal.school)
    mine, others = await courses_within(services, of_teacher, journal.school, YEAR)
    assert ([each.id for each in mine], others) == ([journal.studies.mathematics], [])


async def test_lessons_missed_go_by_the_journal_and_then_by_the_days_register(journal: Journal) -> None:
    services, school = journal.services, journal.school
    first, second, third = [await journal.lesson(TODAY - days * DAY, 1) for days in (4, 1, 0)]
    say = BY_CODE["absent_ill"]
    await say_of_day(services, SYSTEM, school, journal.studies.class_id, TODAY, journal.refs[0], say, 0)
    await say_of_day(services, SYSTEM, school, journal.studies.class_id, TODAY, journal.refs[1], say, 0)
    await journal.type(first, 0, "н")
    await journal.type(second, 0, "о 8")
    await journal.type(third, 1, "9")  # the register was wrong
    await journal.type(third, 2, "ш")

    sheet = await attendance_of(services, school, journal.studies.class_id, YEAR, 0)

    told = [(row.lessons, row.absent, row.excused, row.away, row.late) for row in sheet.rows]
    assert told == [(3, 2, 1, 0, 1), (3, 0, 0, 0, 0), (3, 0, 0, 1, 0), (3, 0, 0, 0, 0)]
    assert sheet.rows[0].by_subject == {journal.studies.subjects["mathematics"]: 2}
    assert [sheet.missed_of(each.id) for each in sheet.subjects if each.code == "mathematics"] == [2]


async def test_what_is_open_is_told_with_its_lesson_and_until_when(journal: Journal) -> None:
    sor = await journal.lesson(TODAY, 2, Kind.SOR, 20)
    for student in range(3):
        await journal.type(sor, student, "15")
    for number in range(3):
        lesson = await journal.lesson(date(2026, 9, 9 + number), 1)
        for student in (0, 3):
            await journal.type(lesson, student, "8")
    course = await course_of(journal.services, journal.school.id, journal.studies.mathematics)

    told = await debts_of(journal.services, journal.school, [course], YEAR, 0)

    ids = journal.studies.student_ids
    assert [(each.what, each.learner and each.learner.id, each.has, each.needs) for each in told.debts] == [
        (Open.WORK, ids[3], 0, 0), (Open.NO_SOCH, None, 0, 0), (Open.FEW, ids[1], 0, 3), (Open.FEW, ids[2], 0, 3),
    ]  # fmt: skip
    work = told.debts[0]
    assert (work.lesson and work.lesson.id, work.until) == (sor, TERMS[0][1])
    await journal.lesson(date(2026, 10, 20), 1, Kind.SOCH, 20)
    await journal.type(sor, 3, "н 11")
    told = await debts_of(journal.services, journal.school, [course], YEAR, 0)
    assert [each.what for each in told.debts] == [Open.FEW, Open.FEW]


async def test_who_missed_a_work_before_another_class_or_group_still_owes_it_and_who_left_does_not(
    journal: Journal,
) -> None:
    services, school, on = journal.services, journal.studies, TODAY + 7 * DAY
    await put_scheme(services, journal.deputy, school.school_id, OWN, TODAY)
    moved, regrouped, stays, left = school.student_ids
    sor = await journal.lesson(TODAY, 1, Kind.SOR, 20)
    english = await journal.lesson(TODAY, 2, Kind.SOR, 20, school.english[0], journal.colleague)
    await journal.type(sor, 1, "15")
    await journal.type(english, 0, "15", journal.colleague, course=school.english[0])
    await journal.at(on)
    await move(services, SYSTEM, school.school_id, [moved], school.other_class_id, Said(on))
    await leave(services, SYSTEM, left, Said(on - DAY))
    await set_members(services, SYSTEM, school.school_id, school.english[0], [], on)
    await set_members(services, SYSTEM, school.school_id, school.english[1], [regrouped, stays], on)
    courses = [await course_of(services, school.school_id, each) for each in (school.mathematics, school.english[0])]

    told = await debts_of(services, journal.school, courses, YEAR, 0)

    owed = [(each.lesson.id, each.learner.id) for each in told.debts if each.lesson and each.learner]
    assert owed == [(sor, moved), (sor, stays), (english, regrouped)]
    few = [(each.course.id, each.learner.id) for each in told.debts if each.what is Open.FEW and each.learner]
    assert few == [(school.mathematics, regrouped), (school.mathematics, stays)]


async def test_a_lesson_on_a_day_of_work_between_two_quarters_counts_for_the_earlier_one(journal: Journal) -> None:
    services, on = journal.services, date(2026, 10, 31)  # a Saturday instead of another day
    await put_scheme(services, journal.deputy, journal.school.id, OWN, TODAY)
    workday = Day.other(5, None, None, (None, None), "")
    await set_day(services, SYSTEM, journal.school.id, on, workday)
    await journal.at(on)
    await journal.type(await journal.lesson(on), 0, "8")
    sor = await journal.lesson(on, 2, Kind.SOR, 20)
    await journal.type(sor, 0, "10")
    await journal.type(sor, 1, "н")
    await journal.at(TERMS[1][0])

    first, second = await journal.grid(quarter=1), await journal.grid(quarter=2)

    assert ([each.on for each in first.lessons], second.lessons) == ([on, on], [])
    result = first.rows[0].result
    assert result is not None
    assert (result.percent, result.line(Part.FORMATIVE).got.works) == (65, 1)  # type: ignore[union-attr]
    sheet = await sheet_of(services, journal.school, journal.studies.class_id, YEAR, 1)
    mathematics = journal.studies.subjects["mathematics"]
    assert sheet.rows[0].results[mathematics] == result
    assert len((await journal.explained(0, 1)).lessons) == 2
    missed = await attendance_of(services, journal.school, journal.studies.class_id, YEAR, 1)
    assert [row.absent for row in missed.rows] == [0, 1, 0, 0]
    course = await course_of(services, journal.school.id, journal.studies.mathematics)
    debts = (await debts_of(services, journal.school, [course], YEAR, 1)).debts
    owed = [each.learner.id for each in debts if each.learner and each.what is Open.WORK]
    assert owed == journal.studies.student_ids[1:]


async def test_a_scheme_set_amid_a_quarter_counts_from_the_next_one_on(journal: Journal) -> None:
    services, school = journal.services, journal.school
    amid = replace(OWN, from_on=TODAY, formative=0, sor=50, soch=50)
    await whole_quarter(journal, 1, {0: ("10", "10", "10")})

    number = await put_scheme(services, journal.deputy, school.id, amid, TODAY)

    explained = await journal.explained(0)
    assert explained.result is not None
    assert (number, explained.counting.scheme, explained.result.percent) == (1, STATE[-1], 63)  # 25 + 12.5 + 25
    assert explained.counting.is_changed
    await journal.at(TERMS[1][0])
    await whole_quarter(journal, 2, {0: ("10", "10", "10")})
    explained = await journal.explained(0)
    assert explained.result is not None
    assert (explained.counting.scheme.number, explained.result.percent) == (1, 50)
    assert [result.percent for _, result in explained.year] == [63, 50, None, None]
    assert list((await journal.explained(0, 1)).result.lacks) == [Lack.FEW]  # type: ignore[union-attr]


async def test_versions_are_set_by_the_deputy_and_never_changed(journal: Journal) -> None:
    services, school_id = journal.services, journal.school.id
    teacher = Actor("x", None, frozenset({Reach(Role.TEACHER, school_id)}))
    for actor in (teacher, journal.studies.office):
        with pytest.raises(NotAllowed):
            await put_scheme(services, actor, school_id, OWN, TODAY)
    with pytest.raises(GradingRefused):
        await put_scheme(services, journal.deputy, school_id, replace(OWN, soch=49), TODAY)

    for _ in range(2):
        await put_scheme(services, journal.deputy, school_id, OWN, TODAY)

    assert await schemes_of(services, school_id) == [replace(OWN, number=1), replace(OWN, number=2)]
    assert {version.by for version in await versions_of(services, school_id)} == {"Ерлан Нұр"}
    noted = await noted_of(services, SYSTEM, school_id, Wanted(verb="grading.set"))
    assert [each.detail["weights"] for each in noted] == ["25/25/50"] * 2


async def test_a_subject_of_half_years_has_one_mark_for_two_quarters(journal: Journal) -> None:
    own = replace(OWN, half_year=frozenset({"mathematics"}), without_soch=frozenset({"mathematics"}))
    await put_scheme(journal.services, journal.deputy, journal.school.id, own, TODAY)
    await journal.type(await journal.lesson(), 0, "6")
    await journal.at(TERMS[1][0])
    await journal.type(await journal.lesson(TERMS[1][0]), 0, "9")

    explained = await journal.explained(0)

    assert explained.counting.span.numbers == (1, 2)
    assert explained.result is not None
    assert (explained.result.percent, explained.result.mark, explained.result.is_final) == (75, 4, True)
    assert [span.numbers for span, _ in explained.year] == [(1, 2), (3, 4)]
    assert (explained.year_mark.mark, len(explained.year_mark.marks)) == (4, 1)


async def test_a_grade_without_marks_has_attendance_and_no_result(journal: Journal) -> None:
    await put_scheme(journal.services, journal.deputy, journal.school.id, replace(OWN, unmarked_grade=5), TODAY)
    lesson = await journal.lesson()
    await journal.type(lesson, 0, "н")

    grid = await journal.grid()

    assert (grid.has_marks, [row.result for row in grid.rows]) == (False, [None] * 4)
    course = await course_of(journal.services, journal.school.id, journal.studies.mathematics)
    assert (await debts_of(journal.services, journal.school, [course], YEAR, 0)).debts == []


async def test_a_diary_has_what_was_taught_the_mark_and_the_teachers_words_and_not_the_notes(journal: Journal) -> None:
    services, ids = journal.services, journal.studies.student_ids
    lesson = await journal.lesson()
    english = await journal.lesson(TODAY, 2, course=journal.studies.english[1], teacher=journal.colleague)
    await journal.type(lesson, 0, "о 9")
    await remark(services, journal.teacher, journal.school, await journal.place(lesson), {journal.refs[0]: "Жарайсың!"})
    await services.database.pool.execute(
        "INSERT INTO lesson_plan (lesson_id, school_id, notes, links, changed_at, by_name)"
        " VALUES ($1, $2, 'for me', '{https://bilim.kz}', $3, '')", lesson, journal.school.id, services.clock.now(),
    )  # fmt: skip

    mine = await diary_of(services, ids[0], TODAY - DAY, TODAY + DAY)
    others = await diary_of(services, ids[2], TODAY, TODAY)

    assert [(each.lesson.id, each.cell, each.remark) for each in mine] == [(lesson, Cell(Here.LATE, 9), "Жарайсың!")]
    assert (mine[0].lesson.links, mine[0].lesson.notes) == (("https://bilim.kz",), "")
    assert [(each.lesson.id, each.cell, each.remark) for each in others] == [
        (lesson, Cell(), ""), (english, Cell(), ""),
    ]  # fmt: skip
    assert await diary_of(services, ids[0], TODAY + DAY, TODAY + 7 * DAY) == []


async def test_progress_tells_each_subject_and_the_weeks(journal: Journal) -> None:
    for on, typed in ((date(2026, 9, 2), "5"), (date(2026, 9, 4), "6"), (TODAY, "9")):
        await journal.type(await journal.lesson(on), 0, typed)

    progress = await progress_of(
        journal.services, journal.school.id, journal.studies.student_ids[0], journal.school.on, 0
    )

    assert {each.course.subject.code for each in progress.subjects} == {"mathematics", "english"}
    mathematics = next(each for each in progress.subjects if each.course.subject.code == "mathematics")
    assert mathematics.result is not None
    assert (mathematics.result.percent, mathematics.year.mark) == (67, 4)
    assert progress.weeks == [
        Week(date(2026, 8, 31), 2, 55), Week(date(2026, 9, 7), 0, None), Week(date(2026, 9, 14), 1, 90),
    ]  # fmt: skip
    english = journal.studies.subjects["english"]
    other = await progress_of(
        journal.services, journal.school.id, journal.studies.student_ids[0], journal.school.on, 0, english
    )
    assert other.weeks == []


async def test_courses_of_a_class_that_a_student_left_in_another_year_are_not_its_own(journal: Journal) -> None:
    school, services = journal.studies, journal.services
    person_id = school.student_ids[0]
    await move(services, SYSTEM, school.school_id, [person_id], school.other_class_id, Said(TODAY))
    await journal.at(date(2027, 9, 2))
    subject = school.subjects["mathematics"]
    for class_id in (school.class_id, school.other_class_id):
        await put_course(services, SYSTEM, school.school_id, CourseGiven(2027, class_id, subject, 10))

    this = await courses_of_student(services, school.school_id, person_id, 2027)
    before = await courses_of_student(services, school.school_id, person_id, 2026)

    assert [each.class_id for each in this] == [school.other_class_id]
    assert {each.id for each in before} == {school.mathematics, school.english[0]}


async def test_who_has_left_the_class_stands_in_no_sheet_any_more(journal: Journal) -> None:
    school = journal.studies
    await leave(journal.services, SYSTEM, school.student_ids[0], Said(TODAY - DAY))

    sheet = await sheet_of(journal.services, journal.school, school.class_id, YEAR, 0)

    assert [row.learner.id for row in sheet.rows] == school.student_ids[1:]


async def test_a_deputy_who_teaches_corrects_the_own_closed_quarter_with_a_reason(journal: Journal) -> None:
    lesson, school_id = await journal.lesson(), journal.school.id
    own = journal.teacher
    both = Actor(own.name, own.account_id, own.reaches | {Reach(Role.DEPUTY, school_id)})
    await journal.type(lesson, 0, "7", both)
    await journal.at(TERMS[1][0])

    assert (await journal.grid(both, 1)).writes == {lesson}
    await journal.type(lesson, 0, "9", both, reason="қате жазылған")

    assert (await journal.stands(lesson, 0)).cell.points == 9


async def test_a_report_on_paper_has_a_students_quarter(journal: Journal) -> None:
    lesson = await journal.lesson()
    await journal.type(lesson, 0, "9")
    await journal.type(lesson, 1, "н")
    await remark(journal.services, journal.teacher, journal.school, await journal.place(lesson),
                 {journal.refs[0]: "Жарайсың!"})  # fmt: skip

    reports = await reports_of(journal.services, journal.school, journal.studies.class_id, YEAR, 0)

    ids, mathematics = journal.studies.student_ids, journal.studies.subjects["mathematics"]
    assert reports.points == {(ids[0], mathematics): [9]}
    assert reports.missed[ids[1]].absent == 1
    assert [each.words for each in reports.remarks[ids[0]]] == ["Жарайсың!"]


@pytest.mark.parametrize(
    ("marks", "shares"),
    [
        ([], Shares(0, 0, 0)), ([5, 4, 3, 2], Shares(4, 75, 50)), ([2, 2, 5], Shares(3, 33, 33)),
        ([5, 2], Shares(2, 50, 50)),
    ],
)  # fmt: skip
def test_shares_are_whole_percents(marks: list[int], shares: Shares) -> None:
    assert shares_of(marks) == shares


async def test_a_report_on_paper_has_the_lessons_of_the_last_week_as_the_diary_has_them(journal: Journal) -> None:
    services, school = journal.services, journal.school
    await journal.lesson(TODAY - 7 * DAY)
    marked = await journal.lesson(TODAY)
    await journal.lesson(TODAY, 2)
    await journal.lesson(TODAY, 3, course=journal.studies.english[0], teacher=journal.colleague)
    await journal.type(marked, 0, "9")

    reports = await reports_of(services, school, journal.studies.class_id, YEAR, 0)

    first, third = [reports.week[journal.studies.student_ids[number]] for number in (0, 2)]
    assert [(each.lesson.on, each.lesson.number, each.cell.points) for each in first] == [
        (TODAY, 1, 9), (TODAY, 2, None), (TODAY, 3, None),
    ]  # fmt: skip
    assert [(each.lesson.number, each.subject.code) for each in third] == [(1, "mathematics"), (2, "mathematics")]
    assert [each.lesson.id for each in await diary_of(services, journal.studies.student_ids[0], TODAY - 6 * DAY, TODAY)
            ] == [each.lesson.id for each in first]  # fmt: skip
