"""Questionnaires through their seam: from a draft to results, by name and anonymously; what is kept of an answer."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.formats import Formats
from cloud.core.i18n import Language
from cloud.core.services import Services
from cloud.notifications.kinds import Kind as NoticeKind
from cloud.people.actions import give_consent
from cloud.people.kinds import Purpose
from cloud.questionnaires.answering import Asked, own_one, own_questionnaires, waiting_for
from cloud.questionnaires.audience import STAFF_ROLES, asked_by
from cloud.questionnaires.errors import AnswerRefused, QuestionnaireClosed, QuestionnaireRefused
from cloud.questionnaires.kinds import Audience, Kind, State
from cloud.questionnaires.making import (
    change,
    drop,
    drop_question,
    end,
    lift_question,
    make,
    make_ready,
    publish,
    put_question,
    remind,
)
from cloud.questionnaires.queries import one_at, questionnaires_at, questions_of
from cloud.questionnaires.ready import all_ready
from tests.cloud.questionnaires.factory import Asking, asking, question
from tests.cloud.schools.factory import SYSTEM

RUSSIAN = Formats(Language.RU, ZoneInfo("Asia/Almaty"))
DEEDS = "SELECT count(*) FROM audit_entry WHERE verb = 'questionnaire.answered'"


@pytest.fixture(name="asking")
async def _asking(services: Services) -> Asking:
    return await asking(services)


def titles(found: Sequence[Asked]) -> list[str]:
    return [each.questionnaire.title("ru") for each in found]


@pytest.mark.requirement("KZ456-27.16", part="questionnaires")
async def test_a_parent_answers_by_name_changes_the_answer_and_the_school_reads_it(asking: Asking) -> None:
    number, (first, scale, words) = await asking.ask(asking.given(is_anonymous=False))
    mother = asking.parents[0]
    assert titles(await own_questionnaires(asking.services, mother)) == ["Столовая"]
    await asking.answer(mother, number, (first, "0"), (scale, "3"), (words, "Тұзы көп"))
    await asking.answer(mother, number, (first, "1"), (scale, "5"))

    results = await asking.results(number)
    asked, _, answers = await own_one(asking.services, mother, number)

    assert (asked.is_answered, asked.is_open, answers) == (True, True, {first: ("1",), scale: ("5",)})
    assert [(line.words, line.count) for line in results.parts[0].lines("ru")] == [
        ("Да", 0),
        ("Нет", 1),
        ("Не знаю", 0),
    ]
    assert [(sheet.name, sheet.answers) for sheet in results.sheets] == [("Ата-ана А", {first: ("1",), scale: ("5",)})]
    assert await asking.services.database.pool.fetchval(DEEDS) == 2
    assert await waiting_for(asking.services, mother) == 0


@pytest.mark.requirement("KZ456-27.16", part="questionnaires")
async def test_an_anonymous_answer_is_counted_and_nothing_ties_it_to_who_gave_it(asking: Asking) -> None:
    number, (first, scale, words) = await asking.ask()
    for place, parent in enumerate(asking.parents[:4]):
        await asking.answer(parent, number, (first, "0"), (scale, str(place + 1)), (words, f"сөз {4 - place}"))

    pool = asking.services.database.pool
    columns = {
        table: {row["column_name"] for row in await pool.fetch(
            "SELECT column_name FROM information_schema.columns WHERE table_name = $1", table)}
        for table in ("questionnaire_answerer", "questionnaire_count", "questionnaire_said")
    }  # fmt: skip

    assert columns["questionnaire_answerer"] == {"questionnaire_id", "account_id"}  # no instant, no order, no number
    assert columns["questionnaire_count"] == {"question_id", "value", "answers", "shown_answers"}  # no row is anybody's
    assert columns["questionnaire_said"] == {"question_id", "words_encrypted"}
    assert await pool.fetchval("SELECT count(*) FROM questionnaire_sheet") == 0
    assert await pool.fetchval("SELECT answers FROM questionnaire_count WHERE question_id = $1", first) == 4
    assert await pool.fetchval("SELECT count(*) FROM questionnaire_said") == 1
    assert await pool.fetchval(DEEDS) == 0


async def test_an_anonymous_answer_is_given_once_and_cannot_be_changed(asking: Asking) -> None:
    number, (first, scale, _) = await asking.ask()
    mother = asking.parents[0]
    await asking.answer(mother, number, (first, "0"), (scale, "3"))

    with pytest.raises(QuestionnaireClosed, match="cannot be changed"):
        await asking.answer(mother, number, (first, "1"), (scale, "1"))

    asked, _, answers = await own_one(asking.services, mother, number)
    assert (asked.is_answered, asked.is_open, answers) == (True, False, {})


async def test_two_answers_of_one_account_at_once_count_once(asking: Asking) -> None:
    number, (first, scale, _) = await asking.ask()
    mother = asking.parents[0]

    came = await asyncio.gather(
        *(asking.answer(mother, number, (first, "0"), (scale, "3")) for _ in range(4)), return_exceptions=True
    )

    assert [type(each) for each in came].count(QuestionnaireClosed) == 3
    assert await asking.services.database.pool.fetchval("SELECT sum(answers) FROM questionnaire_count") == 2


@pytest.mark.requirement("KZ456-27.15", part="questionnaires")
async def test_anonymous_results_are_shown_from_five_answers_on_and_five_at_a_time(services: Services) -> None:
    asking_ = await asking(services, parents=12)
    number, (first, scale, words) = await asking_.ask()
    shown = []
    for place, parent in enumerate(asking_.parents[:11]):
        await asking_.answer(parent, number, (first, "0"), (scale, "4"), (words, f"{chr(ord('л') - place)}"))
        results = await asking_.results(number)
        shown.append((results.shown, sum(results.parts[0].counted.counts.values()), len(results.parts[2].counted.said)))

    assert shown[:4] == [(0, 0, 0)] * 4
    assert shown[4:9] == [(5, 5, 5)] * 5
    assert shown[9:] == [(10, 10, 10)] * 2
    said = list((await asking_.results(number)).parts[2].counted.said)
    assert said == sorted(said)
    assert (await asking_.results(number)).questionnaire.answered == 11


async def test_an_end_adds_no_answers_to_what_was_shown_and_shows_none_of_too_few(services: Services) -> None:
    asking_ = await asking(services, parents=8)
    few, (first, scale, words) = await asking_.ask()
    many, (other, other_scale, other_words) = await asking_.ask()
    for parent in asking_.parents[:4]:
        await asking_.answer(parent, few, (first, "0"), (scale, "4"), (words, "сөз"))
    for parent in asking_.parents[:7]:
        await asking_.answer(parent, many, (other, "2"), (other_scale, "4"), (other_words, "сөз"))
    await asking_.at(14)

    of_few, of_many = await asking_.results(few), await asking_.results(many)

    assert of_few.questionnaire.state(asking_.school.on) is State.OVER
    assert (of_few.shown, of_few.parts[0].counted.answers, of_few.parts[2].counted.answers) == (0, 0, 0)
    assert (of_many.shown, of_many.parts[0].counted.counts, len(of_many.parts[2].counted.said)) == (5, {2: 5}, 5)
    assert of_many.questionnaire.answered == 7


@pytest.mark.requirement("KZ456-27.15", part="questionnaires")
async def test_who_ends_one_right_after_an_answer_does_not_learn_what_it_said(asking: Asking) -> None:
    number, (first, scale, words) = await asking.ask()
    for parent in asking.parents[:5]:
        await asking.answer(parent, number, (first, "0"), (scale, "4"), (words, "жақсы"))
    await asking.answer(asking.parents[5], number, (first, "1"), (scale, "1"), (words, "нашар"))

    await end(asking.services, asking.deputy, asking.school, number)

    results = await asking.results(number)
    assert (results.shown, results.questionnaire.answered) == (5, 6)
    assert [part.counted.counts for part in results.parts[:2]] == [{0: 5}, {4: 5}]
    assert results.parts[2].counted.said == ["жақсы"] * 5
    assert not any("нашар" in str(cell) for row in results.rows(RUSSIAN, str) for cell in row)


async def test_who_is_asked_is_the_audience_and_nobody_else(asking: Asking) -> None:
    services, school, deputy = asking.services, asking.school, asking.deputy
    fifth = await asking.ask(asking.given(classes=(asking.studies.class_id,)))
    students = await asking.ask(asking.given(Audience.STUDENTS))
    teachers = await asking.ask(asking.given(Audience.STAFF, roles=("teacher",)))
    now = services.clock.now()

    for number, audience, count in ((fifth[0], Audience.PARENTS, 5), (students[0], Audience.STUDENTS, 1),
                                    (teachers[0], Audience.STAFF, 2)):  # fmt: skip
        assert await asked_by(services.database.pool, number, audience, now) == count
    for number, inside, outside in (
        (fifth[0], asking.parents[0], [asking.parents[-1], asking.student, asking.studies.teachers[0]]),
        (students[0], asking.student, [asking.parents[0], asking.studies.teachers[0]]),
        (teachers[0], asking.studies.teachers[0], [asking.parents[0], asking.student]),
    ):
        assert (await own_one(services, inside, number))[0].is_open
        for other in outside:
            with pytest.raises(NotFound):
                await own_one(services, other, number)
            with pytest.raises(NotFound):
                await asking.answer(other, number)
    assert len(await questionnaires_at(services, deputy, school.id)) == 3


async def test_who_answered_and_is_asked_no_more_counts_as_asked(asking: Asking) -> None:
    number, (first, scale, _) = await asking.ask()
    for parent in asking.parents[:2]:
        await asking.answer(parent, number, (first, "0"), (scale, "3"))
    await asking.services.database.pool.execute("UPDATE guardianship SET may_see = false")

    results = await asking.results(number)

    assert (results.asked, results.questionnaire.answered) == (2, 2)


def test_roles_of_staff_are_offered_in_their_own_order() -> None:
    assert [each.value for each in Role if each.value in STAFF_ROLES] == STAFF_ROLES


async def test_what_waits_stands_before_what_was_answered(asking: Asking) -> None:
    number, (first, scale, _) = await asking.ask()
    later, _ = await asking.ask()
    mother = asking.parents[0]
    await asking.answer(mother, number, (first, "0"), (scale, "3"))

    found = await own_questionnaires(asking.services, mother)

    assert [(each.questionnaire.id, each.is_answered) for each in found] == [(later, False), (number, True)]


async def test_a_parent_who_may_not_see_the_child_any_more_is_not_asked(asking: Asking) -> None:
    number, _ = await asking.ask()
    pool = asking.services.database.pool
    await pool.execute("UPDATE guardianship SET may_see = false WHERE person_id = $1", asking.studies.student_ids[0])

    with pytest.raises(NotFound):
        await own_one(asking.services, asking.parents[0], number)
    assert await waiting_for(asking.services, asking.parents[0]) == 0
    assert await waiting_for(asking.services, asking.parents[1]) == 1


async def test_a_draft_is_worked_on_and_what_is_published_stays(asking: Asking) -> None:
    services, deputy, school = asking.services, asking.deputy, asking.school
    number = await make(services, deputy, school, asking.given())
    with pytest.raises(QuestionnaireRefused, match="asks nothing"):
        await publish(services, deputy, school, number)
    first = await put_question(services, deputy, school, number, question(Kind.ONE))
    second = await put_question(services, deputy, school, number, question(Kind.SCALE, 5))
    third = await put_question(services, deputy, school, number, question(Kind.LINE))
    await lift_question(services, deputy, school, number, third)
    await put_question(services, deputy, school, number, question(Kind.NUMBER, 9), second)
    await drop_question(services, deputy, school, number, first)
    await change(services, deputy, school, number, asking.given(is_anonymous=False))
    questions = await questions_of(services.database.pool, number)
    assert [(each.id, each.kind) for each in questions] == [(third, Kind.LINE), (second, Kind.NUMBER)]
    assert await own_questionnaires(services, asking.parents[0]) == []

    await publish(services, deputy, school, number)

    for deed in (publish(services, deputy, school, number), drop(services, deputy, school, number),
                 change(services, deputy, school, number, asking.given()),
                 drop_question(services, deputy, school, number, second),
                 put_question(services, deputy, school, number, question(Kind.ONE))):  # fmt: skip
        with pytest.raises(QuestionnaireClosed, match="published"):
            await deed
    found = await one_at(services, deputy, school.id, number)
    assert (found.given.is_anonymous, found.state(school.on)) == (False, State.OPEN)


async def test_one_that_stands_ready_becomes_a_draft_and_a_draft_can_be_dropped(asking: Asking) -> None:
    services, deputy, school = asking.services, asking.deputy, asking.school

    number = await make_ready(services, deputy, school, all_ready()["meals"])

    assert len(await questions_of(services.database.pool, number)) == len(all_ready()["meals"].questions)
    await drop(services, deputy, school, number)
    with pytest.raises(NotFound):
        await one_at(services, deputy, school.id, number)


async def test_before_its_first_day_and_after_its_end_nobody_answers(asking: Asking) -> None:
    services, deputy, school, mother = asking.services, asking.deputy, asking.school, asking.parents[0]
    given = asking.given()
    later = type(given)(given.audience, given.titles, given.intros, school.on + timedelta(days=2), given.last_on)
    number, (first, scale, _) = await asking.ask(later)
    assert await own_questionnaires(services, mother) == []
    with pytest.raises(QuestionnaireClosed):
        await asking.answer(mother, number, (first, "0"), (scale, "1"))
    await asking.at(2)
    assert len(await own_questionnaires(services, mother)) == 1
    await end(services, deputy, asking.school, number)

    with pytest.raises(QuestionnaireClosed):
        await asking.answer(mother, number, (first, "0"), (scale, "1"))
    with pytest.raises(QuestionnaireClosed):
        await end(services, deputy, asking.school, number)
    assert await own_questionnaires(services, mother) == []


async def test_a_wrong_answer_keeps_nothing_of_the_sheet(asking: Asking) -> None:
    number, (first, scale, _) = await asking.ask()

    with pytest.raises(AnswerRefused, match="Question 2"):
        await asking.answer(asking.parents[0], number, (first, "0"), (scale, "9"))

    pool = asking.services.database.pool
    assert await pool.fetchval("SELECT count(*) FROM questionnaire_answerer") == 0
    assert await pool.fetchval("SELECT count(*) FROM questionnaire_count") == 0


async def test_only_silent_parents_are_reminded_and_not_twice_in_two_days(asking: Asking) -> None:
    services, deputy, pool = asking.services, asking.deputy, asking.services.database.pool
    for person_id in (*asking.studies.student_ids, asking.studies.stranger_id):
        await give_consent(services, SYSTEM, person_id, Purpose.NOTICES, asking.school.on, "№ 1")
    number, (first, scale, _) = await asking.ask()
    await asking.answer(asking.parents[0], number, (first, "0"), (scale, "1"))

    count = await remind(services, deputy, asking.school, number)

    told = await pool.fetch("SELECT account_id, kind FROM notice WHERE fact LIKE 'questionnaire:%' ORDER BY account_id")
    assert count == len(told) == 5
    assert {row["kind"] for row in told} == {NoticeKind.QUESTIONNAIRE.value}
    assert {row["account_id"] for row in told} == {each.account_id for each in asking.parents[1:]}
    with pytest.raises(QuestionnaireClosed, match="reminded already"):
        await remind(services, deputy, asking.school, number)
    await asking.at(2)
    assert await remind(services, deputy, asking.school, number) == 5


@pytest.mark.requirement("KZ456-27.15", part="questionnaires")
async def test_results_go_out_as_rows_without_names_where_they_are_anonymous(services: Services) -> None:
    asking_ = await asking(services, parents=6)
    number, (first, scale, words) = await asking_.ask()
    named, (other, other_scale, _) = await asking_.ask(asking_.given(is_anonymous=False))
    for parent in asking_.parents[:5]:
        await asking_.answer(parent, number, (first, "1"), (scale, "4"), (words, "=1+1"))
    await asking_.answer(asking_.parents[0], named, (other, "2"), (other_scale, "5"))

    rows = (await asking_.results(number)).rows(RUSSIAN, str)
    by_name = (await asking_.results(named)).rows(RUSSIAN, str)

    assert rows[0] == ["Question", "Answer", "How many", "%"]
    assert rows[1:4] == [["Вопрос one", "Да", 0, 0], ["Вопрос one", "Нет", 5, 100], ["Вопрос one", "Не знаю", 0, 0]]
    assert rows[-1] == ["Вопрос words", "=1+1", 1, ""]
    assert not any("Ата-ана" in str(cell) for row in rows for cell in row)
    assert by_name[1][0] == "Ата-ана А"
    assert by_name[1][2:] == ["Не знаю", "5", ""]


async def test_who_may_not_makes_none_and_reads_none_and_anothers_is_not_there(asking: Asking) -> None:
    services, school = asking.services, asking.school
    number, _ = await asking.ask()
    teacher = asking.studies.teachers[0]
    for deed in (make(services, teacher, school, asking.given()), one_at(services, teacher, school.id, number),
                 end(services, teacher, school, number), remind(services, teacher, school, number)):  # fmt: skip
        with pytest.raises(NotAllowed):
            await deed
    with pytest.raises(NotFound):
        await one_at(services, asking.deputy, school.id, number + 1)
    with pytest.raises(NotFound):
        await own_questionnaires(services, Actor("auditor", 1, frozenset({Reach(Role.AUDITOR, school.id)})))
