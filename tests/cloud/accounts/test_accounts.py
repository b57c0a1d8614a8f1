"""Accounts through their public functions: first sign-in, attempts, roles, sessions and the audit journal."""

import asyncio
from itertools import count
from time import process_time

import pytest

from cloud.accounts.actions import (
    NewAccount,
    add_account,
    change_password,
    close_account,
    give_role,
    reset_password,
    sign_in,
    sign_out,
    take_role,
)
from cloud.accounts.errors import LoginTaken, PasswordRefused, SignInRefused, TooManyAttempts
from cloud.accounts.queries import accounts_of, actor_of
from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.rights import Right
from cloud.core.services import Services
from simulators.clock import SimulatedClock
from tests.cloud.accounts.factory import whole
from tests.cloud.schools.factory import a_school

SYSTEM = Actor.system("test")
HOME, AWAY = "10.0.0.5", "203.0.113.9"
GOOD = "lamp river 42 stone"
WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
_codes = count()


async def school(services: Services) -> int:
    return await a_school(services, f"school{next(_codes)}")


async def officer(services: Services, login: str = "office") -> tuple[NewAccount, int]:
    at = await school(services)
    return await add_account(services, SYSTEM, login, "Office of School 5", Reach(Role.OFFICE, at)), at


async def settled(services: Services, login: str = "office") -> int:
    """Make an account that has changed its initial password to GOOD; return its school."""
    account, at = await officer(services, login)
    session = await whole(services, login, account.password, HOME)
    actor = await actor_of(services, session.token)
    assert actor is not None
    await change_password(services, actor, account.password, GOOD)
    return at


async def test_an_initial_password_opens_nothing_until_it_is_changed(services: Services) -> None:
    at = await school(services)
    account = await add_account(services, SYSTEM, "office", "A parent", Reach(Role.GUARDIAN, at))
    session = await whole(services, "office", account.password, HOME)
    fresh = await actor_of(services, session.token)
    assert fresh is not None
    assert session.must_change
    assert fresh.reaches
    assert not fresh.kinships(Right.PRESENCE_READ)

    await change_password(services, fresh, account.password, GOOD)

    assert await actor_of(services, session.token) is None, "the session of the initial password has ended"
    with pytest.raises(SignInRefused):
        await sign_in(services, "office", account.password, HOME)
    again = await actor_of(services, (await whole(services, "office", GOOD, HOME)).token)
    assert again is not None
    assert again.kinships(Right.PRESENCE_READ)


async def test_an_initial_password_stops_working_after_two_weeks(services: Services, clock: SimulatedClock) -> None:
    account, _ = await officer(services)

    clock.advance(15 * 24 * 3600)

    with pytest.raises(SignInRefused):
        await sign_in(services, "office", account.password, HOME)


async def test_the_new_password_must_be_new_and_hard(services: Services) -> None:
    account, _ = await officer(services)
    actor = await actor_of(services, (await whole(services, "office", account.password, HOME)).token)
    assert actor is not None

    with pytest.raises(PasswordRefused):
        await change_password(services, actor, account.password, account.password)
    with pytest.raises(PasswordRefused):
        await change_password(services, actor, account.password, "qwertyuiop")
    with pytest.raises(SignInRefused):
        await change_password(services, actor, "not the old one", GOOD)


async def test_guessing_from_one_address_must_wait_and_keeps_nobody_else_out(
    services: Services, clock: SimulatedClock
) -> None:
    await settled(services)
    for _ in range(5):
        with pytest.raises(SignInRefused):
            await sign_in(services, "office", "wrong password", AWAY)

    with pytest.raises(TooManyAttempts) as refused:
        await sign_in(services, "office", GOOD, AWAY)

    assert refused.value.retry_after_s == 15
    assert (await whole(services, "office", GOOD, HOME)).token
    clock.advance(16)
    assert (await whole(services, "office", GOOD, AWAY)).token


async def test_guessing_from_everywhere_slows_an_account_by_half_a_minute_at_most(
    services: Services, clock: SimulatedClock
) -> None:
    await settled(services)
    for number in range(60):
        try:
            await sign_in(services, "office", "wrong password", f"198.51.100.{number}")
        except TooManyAttempts:
            clock.advance(31)
        except SignInRefused:
            pass

    clock.advance(31)

    assert (await whole(services, "office", GOOD, HOME)).token


async def test_an_unknown_login_is_counted_and_takes_as_long_as_a_known_one(services: Services) -> None:
    await settled(services)

    async def refused_in(login: str, address: str) -> float:
        """Return what a refusal took of the processor: of an idle machine's time and of a busy one's the same."""
        began = process_time()
        with pytest.raises(SignInRefused):
            await sign_in(services, login, "wrong password", address)
        return process_time() - began

    known = [await refused_in("office", f"192.0.2.{number}") for number in range(9)]
    unknown = [await refused_in("nobody", f"192.0.3.{number}") for number in range(9)]

    assert 0.5 < sorted(known)[4] / sorted(unknown)[4] < 2.0
    for _ in range(4):
        await refused_in("nobody", "192.0.3.0")
    with pytest.raises(TooManyAttempts):
        await sign_in(services, "nobody", "wrong password", "192.0.3.0")


async def test_a_login_belongs_to_one_account(services: Services) -> None:
    _, at = await officer(services)

    with pytest.raises(LoginTaken, match="office"):
        await add_account(services, SYSTEM, " OFFICE ", "Somebody", Reach(Role.GUARD, at))


async def test_a_session_ends_by_itself_or_by_signing_out(services: Services, clock: SimulatedClock) -> None:
    await settled(services)
    first, second = [(await whole(services, "office", GOOD, HOME)).token for _ in range(2)]

    await sign_out(services, first)
    assert await actor_of(services, first) is None
    assert await actor_of(services, second) is not None

    clock.advance(services.settings.session_hours * 3600 + 1)
    assert await actor_of(services, second) is None


async def test_a_closed_account_and_a_reset_password_end_every_session(services: Services) -> None:
    await settled(services)
    token = (await whole(services, "office", GOOD, HOME)).token
    actor = await actor_of(services, token)
    assert actor is not None
    assert actor.account_id is not None

    given = await reset_password(services, SYSTEM, actor.account_id)
    assert await actor_of(services, token) is None
    assert (await whole(services, "office", given.password, HOME)).must_change

    await close_account(services, SYSTEM, actor.account_id)
    with pytest.raises(SignInRefused):
        await sign_in(services, "office", given.password, HOME)


@pytest.mark.parametrize("change", ["password_hash = 'another'", "is_active = false"])
async def test_no_session_begins_with_a_password_that_is_being_replaced_or_an_account_that_is_being_closed(
    services: Services, change: str
) -> None:
    await settled(services)
    pool = services.database.pool
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(f"UPDATE account SET {change} WHERE name = 'Office of School 5'")  # noqa: S608 (two texts)
        signing_in = asyncio.create_task(sign_in(services, "office", GOOD, HOME))
        while not signing_in.done() and not await connection.fetchval(WAITS):
            await asyncio.wait({signing_in}, timeout=0.01)

    with pytest.raises(SignInRefused):
        await signing_in
    assert await pool.fetchval("SELECT count(*) FROM audit_entry WHERE verb = 'account.sign_in_failed'") == 1


async def test_the_it_of_a_school_makes_accounts_there_and_nowhere_else(services: Services) -> None:
    here, there = await school(services), await school(services)
    it = Actor("IT", None, frozenset({Reach(Role.IT, here)}))

    made = await add_account(services, it, "guard", "Guard", Reach(Role.GUARD, here))
    await give_role(services, it, made.account_id, Reach(Role.OFFICE, here))

    assert [row.roles for row in await accounts_of(services, it, here)] == [(Role.GUARD, Role.OFFICE)]
    with pytest.raises(NotAllowed):
        await give_role(services, it, made.account_id, Reach(Role.OFFICE, there))
    with pytest.raises(NotAllowed):
        await give_role(services, it, made.account_id, Reach(Role.OPERATOR, None))
    with pytest.raises(NotAllowed):
        await accounts_of(services, it, there)


async def test_the_last_operator_stays(services: Services) -> None:
    only = await add_account(services, SYSTEM, "operator", "Operator", Reach(Role.OPERATOR, None))

    with pytest.raises(NotAllowed):
        await take_role(services, SYSTEM, only.account_id, Reach(Role.OPERATOR, None))


async def test_the_audit_journal_tells_who_did_what_and_never_a_password(services: Services) -> None:
    at = await settled(services)
    with pytest.raises(SignInRefused):
        await sign_in(services, "office", "mistyped-secret", AWAY)

    told = await noted_of(services, SYSTEM, None, Wanted())

    assert [row.verb for row in told if row.verb.startswith("account")] == [
        "account.sign_in_failed", "account.password_changed", "account.signed_in", "account.added"
    ]  # fmt: skip
    assert "mistyped-secret" not in str(told)
    assert "account.added" in [row.verb for row in await noted_of(services, SYSTEM, at, Wanted())]


async def test_many_failures_at_once_are_all_counted_and_do_not_deadlock(services: Services) -> None:
    await settled(services)

    outcomes = await asyncio.gather(
        *(sign_in(services, "office", "wrong password", AWAY) for _ in range(8)), return_exceptions=True
    )

    assert all(isinstance(outcome, SignInRefused) for outcome in outcomes)
    with pytest.raises(TooManyAttempts):
        await sign_in(services, "office", GOOD, AWAY)
