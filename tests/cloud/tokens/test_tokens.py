"""Tokens of programs: made by IT for one school, kept as digests, and of no use for anything they do not name."""

import asyncio

import pytest

from cloud.accounts.actions import close_account, give_role, take_role
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.tokens.actions import ACCESS_MAX, TOKENS_MAX, make_token, revoke_token, trade
from cloud.tokens.errors import ScopeMissing, TokenWrong
from cloud.tokens.queries import bearer_of, tokens_of
from cloud.tokens.scopes import ONEROSTER, Scope
from simulators.clock import SimulatedClock
from tests.cloud.organisation.factory import SYSTEM, an_account
from tests.cloud.tokens.factory import it_of, school, token

DAY_S = 24 * 3600


async def test_a_token_names_its_program_its_school_and_what_it_may_do(services: Services) -> None:
    at = await school(services)
    made = await token(services, at, Scope.ROSTER_READ)

    bearer = await bearer_of(services, made.secret)

    assert bearer is not None
    assert (bearer.name, bearer.school_code) == ("Electronic diary", "almaty15")
    assert bearer.scopes == {Scope.ROSTER_READ}
    bearer.require(Scope.ROSTER_READ)
    with pytest.raises(ScopeMissing):
        bearer.require(Scope.ACCOUNTS_WRITE)


async def test_the_database_does_not_hold_what_lets_a_program_in(services: Services) -> None:
    at = await school(services)
    made = await token(services, at, Scope.ROSTER_READ)
    access = await trade(services, made.client, made.secret, "")
    assert access is not None

    kept = await services.database.pool.fetch(
        "SELECT t::text AS row FROM api_token AS t UNION ALL SELECT a::text FROM access_token AS a "
        "UNION ALL SELECT e::text FROM audit_entry AS e"
    )

    assert len(kept) == 3
    assert not [row for row in kept if made.secret in row["row"] or access.token in row["row"]]


async def test_a_token_works_until_it_expires_or_is_revoked(services: Services, clock: SimulatedClock) -> None:
    at = await school(services)
    short = await token(services, at, Scope.ROSTER_READ, days=30)
    long = await token(services, at, Scope.ROSTER_READ, days=90)
    access = await trade(services, long.client, long.secret, "")
    assert access is not None

    await revoke_token(services, it_of(at), at, long.id)

    assert await bearer_of(services, long.secret) is None
    assert await bearer_of(services, access.token) is None, "what it was traded for ends with it"
    assert await trade(services, long.client, long.secret, "") is None
    clock.advance(30 * DAY_S + 1)
    assert await bearer_of(services, short.secret) is None


@pytest.mark.parametrize("loss", ["closed", "role taken", "role elsewhere"])
async def test_a_token_rests_when_who_made_it_may_not_any_more_and_it_is_told(
    services: Services, clock: SimulatedClock, loss: str
) -> None:
    at, other = await school(services), await school(services, "astana7")
    maker, reach = await an_account(services, "daniyar", Role.IT, at), Reach(Role.IT, at)
    await an_account(services, "next", Role.IT, at)
    made = await make_token(services, Actor("D", maker, frozenset({reach})), at, "diary", ["roster.read"], 30)
    access = await trade(services, made.client, made.secret, "")
    assert access is not None
    assert await bearer_of(services, made.secret) is not None

    if loss == "closed":
        await close_account(services, SYSTEM, maker)
    else:
        await take_role(services, SYSTEM, maker, reach)
    if loss == "role elsewhere":
        await give_role(services, SYSTEM, maker, Reach(Role.IT, other))
        await give_role(services, SYSTEM, maker, Reach(Role.OFFICE, at))
    clock.advance(61)

    assert await bearer_of(services, made.secret) is None
    assert await bearer_of(services, access.token) is None
    assert await trade(services, made.client, made.secret, "") is None
    (row,) = await tokens_of(services, it_of(at), at)
    assert row.state(clock.now()) == "token_rests"
    alarms = await services.database.pool.fetch("SELECT school_id, kind, detail, count FROM alarm")
    assert [tuple(each) for each in alarms] == [(at, "token_rests", "diary", 1)]


async def test_it_of_a_school_makes_sees_and_revokes_tokens_of_that_school_only(services: Services) -> None:
    at, other = await school(services), await school(services, "astana7")
    made = await token(services, at, Scope.ROSTER_READ)
    office = Actor("Office", 1, frozenset({Reach(Role.OFFICE, at)}))

    for stranger in (it_of(other), office):
        with pytest.raises(NotAllowed):
            await make_token(services, stranger, at, "x", ["roster.read"], 30)
        with pytest.raises(NotAllowed):
            await tokens_of(services, stranger, at)
        with pytest.raises(NotAllowed):
            await revoke_token(services, stranger, at, made.id)
    with pytest.raises(NotFound):
        await revoke_token(services, it_of(other), other, made.id)
    assert await bearer_of(services, made.secret) is not None


async def test_it_sees_who_made_a_token_and_when_it_was_used_last(services: Services, clock: SimulatedClock) -> None:
    at = await school(services)
    made = await token(services, at, Scope.ROSTER_READ)
    clock.advance(3600)
    await bearer_of(services, made.secret)
    used_at = clock.now()
    clock.advance(30)
    await bearer_of(services, made.secret)

    (row,) = await tokens_of(services, it_of(at), at)

    assert (row.name, row.last_used_at, row.state(clock.now())) == ("Electronic diary", used_at, "active")
    assert row.state(row.expires_at) == "token_expired"


@pytest.mark.parametrize(
    ("name", "scopes", "days"),
    [
        ("", ["roster.read"], 30),
        ("x" * 61, ["roster.read"], 30),
        (" \n", ["roster.read"], 30),
        ("diary", [], 30),
        ("diary", ["everything"], 30),
        ("diary", ["roster.read"], 10_000),
    ],
)
async def test_a_token_without_name_right_or_end_is_not_made(
    services: Services, name: str, scopes: list[str], days: int
) -> None:
    at = await school(services)

    with pytest.raises(TokenWrong):
        await make_token(services, it_of(at), at, name, scopes, days)


async def test_a_school_has_no_more_tokens_than_somebody_looks_after(services: Services) -> None:
    at = await school(services)
    for number in range(TOKENS_MAX):
        await token(services, at, Scope.ROSTER_READ, name=f"program {number}")

    with pytest.raises(TokenWrong):
        await token(services, at, Scope.ROSTER_READ)


async def test_a_trade_gives_no_more_than_was_asked_for_and_is_held(services: Services, clock: SimulatedClock) -> None:
    at = await school(services)
    made = await token(services, at, Scope.ROSTER_READ, Scope.PRESENCE_READ)

    asked = f"{ONEROSTER}roster.readonly {ONEROSTER}gradebook.readonly accounts.write"
    access = await trade(services, made.client, made.secret, asked)
    nothing = await trade(services, made.client, made.secret, "accounts.write")

    assert access is not None
    assert access.scopes == (f"{ONEROSTER}roster.readonly",)
    bearer = await bearer_of(services, access.token)
    assert bearer is not None
    assert bearer.scopes == {Scope.ROSTER_READ}
    assert nothing is not None
    assert nothing.scopes == ()
    assert await bearer_of(services, nothing.token) is None, "a token without a scope is not kept"
    clock.advance(3601)
    assert await bearer_of(services, access.token) is None


async def test_a_client_with_another_clients_secret_is_nobody(services: Services) -> None:
    at = await school(services)
    one, two = await token(services, at, Scope.ROSTER_READ), await token(services, at, Scope.PRESENCE_READ)

    assert await trade(services, one.client, two.secret, "") is None
    assert await trade(services, one.client, "", "") is None
    assert await trade(services, one.client, one.secret + "x", "") is None


async def test_trades_at_once_leave_no_more_than_are_allowed(services: Services) -> None:
    at = await school(services)
    made = await token(services, at, Scope.ROSTER_READ)

    await asyncio.gather(*(trade(services, made.client, made.secret, "") for _ in range(ACCESS_MAX + 5)))

    assert await services.database.pool.fetchval("SELECT count(*) FROM access_token") == ACCESS_MAX
