"""What an office does with others' accounts: found, edited, opened again, signed out, deleted; and what it may not."""

import pytest

from cloud.accounts.actions import add_account, close_account, give_role, reset_password, sign_in
from cloud.accounts.errors import LoginRefused, LoginTaken, SignInRefused
from cloud.accounts.keeping import (
    account_at,
    delete_account,
    edit_account,
    end_all_sessions,
    find_accounts,
    groups,
    open_again,
    sessions_at,
)
from cloud.accounts.queries import actor_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from tests.cloud.accounts.factory import GOOD, HOME, SYSTEM, Somebody, somebody, whole

STAFF = groups()["staff"]


def it_of(person: Somebody) -> Actor:
    """Return who keeps the accounts of somebody's school."""
    return Actor("IT", None, frozenset({Reach(Role.IT, person.school_id)}))


async def test_accounts_of_a_school_are_found_by_a_part_of_the_name_or_the_login_and_no_others(
    services: Services,
) -> None:
    here, there = await somebody(services), await somebody(services)

    found = await find_accounts(services, it_of(here), here.school_id, STAFF, "САПАР")

    assert [each.account_id for each in found] == [here.account_id]
    assert (await find_accounts(services, it_of(here), here.school_id, STAFF, here.login))[0].roles == (Role.OFFICE,)
    assert await find_accounts(services, it_of(here), here.school_id, groups()["students"]) == []
    assert await find_accounts(services, it_of(here), here.school_id, STAFF, "%") == []
    with pytest.raises(NotAllowed):
        await find_accounts(services, it_of(there), here.school_id, STAFF)
    with pytest.raises(NotFound):
        await account_at(services, it_of(here), here.school_id, there.account_id)


@pytest.mark.parametrize(
    ("login", "typed"),
    [
        ("+77011234567", "8 (701) 123-45-67"),
        ("Mother@Example.kz", " mother@EXAMPLE.kz "),
        ("{code}.482135", "482135"),  # as a school's sheet has it
    ],
)
async def test_an_account_is_found_by_its_whole_login_however_it_is_typed(
    services: Services, login: str, typed: str
) -> None:
    person = await somebody(services)
    code = await services.database.pool.fetchval("SELECT code FROM school WHERE id = $1", person.school_id)
    reach = Reach(Role.IT, person.school_id)
    made = await add_account(services, SYSTEM, login.format(code=code), "Данияр Ким", reach)

    found = await find_accounts(services, it_of(person), person.school_id, STAFF, typed)

    assert [(each.account_id, each.login) for each in found] == [(made.account_id, made.login)]
    assert await find_accounts(services, it_of(person), person.school_id, STAFF, made.login[:-1]) == []


async def test_an_operator_sees_accounts_of_staff_and_none_of_families(services: Services) -> None:
    person = await somebody(services)
    parent = await somebody(services, Role.GUARDIAN, person.school_id)
    operator = Actor("Operator", None, frozenset({Reach(Role.OPERATOR, None)}))

    found = await find_accounts(services, operator, person.school_id, [*STAFF, Role.GUARDIAN])

    assert [each.account_id for each in found] == [person.account_id]
    with pytest.raises(NotFound):
        await account_at(services, operator, person.school_id, parent.account_id)
    assert (await account_at(services, it_of(person), person.school_id, parent.account_id)).roles == (Role.GUARDIAN,)


async def test_an_account_with_a_role_that_the_reader_may_not_give_is_shown_and_not_changed(services: Services) -> None:
    person = await somebody(services)
    await give_role(services, SYSTEM, person.account_id, Reach(Role.DIRECTOR, person.school_id))

    shown = await account_at(services, it_of(person), person.school_id, person.account_id)

    assert not shown.may_keep
    for deed in (close_account, open_again, end_all_sessions, delete_account, reset_password):
        with pytest.raises(NotAllowed):
            await deed(services, it_of(person), person.account_id)
    with pytest.raises(NotAllowed):
        await edit_account(services, it_of(person), person.account_id, "another", "Another")


async def test_another_login_signs_out_everywhere_and_another_name_does_not(services: Services) -> None:
    person, other = await somebody(services), await somebody(services)

    await edit_account(services, it_of(person), person.account_id, person.login, "  Айгүл   Сейіт ")
    assert (await actor_of(services, person.token)) is not None
    assert (await account_at(services, it_of(person), person.school_id, person.account_id)).name == "Айгүл Сейіт"
    await edit_account(services, it_of(person), person.account_id, "+7 701 555 00 11", "Айгүл Сейіт")

    assert await actor_of(services, person.token) is None
    assert (await whole(services, "87015550011")).must_enrol
    with pytest.raises(LoginTaken):
        await edit_account(services, it_of(person), person.account_id, other.login, "Айгүл Сейіт")
    for login, name in (("a b", "Айгүл"), ("fine", "  ")):
        with pytest.raises(LoginRefused):
            await edit_account(services, it_of(person), person.account_id, login, name)


async def test_a_closed_account_opens_again_with_its_password(services: Services) -> None:
    person = await somebody(services)
    await close_account(services, it_of(person), person.account_id)
    with pytest.raises(SignInRefused):
        await sign_in(services, person.login, GOOD, HOME)

    await open_again(services, it_of(person), person.account_id)

    assert (await whole(services, person.login)).must_enrol


async def test_sessions_of_somebody_are_seen_and_ended(services: Services) -> None:
    person = await somebody(services)
    assert len(await sessions_at(services, it_of(person), person.school_id, person.account_id)) == 1

    await end_all_sessions(services, it_of(person), person.account_id)

    assert await actor_of(services, person.token) is None


async def test_a_deleted_account_leaves_its_number_in_the_journal_and_nothing_else(services: Services) -> None:
    person = await (await somebody(services)).enrol()
    pool = services.database.pool

    await delete_account(services, it_of(person), person.account_id)

    row = await pool.fetchrow(
        "SELECT login_digest, login_encrypted, name, password_hash, is_active FROM account WHERE id = $1",
        person.account_id,
    )
    assert tuple(row) == (None, None, f"№ {person.account_id}", "!", False)
    for table in ("grant_of_role", "sign_in", "authenticator", "recovery_code"):
        assert not await pool.fetchval(f"SELECT count(*) FROM {table} WHERE account_id = $1", person.account_id)  # noqa: S608
    told = await pool.fetchrow("SELECT actor, subject, school_id FROM audit_entry WHERE verb = 'account.deleted'")
    assert tuple(told) == ("IT", f"account:{person.account_id}", person.school_id)
    with pytest.raises(NotFound):
        await account_at(services, it_of(person), person.school_id, person.account_id)


async def test_nobody_closes_or_deletes_the_own_account_here_or_the_last_director(services: Services) -> None:
    it = await somebody(services, Role.IT)
    director = await somebody(services, Role.DIRECTOR, it.school_id)
    second = await somebody(services, Role.DIRECTOR, it.school_id)

    with pytest.raises(NotAllowed):
        await delete_account(services, Actor("D", director.account_id, director.actor.reaches), director.account_id)
    await delete_account(services, SYSTEM, second.account_id)
    with pytest.raises(NotAllowed):
        await delete_account(services, SYSTEM, director.account_id)
