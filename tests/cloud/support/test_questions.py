"""Questions to support: asked by anybody signed in, answered by the school or the operator, seen by nobody else."""

from collections.abc import Awaitable
from datetime import timedelta

import pytest

from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.notifications.kinds import Kind
from cloud.notifications.queries import notices_of
from cloud.people.actions import give_consent
from cloud.people.family import note_limit
from cloud.people.kinds import FamilyRight, Purpose
from cloud.support.answering import LEFT_AFTER, answer, answer_left, pass_on, questions_left, questions_of
from cloud.support.asking import DAY_MAX, OPEN_MAX, ask, note_seen, own_questions
from cloud.support.contacts import Contact, contacts_of, set_contact
from cloud.support.kinds import Asked, QuestionRefused, Topic
from cloud.support.waiting import counts_of
from simulators.clock import SimulatedClock
from tests.cloud.people.family_factory import Family, a_family
from tests.cloud.schools.factory import SYSTEM

CARD = Asked(Topic.CARD, "Картаны қақпа оқымайды.\n\n  Не істейін?", "/children/abc?search=secret")
OPERATOR = Actor("Ерлан", None, frozenset({Reach(Role.OPERATOR, None)}))


@pytest.fixture(name="family")
async def _family(services: Services) -> Family:
    family = await a_family(services)
    await give_consent(services, SYSTEM, family.child_id, Purpose.NOTICES, family.today, "form 12")
    return family


def support_of(family: Family) -> Actor:
    return Actor("Данияр", None, frozenset({Reach(Role.IT, family.school_id)}))


@pytest.mark.requirement("KZ456-24", part="support")
async def test_what_a_mother_asks_support_answers_and_she_is_told_by_a_notice_and_a_count(
    services: Services, family: Family
) -> None:
    number = await ask(services, family.mother, family.school_id, CARD)

    (seen,) = await questions_of(services, support_of(family), family.school_id, "kk")
    assert (seen.words, seen.page, seen.state) == (
        "Картаны қақпа оқымайды.\n\nНе істейін?", "/children/abc", "question_waits"
    )  # fmt: skip
    assert await counts_of(services, with_account(support_of(family))) == {"help": 0, "questions": 1}
    await answer(services, support_of(family), family.school_id, number, "Кеңседен жаңа карта алыңыз.")

    (told,) = (await notices_of(services, family.mother)).notices
    assert told.kind is Kind.SUPPORT_ANSWER
    assert await counts_of(services, family.mother) == {"help": 1}
    (mine,) = await own_questions(services, family.mother, "ru")
    assert (mine.answer, mine.answered_by, mine.seen_at) == ("Кеңседен жаңа карта алыңыз.", "Данияр", None)
    await note_seen(services, family.mother)
    assert await counts_of(services, family.mother) == {"help": 0}
    verbs = [entry.verb for entry in await noted_of(services, family.office, family.school_id, Wanted())]
    assert verbs[:2] == ["support.answered", "support.asked"]


async def test_nobody_reads_what_another_asked_and_only_its_school_answers(services: Services, family: Family) -> None:
    number = await ask(services, family.mother, family.school_id, CARD)
    other = await a_family(services, "astana7", "66")
    guard = Actor("Guard", None, frozenset({Reach(Role.GUARD, family.school_id)}))

    assert await own_questions(services, family.father, "kk") == []
    for stranger in (guard, family.mother, support_of(other), OPERATOR):
        await refused(questions_of(services, stranger, family.school_id, "kk"))
        await refused(answer(services, stranger, family.school_id, number, "Жауап осы"))
        await refused(pass_on(services, stranger, family.school_id, number))
    with pytest.raises(NotFound):
        await answer(services, support_of(other), other.school_id, number, "Жауап осы")
    with pytest.raises(NotFound):
        await ask(services, other.mother, family.school_id, CARD)
    await refused(questions_left(services, support_of(family), "kk"))


async def test_what_was_written_lies_sealed_and_stands_in_no_journal(services: Services, family: Family) -> None:
    number = await ask(services, family.mother, family.school_id, CARD)
    await answer(services, support_of(family), family.school_id, number, "Кеңседен алыңыз")

    row = str(dict(await services.database.pool.fetchrow("SELECT * FROM support_question")))
    entries = str([dict(each) for each in await services.database.pool.fetch("SELECT * FROM audit_entry")])
    for text in ("қақпа", "Кеңседен", "secret"):
        assert text not in row + entries


async def test_the_operator_sees_what_was_passed_on_or_left_for_days_and_nothing_else(
    services: Services, family: Family, clock: SimulatedClock
) -> None:
    kept, passed = [await ask(services, family.mother, family.school_id, CARD) for _ in range(2)]
    await pass_on(services, support_of(family), family.school_id, passed)

    assert [each.id for each in await questions_left(services, OPERATOR, "kk")] == [passed]
    with pytest.raises(NotFound):
        await answer_left(services, OPERATOR, kept, "Мен жауап берейін")
    clock.advance((LEFT_AFTER + timedelta(hours=1)).total_seconds())
    assert {each.id for each in await questions_left(services, OPERATOR, "kk")} == {kept, passed}
    await answer_left(services, OPERATOR, kept, "Мен жауап берейін")
    assert (await own_questions(services, family.mother, "kk"))[1].answer == "Мен жауап берейін"


async def test_a_question_is_answered_once_and_passed_on_once(services: Services, family: Family) -> None:
    number = await ask(services, family.mother, family.school_id, CARD)
    await pass_on(services, support_of(family), family.school_id, number)
    await answer(services, support_of(family), family.school_id, number, "Бірінші жауап")

    with pytest.raises(NotFound):
        await answer(services, support_of(family), family.school_id, number, "Екінші жауап")
    with pytest.raises(NotFound):
        await pass_on(services, support_of(family), family.school_id, number)


async def test_questions_are_few_short_and_readable(services: Services, family: Family, clock: SimulatedClock) -> None:
    for words in ("x", "x" * 2_001, "a\x00bcdef"):
        with pytest.raises(QuestionRefused, match="letters"):
            await ask(services, family.mother, family.school_id, Asked(Topic.OTHER, words))
    for _ in range(DAY_MAX // OPEN_MAX):
        numbers = [await ask(services, family.mother, family.school_id, CARD) for _ in range(OPEN_MAX)]
        with pytest.raises(QuestionRefused, match="wait"):
            await ask(services, family.mother, family.school_id, CARD)
        for number in numbers:
            await answer(services, support_of(family), family.school_id, number, "Жауап берілді")

    with pytest.raises(QuestionRefused, match="today"):
        await ask(services, family.mother, family.school_id, CARD)
    await ask(services, family.father, family.school_id, CARD)  # of another account it says nothing
    clock.advance((timedelta(days=1, minutes=1)).total_seconds())
    await ask(services, family.mother, family.school_id, CARD)


async def test_whose_notices_a_court_took_sees_the_answer_under_help_only(services: Services, family: Family) -> None:
    await note_limit(services, family.office, family.father_id, family.child_id, [FamilyRight.NOTICES], "сот 5")
    number = await ask(services, family.father, family.school_id, CARD)
    await answer(services, support_of(family), family.school_id, number, "Жауап берілді")

    assert (await notices_of(services, family.father)).notices == []
    assert await counts_of(services, family.father) == {"help": 1}


async def test_a_school_says_how_its_support_is_reached(services: Services, family: Family) -> None:
    for wrong in (Contact("javascript:1"), Contact(email="nobody"), Contact(hours="x" * 81)):
        with pytest.raises(QuestionRefused):
            await set_contact(services, support_of(family), family.school_id, wrong)
    await refused(set_contact(services, family.mother, family.school_id, Contact("+7 727 1")))
    await set_contact(services, support_of(family), family.school_id, Contact(" +7 (727) 123-45-67 ", "a@b.kz"))

    (kept,) = await contacts_of(services, [family.school_id])
    assert (kept.contact.phone, kept.contact.dialled) == ("+7 (727) 123-45-67", "+77271234567")


async def refused(asked: Awaitable[object]) -> None:
    with pytest.raises(NotAllowed):
        await asked


def with_account(actor: Actor) -> Actor:
    return Actor(actor.name, 998, actor.reaches)
