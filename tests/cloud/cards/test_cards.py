"""Cards through their public functions."""

import asyncio

import pytest

from cloud.audit.queries import Wanted, noted_of
from cloud.cards.actions import block_card, free_card, give_card, rotate_card_key, take_card
from cloud.cards.errors import CardTaken
from cloud.cards.keys import card_key
from cloud.cards.kinds import CardState, Medium
from cloud.cards.models import Card
from cloud.cards.queries import cards_of
from cloud.cards.rules import token_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.people.actions import add_guardian, open_guardian_account
from cloud.people.bulk import GuardianGiven
from cloud.people.family import set_rights
from cloud.people.kinds import CHANGED, FamilyRight, Relation
from cloud.people.queries import people_of
from tests.cloud.core.test_wakeups import heard
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import SYSTEM, a_school

NUMBER = "04A1B2C3D4E5F6"


async def test_a_card_is_known_by_its_token_and_its_number_stands_encrypted(services: Services) -> None:
    school_id = await a_school(services)
    card_id = await give_card(services, SYSTEM, await a_student(services, school_id), NUMBER)

    card = await Card.get(id=card_id)

    assert card.token == token_of(await card_key(services, school_id), NUMBER, Medium.UID)
    assert NUMBER not in str(await services.database.pool.fetch("SELECT * FROM card"))


async def test_a_card_assigned_twice_is_refused_with_whose_it_is(services: Services) -> None:
    school_id = await a_school(services)
    first, second = await a_student(services, school_id, "1"), await a_student(services, school_id, "2")
    await give_card(services, SYSTEM, first, NUMBER)
    it = Actor("IT", None, frozenset({Reach(Role.IT, school_id)}))

    with pytest.raises(CardTaken, match="Әліби Айгерім"):
        await give_card(services, SYSTEM, second, "04:a1:b2:c3:d4:e5:f6")
    with pytest.raises(CardTaken) as refused:
        await give_card(services, it, second, NUMBER)

    assert "Айгерім" not in str(refused.value)


async def test_giving_a_card_again_to_the_same_person_changes_nothing(services: Services) -> None:
    school_id = await a_school(services)
    person_id = await a_student(services, school_id)

    assert await give_card(services, SYSTEM, person_id, NUMBER) == await give_card(services, SYSTEM, person_id, NUMBER)


async def test_a_returned_card_may_be_given_to_somebody_else(services: Services) -> None:
    school_id = await a_school(services)
    first, second = await a_student(services, school_id, "1"), await a_student(services, school_id, "2")
    card_id = await give_card(services, SYSTEM, first, NUMBER)
    await take_card(services, SYSTEM, card_id)

    assert await give_card(services, SYSTEM, second, NUMBER) == card_id
    assert (await Card.get(id=card_id)).state is CardState.ACTIVE
    with pytest.raises(NotFound):
        await block_card(services, SYSTEM, 10**9)


async def test_a_blocked_card_stays_blocked_until_the_office_frees_it(services: Services) -> None:
    school_id = await a_school(services)
    person_id = await a_student(services, school_id)
    card_id = await give_card(services, SYSTEM, person_id, NUMBER)
    (person,) = await people_of(services, SYSTEM, school_id)
    guard = Actor("Guard", None, frozenset({Reach(Role.GUARD, school_id)}))

    await block_card(services, guard, card_id)
    await block_card(services, guard, card_id)
    assert [card.state for card in await cards_of(services, guard, person.ref)] == [CardState.BLOCKED]
    with pytest.raises(NotAllowed):
        await free_card(services, guard, card_id)

    await free_card(services, SYSTEM, card_id)
    assert [card.state for card in await cards_of(services, guard, person.ref)] == [CardState.ACTIVE]
    verbs = [row.verb for row in await noted_of(services, SYSTEM, school_id, Wanted())]
    assert verbs[:3] == ["card.active", "card.blocked", "card.given"]


async def test_a_guardian_blocks_the_own_childs_card_and_no_other(services: Services) -> None:
    school_id = await a_school(services)
    own, other = await a_student(services, school_id, "1"), await a_student(services, school_id, "2")
    cards = [await give_card(services, SYSTEM, person, f"{NUMBER[:-1]}{person % 10}") for person in (own, other)]
    guardian = await add_guardian(services, SYSTEM, own, GuardianGiven("Сауле", "+77012345678"), Relation.MOTHER)
    await open_guardian_account(services, SYSTEM, guardian)
    account_id = await services.database.pool.fetchval("SELECT account_id FROM guardian WHERE id = $1", guardian)
    mother = Actor("Сауле", account_id, frozenset({Reach(Role.GUARDIAN, school_id)}))

    await block_card(services, mother, cards[0])
    with pytest.raises(NotAllowed):
        await block_card(services, mother, cards[1])
    await set_rights(services, SYSTEM, guardian, own, {FamilyRight.SEE})
    with pytest.raises(NotAllowed):
        await block_card(services, mother, cards[0])

    assert [card.state for card in await Card.all().order_by("id")] == [CardState.BLOCKED, CardState.ACTIVE]


async def test_a_card_that_proves_itself_is_known_by_its_number_alone_no_more(services: Services) -> None:
    school_id = await a_school(services)
    person = await a_student(services, school_id)
    before = await give_card(services, SYSTEM, person, NUMBER)

    after = await give_card(services, SYSTEM, person, NUMBER, Medium.DESFIRE)

    assert (await Card.get(id=before)).state is CardState.RETURNED
    assert (await Card.get(id=after)).state is CardState.ACTIVE


@pytest.mark.parametrize("medium", [Medium.DESFIRE, Medium.SUN])
async def test_a_card_that_proves_itself_is_given_to_nobody_by_its_number_alone(
    services: Services, medium: Medium
) -> None:
    school_id = await a_school(services)
    person = await a_student(services, school_id)
    card_id = await give_card(services, SYSTEM, person, NUMBER, medium)

    with pytest.raises(CardTaken):
        await give_card(services, SYSTEM, person, NUMBER)
    await take_card(services, SYSTEM, card_id)

    await give_card(services, SYSTEM, person, NUMBER)


async def test_a_card_that_proves_itself_is_not_taken_from_whom_its_number_belongs_to(services: Services) -> None:
    school_id = await a_school(services)
    before = await give_card(services, SYSTEM, await a_student(services, school_id, "Ким"), NUMBER)

    with pytest.raises(CardTaken):
        await give_card(services, SYSTEM, await a_student(services, school_id, "Ли"), NUMBER, Medium.SUN)
    assert (await Card.get(id=before)).state is CardState.ACTIVE


async def test_two_who_give_the_same_card_at_once_do_not_both_succeed(services: Services) -> None:
    school_id = await a_school(services)
    people = [await a_student(services, school_id, str(number)) for number in range(4)]

    outcomes = await asyncio.gather(
        *(give_card(services, SYSTEM, person, NUMBER) for person in people), return_exceptions=True
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["CardTaken", "CardTaken", "CardTaken", "int"]


async def test_a_stolen_reader_is_answered_with_a_new_key_and_new_tokens(services: Services) -> None:
    school_id = await a_school(services)
    card_id = await give_card(services, SYSTEM, await a_student(services, school_id), NUMBER)
    old_key, old = await card_key(services, school_id), (await Card.get(id=card_id)).token
    subscription = await services.wakeups.subscribe(CHANGED)

    assert await rotate_card_key(services, SYSTEM, school_id) == 1

    assert await card_key(services, school_id) != old_key
    assert (await Card.get(id=card_id)).token != old
    assert await heard(subscription) == str(school_id)
