"""Homework through its seam: set, handed in again and late, checked with a mark, returned; who may do none of it."""

from datetime import timedelta

import pytest

from cloud.audit.queries import Wanted, noted_of
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.erasure.steps import STEPS
from cloud.homework.checking import markable_of
from cloud.homework.errors import HomeworkChanged, HomeworkClosed, HomeworkRefused
from cloud.homework.handing import drop_draft_file, hand_in
from cloud.homework.kinds import Counts, Given, Load, Share, Stands, State
from cloud.homework.norms import norms_of, put_norms
from cloud.homework.queries import counts_of, homework_of, loads_between
from cloud.homework.reach import homework_within, pupil_of
from cloud.homework.setting import (
    change_homework,
    close_homework,
    drop_homework,
    offered_lessons,
    open_homework,
)
from cloud.journal.errors import JournalChanged, JournalClosed, JournalRefused
from cloud.journal.kinds import Cell, Here, Kind
from cloud.journal.reach import course_within
from cloud.people.moving import leave, move
from cloud.people.stays import Said
from cloud.portfolio.errors import ErasureAsked
from cloud.retention.actions import Begin, delete_due
from tests.cloud.homework.factory import TOMORROW, Classwork, classwork
from tests.cloud.journal.factory import TERMS, TODAY
from tests.cloud.schools.factory import SYSTEM

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture(name="work")
async def _work(services: Services) -> Classwork:
    return await classwork(services)


@pytest.mark.requirement("KZ456-27.11")
@pytest.mark.requirement("KZ456-27.1", part="homework")
async def test_homework_is_set_handed_in_checked_and_its_mark_stands_in_the_journal(work: Classwork) -> None:
    lesson, due = await work.journal.lesson(), await work.journal.lesson(TOMORROW)
    homework_id = await work.set("№ 12–15, ауызша ереже", TOMORROW, 1, links="https://bilim.example/5")
    assert [(each.homework.task, each.stands) for each in await work.tasks()] == [
        ("№ 12–15, ауызша ереже", Stands.OPEN)
    ]  # fmt: skip

    await work.hand_in(homework_id, "Бәрін шештім", photos=2)
    handed = await work.row(homework_id)
    await work.check(homework_id, comment="Жарайсың!", typed="9", lesson_id=lesson)

    assert handed.stands is Stands.HANDED
    assert handed.last is not None
    assert (handed.last.words, handed.last.by, len(handed.last.files)) == ("Бәрін шештім", work.mother.name, 2)
    assert (await work.journal.stands(lesson, 0)).cell == Cell(Here.PRESENT, 9)
    assert (await work.journal.stands(due, 0)).number == 0
    seen = await work.task(homework_id)
    assert (seen.stands, seen.points, seen.is_open) == (Stands.CHECKED, 9, False)
    assert seen.last is not None
    assert (seen.last.comment, seen.last.checked_by) == ("Жарайсың!", work.teacher.name)
    noted = await noted_of(work.services, SYSTEM, work.journal.school.id, Wanted(verb="homework"))
    told = {each.verb for each in noted}
    assert {"homework.set", "homework.handed_in", "homework.checked"} <= told
    assert not any("шештім" in str(each.detail) or "Жарайсың" in str(each.detail) for each in noted)


async def test_it_is_handed_in_again_until_its_time_is_over_and_every_time_stays(work: Classwork) -> None:
    homework_id = await work.set()
    await work.hand_in(homework_id, "бірінші", photos=1)
    await work.hand_in(homework_id, "екінші", who=work.student)
    homework = (await work.task(homework_id)).homework
    await work.wait_until(homework.due_at + MINUTE)

    with pytest.raises(HomeworkClosed, match="time is over"):
        await work.hand_in(homework_id, "үшінші")

    row = await work.row(homework_id)
    assert [(each.number, each.words, len(each.files)) for each in row.answers] == [(1, "бірінші", 1), (2, "екінші", 0)]
    assert row.answers[1].by == work.student.name
    assert not row.answers[1].is_late


async def test_what_comes_late_is_taken_and_marked_as_late_unless_the_teacher_closed_it(work: Classwork) -> None:
    first, second = await work.set("бірінші"), await work.set("екінші")
    await close_homework(work.services, work.teacher, work.journal.school, second)
    await work.wait_until((await work.task(first)).homework.due_at + MINUTE)

    await work.hand_in(first)
    with pytest.raises(HomeworkClosed, match="closed"):
        await work.hand_in(second)

    assert (await work.row(first)).stands is Stands.HANDED_LATE
    assert (await work.row(second)).stands is Stands.CLOSED
    assert (await work.row(first, 1)).stands is Stands.OVERDUE
    await open_homework(work.services, work.teacher, work.journal.school, second)
    await work.hand_in(second)
    assert (await work.row(second)).stands is Stands.HANDED_LATE


async def test_homework_by_a_lesson_is_due_when_it_begins_and_by_a_day_when_it_ends(work: Classwork) -> None:
    await work.journal.lesson(TOMORROW, 2)
    by_lesson, by_day = await work.set(number=2), await work.set()

    zone = work.journal.school.zone
    at_lesson = (await work.task(by_lesson)).homework.due_at.astimezone(zone)
    at_night = (await work.task(by_day)).homework.due_at.astimezone(zone)

    assert at_lesson.date() == TOMORROW
    assert at_lesson < at_night
    assert (at_night.date(), at_night.hour) == (TOMORROW + DAY, 0)


async def test_homework_stays_on_its_day_when_the_timetable_takes_the_lesson_away(work: Classwork) -> None:
    lesson = await work.journal.lesson(TOMORROW, 2)
    homework_id = await work.set(number=2)
    before = (await work.task(homework_id)).homework

    await work.services.database.pool.execute("DELETE FROM lesson WHERE id = $1", lesson)
    await work.hand_in(homework_id)

    assert (await work.task(homework_id)).homework == before
    assert (await work.row(homework_id)).stands is Stands.HANDED


async def test_what_is_returned_is_handed_in_again_also_after_its_time(work: Classwork) -> None:
    homework_id = await work.set()
    await work.hand_in(homework_id)
    with pytest.raises(HomeworkRefused, match="better"):
        await work.send_back(homework_id, " ")
    await work.send_back(homework_id, "Шешуін жаз")
    await work.wait_until((await work.task(homework_id)).homework.due_at + DAY)
    seen = await work.task(homework_id)
    assert (seen.stands, seen.is_open) == (Stands.RETURNED, True)

    await work.hand_in(homework_id, "Шешуімен")
    await work.check(homework_id, comment="Енді дұрыс")

    row = await work.row(homework_id)
    assert [(each.state, each.comment) for each in row.answers] == [
        (State.RETURNED, "Шешуін жаз"), (State.CHECKED, "Енді дұрыс"),
    ]  # fmt: skip
    assert row.answers[1].is_late


async def test_photos_are_added_one_after_another_before_they_are_handed_in(work: Classwork) -> None:
    homework_id = await work.set()
    await work.draft(homework_id, "1-бет", photos=1)
    await work.draft(homework_id, "1-бет, 2-бет", photos=2)
    assert (await work.row(homework_id)).stands is Stands.OPEN  # the teacher sees none of it
    draft = (await work.task(homework_id)).draft
    assert draft is not None
    with pytest.raises(NotFound):
        await drop_draft_file(work.services, work.neighbour, work.refs[0], homework_id, draft.files[0].id)
    await drop_draft_file(work.services, work.mother, work.refs[0], homework_id, draft.files[0].id)

    await work.hand_in(homework_id, "1-бет, 2-бет")

    row = await work.row(homework_id)
    assert row.last is not None
    assert [each.id for each in row.last.files] == [each.id for each in draft.files[1:]]
    with pytest.raises(NotFound):
        await drop_draft_file(work.services, work.mother, work.refs[0], homework_id, draft.files[1].id)


async def test_nothing_at_all_is_not_handed_in(work: Classwork) -> None:
    homework_id = await work.set()

    with pytest.raises(HomeworkRefused, match="Write something"):
        await work.hand_in(homework_id, "  ")

    assert (await work.row(homework_id)).stands is Stands.OPEN


async def test_a_parent_neither_sees_nor_hands_in_another_childs_homework(work: Classwork) -> None:
    services, ref = work.services, work.refs[0]
    homework_id = await work.set()
    await work.hand_in(homework_id, photos=1)

    for stranger in (work.neighbour, work.teacher, work.journal.deputy):
        with pytest.raises(NotFound):
            await pupil_of(services, stranger, ref)
        with pytest.raises(NotFound):
            await hand_in(services, stranger, ref, homework_id, "Мен де")

    assert len((await work.row(homework_id)).answers) == 1


async def test_homework_of_another_class_or_group_is_not_found_by_a_family(work: Classwork) -> None:
    english = work.journal.studies.english
    of_others = await work.set(course=english[1], who=work.journal.colleague)
    own = await work.set(course=english[0], who=work.journal.colleague)
    named = await work.set(refs=frozenset({work.refs[1]}))

    assert [each.homework.id for each in await work.tasks()] == [own]
    for homework_id in (of_others, named, 10**6):
        with pytest.raises(NotFound):
            await work.hand_in(homework_id)
    assert [each.pupil.ref for each in await work.rows(named)] == [work.refs[1]]
    assert [each.homework.id for each in await work.tasks(1)] == [own, named]


async def test_who_teaches_the_course_sets_and_checks_and_others_look_or_find_nothing(work: Classwork) -> None:
    services, school, colleague = work.services, work.journal.school, work.journal.colleague
    homework_id = await work.set()
    await work.hand_in(homework_id)

    for reader in (work.journal.deputy, work.journal.class_teacher):
        await homework_within(services, reader, school, homework_id)
        for deed in (work.check(homework_id, who=reader), close_homework(services, reader, school, homework_id),
                     work.set(who=reader)):  # fmt: skip
            with pytest.raises(NotAllowed):
                await deed
    for unseen in (work.check(homework_id, who=colleague), work.set(who=colleague),
                   homework_within(services, colleague, school, homework_id)):  # fmt: skip
        with pytest.raises(NotFound):
            await unseen


async def test_a_substitute_sets_homework_and_checks_that_one(work: Classwork) -> None:
    lesson, colleague = await work.journal.lesson(), work.journal.colleague
    own = await work.set()
    await work.services.database.pool.execute(
        "UPDATE lesson SET teacher_id = $2 WHERE id = $1", lesson, work.journal.studies.teacher_ids[1]
    )

    homework_id = await work.set("Орнына берілген", who=colleague)
    await work.hand_in(homework_id)
    await work.check(homework_id, typed="8", lesson_id=lesson, who=colleague)

    assert (await work.row(homework_id)).points == 8
    with pytest.raises(NotAllowed):
        await work.check(own, who=colleague)


async def test_a_mark_never_goes_past_the_journals_rules_and_then_nothing_is_checked(work: Classwork) -> None:
    absent, ahead = await work.journal.lesson(), await work.journal.lesson(TOMORROW)
    sor = await work.journal.lesson(TODAY, 3, Kind.SOR, most=20)
    await work.journal.type(absent, 0, "н")
    homework_id = await work.set(due_on=TOMORROW)
    await work.hand_in(homework_id)

    for typed, lesson, refusal in (
        ("9", absent, HomeworkRefused), ("9", ahead, JournalClosed), ("9", sor, HomeworkRefused),
        ("9", 10**6, NotFound), ("н", absent, HomeworkRefused), ("-1", absent, HomeworkRefused),
    ):  # fmt: skip
        with pytest.raises(refusal):
            await work.check(homework_id, typed=typed, lesson_id=lesson)
    other = await work.journal.lesson(TODAY, 4)
    with pytest.raises(JournalRefused, match="Points are 1 to 10"):
        await work.check(homework_id, typed="11", lesson_id=other)
    await work.journal.type(other, 0, "7")
    with pytest.raises(JournalChanged):
        await work.check(homework_id, typed="9", lesson_id=other, cell=0)

    assert (await work.row(homework_id)).stands is Stands.HANDED
    assert (await work.journal.stands(absent, 0)).cell == Cell(Here.ABSENT)
    school, studies = work.journal.school, work.journal.studies
    reach, course = await course_within(work.services, work.teacher, school, studies.mathematics)
    person_id = studies.student_ids[0]
    offered = (await markable_of(work.services, reach, course, school, [person_id]))[person_id]
    assert [(each.lesson.id, each.is_there) for each in offered] == [(other, True), (absent, False)]


async def test_a_closed_quarter_takes_no_mark_and_homework_is_checked_without_one(work: Classwork) -> None:
    lesson = await work.journal.lesson()
    homework_id = await work.set()
    await work.hand_in(homework_id)
    await work.journal.at(TERMS[1][0])

    with pytest.raises(JournalClosed, match="closed"):
        await work.check(homework_id, typed="9", lesson_id=lesson)
    await work.check(homework_id)

    assert (await work.row(homework_id)).stands is Stands.CHECKED
    assert (await work.journal.stands(lesson, 0)).number == 0


async def test_a_student_who_left_gets_no_homework_hands_in_none_and_gets_no_mark_after(work: Classwork) -> None:
    services, school = work.services, work.journal.studies
    due_before, due_after = await work.set(), await work.set(due_on=TODAY + 3 * DAY)
    await work.hand_in(due_before, who=work.neighbour, student=1)
    moved_on = TODAY + 2 * DAY
    await work.journal.at(moved_on)
    lesson = await work.journal.lesson(moved_on)
    await leave(services, school.office, school.student_ids[0], Said(TOMORROW))
    moving = [school.student_ids[1]], school.other_class_id, Said(moved_on)
    await move(services, school.office, school.school_id, *moving)

    with pytest.raises(NotFound):
        await work.hand_in(due_before)  # nobody's child is at this school any more
    with pytest.raises(NotFound):
        await work.hand_in(due_after, who=work.neighbour, student=1)
    with pytest.raises(JournalRefused, match="not in the class"):
        await work.check(due_before, 1, typed="9", lesson_id=lesson)

    assert [each.pupil.ref for each in await work.rows(due_after)] == work.refs[2:]
    assert (await work.row(due_before, 1)).stands is Stands.HANDED


async def test_who_moved_to_another_class_hands_in_nothing_late(work: Classwork) -> None:
    school = work.journal.studies
    homework_id = await work.set()
    said = Said(TODAY + 2 * DAY)
    await work.journal.at(TODAY + 2 * DAY)
    await move(work.services, school.office, school.school_id, [school.student_ids[0]], school.other_class_id, said)

    with pytest.raises(HomeworkClosed, match="not in this class any more"):
        await work.hand_in(homework_id)


async def test_what_was_handed_in_after_the_page_was_opened_is_not_checked_by_it(work: Classwork) -> None:
    homework_id = await work.set()
    await work.hand_in(homework_id, "бірінші")
    await work.hand_in(homework_id, "екінші")

    with pytest.raises(HomeworkChanged, match="since you opened"):
        await work.check(homework_id, seen=1)

    assert (await work.row(homework_id)).stands is Stands.HANDED


async def test_what_a_colleague_judged_meanwhile_is_not_judged_over_it_unseen(work: Classwork) -> None:
    homework_id = await work.set()
    await work.hand_in(homework_id)
    opened = (await work.row(homework_id)).seen
    await work.check(homework_id, comment="Жақсы")

    for judge in (work.check(homework_id, seen=opened), work.send_back(homework_id, "Шешуін жаз", seen=opened)):
        with pytest.raises(HomeworkChanged, match="judged since you opened"):
            await judge
    await work.check(homework_id, comment="Өте жақсы")

    last = (await work.row(homework_id)).last
    assert last is not None
    assert last.comment == "Өте жақсы"


async def test_what_was_done_on_paper_is_checked_too_and_a_wrong_check_is_put_right(work: Classwork) -> None:
    lesson = await work.journal.lesson()
    homework_id = await work.set()
    await work.draft(homework_id, "бастадым")

    await work.check(homework_id, typed="7", lesson_id=lesson)
    with pytest.raises(HomeworkClosed, match="checked already"):
        await work.hand_in(homework_id)
    await work.check(homework_id, comment="Қатені түзет", typed="8", lesson_id=lesson)

    row = await work.row(homework_id)
    assert row.last is not None
    assert (row.last.is_paper, row.last.comment, row.points, len(row.answers)) == (True, "Қатені түзет", 8, 1)
    assert (await counts_of(work.services, [homework_id]))[homework_id] == Counts(4, 0, 1, 0)


@pytest.mark.requirement("KZ456-27.11")
async def test_teachers_see_what_other_subjects_ask_of_the_same_day(work: Classwork) -> None:
    school, english = work.journal.studies, work.journal.studies.english
    await work.set(minutes=40, course=english[0], who=work.journal.colleague)
    await work.set(minutes=30, course=english[1], who=work.journal.colleague)
    await work.set(minutes=25)
    await work.set(minutes=60, refs=frozenset({work.refs[2]}))
    own = {each: school.subjects[each] for each in ("english", "mathematics")}

    whole = await loads_between(work.services, school.class_id, TODAY, TOMORROW)
    first_group = await loads_between(work.services, school.class_id, TODAY, TOMORROW, school.student_ids[:2])

    assert whole == {TOMORROW: Load({own["english"]: Share(40, 1), own["mathematics"]: Share(85, 2)}, 115)}
    assert first_group[TOMORROW].minutes == 65
    assert first_group[TOMORROW].of_others(own["mathematics"]) == [(own["english"], Share(40, 1))]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param(Given(" ", TOMORROW), "what is to be done", id="no task"),
        pytest.param(Given("№ 5", TODAY - DAY), "over already", id="a day of before"),
        pytest.param(Given("№ 5", TOMORROW, 5), "no such lesson", id="a lesson that there is not"),
        pytest.param(Given("№ 5", TERMS[3][1] + 100 * DAY), "school year", id="after the school year"),
        pytest.param(Given("№ 5", TOMORROW, minutes=301), "Minutes", id="too many minutes"),
        pytest.param(Given("№ 5", TOMORROW, refs=frozenset({"nobody"})), "not in the class", id="somebody unknown"),
    ],
)
async def test_homework_that_cannot_be_is_refused(work: Classwork, given: Given, told: str) -> None:
    with pytest.raises(HomeworkRefused, match=told):
        await work.set(given.task, given.due_on, given.due_number, given.minutes, given.refs)

    assert await work.services.database.pool.fetchval("SELECT count(*) FROM homework") == 0


async def test_homework_is_changed_and_taken_back_until_something_was_handed_in(work: Classwork) -> None:
    services, school = work.services, work.journal.school
    await work.journal.lesson(TOMORROW + DAY)
    homework_id, wrong = await work.set(), await work.set("қате")
    assert await offered_lessons(services, work.journal.studies.mathematics, TODAY) == [(TOMORROW + DAY, 1)]

    changed = Given("№ 16", TOMORROW + DAY, 1, 35, "https://bilim.example/16", frozenset({work.refs[0]}))
    await change_homework(services, work.teacher, school, homework_id, changed)
    await drop_homework(services, work.teacher, school, wrong)
    await work.hand_in(homework_id)
    with pytest.raises(HomeworkRefused, match="handed in already"):
        await drop_homework(services, work.teacher, school, homework_id)

    kept = await homework_of(services.database.pool, school.id, homework_id)
    assert (kept.task, kept.due_on, kept.due_number, kept.minutes, kept.links, kept.is_named) == (
        "№ 16", TOMORROW + DAY, 1, 35, ("https://bilim.example/16",), True,
    )  # fmt: skip
    assert [each.homework.id for each in await work.tasks()] == [homework_id]
    assert await work.tasks(1) == []
    with pytest.raises(NotFound):
        await homework_of(services.database.pool, school.id, wrong)


async def test_a_deputy_sets_the_norms_and_what_is_as_the_states_is_not_kept(work: Classwork) -> None:
    services, school_id, deputy = work.services, work.journal.school.id, work.journal.deputy
    with pytest.raises(NotAllowed):
        await put_norms(services, work.teacher, school_id, {5: 60})
    with pytest.raises(HomeworkRefused):
        await put_norms(services, deputy, school_id, {13: 60})

    await put_norms(services, deputy, school_id, {5: 60, 6: 90})

    assert await norms_of(services, school_id) == {5: 60}
    assert deputy.can(Right.HOMEWORK_NORMS, school_id)


async def test_nothing_is_handed_in_of_whose_data_are_not_to_be_kept(work: Classwork) -> None:
    homework_id = await work.set()
    await work.services.database.pool.execute(
        "INSERT INTO erasure (school_id, person_id, begun_at) VALUES ($1, $2, $3)",
        work.journal.school.id, work.journal.studies.student_ids[0], work.services.clock.now(),
    )  # fmt: skip

    with pytest.raises(ErasureAsked):
        await work.hand_in(homework_id)


async def test_what_was_handed_in_goes_with_the_student_and_after_a_year_and_marks_stay(work: Classwork) -> None:
    pool, lesson = work.services.database.pool, await work.journal.lesson()
    homework_id = await work.set(refs=frozenset(work.refs[:2]))
    await work.hand_in(homework_id, photos=1)
    await work.hand_in(homework_id, photos=1, who=work.neighbour, student=1)
    await work.check(homework_id, comment="Жақсы", typed="9", lesson_id=lesson)
    count = """
SELECT (SELECT count(*) FROM homework_answer), (SELECT count(*) FROM homework_answer_file),
  (SELECT count(*) FROM homework_member), (SELECT count(*) FROM homework), (SELECT count(*) FROM journal_mark)
"""
    assert tuple(await pool.fetchrow(count)) == (2, 2, 2, 1, 1)

    for _ in range(2):  # removing twice is removing once
        for step in STEPS.values():
            await pool.execute(step, work.journal.studies.student_ids[0])
    assert tuple(await pool.fetchrow(count)) == (1, 1, 1, 1, 1)
    work.services.clock.advance((400 * DAY).total_seconds())  # type: ignore[attr-defined]  # simulated
    await delete_due(work.services, Begin.AT_ONCE)
    assert tuple(await pool.fetchrow(count)) == (0, 0, 1, 1, 1)
    work.services.clock.advance((400 * DAY).total_seconds())  # type: ignore[attr-defined]  # simulated
    await delete_due(work.services, Begin.AT_ONCE)

    assert tuple(await pool.fetchrow(count)) == (0, 0, 0, 0, 1)
