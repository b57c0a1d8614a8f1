"""One's own sessions, and attempts to sign in that failed."""

from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus

import httpx2
import pytest
from fastapi import Response

from cloud.accounts.actions import add_account, close_account
from cloud.accounts.errors import CodeRefused, SignInRefused
from cloud.accounts.failures import failures_at, own_failures
from cloud.accounts.machines import machine_of
from cloud.accounts.queries import actor_of
from cloud.accounts.second_step import finish_with_code
from cloud.accounts.sessions import end_others, end_session, sessions_of
from cloud.accounts.web import remember_session
from cloud.app import create_app
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.core.wakeups import SESSIONS
from simulators.clock import SimulatedClock
from tests.cloud.accounts.factory import AWAY, HOME, SYSTEM, somebody, whole
from tests.cloud.core.test_wakeups import heard
from tests.cloud.schools.factory import a_school

MONTH = timedelta(days=30)


async def test_sessions_are_listed_and_ended_by_their_owner_alone(services: Services) -> None:
    person, stranger = await somebody(services, Role.GUARDIAN), await somebody(services, Role.GUARDIAN)
    second = await whole(services, person.login)

    here, there = await sessions_of(services, person.actor, person.token)

    assert (here.is_this, there.is_this) == (True, False)
    with pytest.raises(NotFound):
        await end_session(services, stranger.actor, there.id)
    await end_session(services, person.actor, there.id)
    assert await actor_of(services, second.token) is None
    assert await actor_of(services, person.token) is not None


async def test_all_other_devices_are_signed_out_at_once(services: Services) -> None:
    person = await somebody(services, Role.GUARDIAN)
    others = [await whole(services, person.login) for _ in range(3)]

    await end_others(services, person.actor, person.token)

    assert [await actor_of(services, each.token) for each in others] == [None] * 3
    assert len(await sessions_of(services, person.actor, person.token)) == 1


async def test_a_session_tells_when_it_was_last_used(services: Services, clock: SimulatedClock) -> None:
    person = await somebody(services, Role.GUARDIAN)
    clock.advance(3600)
    now = clock.now()

    await actor_of(services, person.token)

    (own,) = await sessions_of(services, person.actor, person.token)
    assert (own.seen_at, own.created_at) == (now, now - timedelta(hours=1))


async def test_a_closed_accounts_live_session_is_over_and_its_live_pages_are_told(services: Services) -> None:
    person = await somebody(services, Role.GUARDIAN)
    async with await services.wakeups.subscribe(SESSIONS) as subscription:
        await close_account(services, SYSTEM, person.account_id)

        assert await heard(subscription) == str(person.account_id)
    assert await actor_of(services, person.token) is None
    with pytest.raises(SignInRefused):
        await whole(services, person.login)


@pytest.mark.requirement("KZ456-5.12")
async def test_attempts_that_failed_are_seen_by_the_owner_and_by_the_schools_it(
    services: Services, clock: SimulatedClock
) -> None:
    person = await (await somebody(services)).enrol()
    it = Actor("IT", None, frozenset({Reach(Role.IT, person.school_id)}))
    half = await person.half()
    with pytest.raises(SignInRefused):
        await whole(services, person.login, "wrong password", AWAY)
    clock.advance(60)
    with pytest.raises(CodeRefused):
        await finish_with_code(services, half, "000000", AWAY)
    until = clock.now() + timedelta(seconds=1)

    own = await own_failures(services, person.actor, until - MONTH, until)
    seen = await failures_at(services, it, person.school_id, until - MONTH, until)

    assert [(each.verb, each.address) for each in own] == [
        ("account.second_step_failed", AWAY), ("account.sign_in_failed", AWAY)
    ]  # fmt: skip
    assert [(each.verb, each.login) for each in seen] == [(each.verb, person.login) for each in own]
    assert await failures_at(services, it, person.school_id, until - MONTH, until - timedelta(seconds=61)) == []
    assert await failures_at(services, it, person.school_id, until - MONTH, until, "nobody") == []
    with pytest.raises(NotAllowed):
        await failures_at(services, it, person.school_id + 1, until - MONTH, until)


@pytest.mark.parametrize(("role", "named"), [(Role.GUARDIAN, False), (Role.OFFICE, True)])
async def test_an_operator_reads_of_a_familys_attempts_no_name_and_finds_none_by_it(
    services: Services, role: Role, named: bool
) -> None:
    person = await somebody(services, role)
    with pytest.raises(SignInRefused):
        await whole(services, person.login, "wrong password", AWAY)
    operator, now = Actor("O", None, frozenset({Reach(Role.OPERATOR, None)})), services.clock.now()

    (seen,) = await failures_at(services, operator, person.school_id, now - MONTH, now + MONTH)
    found = await failures_at(services, operator, person.school_id, now - MONTH, now + MONTH, person.login)

    assert (seen.login, seen.name) == (
        (person.login, "Айгүл Сапарова") if named else ("", f"account:{person.account_id}")
    )
    assert len(found) == int(named)


@pytest.mark.parametrize(("search", "found"), [("a_b", 1), ("%", 0), ("_", 0), ("АЙГҮЛ", 1), ("", 1)])
async def test_an_attempt_is_found_by_the_login_as_it_is_or_a_part_of_the_name(
    services: Services, search: str, found: int
) -> None:
    at = await a_school(services, "underscores")
    await add_account(services, SYSTEM, "a_b", "Айгүл Сапарова", Reach(Role.OFFICE, at))
    with pytest.raises(SignInRefused):
        await whole(services, "a_b", "wrong password")
    it, now = Actor("IT", None, frozenset({Reach(Role.IT, at)})), services.clock.now()

    assert len(await failures_at(services, it, at, now - MONTH, now + MONTH, search)) == found


async def test_attempts_at_anothers_account_are_not_ones_own(services: Services) -> None:
    person, stranger = await somebody(services, Role.GUARDIAN), await somebody(services, Role.GUARDIAN)
    with pytest.raises(SignInRefused):
        await whole(services, person.login, "wrong password", HOME)
    now = services.clock.now()

    assert await own_failures(services, stranger.actor, now - MONTH, now + MONTH) == []


@pytest.mark.parametrize(
    ("agent", "told"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        (
            ("Mozilla/5.0 (Linux; Android 15; SM-A546E) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Mobile "
            "Safari/537.36"),
            "Chrome, Android",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1",
            "Safari, iPhone",
        ),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36 Edg/142.0",
         "Edge, Windows"),
        ("curl/8.5", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_a_browser_is_called_what_its_owner_calls_it(agent: str, told: str) -> None:
    assert machine_of(agent) == told


async def test_behind_tls_a_session_is_taken_from_this_very_host_alone(services: Services) -> None:
    """A page of a neighbouring name can set a cookie for both, but none whose name begins so (RFC 6265bis, 4.1.3.2)."""
    own = replace(services, settings=replace(services.settings, public_url="https://esik.test"))
    person, response = await somebody(own, Role.GUARDIAN), Response()
    session = await whole(own, person.login)
    headers = {"accept": "text/html", "accept-language": "en"}
    transport = httpx2.ASGITransport(create_app(own))
    async with httpx2.AsyncClient(transport=transport, base_url="https://esik.test", headers=headers) as http:
        answers = [
            (await http.get("/account", headers={"cookie": f"{name}={session.token}"})).status_code
            for name in ("__Host-esik_session", "esik_session")
        ]
    remember_session(response, own, session)

    assert answers == [HTTPStatus.OK, HTTPStatus.SEE_OTHER]
    assert set(response.headers["set-cookie"].split("; ")) >= {
        f"__Host-esik_session={session.token}", "HttpOnly", "Path=/", "SameSite=lax", "Secure",
    }  # fmt: skip
    assert "domain" not in response.headers["set-cookie"].lower()
