"""People through their public functions: identity, order, guardians' rights, consents, and what stays secret."""

from dataclasses import replace
from datetime import date

import pytest

from cloud.accounts.queries import actor_of
from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.people.actions import (
    add_guardian,
    add_person,
    end_guardianship,
    give_consent,
    open_guardian_account,
    withdraw_consent,
)
from cloud.people.bulk import GuardianGiven, PersonGiven
from cloud.people.errors import PersonConflict
from cloud.people.family import set_rights
from cloud.people.kinds import CHANGED, FamilyRight, PersonRole, Purpose, Relation, Says
from cloud.people.moving import leave
from cloud.people.queries import consents_of, guardians_of, iin_of, people_of, person_of_ref, phones_of
from cloud.schools.actions import add_class
from tests.cloud.accounts.factory import whole
from tests.cloud.core.test_wakeups import heard
from tests.cloud.people.factory import a_student, an_iin
from tests.cloud.schools.factory import SYSTEM, a_school

TODAY = date(2026, 9, 1)
IIN = an_iin(date(2015, 3, 4), 17)
AIGERIM = PersonGiven(role=PersonRole.STUDENT, surname="әліби ", given_name=" Айгерім", iin=IIN, number="17")
MOTHER = GuardianGiven("Әліби Сауле", "8 701 234 56 78", "Saule@Mail.kz")


async def test_the_same_iin_is_the_same_person(services: Services) -> None:
    school_id = await a_school(services)
    first = await add_person(services, SYSTEM, school_id, AIGERIM)

    again = await add_person(
        services, SYSTEM, school_id, replace(AIGERIM, given_name="Айгерім", number=None, position="")
    )

    assert again == first
    assert [row.name for row in await people_of(services, SYSTEM, school_id)] == ["әліби Айгерім"]


async def test_an_iin_of_one_and_a_number_of_another_are_refused(services: Services) -> None:
    school_id = await a_school(services)
    await add_person(services, SYSTEM, school_id, replace(AIGERIM, number=None))
    await a_student(services, school_id, "17")

    with pytest.raises(PersonConflict):
        await add_person(services, SYSTEM, school_id, AIGERIM)


async def test_two_schools_may_know_the_same_person(services: Services) -> None:
    here, there = await a_school(services), await a_school(services, "almaty6")

    assert await add_person(services, SYSTEM, here, AIGERIM) != await add_person(services, SYSTEM, there, AIGERIM)


async def test_people_stand_in_the_order_of_the_kazakh_alphabet(services: Services) -> None:
    school_id = await a_school(services)
    for number, surname in enumerate(["Яна", "Қанат", "Кемел", "Әли", "Асан", "Ғани"]):
        await add_person(services, SYSTEM, school_id, replace(AIGERIM, surname=surname, iin=None, number=str(number)))

    names = [row.name.split()[0] for row in await people_of(services, SYSTEM, school_id)]

    assert names == ["Асан", "Әли", "Ғани", "Кемел", "Қанат", "Яна"]


async def test_an_iin_stands_encrypted_in_the_table_and_reading_it_is_noted(services: Services) -> None:
    school_id = await a_school(services)
    await add_person(services, SYSTEM, school_id, AIGERIM)
    (person,) = await people_of(services, SYSTEM, school_id)
    office = Actor("Office", None, frozenset({Reach(Role.OFFICE, school_id)}))

    assert await iin_of(services, office, person.ref) == IIN
    assert IIN not in str(await services.database.pool.fetch("SELECT * FROM person"))
    assert (await noted_of(services, SYSTEM, school_id, Wanted()))[0].verb == "person.iin_read"
    with pytest.raises(NotAllowed):
        await iin_of(services, Actor("Guard", None, frozenset({Reach(Role.GUARD, school_id)})), person.ref)


async def test_a_class_of_another_school_is_refused(services: Services) -> None:
    here, there = await a_school(services), await a_school(services, "almaty6")
    class_id = await add_class(services, SYSTEM, there, 5, "А")

    with pytest.raises(NotFound):
        await add_person(services, SYSTEM, here, replace(AIGERIM, class_id=class_id))


async def test_a_card_needs_a_consent_and_a_withdrawal_ends_it_without_forgetting_it(services: Services) -> None:
    school_id = await a_school(services)
    person_id = await a_student(services, school_id)
    (before,) = await people_of(services, SYSTEM, school_id)

    await give_consent(services, SYSTEM, person_id, Purpose.CARD, TODAY, "форма 12, 01.09.2026")
    (given,) = await people_of(services, SYSTEM, school_id)
    await withdraw_consent(services, SYSTEM, person_id, Purpose.CARD, TODAY)
    (withdrawn,) = await people_of(services, SYSTEM, school_id)

    assert (before.may_have_card, given.may_have_card, withdrawn.may_have_card) == (False, True, False)
    no, yes = await consents_of(services, SYSTEM, given.ref)
    assert (yes.says, yes.source, yes.on, yes.stands) == (Says.YES, "форма 12, 01.09.2026", TODAY, False)
    assert (no.says, no.on, no.stands) == (Says.NO, TODAY, True)
    with pytest.raises(NotFound):
        await withdraw_consent(services, SYSTEM, person_id, Purpose.CARD, TODAY)


async def test_each_guardian_has_rights_of_the_own(services: Services) -> None:
    school_id = await a_school(services)
    person_id = await a_student(services, school_id)
    mother = await add_guardian(services, SYSTEM, person_id, MOTHER, Relation.MOTHER)
    father = await add_guardian(
        services, SYSTEM, person_id, GuardianGiven("Әліби Ерлан", "+77029998877"), Relation.FATHER
    )
    (person,) = await people_of(services, SYSTEM, school_id)

    await set_rights(services, SYSTEM, father, person_id, {FamilyRight.SEE})
    await end_guardianship(services, SYSTEM, mother, person_id, TODAY)

    rows = {row.id: row for row in await guardians_of(services, SYSTEM, person.ref)}
    assert (rows[mother].ended_on, rows[father].ended_on) == (TODAY, None)
    assert (rows[mother].may_block_card, rows[father].may_block_card) == (True, False)


async def test_a_guardian_of_two_children_is_one_guardian_with_one_account(services: Services) -> None:
    school_id = await a_school(services)
    first, second = await a_student(services, school_id, "1"), await a_student(services, school_id, "2")
    guardian = await add_guardian(services, SYSTEM, first, MOTHER, Relation.MOTHER)

    assert await add_guardian(services, SYSTEM, second, MOTHER, Relation.MOTHER) == guardian
    opened = await open_guardian_account(services, SYSTEM, guardian)

    assert opened.login == "+77012345678"
    assert opened.password is not None
    session = await whole(services, "8 701 234 56 78", opened.password)
    actor = await actor_of(services, session.token)
    assert actor is not None
    assert actor.reaches == {Reach(Role.GUARDIAN, school_id)}


async def test_a_guardian_at_two_schools_keeps_the_first_password(services: Services) -> None:
    here, there = await a_school(services), await a_school(services, "almaty6")
    guardians = [
        await add_guardian(services, SYSTEM, await a_student(services, at), MOTHER, Relation.MOTHER)
        for at in (here, there)
    ]

    first, second = [await open_guardian_account(services, SYSTEM, each) for each in guardians]

    assert first.password is not None
    assert second.password is None


async def test_contacts_stand_encrypted_in_the_table(services: Services) -> None:
    school_id = await a_school(services)
    child = await a_student(services, school_id)
    guardian = await add_guardian(services, SYSTEM, child, MOTHER, Relation.MOTHER)

    table = str(await services.database.pool.fetch("SELECT * FROM guardian"))

    assert "77012345678" not in table
    assert "mail.kz" not in table
    (ref,) = [person.ref for person in await people_of(services, SYSTEM, school_id) if person.id == child]
    assert await phones_of(services, SYSTEM, ref) == {guardian: "+77012345678"}


async def test_whoever_builds_rosters_is_woken_by_every_change(services: Services) -> None:
    school_id = await a_school(services)
    subscription = await services.wakeups.subscribe(CHANGED)

    person_id = await a_student(services, school_id)
    assert await heard(subscription) == str(school_id)

    await leave(services, SYSTEM, person_id)
    assert await heard(subscription) == str(school_id)
    assert await people_of(services, SYSTEM, school_id) == []


async def test_people_of_another_school_are_not_there(services: Services) -> None:
    here, there = await a_school(services), await a_school(services, "almaty6")
    person_id = await a_student(services, here)
    (person,) = await people_of(services, SYSTEM, here)
    stranger = Actor("Office", None, frozenset({Reach(Role.OFFICE, there)}))

    with pytest.raises(NotFound):
        await person_of_ref(services, stranger, person.ref)
    with pytest.raises(NotAllowed):
        await people_of(services, stranger, here)
    with pytest.raises(NotAllowed):
        await leave(services, stranger, person_id)
