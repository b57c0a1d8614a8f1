"""Two requests at once about one account's second steps: who knows only the password gains nothing by being quick."""

import asyncio
from collections.abc import Awaitable
from contextvars import copy_context

import pytest

from cloud.accounts import factors, passkeys
from cloud.accounts.actions import add_account
from cloud.accounts.beginnings import begin, lock_account
from cloud.accounts.errors import FactorRefused, SessionEnded
from cloud.accounts.models import Account, Authenticator
from cloud.accounts.queries import actor_of
from cloud.accounts.totp import code_at, step_at
from cloud.core.actor import Reach, Role
from cloud.core.services import Services
from simulators.clock import SimulatedClock
from tests.cloud.accounts.authenticator import SoftAuthenticator
from tests.cloud.accounts.factory import AWAY, SYSTEM, Somebody, somebody, whole
from tests.cloud.schools.factory import a_school

SITE, ORIGIN = "esik.test", "https://esik.test"
_WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()
"""


async def a_thief_beside(services: Services, office: Somebody) -> Somebody:
    """Return somebody with the same password, whose session waits for a second step as well."""
    session = await whole(services, office.login, address=AWAY)
    actor = await actor_of(services, session.token)
    assert actor is not None
    assert actor.must_enrol
    return Somebody(services, office.login, office.account_id, office.school_id, session.token, actor)


def code_of(services: Services, secret: bytes) -> str:
    return code_at(secret, step_at(services.clock.now()))


async def outcomes(*works: Awaitable[object]) -> list[str]:
    """Run all of it at once, and return what became of each, sorted."""
    told = await asyncio.gather(*works, return_exceptions=True)
    return sorted(type(each).__name__ if isinstance(each, Exception) else "done" for each in told)


async def blocked(services: Services, work: asyncio.Task[object]) -> None:
    """Return when a task waits for a lock of ours, or is over without."""
    async with asyncio.timeout(20):
        while not work.done() and not await services.database.pool.fetchval(_WAITING):  # noqa: ASYNC110 (PostgreSQL tells nobody)
            await asyncio.sleep(0.01)


async def test_of_two_accounts_made_at_once_under_one_number_there_is_one(services: Services) -> None:
    reach = Reach(Role.GUARD, await a_school(services))

    made = await outcomes(
        add_account(services, SYSTEM, "+7 701 123 45 67", "One", reach),
        add_account(services, SYSTEM, "87011234567", "Other", reach),
    )

    assert made == ["LoginTaken", "done"]
    assert await services.database.pool.fetchval("SELECT count(*) FROM account") == 1


async def test_a_secret_is_shown_to_the_session_that_began_and_to_no_other(services: Services) -> None:
    office = await somebody(services)
    thief = await a_thief_beside(services, office)

    secret = await factors.start_app(services, thief.actor, thief.token)

    assert await factors.pending_app(services, office.actor, office.token) is None
    with pytest.raises(FactorRefused):
        await factors.confirm_app(services, office.actor, office.token, code_of(services, secret))
    assert await factors.pending_app(services, thief.actor, thief.token) == secret


async def test_what_a_session_was_about_to_set_up_is_nothing_once_another_one_has_a_second_step(
    services: Services,
) -> None:
    office = await somebody(services)
    thief, own = await a_thief_beside(services, office), SoftAuthenticator(SITE, ORIGIN)
    options = await passkeys.offer_passkey(services, thief.actor)
    await office.enrol()

    for late in (
        passkeys.add_passkey(services, thief.actor, thief.token, own.made(options), "x"),
        factors.start_app(services, thief.actor, thief.token),
        factors.confirm_app(services, thief.actor, thief.token, office.code()),
    ):
        with pytest.raises(SessionEnded):
            await late

    assert await passkeys.passkeys_of(office.actor) == []
    assert await actor_of(services, office.token) is not None
    assert await actor_of(services, thief.token) is None


async def test_of_two_that_set_a_second_step_up_at_once_one_does(services: Services) -> None:
    office = await somebody(services)
    thief, own = await a_thief_beside(services, office), SoftAuthenticator(SITE, ORIGIN)
    options = await passkeys.offer_passkey(services, thief.actor)
    secret = await factors.start_app(services, office.actor, office.token)

    told = await outcomes(
        factors.confirm_app(services, office.actor, office.token, code_of(services, secret)),
        passkeys.add_passkey(services, thief.actor, thief.token, own.made(options), "x"),
    )

    assert told == ["SessionEnded", "done"]
    here = [await actor_of(services, token) for token in (office.token, thief.token)]
    assert [actor is None or actor.must_enrol for actor in here].count(True) == 1


async def test_a_session_that_begins_while_a_second_step_is_set_up_does_not_outlive_it(services: Services) -> None:
    office = await somebody(services)
    secret = await factors.start_app(services, office.actor, office.token)
    code = code_of(services, secret)
    outside = copy_context()  # else the task would be in our own transaction
    async with services.database.transaction() as connection:
        await lock_account(connection, office.account_id)  # as signing in does
        begun = await begin(services, connection, await Account.get(id=office.account_id), "")
        setting_up = asyncio.create_task(
            factors.confirm_app(services, office.actor, office.token, code), context=outside
        )
        await blocked(services, setting_up)

    await setting_up
    assert await actor_of(services, begun.token) is None


async def test_two_second_steps_taken_away_at_once_leave_one(services: Services, clock: SimulatedClock) -> None:
    office, own = await (await somebody(services)).enrol(), SoftAuthenticator(SITE, ORIGIN)
    clock.advance(60)
    options = await passkeys.offer_passkey(services, office.actor)
    await passkeys.add_passkey(services, office.actor, office.token, own.made(options), "Phone")
    (key,) = await passkeys.passkeys_of(office.actor)

    outside = copy_context()  # else the task would be in our own transaction
    async with services.database.transaction() as connection:
        await lock_account(connection, office.account_id)
        await Authenticator.filter(account_id=office.account_id).delete()
        dropping = asyncio.create_task(passkeys.drop_passkey(services, office.actor, key.id), context=outside)
        await blocked(services, dropping)

    with pytest.raises(FactorRefused):
        await dropping
    kept = await factors.factors_of(services, office.actor)
    assert kept.app_since is None
    assert [row.id for row in await passkeys.passkeys_of(office.actor)] == [key.id]
