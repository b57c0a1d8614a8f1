"""Ten thousand sign-ins a minute: what they get who send them, and that people of other addresses sign in meanwhile."""

import asyncio
import os
import sys
import threading
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterable
from contextlib import asynccontextmanager

import httpx2
import pytest
from typing_extensions import override

from cloud.accounts import attempts, passwords
from cloud.accounts.actions import sign_in
from cloud.accounts.beginnings import Session
from cloud.accounts.errors import SignInRefused, TooManyAttempts
from cloud.accounts.known import LOGINS_MAX, known_as, remembered
from cloud.accounts.turns import Lane, Turns
from cloud.app import create_app
from cloud.core.errors import Refused
from cloud.core.services import Services
from cloud.core.vault import Vault
from simulators.clock import SimulatedClock
from tests.cloud.accounts.factory import GOOD, HOME, somebody
from tests.waiting import until_async

CROWD, TOGETHER = 1_000, 50  # of six seconds
STRANGERS = 5  # that may wait in these tests
pytestmark = pytest.mark.usefixtures("dear_hashes")  # a crowd waits for what costs
FAILED = "SELECT count(*) FROM audit_entry WHERE verb = 'account.sign_in_failed'"


class Noted(Turns):
    """Turns that note who had one, in order."""

    had: list[Lane]

    @override
    @asynccontextmanager
    async def turn(self, lane: Lane, place: str = "") -> AsyncIterator[None]:
        async with super().turn(lane, place):
            self.had.append(lane)
            yield


@pytest.fixture(name="few_turns")
def _few_turns(monkeypatch: pytest.MonkeyPatch) -> list[Lane]:
    """Let one password be checked at a time, and few strangers wait: a crowd is a crowd sooner.

    Return who had turns, in order.
    """
    waiting = {Lane.KNOWN: 5, Lane.WORK: 5, Lane.STRANGER: STRANGERS}
    turns = Noted(1, waiting, STRANGERS)
    turns.had = []
    monkeypatch.setattr(passwords, "TURNS", turns)
    return turns.had


async def outcomes(asked: Iterable[Awaitable[object]]) -> Counter[str]:
    """Send sign-ins together, and return what they got."""

    async def outcome(one: Awaitable[object]) -> str:
        try:
            await one
        except Refused as refused:
            return refused.code
        return "in"

    return Counter(await asyncio.gather(*(outcome(one) for one in asked)))


async def tired(services: Services, login: str, address: str, failures: int) -> None:
    """Count failures as if passwords had been checked."""
    counted = attempts.limits(services, login, address)
    async with services.database.transaction() as connection:
        for _ in range(failures):
            await attempts.note_failure(connection, counted, services.clock.now())


@pytest.mark.usefixtures("few_turns")
async def test_one_address_gets_a_hundred_guesses_and_then_costs_no_hash(services: Services) -> None:
    who = await somebody(services)
    for number in range(98):
        await tired(services, f"login{number}", "203.0.113.9", 1)

    got = Counter[str]()
    for start in range(0, CROWD, TOGETHER):
        got += await outcomes(
            sign_in(services, f"other{number}", GOOD, "203.0.113.9") for number in range(start, start + TOGETHER)
        )

    hashed = got["sign_in_refused"]
    assert 2 <= hashed <= TOGETHER  # those that were asked before the second failure was counted
    assert hashed == await services.database.pool.fetchval(FAILED)
    assert got["too_many_attempts"] >= CROWD - TOGETHER
    assert isinstance(await sign_in(services, who.login, GOOD, HOME), Session)


async def test_many_addresses_wait_behind_who_is_known_and_are_sent_away_beyond_a_bound(
    services: Services, few_turns: list[Lane]
) -> None:
    who = await somebody(services)
    cookie = remembered(services.vault, "", who.login)
    ended: list[str] = []

    async def signing_in(name: str, one: Awaitable[object]) -> None:
        try:
            await one
            ended.append(name)
        except Refused as refused:
            ended.append(refused.code)

    async with asyncio.TaskGroup() as tasks, passwords.TURNS.turn(Lane.WORK):  # a password is being checked
        for number in range(60):
            guess = sign_in(services, f"login{number}", "wrong password", f"203.0.113.{number}")
            tasks.create_task(signing_in("guess", guess))
        await until_async(lambda: ended == ["too_many_at_once"] * (60 - STRANGERS))
        owner = sign_in(services, who.login, GOOD, "198.51.100.7", cookie=cookie)
        tasks.create_task(signing_in("owner", owner))
        await until_async(lambda: passwords.TURNS.waiting == STRANGERS + 1)
        ended.clear()
        few_turns.clear()

    assert few_turns == [Lane.KNOWN, *[Lane.STRANGER] * STRANGERS]
    assert sorted(ended) == ["owner", *["sign_in_refused"] * STRANGERS]  # a wrong password is often told sooner


@pytest.mark.usefixtures("few_turns")
async def test_the_page_says_when_to_try_again_and_remembers_the_browser_for_signing_in_only(
    services: Services,
) -> None:
    who = await somebody(services)
    app = create_app(services)
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="https://esik.test",
        headers={"origin": "https://esik.test", "accept-language": "en"},
    ) as http:  # fmt: skip
        asked = {"login": who.login, "password": GOOD}
        async with asyncio.TaskGroup() as tasks, passwords.TURNS.turn(Lane.WORK):
            for number in range(STRANGERS):
                tasks.create_task(
                    outcomes([sign_in(services, f"login{number}", "wrong password", f"203.0.113.{number}")])
                )
            await until_async(lambda: passwords.TURNS.waiting == STRANGERS)
            busy = await http.post("/sign-in", data=asked)
        answer = await http.post("/sign-in", data=asked)

    assert (busy.status_code, busy.headers["retry-after"]) == (503, "5")
    assert "5 seconds" in busy.text
    (cookie,) = [each for each in answer.headers.get_list("set-cookie") if each.startswith("esik_known=")]
    assert {"HttpOnly", "Secure", "SameSite=strict", "Path=/sign-in"} <= set(cookie.split("; "))
    assert known_as(services.vault, cookie.partition(";")[0].partition("=")[2], who.login)


@pytest.mark.usefixtures("few_turns")
async def test_who_guesses_one_account_from_everywhere_keeps_a_known_browser_out_of_nothing(
    services: Services, clock: SimulatedClock
) -> None:
    who = await somebody(services)
    cookie = remembered(services.vault, "", who.login)
    await tired(services, who.login, "203.0.113.9", 60)
    await tired(services, "others", HOME, 200)  # and somebody at the same address tries all the school's logins

    with pytest.raises(TooManyAttempts):
        await sign_in(services, who.login, GOOD, "198.51.100.7")  # from a new browser the owner waits, half a minute

    assert isinstance(await sign_in(services, who.login, GOOD, HOME, cookie=cookie), Session)
    clock.advance(31)
    assert isinstance(await sign_in(services, who.login, GOOD, "198.51.100.7"), Session)


async def test_a_known_browser_may_mistype_five_times_and_its_cookie_is_good_for_no_other_account(
    services: Services,
) -> None:
    who, other = await somebody(services), await somebody(services)
    cookie = remembered(services.vault, "", who.login)
    await tired(services, other.login, "203.0.113.9", 60)

    with pytest.raises(TooManyAttempts):
        await sign_in(services, other.login, GOOD, HOME, cookie=cookie)
    for _ in range(5):
        with pytest.raises(SignInRefused):
            await sign_in(services, who.login, "wrong password", HOME, cookie=cookie)
    with pytest.raises(TooManyAttempts):
        await sign_in(services, who.login, GOOD, HOME, cookie=cookie)


def test_a_browser_is_known_by_a_digest_that_only_this_service_makes() -> None:
    vault, elsewhere = Vault(bytes(32)), Vault(bytes(range(32)))
    cookie = remembered(vault, "", "first")
    for number in range(LOGINS_MAX - 1):
        cookie = remembered(vault, cookie, f"login{number}")

    browser = known_as(vault, cookie, "first")

    assert browser is not None
    assert (
        known_as(vault, remembered(vault, cookie, "login0"), "first") == browser
    )  # signing in again pushes nobody out
    assert known_as(vault, remembered(vault, cookie, "one more"), "first") is None
    assert "first" not in cookie
    for wrong in ("", cookie + "0", cookie.upper(), cookie[:-1], "0" * 32 + cookie[32:], "x" * 9_000, "é"):
        assert known_as(vault, wrong, "first") is None
    assert known_as(elsewhere, remembered(vault, "", "first"), "first") is None


@pytest.mark.skipif(sys.platform != "linux", reason="threads have a priority each on Linux")
async def test_threads_that_hash_give_way_to_the_loop() -> None:
    loop = asyncio.get_running_loop()

    own, of_a_thread = [
        await loop.run_in_executor(executor, lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        for executor in (None, passwords.THREADS)
    ]

    assert of_a_thread == min(19, own + passwords.NICE)
