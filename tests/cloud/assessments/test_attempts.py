"""Attempts through their seam: begun, answered, resumed, ended by the clock, marked, and put into the journal."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from cloud.assessments.analysing import analysis_of
from cloud.assessments.attempts import begin, save, sitter_of
from cloud.assessments.banks import Filed, put_question
from cloud.assessments.errors import AnswerRefused, AttemptOver, AttemptRefused, MarkingRefused, TestRefused
from cloud.assessments.giving import move_end, take_back
from cloud.assessments.kinds import GRACE, Counts, Review, Section
from cloud.assessments.marking import Put, lessons_for, mark_item, put_marks
from cloud.assessments.questions import Choice, Kind, Option, Question
from cloud.assessments.results import results_of
from cloud.assessments.results import tests_of as own_tests_of  # a name that is no test's
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.erasure.steps import STEPS
from cloud.journal.errors import JournalClosed, JournalRefused
from cloud.people.moving import leave
from cloud.people.stays import Said
from cloud.studies.queries import course_of
from tests.cloud.assessments.factory import BODIES, ESSAY, LIMIT, RIGHT, SUM, Sitting, a_sitting, as_asked
from tests.cloud.journal.factory import TODAY
from tests.cloud.schools.factory import SYSTEM

DAY = timedelta(days=1)


@pytest.fixture(name="sitting")
async def _sitting(services: Services) -> Sitting:
    return await a_sitting(services)


async def put(sitting: Sitting, given_id: int, lesson_id: int) -> Put:
    return await put_marks(sitting.services, sitting.teacher, sitting.school, given_id, lesson_id)


@pytest.mark.requirement("KZ456-27.14", part="tests")
async def test_a_student_answers_all_six_kinds_and_the_points_follow(sitting: Sitting) -> None:
    given_id = await sitting.given()
    attempt_id = await sitting.begin(given_id)

    for place, fields in enumerate(RIGHT, 1):
        await sitting.answer(attempt_id, place, *fields)
    await sitting.hand(attempt_id)

    attempt = (await sitting.paper(attempt_id)).attempt
    assert (attempt.points, attempt.most, attempt.answered, attempt.waiting) == (Decimal(12), 14, 7, 1)


@pytest.mark.requirement("KZ456-27.14", part="tests")
async def test_what_was_answered_stands_when_the_page_is_opened_again_and_the_last_word_counts(
    sitting: Sitting,
) -> None:
    given_id = await sitting.given()
    attempt_id = await sitting.begin(given_id)
    await sitting.answer(attempt_id, 1, "b")
    await sitting.answer(attempt_id, 6, "Абай")

    assert await sitting.begin(given_id) == attempt_id  # goes on with it
    await sitting.answer(attempt_id, 1, "a")
    await sitting.answer(attempt_id, 6, "")

    items = (await sitting.paper(attempt_id)).items
    assert items[0].answer == ("a",)
    assert items[5].answer is None
    assert [each.points for each in items[:2]] == [Decimal(2), None]


@pytest.mark.requirement("KZ456-27.14", part="tests")
@pytest.mark.parametrize(
    ("late_s", "is_taken"), [(0, True), (GRACE.total_seconds(), True), (GRACE.total_seconds() + 1, False)]
)
async def test_the_servers_clock_ends_an_attempt(sitting: Sitting, late_s: float, is_taken: bool) -> None:
    attempt_id = await sitting.begin(await sitting.given())
    sitting.wait(minutes=LIMIT - 1)
    assert await sitting.answer(attempt_id, 1, "b") == timedelta(minutes=1)

    sitting.wait(minutes=1, seconds=late_s)
    if is_taken:
        assert await sitting.answer(attempt_id, 1, "a") == timedelta(0)
    else:
        with pytest.raises(AttemptOver, match="time is up"):
            await sitting.answer(attempt_id, 1, "a")

    kept = await sitting.item(attempt_id, 1)
    assert kept.answer == tuple(as_asked(kept.question.body, ["a" if is_taken else "b"]))


async def test_an_attempt_ends_when_the_test_closes(sitting: Sitting) -> None:
    given_id = await sitting.given(closes_at=sitting.now + timedelta(minutes=5))
    attempt_id = await sitting.begin(given_id)

    sitting.wait(minutes=5, seconds=31)

    with pytest.raises(AttemptOver):
        await sitting.answer(attempt_id, 1, "a")
    with pytest.raises(AttemptRefused, match="has closed"):
        await sitting.begin(given_id)


async def test_nothing_is_answered_after_handing_in(sitting: Sitting) -> None:
    attempt_id = await sitting.begin(await sitting.given())
    await sitting.hand(attempt_id)

    with pytest.raises(AttemptOver):
        await sitting.answer(attempt_id, 1, "a")

    handed_at = (await sitting.paper(attempt_id)).attempt.handed_at
    sitting.wait(minutes=1)
    await sitting.hand(attempt_id)  # a request that is repeated changes nothing
    assert (await sitting.paper(attempt_id)).attempt.handed_at == handed_at


@pytest.mark.requirement("KZ456-27.14", part="tests")
@pytest.mark.parametrize(("counts", "percent"), [(Counts.BEST, 100), (Counts.LAST, 0)])
async def test_of_several_attempts_the_best_or_the_last_counts(
    sitting: Sitting, counts: Counts, percent: int
) -> None:  # fmt: skip
    given_id = await sitting.given(SUM, attempts=2, counts=counts)
    await sitting.sat(given_id, 0, [["a"]])
    await sitting.sat(given_id, 0, [["b"]])

    with pytest.raises(AttemptRefused, match="are used"):
        await sitting.begin(given_id)

    own = (await own_tests_of(sitting.services, sitting.school.id, sitting.journal.studies.student_ids[0], TODAY))[0]
    assert own.counts is not None
    assert own.counts.percent == percent
    assert own.left() == 0


async def test_two_browsers_that_begin_at_once_begin_one_attempt(sitting: Sitting) -> None:
    given_id = await sitting.given(attempts=3)

    begun = await asyncio.gather(*(sitting.begin(given_id) for _ in range(4)))

    assert len(set(begun)) == 1


async def test_a_test_is_taken_when_it_is_open_by_who_is_in_the_course(sitting: Sitting) -> None:
    given_id = await sitting.given(opens_at=sitting.now + timedelta(hours=1))
    with pytest.raises(AttemptRefused, match="not opened"):
        await sitting.begin(given_id)

    sitting.wait(hours=1)
    studies = sitting.journal.studies
    stranger = await sitting.signs_in(studies.stranger_id, "stranger")
    ref = await sitting.services.database.pool.fetchval("SELECT ref FROM person WHERE id = $1", studies.stranger_id)
    await leave(sitting.services, SYSTEM, studies.student_ids[1], Said(TODAY - DAY))

    assert await sitting.begin(given_id)
    with pytest.raises(NotFound):
        await sitting.begin(given_id, 1)
    with pytest.raises(NotFound):
        await begin(sitting.services, stranger, ref, given_id)
    assert await own_tests_of(sitting.services, sitting.school.id, studies.stranger_id, TODAY) == []


@pytest.mark.requirement("KZ456-27.14", part="tests")
async def test_nobody_answers_in_anothers_attempt(sitting: Sitting) -> None:
    attempt_id = await sitting.begin(await sitting.given())
    services, thief = sitting.services, sitting.students[1]
    parent = Actor("Мать", 10**9, frozenset({Reach(Role.GUARDIAN, sitting.school.id)}))

    for actor, ref in ((thief, sitting.ref(1)), (thief, sitting.ref(0)), (parent, sitting.ref(0))):
        with pytest.raises(NotFound):
            await save(services, actor, ref, attempt_id, 1, ["a"])
    with pytest.raises(NotFound):
        await sitter_of(services, parent, sitting.ref(0))
    with pytest.raises(NotFound):
        await save(services, sitting.students[0], sitting.ref(0), attempt_id, 99, ["a"])  # no such question
    with pytest.raises(AnswerRefused):
        await sitting.answer(attempt_id, 1, "z")

    assert (await sitting.item(attempt_id, 1)).answer is None


async def test_who_has_left_or_asked_not_to_be_kept_begins_nothing(sitting: Sitting) -> None:
    given_id = await sitting.given()
    attempt_id = await sitting.begin(given_id)
    pool, student_ids = sitting.services.database.pool, sitting.journal.studies.student_ids
    await pool.execute("UPDATE person SET is_active = false WHERE id = $1", student_ids[0])
    await pool.execute(
        "INSERT INTO erasure (school_id, person_id, begun_at) VALUES ($1, $2, $3)",
        sitting.school.id, student_ids[1], sitting.now,
    )  # fmt: skip

    with pytest.raises(NotFound):
        await sitting.answer(attempt_id, 1, "a")
    with pytest.raises(AttemptRefused, match="not to keep"):
        await sitting.begin(given_id, 1)


@pytest.mark.requirement("KZ456-27.14", part="tests")
async def test_a_question_that_changes_later_changes_no_attempt(sitting: Sitting) -> None:
    numbers = await sitting.bank(SUM)
    given_id = await sitting.give(await sitting.test(Section("Бөлім", tuple(numbers))))
    attempt_id = await sitting.begin(given_id)
    other = Question(Kind.CHOICE, "Басқа сұрақ", Choice((Option("a", "x", False), Option("b", "y", True))), 9)

    await put_question(
        sitting.services, sitting.teacher, sitting.school, Filed(sitting.subject_id, 5, "", other), numbers[0]
    )

    await sitting.answer(attempt_id, 1, "a")
    item = await sitting.item(attempt_id, 1)
    assert (item.question.prompt, item.points) == ("Сұрақ 1", Decimal(2))


@pytest.mark.requirement("KZ456-27.14", part="tests")
async def test_each_attempt_gets_a_variant_of_its_own_which_stays(sitting: Sitting) -> None:
    numbers = await sitting.bank(*[SUM] * 12, theme="Қосу")
    test_id = await sitting.test(Section("Таңдалған", tuple(numbers[:2])), Section("Қосу", (), "Қосу", 3))
    given_id = await sitting.give(test_id, sitting.terms(is_shuffled=True))

    papers = [await sitting.paper(await sitting.begin(given_id, student)) for student in range(4)]

    drawn = [tuple(each.question.prompt for each in paper.items if each.section == 1) for paper in papers]
    assert {len(set(each)) for each in drawn} == {3}
    assert len(set(drawn)) > 1
    assert len({tuple(option.key for option in each.items[0].shown.body.options) for each in papers}) > 1  # type: ignore[union-attr]
    again = await sitting.paper(papers[0].attempt.id)
    assert again.items == papers[0].items


async def test_words_of_students_lie_sealed(sitting: Sitting) -> None:
    attempt_id = await sitting.begin(await sitting.given())
    await sitting.answer(attempt_id, 7, "Менің атам соғысқа қатысқан.")
    await sitting.answer(attempt_id, 6, "Абай атам")

    rows = await sitting.services.database.pool.fetch("SELECT * FROM assessment_answer WHERE answered_at IS NOT NULL")

    assert len(rows) == 2
    assert all(row["answer"] is None and "атам".encode() not in row["words_encrypted"] for row in rows)
    assert (await sitting.item(attempt_id, 7)).answer == "Менің атам соғысқа қатысқан."


@pytest.mark.requirement("KZ456-27.14", part="tests")
async def test_an_essay_waits_for_its_teacher_who_marks_it_with_a_word(sitting: Sitting) -> None:
    given_id = await sitting.given(SUM, ESSAY)
    attempt_id = await sitting.begin(given_id)
    await sitting.answer(attempt_id, 2, "Ой.")
    services, school = sitting.services, sitting.school

    with pytest.raises(MarkingRefused, match="goes on"):
        await mark_item(services, sitting.teacher, school, given_id, attempt_id, 2, points="1", remark="")
    await sitting.hand(attempt_id)
    for actor in (sitting.journal.deputy, sitting.journal.class_teacher):
        with pytest.raises(NotAllowed):
            await mark_item(services, actor, school, given_id, attempt_id, 2, points="1", remark="")
    with pytest.raises(MarkingRefused, match="0 to 2"):
        await mark_item(services, sitting.teacher, school, given_id, attempt_id, 2, points="2,5", remark="")
    with pytest.raises(MarkingRefused, match="Nothing was answered"):
        await mark_item(services, sitting.teacher, school, given_id, attempt_id, 1, points="1", remark="")
    await mark_item(services, sitting.teacher, school, given_id, attempt_id, 2, points="1,5", remark="Дәлел аз.")

    item, attempt = await sitting.item(attempt_id, 2), (await sitting.paper(attempt_id)).attempt
    assert (item.points, item.remark, item.marked_by) == (Decimal("1.50"), "Дәлел аз.", sitting.teacher.name)
    assert (attempt.waiting, attempt.points) == (0, Decimal("1.50"))


@pytest.mark.requirement("KZ456-27.14", part="tests")
async def test_results_go_into_the_journal_by_its_own_rules(sitting: Sitting) -> None:
    given_id = await sitting.given(SUM, SUM, SUM, SUM)
    lesson_id = await sitting.journal.lesson()
    await sitting.sat(given_id, 0, [["a"], ["a"], ["a"], ["b"]])
    await sitting.sat(given_id, 1, [["a"]] * 4)
    await sitting.sat(given_id, 2, [["b"]] * 4)
    await sitting.journal.type(lesson_id, 1, "7")  # a mark that stands
    await sitting.journal.type(lesson_id, 2, "н")  # was not there

    assert await put(sitting, given_id, lesson_id) == Put(written=1, stood=1, away=1, open=1)
    assert await put(sitting, given_id, lesson_id) == Put(written=0, stood=2, away=1, open=1)

    cells = [(await sitting.journal.stands(lesson_id, student)).cell.points for student in range(4)]
    assert cells == [8, 7, None, None]  # 75 % of ten points, rounded half up


async def test_the_journal_refuses_results_where_it_refuses_marks(sitting: Sitting) -> None:
    given_id = await sitting.given(SUM)
    await sitting.sat(given_id, 0, [["a"]])
    lesson_id, later = await sitting.journal.lesson(), await sitting.journal.lesson(TODAY + DAY)

    with pytest.raises(NotFound):
        await put(sitting, given_id, 10**9)
    with pytest.raises(JournalClosed, match="not come yet"):
        await put(sitting, given_id, later)
    with pytest.raises(NotAllowed):
        await put_marks(sitting.services, sitting.journal.deputy, sitting.school, given_id, lesson_id)
    await sitting.journal.at(TODAY + timedelta(days=60))  # the quarter is closed
    with pytest.raises((JournalClosed, JournalRefused)):
        await put(sitting, given_id, lesson_id)

    assert (await sitting.journal.stands(lesson_id, 0)).cell.points is None
    course = await course_of(sitting.services, sitting.school.id, sitting.journal.studies.mathematics)
    assert [each.id for each in await lessons_for(sitting.services, sitting.school, course)] == [later, lesson_id]


async def test_a_teacher_closes_a_test_earlier_or_gives_more_time(sitting: Sitting) -> None:
    given_id = await sitting.given(SUM, limit_min=None, review=Review.NEVER, attempts=2)
    attempt_id = await sitting.begin(given_id)
    services, teacher, school = sitting.services, sitting.teacher, sitting.school
    sitting.wait(minutes=1)

    await move_end(services, teacher, school, given_id, sitting.now)
    sitting.wait(seconds=31)
    with pytest.raises(AttemptOver):
        await sitting.answer(attempt_id, 1, "a")
    await move_end(services, teacher, school, given_id, sitting.now + DAY)
    with pytest.raises(AttemptOver):
        await sitting.answer(attempt_id, 1, "a")  # what is over stays over
    await sitting.answer(await sitting.begin(given_id), 1, "a")

    shown_id = await sitting.given(SUM)
    sitting.wait(minutes=1)
    await move_end(services, teacher, school, shown_id, sitting.now)
    with pytest.raises(TestRefused, match="its answers are shown"):
        await move_end(services, teacher, school, shown_id, sitting.now + DAY)
    with pytest.raises(TestRefused, match="it stays"):
        await take_back(services, teacher, school, given_id)
    with pytest.raises(TestRefused, match="120 days"):
        await move_end(services, teacher, school, given_id, sitting.now + 130 * DAY)
    with pytest.raises(NotAllowed):
        await move_end(services, sitting.journal.deputy, school, given_id, sitting.now)


async def test_what_can_still_become_better_does_not_go_into_the_journal(sitting: Sitting) -> None:
    given_id = await sitting.given(SUM, ESSAY, attempts=2)
    await sitting.sat(given_id, 0, [["a"], ["Ой."]])
    await sitting.sat(given_id, 1, [["b"]])
    await sitting.begin(given_id, 1)  # a second attempt goes on
    await sitting.sat(given_id, 2, [["a"]])
    await sitting.sat(given_id, 2, [["b"], ["Ой."]])  # poorer until its essay is marked

    assert await put(sitting, given_id, await sitting.journal.lesson()) == Put(0, 0, 0, 4)


async def test_results_have_everybody_of_the_course_and_who_has_left_it(sitting: Sitting) -> None:
    given_id = await sitting.given(SUM)
    await sitting.sat(given_id, 3, [["a"]])
    course = await course_of(sitting.services, sitting.school.id, sitting.journal.studies.mathematics)
    given = (await sitting.paper(1)).given
    await leave(sitting.services, SYSTEM, sitting.journal.studies.student_ids[3], Said(TODAY - DAY))

    results = await results_of(sitting.services, given, course, TODAY)

    assert [(each.is_member, len(each.attempts)) for each in results] == [(True, 0)] * 3 + [(False, 1)]


@pytest.mark.requirement("KZ456-27.14", part="tests")
async def test_questions_are_judged_by_first_attempts_over_all_givings(sitting: Sitting) -> None:
    test_id = await sitting.test(Section("Бөлім", tuple(await sitting.bank(*BODIES))))
    first = await sitting.give(test_id, sitting.terms(attempts=2))
    await sitting.sat(first, 0, [["a"], ["a"], [], [], ["3"], [], ["Ой."]])
    await sitting.sat(first, 0, [["b"]])  # a second attempt says nothing
    second = await sitting.give(test_id)
    await sitting.sat(second, 1, [["b"], ["a", "b"], [], [], ["3"]])
    await sitting.begin(second, 2)  # goes on

    told = await analysis_of(sitting.services, sitting.school, test_id)

    assert told.attempts == 2
    assert [each.figures.difficulty for each in told.questions] == [0.5, 0.75, 0.0, 0.0, 0.0, 0.0, 0.0]
    asked = told.questions[0].question.body
    assert told.questions[0].figures.chosen == dict.fromkeys(as_asked(asked, ["a", "b"]), 1)
    assert told.questions[4].figures.chosen == {"3": 2}
    assert told.questions[6].figures.answers == 1  # the other one waits for a teacher


async def test_attempts_go_with_who_is_erased(sitting: Sitting) -> None:
    given_id = await sitting.given()
    await sitting.sat(given_id, 0, RIGHT)
    await sitting.sat(given_id, 1, RIGHT)

    await sitting.services.database.pool.fetch(STEPS["tests"], sitting.journal.studies.student_ids[0])

    left = await sitting.services.database.pool.fetch("SELECT DISTINCT attempt_id FROM assessment_answer")
    assert len(left) == 1


async def test_who_begins_without_an_account_of_a_student_finds_nothing(sitting: Sitting) -> None:
    given_id = await sitting.given()

    for actor in (sitting.teacher, Actor("nobody"), sitting.students[1]):
        with pytest.raises(NotFound):
            await begin(sitting.services, actor, sitting.ref(0), given_id)
