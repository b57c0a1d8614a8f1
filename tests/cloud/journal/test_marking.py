"""The journal through its seam: who writes what where, what stands, what comes of it, and that nothing is ever lost."""

import asyncio
from dataclasses import replace
from datetime import date, time, timedelta

import asyncpg
import pytest

from cloud.audit.queries import Wanted, noted_of
from cloud.consents.scans import ScanRefused
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.sealed_files import file_of, files_of
from cloud.core.services import Services
from cloud.erasure.steps import STEPS
from cloud.journal.diary import is_at
from cloud.journal.errors import JournalChanged, JournalClosed, JournalRefused
from cloud.journal.files import FILES, add_file, drop_lesson_file
from cloud.journal.grading import Part
from cloud.journal.kinds import Cell, Here, Kind
from cloud.journal.lessons import Planned, add_lesson, plan_lesson
from cloud.journal.marking import Change, mark, remark, take
from cloud.journal.queries import history_of, remarks_of
from cloud.journal.reach import course_within, courses_within, reach_of
from cloud.people.moving import leave, move
from cloud.people.stays import Said as SaidOfMove
from cloud.register.actions import mark as say_of_day
from cloud.register.kinds import BY_CODE
from cloud.retention.actions import Begin, delete_due
from cloud.schools.actions import set_bells
from tests.cloud.journal.factory import TERMS, TODAY, Journal, journal
from tests.cloud.schools.factory import SYSTEM

DAY = timedelta(days=1)
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
_COUNT = "SELECT count(*) FROM journal_mark"


@pytest.fixture(name="journal")
async def _journal(services: Services) -> Journal:
    return await journal(services)


async def count(opened: Journal) -> int:
    return int(await opened.services.database.pool.fetchval(_COUNT))


@pytest.mark.requirement("KZ456-27.12")
@pytest.mark.requirement("KZ456-27.1", part="journal")
async def test_a_teacher_writes_marks_and_who_was_there_and_the_quarters_mark_follows(journal: Journal) -> None:
    first, second = await journal.lesson(TODAY - DAY), await journal.lesson(TODAY)
    sor = await journal.lesson(TODAY, 2, Kind.SOR, most=20)

    await journal.type(first, 0, "8")
    await journal.type(first, 1, "н")
    await journal.type(second, 0, "9")
    await journal.type(sor, 0, "12")

    grid = await journal.grid()
    assert [row.learner.name for row in grid.rows] == ["Әліби Айгерім", "Бек Санжар", "Жұмабай Дана", "Ким Ольга"]
    assert [None if each is None else each.cell for each in grid.rows[0].cells] == [
        Cell(Here.PRESENT, 8), Cell(Here.PRESENT, 9), Cell(Here.PRESENT, 12),
    ]  # fmt: skip
    result = grid.rows[0].result
    assert result is not None
    assert (result.percent, result.mark, result.is_final) == (73, 4, False)  # 85 % and 60 %, by halves: no SOCH yet
    assert grid.rows[1].result is not None
    assert grid.rows[1].result.mark is None
    await journal.type(first, 0, "")
    after = (await journal.grid()).rows[0].result
    assert after is not None
    assert (after.percent, after.line(Part.FORMATIVE).got.works) == (75, 1)  # type: ignore[union-attr]
    noted = await noted_of(journal.services, SYSTEM, journal.school.id, Wanted(verb="journal.marked"))
    assert len(noted) == 5
    assert noted[0].detail == {"on": "2026-09-14", "lesson": str(first)}  # whose, where, and never what


async def test_what_was_written_stays_and_the_last_of_it_stands(journal: Journal) -> None:
    lesson = await journal.lesson()
    for typed in ("7", "о 8", "н", ""):
        await journal.type(lesson, 0, typed)

    history = await history_of(journal.services, [journal.studies.student_ids[0]], [lesson])
    assert [each.cell for each in history] == [
        Cell(), Cell(Here.ABSENT), Cell(Here.LATE, 8), Cell(Here.PRESENT, 7),
    ]  # fmt: skip
    assert {each.by for each in history} == {"Сейіт Айгүл"}
    assert (await journal.stands(lesson, 0)).cell == Cell()


async def test_whoever_comes_second_is_told_what_stands_and_a_repeated_request_writes_once(journal: Journal) -> None:
    lesson = await journal.lesson()
    await journal.type(lesson, 0, "7", seen=0)

    again = await journal.type(lesson, 0, "7", seen=0)  # the answer was lost on the line
    with pytest.raises(JournalChanged, match="Сейіт Айгүл wrote") as refused:
        await journal.type(lesson, 0, "9", seen=0)
    await journal.type(lesson, 1, "9", seen=0)

    assert (refused.value.standing.cell, refused.value.standing.number) == (Cell(Here.PRESENT, 7), again.number)
    assert await count(journal) == 2


async def test_of_two_browsers_in_one_moment_one_is_told_and_numbers_have_no_gap(journal: Journal) -> None:
    lesson = await journal.lesson()
    both = [journal.type(lesson, student, typed, seen=0)
            for student, typed in ((0, "7"), (0, "8"), (1, "9"), (2, "н"))]  # fmt: skip

    came = await asyncio.gather(*both, return_exceptions=True)

    assert sorted(type(each).__name__ for each in came) == ["JournalChanged", "Standing", "Standing", "Standing"]
    rows = await journal.services.database.pool.fetch("SELECT number FROM journal_mark ORDER BY number")
    assert [row["number"] for row in rows] == [1, 2, 3]


async def test_a_class_is_written_whole_or_not_at_all(journal: Journal) -> None:
    lesson = await journal.lesson()
    place = await journal.place(lesson)
    changes = [Change(ref, "9", 0) for ref in journal.refs]

    with pytest.raises(JournalRefused):
        await mark(journal.services, journal.teacher, journal.school, place, [*changes, Change("nobody", "9", 0)])
    assert await count(journal) == 0
    await mark(journal.services, journal.teacher, journal.school, place, changes)

    assert await count(journal) == 4
    noted = await noted_of(journal.services, SYSTEM, journal.school.id, Wanted(verb="journal.marked"))
    assert [(each.subject, each.detail["count"]) for each in noted] == [(f"lesson:{lesson}", "4")]


async def test_nobody_gets_a_mark_who_was_not_in_the_class_or_group_on_that_day(journal: Journal) -> None:
    services, school = journal.services, journal.studies
    before, lesson = await journal.lesson(TODAY - DAY), await journal.lesson()
    english = await journal.lesson(TODAY, 3, course=school.english[0], teacher=journal.colleague)
    left, moved = school.student_ids[0], school.student_ids[1]
    await leave(services, school.office, left, SaidOfMove(TODAY - DAY))
    await move(services, school.office, school.school_id, [moved], school.other_class_id, SaidOfMove(TODAY))

    for student in (0, 1):
        with pytest.raises(JournalRefused, match="not in the class"):
            await journal.type(lesson, student, "8")
    with pytest.raises(JournalRefused, match="not in the class"):
        await journal.type(english, 2, "8", journal.colleague, course=school.english[0])  # of the other group
    await journal.type(before, 0, "8")
    await journal.type(lesson, 2, "8")

    rows = (await journal.grid()).rows
    assert [[None if each is None else each.cell.points for each in row.cells] for row in rows] == [
        [8, None], [None, None], [None, 8], [None, None],
    ]  # fmt: skip
    assert rows[0].cells[1] is None
    assert rows[1].cells[1] is None


@pytest.mark.parametrize(("typed", "kind"), [("11", Kind.LESSON), ("0", Kind.LESSON), ("21", Kind.SOR)])
async def test_points_above_what_can_be_had_are_refused(journal: Journal, typed: str, kind: Kind) -> None:
    lesson = await journal.lesson(kind=kind, most=20)

    with pytest.raises(JournalRefused):
        await journal.type(lesson, 0, typed)

    assert await count(journal) == 0


async def test_nothing_is_written_at_a_lesson_to_come_or_called_off(journal: Journal) -> None:
    ahead, off = await journal.lesson(TODAY + DAY), await journal.lesson()
    await journal.services.database.pool.execute("UPDATE lesson SET is_off = true WHERE id = $1", off)

    with pytest.raises(JournalClosed, match="not come"):
        await journal.type(ahead, 0, "8")
    with pytest.raises(JournalClosed, match="called off"):
        await journal.type(off, 0, "8")
    grid = await journal.grid()
    assert ([each.id for each in grid.lessons], {each.id for each in grid.ahead}) == ([], {ahead, off})


async def test_a_strangers_course_is_not_found_and_a_reader_writes_nothing(journal: Journal) -> None:
    services, school = journal.services, journal.school
    lesson = await journal.lesson()
    untied = Actor("x", 10**9, frozenset({Reach(Role.TEACHER, school.id)}))
    director = Actor("x", None, frozenset({Reach(Role.DIRECTOR, school.id)}))

    with pytest.raises(NotFound):
        await journal.type(lesson, 0, "8", journal.colleague)
    with pytest.raises(NotAllowed, match="tie your account"):
        await reach_of(services, untied, school)
    for reader in (director, journal.class_teacher):
        assert (await journal.grid(reader)).writes == frozenset()
        with pytest.raises(NotAllowed):
            await journal.type(lesson, 0, "8", reader)
    with pytest.raises(NotFound):
        await course_within(services, journal.class_teacher, school, await journal.studies.course(
            "mathematics", teacher=1, class_id=journal.studies.other_class_id))  # fmt: skip
    for role in (Role.OFFICE, Role.GUARD, Role.GUARDIAN):
        with pytest.raises(NotAllowed):
            await reach_of(services, Actor("x", None, frozenset({Reach(role, school.id)})), school)
    assert await count(journal) == 0


async def test_a_substitute_writes_the_own_lessons_and_reads_the_rest(journal: Journal) -> None:
    own, given = await journal.lesson(TODAY - DAY), await journal.lesson()
    await journal.services.database.pool.execute(
        "UPDATE lesson SET teacher_id = $2 WHERE id = $1", given, journal.studies.teacher_ids[1]
    )

    await journal.type(given, 0, "9", journal.colleague)
    with pytest.raises(NotAllowed):
        await journal.type(own, 0, "9", journal.colleague)

    assert (await journal.grid(journal.colleague)).writes == {given}
    assert (await journal.grid(journal.teacher)).writes == {own, given}
    reach = await reach_of(journal.services, journal.colleague, journal.school)
    mine, others = await courses_within(journal.services, reach, journal.school, reach.year)
    assert {course.id for course in mine} == {*journal.studies.english, journal.studies.mathematics}
    assert others == []
    await journal.at(TODAY + 61 * DAY)
    with pytest.raises(NotFound):
        await course_within(journal.services, journal.colleague, journal.school, journal.studies.mathematics)


async def test_a_mark_of_a_closed_quarter_is_put_right_by_a_deputy_with_a_reason_and_all_of_it_stays(
    journal: Journal,
) -> None:
    lesson = await journal.lesson(kind=Kind.SOCH, most=20)
    await journal.type(lesson, 0, "12")
    await journal.at(TERMS[1][0])

    with pytest.raises(JournalClosed, match="deputy director"):
        await journal.type(lesson, 0, "18")
    with pytest.raises(JournalClosed, match="reason"):
        await journal.type(lesson, 0, "18", journal.deputy)
    await journal.type(lesson, 0, "18", journal.deputy, reason="апелляция 4, 03.11.2026")

    explained = await journal.explained(0, 1)
    assert explained.result is not None
    assert (explained.result.percent, explained.result.mark) == (90, 5)
    assert [(entry.cell.points, entry.by, entry.reason) for _, entry in explained.history] == [
        (18, "Ерлан Нұр", "апелляция 4, 03.11.2026"), (12, "Сейіт Айгүл", ""),
    ]  # fmt: skip
    noted = await noted_of(journal.services, SYSTEM, journal.school.id, Wanted(verb="journal.corrected"))
    assert [(each.subject, each.actor) for each in noted] == [(f"person:{journal.studies.student_ids[0]}", "Ерлан Нұр")]
    with pytest.raises(JournalClosed, match="is open"):
        await journal.type(await journal.lesson(TERMS[1][0]), 0, "8", journal.deputy, reason="x")


async def test_between_two_quarters_teachers_finish_the_earlier_one(journal: Journal) -> None:
    lesson = await journal.lesson()
    await journal.at(TERMS[0][1] + DAY)

    await journal.type(lesson, 0, "8")

    assert (await journal.grid()).writes == {lesson}


async def test_what_gates_register_and_families_say_is_offered_and_taken_in_one_touch(journal: Journal) -> None:
    lesson = await journal.lesson()
    for student in (0, 1):
        await journal.came(student)
    await say_of_day(journal.services, SYSTEM, journal.school, journal.studies.class_id, TODAY, journal.refs[3],
                     BY_CODE["away"], 0)  # fmt: skip
    await journal.type(lesson, 1, "н")
    grid = await journal.grid()
    offered = [grid.offers[person_id] for person_id in journal.studies.student_ids]
    assert [each.at(None) for each in offered] == [Here.PRESENT, Here.PRESENT, Here.ABSENT, Here.AWAY]
    assert offered[1].clashes(Here.ABSENT, grid.hours[1])  # in the building, and not in class
    assert not offered[2].clashes(Here.ABSENT, grid.hours[1])

    place = await journal.place(lesson)
    assert await take(journal.services, journal.teacher, journal.school, place) == 3
    assert await take(journal.services, journal.teacher, journal.school, place) == 0

    stands = [(await journal.stands(lesson, student)).cell.here for student in range(4)]
    assert stands == [Here.PRESENT, Here.ABSENT, Here.ABSENT, Here.AWAY]
    noted = await noted_of(journal.services, SYSTEM, journal.school.id, Wanted(verb="journal.taken"))
    assert [each.detail["count"] for each in noted] == ["3"]
    with pytest.raises(NotAllowed):
        await take(journal.services, journal.deputy, journal.school, await journal.place(lesson, journal.deputy))


async def test_gates_say_nothing_of_lessons_before_somebody_came_or_after_it_left(journal: Journal) -> None:
    first, last = await journal.lesson(), await journal.lesson(TODAY, 6)  # from 8:00 and from 12:10
    await journal.came(0, at=time(7, 50))
    await journal.came(1, at=time(10, 30))
    await journal.came(2, at=time(7, 50), left=time(11))
    grid = await journal.grid()
    assert [[grid.offers[person_id].at(grid.hours[number]) for person_id in journal.studies.student_ids[:3]]
            for number in (1, 6)] == [
        [Here.PRESENT, Here.UNSAID, Here.PRESENT], [Here.PRESENT, Here.PRESENT, Here.UNSAID],
    ]  # fmt: skip
    late = grid.offers[journal.studies.student_ids[1]]
    assert [late.clashes(Here.ABSENT, grid.hours[number]) for number in (1, 6)] == [False, True]

    for lesson in (first, last):
        await take(journal.services, journal.teacher, journal.school, await journal.place(lesson))

    stands = [[(await journal.stands(lesson, student)).cell.here for student in range(4)] for lesson in (first, last)]
    assert stands == [
        [Here.PRESENT, Here.UNSAID, Here.PRESENT, Here.ABSENT], [Here.PRESENT, Here.PRESENT, Here.UNSAID, Here.ABSENT],
    ]  # fmt: skip
    assert (await journal.stands(first, 1)).number == 0


async def test_a_remark_is_the_familys_and_is_taken_back_by_nothing(journal: Journal) -> None:
    lesson = await journal.lesson()
    place, ids = await journal.place(lesson), journal.studies.student_ids
    words = {journal.refs[0]: "Жарайсың!", journal.refs[1]: "Кітабын ұмытты"}

    await remark(journal.services, journal.teacher, journal.school, place, words)
    await remark(journal.services, journal.teacher, journal.school, place, {journal.refs[0]: ""})

    assert await remarks_of(journal.services, [lesson], ids) == {(lesson, ids[1]): "Кітабын ұмытты"}
    kept = await journal.services.database.pool.fetchval("SELECT words_encrypted FROM journal_remark")
    assert "Кітабын".encode() not in kept
    with pytest.raises(JournalRefused):
        await remark(journal.services, journal.teacher, journal.school, place, {journal.refs[0]: "x" * 201})
    deputys = await journal.place(lesson, journal.deputy)
    with pytest.raises(NotAllowed):
        await remark(journal.services, journal.deputy, journal.school, deputys, words)


async def test_a_file_of_a_lesson_is_kept_sealed_and_handed_to_who_is_to_be_there(journal: Journal) -> None:
    services, lesson = journal.services, await journal.lesson()
    place, ids = await journal.place(lesson), journal.studies.student_ids

    file_id = await add_file(services, journal.teacher, journal.school, place, "../Жаттығу <1>.exe", PDF)

    (row,) = (await files_of(services, FILES, [lesson]))[lesson]
    assert (row.id, row.name, row.size) == (file_id, "Жаттығу 1.pdf", len(PDF))
    assert (await file_of(services, FILES, lesson, file_id)).content == PDF
    assert PDF not in await services.database.pool.fetchval("SELECT content_encrypted FROM lesson_file")
    assert [await is_at(services, person, lesson) for person in (ids[0], journal.studies.stranger_id)] == [True, False]
    with pytest.raises(ScanRefused):
        await add_file(services, journal.teacher, journal.school, place, "x.html", b"<script>")
    deputys = await journal.place(lesson, journal.deputy)
    with pytest.raises(NotAllowed):
        await drop_lesson_file(services, journal.deputy, journal.school, deputys, file_id)
    for _ in range(4):
        await add_file(services, journal.teacher, journal.school, place, "x", PDF)
    with pytest.raises(JournalRefused, match="5 files"):
        await add_file(services, journal.teacher, journal.school, place, "x", PDF)
    await drop_lesson_file(services, journal.teacher, journal.school, place, file_id)
    with pytest.raises(NotFound):
        await file_of(services, FILES, lesson, file_id)


async def test_marks_go_along_to_another_group_of_the_subject(journal: Journal) -> None:
    school = journal.studies
    here, there = school.english
    for number, typed in enumerate("789"):
        on = date(2026, 9, 9 + number)
        lesson = await journal.lesson(on, 3, course=here, teacher=journal.colleague)
        await journal.type(lesson, 0, typed, journal.colleague, course=here)
    pool = journal.services.database.pool
    person_id = school.student_ids[0]
    await pool.execute("UPDATE course_member SET last_on = $2 WHERE person_id = $1", person_id, TODAY - DAY)
    await pool.execute("INSERT INTO course_member (course_id, person_id, first_on) VALUES ($1, $2, $3)",
                       there, person_id, TODAY)  # fmt: skip

    grid = await journal.grid(journal.colleague, course=there)

    result = next(row.result for row in grid.rows if row.learner.id == person_id)
    assert result is not None
    assert (result.percent, result.line(Part.FORMATIVE).got.works) == (80, 3)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal_mark SET points = 10",
        "DELETE FROM journal_mark",
        "TRUNCATE journal_mark CASCADE",
    ],
)
async def test_the_database_lets_nobody_change_what_was_written(journal: Journal, statement: str) -> None:
    await journal.type(await journal.lesson(), 0, "7")

    with pytest.raises(asyncpg.RestrictViolationError, match="stays"):
        await journal.services.database.pool.execute(statement)


async def test_words_are_forgotten_in_time_and_with_a_child_and_marks_stay(journal: Journal) -> None:
    lesson, services = await journal.lesson(), journal.services
    await remark(services, journal.teacher, journal.school, await journal.place(lesson),
                 dict.fromkeys(journal.refs[:2], "Жақсы"))  # fmt: skip
    await journal.at(TERMS[1][0])
    await journal.type(lesson, 0, "9", journal.deputy, reason="қате жазылған")
    await journal.type(lesson, 1, "9", journal.deputy, reason="қате жазылған")

    for step in STEPS.values():
        await services.database.pool.execute(step, journal.studies.student_ids[0])
    count_words = "SELECT (SELECT count(*) FROM journal_remark), (SELECT count(*) FROM journal_reason)"
    assert tuple(await services.database.pool.fetchrow(count_words)) == (1, 1)
    services.clock.advance((3 * 365 * DAY).total_seconds())  # type: ignore[attr-defined]  # simulated
    await delete_due(services, Begin.AT_ONCE)

    assert tuple(await services.database.pool.fetchrow(count_words)) == (0, 0)
    assert await count(journal) == 2


async def test_a_lesson_is_added_by_hand_on_a_day_on_which_the_class_is_taught(journal: Journal) -> None:
    services, school, course_id = journal.services, journal.school, journal.studies.mathematics

    async def add(on: date, number: int = 1, actor: Actor | None = None) -> int:
        return await add_lesson(services, actor or journal.teacher, school, course_id, on, number, " Бөлшектер ")

    lesson_id = await add(TODAY)
    row = await services.database.pool.fetchrow("SELECT * FROM lesson WHERE id = $1", lesson_id)
    assert (row["theme"], row["teacher_id"], row["kind"]) == ("Бөлшектер", journal.studies.teacher_ids[0], "lesson")
    with pytest.raises(JournalRefused, match="already"):
        await add(TODAY)
    for on, words in (
        (date(2026, 9, 19), "no lessons"), (date(2026, 10, 30), "no lessons"), (date(2026, 7, 1), "school year"),
    ):  # fmt: skip
        with pytest.raises(JournalRefused, match=words):
            await add(on)
    with pytest.raises(JournalRefused, match="1 to 12"):
        await add(TODAY, 13)
    with pytest.raises(JournalRefused, match="no such lesson"):
        await add(TODAY, 7)
    await set_bells(services, SYSTEM, school.id, [])
    await add(TODAY, 7)  # by a school without bells
    for actor in (journal.deputy, journal.class_teacher):
        with pytest.raises(NotAllowed):
            await add(TODAY, 2, actor)
    with pytest.raises(NotFound):
        await add(TODAY, 2, journal.colleague)
    await journal.at(TERMS[1][0])
    school = journal.school
    with pytest.raises(JournalClosed):
        await add(TODAY, 2)


@pytest.mark.requirement("KZ456-27.9")
async def test_a_teacher_forms_the_own_lesson_with_theme_notes_links_and_what_it_is(journal: Journal) -> None:
    services, lesson = journal.services, await journal.lesson()
    place = await journal.place(lesson)
    planned = Planned(" Бөлшектерді қосу ", "1. Қайталау\r\n2. Жаңа тақырып", "https://bilim.kz/5", Kind.SOR, 15)

    await plan_lesson(services, journal.teacher, journal.school, place, planned)

    kept = (await journal.place(lesson)).lesson
    assert (kept.theme, kept.notes, kept.links, kept.kind, kept.points_max) == (
        "Бөлшектерді қосу", "1. Қайталау\n2. Жаңа тақырып", ("https://bilim.kz/5",), Kind.SOR, 15,
    )  # fmt: skip
    await journal.type(lesson, 0, "15")
    for worse in (replace(planned, points_max=14), replace(planned, kind=Kind.SOCH), replace(planned, links="bilim")):
        with pytest.raises(JournalRefused):
            await plan_lesson(services, journal.teacher, journal.school, await journal.place(lesson), worse)
    deputys = await journal.place(lesson, journal.deputy)
    with pytest.raises(NotAllowed):
        await plan_lesson(services, journal.deputy, journal.school, deputys, planned)
    assert (await journal.place(lesson)).lesson == kept
    noted = await noted_of(services, SYSTEM, journal.school.id, Wanted(verb="lesson.planned"))
    assert [each.detail["kind"] for each in noted] == ["sor"]
