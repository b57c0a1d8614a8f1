"""Exams through their seam: added, results written and put right, taken from a spreadsheet with errors by cell."""

from datetime import timedelta

import pytest

from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.imports.exam_results import Roll, import_results
from cloud.progress.errors import ExamRefused
from cloud.progress.exams import (
    ExamGiven,
    Known,
    add_exam,
    drop_result,
    exam_of,
    exams_of,
    put_results,
    results_of,
    results_of_student,
)
from cloud.progress.kinds import Exam, Score
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.studies.factory import TODAY, Studies, studies


@pytest.fixture(name="school")
async def _school(services: Services) -> Studies:
    return await studies(services)


async def an_exam(school: Studies, points_max: int = 40) -> Exam:
    given = ExamGiven("monitoring", "Білім жетістіктерінің мониторингі", TODAY, school.subjects["mathematics"],
                      points_max)  # fmt: skip
    exam_id = await add_exam(school.services, school.office, school.school_id, given, TODAY)
    return await exam_of(school.services, school.office, school.school_id, exam_id)


def csv(*rows: str) -> bytes:
    return "\n".join(("Класс;ФИО;Баллы;Оценка", *rows)).encode()


async def scores(school: Studies, exam: Exam) -> dict[str, Score]:
    return {row.name: row.score for row in await results_of(school.services, exam)}


@pytest.mark.requirement("KBR-4.1.progress")
async def test_results_are_taken_from_a_spreadsheet_and_stand_with_the_student(school: Studies) -> None:
    exam = await an_exam(school)

    read = await import_results(
        school.services, school.office, school.school_id, exam,
        csv("5А;Әліби Айгерім;34;5", "5 а;бек  санжар;;4", ";Ким Ольга;0;"),
    )  # fmt: skip

    assert (read.count, list(read.problems)) == (3, [])
    assert await scores(school, exam) == {
        "Әліби Айгерім": Score(34, 5), "Бек Санжар": Score(None, 4), "Ким Ольга": Score(0, None),
    }  # fmt: skip
    ((told, score),) = await results_of_student(school.services, school.school_id, school.student_ids[0])
    assert (told.title, told.subject.code if told.subject else "", score) == (
        "Білім жетістіктерінің мониторингі", "mathematics", Score(34, 5),
    )  # fmt: skip
    (listed,) = await exams_of(school.services, school.deputy, school.school_id)
    assert listed.results == 3


@pytest.mark.requirement("KBR-4.1.progress")
async def test_what_is_wrong_is_told_by_cell_and_nothing_is_changed(school: Studies) -> None:
    exam = await an_exam(school)
    await put_results(school.services, school.office, school.school_id, exam, {school.student_ids[0]: Score(10, None)})

    read = await import_results(
        school.services, school.office, school.school_id, exam,
        csv("5А;Әліби Айгерім;34;5", "5А;Әліби Айгерім;33;5", "5А;Ешкім Жоқ;10;", "6Ә;Бек Санжар;10;",
            "5А;Бек Санжар;41;", "5А;Ким Ольга;;", "5А;Жұмабай Дана;x;9"),
    )  # fmt: skip

    assert [(each.row, each.column) for each in read.problems] == [
        (3, "ФИО"), (4, "ФИО"), (5, "ФИО"), (6, "Баллы"), (7, "Оценка"), (8, "Баллы"),
    ]  # fmt: skip
    assert await scores(school, exam) == {"Әліби Айгерім": Score(10, None)}


async def test_a_result_is_put_right_by_another_one_and_taken_out(school: Studies) -> None:
    exam, child = await an_exam(school), school.student_ids[0]
    ref = await school.services.database.pool.fetchval("SELECT ref FROM person WHERE id = $1", child)
    await put_results(school.services, school.office, school.school_id, exam, {child: Score(10, None)})
    await put_results(school.services, school.office, school.school_id, exam, {child: Score(None, 4)})
    assert await scores(school, exam) == {"Әліби Айгерім": Score(10, 4)}
    await put_results(school.services, school.office, school.school_id, exam, {child: Score(11, None)})
    assert await scores(school, exam) == {"Әліби Айгерім": Score(11, 4)}

    await drop_result(school.services, school.deputy, school.school_id, exam, ref)

    assert await scores(school, exam) == {}
    with pytest.raises(NotFound):
        await drop_result(school.services, school.deputy, school.school_id, exam, ref)


async def test_a_file_with_only_the_marks_leaves_the_points_as_they_stand(school: Studies) -> None:
    exam = await an_exam(school)
    for row in ("5А;Әліби Айгерім;34;", "5А;Әліби Айгерім;;5"):
        await import_results(school.services, school.office, school.school_id, exam, csv(row))

    assert await scores(school, exam) == {"Әліби Айгерім": Score(34, 5)}


async def test_an_exam_that_is_still_to_come_gets_no_results(school: Studies) -> None:
    given = ExamGiven("ent", "ҰБТ", TODAY + timedelta(days=1), points_max=140)
    exam_id = await add_exam(school.services, school.office, school.school_id, given, TODAY)
    exam = await exam_of(school.services, school.office, school.school_id, exam_id)

    with pytest.raises(ExamRefused, match="still to come"):
        await import_results(
            school.services, school.office, school.school_id, exam, csv("5А;Әліби Айгерім;34;")
        )  # fmt: skip

    assert await scores(school, exam) == {}


async def test_a_number_of_another_student_than_the_name_is_told(school: Studies) -> None:
    exam = await an_exam(school)

    wrong, right = [
        await import_results(
            school.services, school.office, school.school_id, exam, f"Нөмірі;ФИО;Баллы\n5-0;{name};34".encode()
        )
        for name in ("Бек Санжар", "әліби  айгерім")
    ]

    assert [(each.row, each.column) for each in wrong.problems] == [(2, "Нөмірі")]
    assert "another student's" in str(wrong.problems[0].message)
    assert right.count == 1


async def test_who_may_not_keep_exams_sees_and_writes_none_and_another_schools_student_gets_no_result(
    school: Studies,
) -> None:
    exam, teacher = await an_exam(school), school.teachers[0]
    other = await studies(school.services, "astana7")
    for deed in (
        exams_of(school.services, teacher, school.school_id),
        exam_of(school.services, teacher, school.school_id, exam.id),
        exam_of(school.services, other.office, school.school_id, exam.id),
        add_exam(school.services, teacher, school.school_id, ExamGiven("ent", "x", TODAY), TODAY),
        put_results(school.services, teacher, school.school_id, exam, {school.student_ids[0]: Score(1, None)}),
        import_results(school.services, teacher, school.school_id, exam, csv("5А;Әліби Айгерім;34;5")),
    ):
        with pytest.raises(NotAllowed):
            await deed
    with pytest.raises(NotFound):
        await exam_of(school.services, other.office, other.school_id, exam.id)

    await put_results(school.services, SYSTEM, school.school_id, exam, {other.student_ids[0]: Score(1, None)})

    assert await scores(school, exam) == {}


async def test_of_a_list_with_a_wrong_result_nothing_is_kept(school: Studies) -> None:
    exam, (first, second, *_) = await an_exam(school), school.student_ids

    with pytest.raises(ExamRefused):
        await put_results(
            school.services, school.office, school.school_id, exam, {first: Score(1, None), second: Score(99, None)}
        )

    assert await scores(school, exam) == {}


def test_a_student_is_found_by_number_or_by_a_name_that_is_clear() -> None:
    roll = Roll([
        Known(1, "5-1", "Ким", "Ольга", "", "5А"), Known(2, "6-1", "Ким", "Ольга", "Игоревна", "6Ә"),
        Known(3, "", "Бек", "Санжар", "", ""),
    ])  # fmt: skip

    assert [roll.find("6-1", "", name) for name in ("", "Ким Ольга", "Ким Ольга Игоревна")] == [2, 2, 2]
    assert roll.find("", "6 ә", "ким ольга") == 2
    assert roll.find("", "", "Ким Ольга Игоревна") == 2
    assert roll.find("", "", "БЕК САНЖАР") == 3
    for asked in (
        ("9-9", "", "Бек Санжар"), ("5-1", "", "Бек Санжар"), ("", "", "Ким Ольга"), ("", "7А", "Ким Ольга"),
        ("", "", ""),
    ):  # fmt: skip
        with pytest.raises(ExamRefused):
            roll.find(*asked)
