"""An account that was there before gets a child by the code of its holder alone, whoever opened the account."""

import pytest

from cloud.accounts.actions import add_account
from cloud.core.actor import Actor, Reach, Role
from cloud.core.services import Services
from cloud.guardian.queries import children_of
from cloud.people.actions import Opened, add_guardian, end_guardianship, open_guardian_account
from cloud.people.bulk import GuardianGiven
from cloud.people.errors import PersonRefused
from cloud.people.joining import JoinRefused, code_for, take_in
from cloud.people.kinds import Relation
from cloud.people.moving import leave
from cloud.people.opening import open_apart, open_guardians
from simulators.clock import SimulatedClock
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import SYSTEM, a_school

PHONE = "+77012345678"
MOTHER = GuardianGiven("Әліби Сәуле", PHONE)
DAY_S = 86_400


async def opened_before(services: Services, login: str = PHONE) -> Actor:
    """Return the holder of an account that another school has opened, and knows the first password of."""
    there = await a_school(services, "almaty6")
    reach = Reach(Role.GUARDIAN, there)
    made = await add_account(services, SYSTEM, login, "Somebody", reach)
    return Actor("Somebody", made.account_id, frozenset({reach}))


async def opened_here(services: Services) -> tuple[int, int, Opened]:
    """Enter a child's mother at a school, and open her way in; return the school, the guardian and the way in."""
    here = await a_school(services)
    guardian = await add_guardian(services, SYSTEM, await a_student(services, here), MOTHER, Relation.MOTHER)
    return here, guardian, await open_guardian_account(services, SYSTEM, guardian)


async def test_whoever_opened_an_account_under_a_parents_number_before_gets_no_child(services: Services) -> None:
    somebody = await opened_before(services)

    here, _, opened = await opened_here(services)

    assert (opened.password, bool(opened.code)) == (None, True)
    assert await children_of(services, somebody) == []
    assert not await services.database.pool.fetchval(
        "SELECT count(*) FROM grant_of_role WHERE account_id = $1 AND school_id = $2", somebody.account_id, here
    )


async def test_the_holder_takes_the_child_in_by_the_code_however_it_is_typed(services: Services) -> None:
    holder = await opened_before(services)
    here, guardian, opened = await opened_here(services)
    assert opened.code is not None

    await take_in(services, holder, f" {opened.code.upper().replace('-', ' ')} ")

    (child,) = await children_of(services, holder)
    assert child.school_id == here
    noted = await services.database.pool.fetchval(
        "SELECT subject FROM audit_entry WHERE verb = 'guardian.joined' AND school_id = $1", here
    )
    assert noted == f"guardian:{guardian}"
    assert (await open_guardian_account(services, SYSTEM, guardian)).code is None, "there is a way in now"


async def test_a_code_is_worth_nothing_to_another_account_nor_a_guess_nor_twice(services: Services) -> None:
    holder = await opened_before(services)
    _, guardian, opened = await opened_here(services)
    made = await add_account(services, SYSTEM, "+77019999999", "Other", Reach(Role.GUARDIAN, 1))
    other = Actor("Other", made.account_id)

    for actor, code in ((other, opened.code), (holder, "aaaa-bbbb-cccc"), (holder, ""), (holder, "é" * 12)):
        with pytest.raises(JoinRefused):
            await take_in(services, actor, code or "")
    await take_in(services, holder, opened.code or "")
    with pytest.raises(JoinRefused):
        await take_in(services, holder, opened.code or "")

    assert opened.code != code_for(services, guardian, made.account_id)
    assert await children_of(services, other) == []


async def test_a_code_lasts_a_fortnight_at_least_and_not_two_months(services: Services, clock: SimulatedClock) -> None:
    holder = await opened_before(services)
    _, guardian, opened = await opened_here(services)
    assert holder.account_id is not None
    clock.advance(14 * DAY_S)
    still = {code_for(services, guardian, holder.account_id, ago=ago) for ago in (0, 1)}

    clock.advance(30 * DAY_S)
    with pytest.raises(JoinRefused):
        await take_in(services, holder, opened.code or "")

    assert opened.code in still


async def test_who_knows_nothing_of_the_numbers_account_gets_one_of_the_own(services: Services) -> None:
    somebody = await opened_before(services)
    here, guardian, opened = await opened_here(services)

    apart = await open_apart(services, SYSTEM, guardian)

    assert apart.password is not None
    assert apart.login.startswith("almaty5.")
    with pytest.raises(JoinRefused):
        await take_in(services, somebody, opened.code or "")
    mother = await services.database.pool.fetchval("SELECT account_id FROM guardian WHERE id = $1", guardian)
    (child,) = await children_of(services, Actor("Mother", mother))
    assert child.school_id == here


async def test_the_sheet_of_a_class_has_the_code_in_the_place_of_a_password(services: Services) -> None:
    await opened_before(services)
    here, _, opened = await opened_here(services)

    (slip,) = await open_guardians(services, SYSTEM, here, None)

    assert (slip.login, slip.password, slip.code) == (PHONE, None, opened.code)


@pytest.mark.parametrize("is_ended", [True, False])
async def test_who_has_a_number_anew_gets_neither_account_nor_address_of_who_had_it(
    services: Services, *, is_ended: bool
) -> None:
    here = await a_school(services)
    gone = await a_student(services, here, "1")
    before = await add_guardian(
        services, SYSTEM, gone, GuardianGiven("Әліби Сәуле", PHONE, "s@mail.kz"), Relation.MOTHER
    )
    await open_guardian_account(services, SYSTEM, before)
    if is_ended:
        await end_guardianship(services, SYSTEM, before, gone, services.clock.now().date())
    else:
        await leave(services, SYSTEM, gone)

    new = await a_student(services, here, "2")
    after = await add_guardian(services, SYSTEM, new, GuardianGiven("Бекова Дина", PHONE), Relation.MOTHER)

    row = await services.database.pool.fetchrow("SELECT * FROM guardian WHERE id = $1", after)
    assert (row["account_id"], row["email_encrypted"]) == (None, None)
    assert (await open_guardian_account(services, SYSTEM, after)).code is not None


async def test_a_name_that_is_written_anew_leaves_a_parent_the_account(services: Services) -> None:
    here = await a_school(services)
    child = await a_student(services, here)
    guardian = await add_guardian(
        services, SYSTEM, child, GuardianGiven("Алиби Сауле", PHONE, "s@mail.kz"), Relation.MOTHER
    )
    await open_guardian_account(services, SYSTEM, guardian)

    await add_guardian(services, SYSTEM, child, MOTHER, Relation.MOTHER)

    row = await services.database.pool.fetchrow("SELECT * FROM guardian WHERE id = $1", guardian)
    assert row["account_id"] is not None
    assert row["email_encrypted"] is not None


async def test_a_number_that_is_another_familys_is_asked_about_before_it_gets_a_child(services: Services) -> None:
    here = await a_school(services)
    theirs, ours = await a_student(services, here, "1"), await a_student(services, here, "2")
    mother = await add_guardian(services, SYSTEM, theirs, MOTHER, Relation.MOTHER)

    with pytest.raises(PersonRefused, match="this number is Әліби Сәуле's"):
        await add_guardian(services, SYSTEM, ours, GuardianGiven("Бекова Дина", PHONE), Relation.MOTHER)

    assert await services.database.pool.fetchval("SELECT count(*) FROM guardianship") == 1
    assert await add_guardian(services, SYSTEM, ours, MOTHER, Relation.MOTHER) == mother, "of both, by the same name"
