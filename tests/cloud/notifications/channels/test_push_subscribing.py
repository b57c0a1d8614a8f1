"""A browser is subscribed for who is signed in there, and is forgotten with the session, however that ends."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from cloud.accounts.actions import sign_in, sign_out
from cloud.accounts.beginnings import Session
from cloud.accounts.errors import SessionEnded
from cloud.accounts.sessions import end_others, end_session, sessions_of
from cloud.core.actor import Role
from cloud.core.services import Services
from cloud.notifications.channels.addresses import addresses_of
from cloud.notifications.channels.push_keys import change_push_key, contact_of, make_push_key, push_key
from cloud.notifications.channels.push_subscribing import is_subscribed, renew, send_to_session, subscribe
from cloud.notifications.channels.push_subscriptions import ENDPOINT_MAX, Subscription, SubscriptionWrong
from cloud.notifications.channels.sender import Sent
from simulators.clock import SimulatedClock
from simulators.push import Subscribed
from simulators.push_browser import SubscribedBrowser
from tests.cloud.accounts.factory import GOOD, HOME, Somebody, somebody
from tests.cloud.notifications.channels.push_factory import SYSTEM, Pushing, a_message, pushing

PHONE = "Firefox, Android"


async def test_a_browser_that_is_turned_on_is_sent_to(services: Services) -> None:
    async with pushing(services) as at:
        parent, browser = await somebody(at.services, Role.GUARDIAN), at.browser()
        await turn_on(at, parent, browser)

        outcome = await send_to_session(at.services, at.sender, parent.actor, parent.token, a_message(services))
        (row,) = await addresses_of(at.services, parent.account_id)
        is_on = await is_subscribed(at.services, parent.actor, parent.token)

    assert outcome == Sent()
    assert len(browser.read()) == 1
    assert (row.label, is_on) == (PHONE, True)


async def test_what_is_kept_tells_nothing_without_the_key_file(services: Services) -> None:
    async with pushing(services) as at:
        parent, browser = await somebody(at.services, Role.GUARDIAN), at.browser()
        await turn_on(at, parent, browser)

        row = await services.database.pool.fetchrow("SELECT * FROM channel_address")
        key = await services.database.pool.fetchrow("SELECT * FROM push_key")

    assert row is not None
    assert key is not None
    assert browser.endpoint.encode() not in row["value_encrypted"]
    assert len(key["private_encrypted"]) > 100, "sealed with what binds it to its row"


async def test_signing_out_ends_it_whichever_way(services: Services) -> None:
    async with pushing(services) as at:
        parent = await somebody(at.services, Role.GUARDIAN)
        for way in ("here", "there", "all others"):
            session = await another_session(at, parent)
            await turn_on(at, parent, at.browser(), session.token)
            assert len(await addresses_of(at.services, parent.account_id)) == 1
            if way == "here":
                await sign_out(at.services, session.token)
            elif way == "there":
                (other,) = [
                    each for each in await sessions_of(at.services, parent.actor, session.token) if each.is_this
                ]
                await end_session(at.services, parent.actor, other.id)
            else:
                await end_others(at.services, parent.actor, parent.token)

            assert await addresses_of(at.services, parent.account_id) == [], way
            assert await kept(services) == 0, way


async def test_a_session_that_is_over_by_itself_shows_nothing_any_more(
    services: Services, clock: SimulatedClock
) -> None:
    async with pushing(services) as at:
        parent = await somebody(at.services, Role.GUARDIAN)
        await turn_on(at, parent, at.browser())
        clock.advance(timedelta(days=91).total_seconds())

        assert await addresses_of(at.services, parent.account_id) == []


async def test_a_browser_that_changes_hands_tells_its_new_owner_only(services: Services) -> None:
    async with pushing(services) as at:
        mother, father = await somebody(at.services, Role.GUARDIAN), await somebody(at.services, Role.GUARDIAN)
        browser = at.browser()
        await turn_on(at, mother, browser)
        await turn_on(at, father, browser)

        assert await addresses_of(at.services, mother.account_id) == []
        assert len(await addresses_of(at.services, father.account_id)) == 1


async def test_a_browser_that_subscribes_anew_is_one_browser(services: Services) -> None:
    async with pushing(services) as at:
        parent, old, new = await somebody(at.services, Role.GUARDIAN), at.browser(), at.browser()
        await turn_on(at, parent, old)
        await renew(at.services, parent.actor, parent.token, new.json, PHONE)

        await send_to_session(at.services, at.sender, parent.actor, parent.token, a_message(services))

    assert await kept(services) == 1
    assert (old.waiting, len(new.waiting)) == ([], 1)


async def test_a_browser_that_was_turned_off_is_not_turned_on_by_its_worker(services: Services) -> None:
    async with pushing(services) as at:
        parent = await somebody(at.services, Role.GUARDIAN)
        await renew(at.services, parent.actor, parent.token, at.browser().json, PHONE)

    assert await kept(services) == 0


async def test_a_session_that_ended_meanwhile_subscribes_nothing(services: Services) -> None:
    async with pushing(services) as at:
        parent = await somebody(at.services, Role.GUARDIAN)
        await sign_out(at.services, parent.token)

        with pytest.raises(SessionEnded):
            await turn_on(at, parent, at.browser())


async def test_a_subscription_for_another_key_is_refused(services: Services) -> None:
    async with pushing(services) as at:
        parent, browser = await somebody(at.services, Role.GUARDIAN), at.browser()
        await change_push_key(at.services, SYSTEM)

        with pytest.raises(SubscriptionWrong):
            await turn_on(at, parent, browser)


async def test_a_key_is_made_once_and_a_new_one_ends_every_subscription(services: Services) -> None:
    async with pushing(services) as at:
        parent = await somebody(at.services, Role.GUARDIAN)
        await turn_on(at, parent, at.browser())
        assert not await make_push_key(at.services, SYSTEM), "there is one"

        assert await change_push_key(at.services, SYSTEM) == 1

        changed = await push_key(at.services)
    assert changed is not None
    assert changed.public != at.key
    assert await kept(services) == 0
    told = await services.database.pool.fetch("SELECT verb FROM audit_entry WHERE verb LIKE 'push_key%' ORDER BY id")
    assert [row["verb"] for row in told] == ["push_key.made", "push_key.changed"]


def test_whom_a_push_service_may_ask_is_who_is_told_of_weaknesses(services: Services) -> None:
    settings = services.settings
    assert contact_of(settings) == "https://esik.test"
    assert contact_of(replace(settings, public_url="http://127.0.0.1:8000")) == "mailto:webmaster@127.0.0.1"
    mailed = replace(settings, smtp_from="Esik <esik@example.kz>")
    assert contact_of(mailed) == "mailto:esik@example.kz"
    assert contact_of(replace(mailed, security_contact="mailto:it@example.kz")) == "mailto:it@example.kz"


GOOD_KEYS = json.loads(Subscribed(1, "https://push.example/x", "", SubscribedBrowser.new()).json)["keys"]


@pytest.mark.parametrize(
    "given",
    [
        "", "null", "[]", "{", '{"endpoint": 7}', '{"endpoint": "https://push.example/x"}', "x" * 3_000,
        json.dumps({"endpoint": "http://push.example/x", "keys": GOOD_KEYS}),
        json.dumps({"endpoint": "ftp://push.example/x", "keys": GOOD_KEYS}),
        json.dumps({"endpoint": "https://user:word@push.example/x", "keys": GOOD_KEYS}),
        json.dumps({"endpoint": "https://push.example/" + "x" * ENDPOINT_MAX, "keys": GOOD_KEYS}),
        json.dumps({"endpoint": "https://push.example/x\r\nhost: inside", "keys": GOOD_KEYS}),
        json.dumps({"endpoint": "https://push.example/x", "keys": {**GOOD_KEYS, "auth": "AAAA"}}),
        json.dumps({"endpoint": "https://push.example/x", "keys": {**GOOD_KEYS, "auth": "ключ"}}),
        json.dumps({"endpoint": "https://push.example/x", "keys": {**GOOD_KEYS, "p256dh": "BAAA"}}),
        json.dumps({"endpoint": "https://push.example/x", "keys": {**GOOD_KEYS, "p256dh": 65 * "A"}}),
    ],
    ids=lambda given: f"{len(given)} letters",  # keys are drawn anew in each process
)  # fmt: skip
def test_what_no_browser_gives_is_refused(given: str) -> None:
    with pytest.raises(SubscriptionWrong):
        Subscription.parse(given, "")


async def turn_on(at: Pushing, who: Somebody, browser: Subscribed, token: str = "") -> None:
    await subscribe(at.services, who.actor, token or who.token, at.key, browser.json, PHONE)


async def another_session(at: Pushing, who: Somebody) -> Session:
    session = await sign_in(at.services, who.login, GOOD, HOME)
    assert isinstance(session, Session)
    return session


async def kept(services: Services) -> int:
    return int(await services.database.pool.fetchval("SELECT count(*) FROM channel_address"))
