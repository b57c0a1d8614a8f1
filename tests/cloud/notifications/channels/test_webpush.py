"""Web Push from a message to a browser that decrypts it, through a push service that answers as services do."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from cloud.core.services import Services
from cloud.notifications.channels.push_encryption import RECORD_BYTES
from cloud.notifications.channels.push_keys import change_push_key
from cloud.notifications.channels.sender import Gone, Later, Outcome, Refused, Sent
from cloud.notifications.channels.webpush import AFTER_S_MAX, Answer, WebPush, outcome_of
from simulators.push import Subscribed
from simulators.push_browser import SubscribedBrowser
from tests.cloud.notifications.channels.push_factory import (
    DEADLINE_S,
    SYSTEM,
    a_message,
    address_of,
    pushing,
    resolve_here,
)

NOW = datetime(2026, 9, 1, 2, 52, tzinfo=UTC)


async def test_a_browser_reads_what_was_sent_and_the_service_believes_who_sends(services: Services) -> None:
    async with pushing(services) as at:
        browser = at.browser()
        outcome = await at.sender.send(a_message(services), address_of(browser.json))

        (told,) = browser.read()
        (sealed,) = browser.waiting

    assert outcome == Sent()
    assert at.push.refused == []
    assert told["web_push"] == 8030
    assert told["id"] == "7-0123456789abcdef012345"
    assert told["notification"] == {
        "title": "Әлия Қожахмет", "body": "Әлия 07:52-де мектепке келді.", "lang": "kk", "dir": "ltr",
        "navigate": "https://esik.test/notices", "tag": "0123456789abcdef", "timestamp": 1_788_228_000_000,
    }  # fmt: skip
    assert (sealed.ttl_s, sealed.urgency) == (7_200, "high")
    assert "Әлия".encode() not in sealed.body


async def test_a_correction_takes_the_place_of_what_still_waits(services: Services) -> None:
    async with pushing(services) as at:
        browser = at.browser()
        await at.sender.send(a_message(services, body="wrong"), address_of(browser.json))
        await at.sender.send(a_message(services, body="other", tag="fedcba9876543210"), address_of(browser.json))
        await at.sender.send(a_message(services, body="right"), address_of(browser.json))

        assert [each["notification"]["body"] for each in browser.read()] == ["other", "right"]


async def test_messages_to_one_service_share_a_line(services: Services) -> None:
    async with pushing(services) as at:
        for _ in range(3):
            await at.sender.send(a_message(services), address_of(at.browser().json))

    assert len(at.push.lines) == 1


async def test_a_long_message_is_cut_and_still_read(services: Services) -> None:
    async with pushing(services) as at:
        browser = at.browser()
        outcome = await at.sender.send(
            a_message(services, title="Ә" * 500, body='"\\☃' * 2_000), address_of(browser.json)
        )
        (told,) = browser.read()

    assert outcome == Sent()
    assert len(browser.waiting[0].body) <= RECORD_BYTES
    assert told["notification"]["body"].endswith("…")


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(200), Sent()), (Answer(201), Sent()), (Answer(202), Sent()),
        (Answer(404), Gone("push_gone:404")), (Answer(410), Gone("push_gone:410")),
        (Answer(301), Refused("push_refused:301")),
        (Answer(400), Refused("push_refused:400")), (Answer(413), Refused("push_refused:413")),
        (Answer(401), Later("push_not_believed:401")), (Answer(403), Later("push_not_believed:403")),
        (Answer(429, "120"), Later("push_busy:429", 120.0)), (Answer(429), Later("push_busy:429")),
        (Answer(503, "Tue, 01 Sep 2026 02:53:00 GMT"), Later("push_busy:503", 60.0)),
        (Answer(503, "Tue, 01 Sep 2026 02:00:00 GMT"), Later("push_busy:503", 0.0)),
        (Answer(429, "9" * 400), Later("push_busy:429", AFTER_S_MAX)), (Answer(429, "soon"), Later("push_busy:429")),
        (Answer(500), Later("push_busy:500")), (Answer(502), Later("push_busy:502")),
    ],
)  # fmt: skip
def test_each_answer_of_a_push_service_means_something(answer: Answer, outcome: Outcome) -> None:
    assert outcome_of(answer, NOW) == outcome


@pytest.mark.parametrize(
    ("status", "retry_after", "outcome"),
    [
        (413, "", Refused("push_refused:413")),
        (429, "30", Later("push_busy:429", 30.0)),
        (500, "", Later("push_busy:500")),
    ],
)
async def test_an_answer_is_read_off_the_wire(
    services: Services, status: int, retry_after: str, outcome: Outcome
) -> None:
    async with pushing(services) as at:
        at.push.answers.append((status, retry_after))

        assert await at.sender.send(a_message(services), address_of(at.browser().json)) == outcome


async def test_a_browser_that_gave_its_subscription_up_is_gone(services: Services) -> None:
    async with pushing(services) as at:
        browser = at.browser()
        browser.is_over = True

        assert await at.sender.send(a_message(services), address_of(browser.json)) == Gone("push_gone:410")


async def test_a_service_that_hangs_is_left_after_the_deadline(services: Services) -> None:
    async with pushing(services, deadline_s=0.2) as at:
        at.push.trouble = "silent"

        assert await at.sender.send(a_message(services), address_of(at.browser().json)) == Later("push_silent")


async def test_a_service_that_cuts_the_line_is_asked_again_later(services: Services) -> None:
    async with pushing(services) as at, cutting() as place:
        cut = at.browser().json.replace(at.push.address, place)

        outcome = await at.sender.send(a_message(services), address_of(cut))

    assert outcome in (Later("push_unreached"), Later("push_unreadable"))


async def test_a_redirect_is_not_followed(services: Services) -> None:
    async with pushing(services) as at:
        at.push.answers.append((307, ""))

        assert await at.sender.send(a_message(services), address_of(at.browser().json)) == Refused("push_refused:307")
        assert at.push.asked == 1


async def test_another_key_than_the_browser_subscribed_for_is_not_believed_and_nothing_is_forgotten(
    services: Services,
) -> None:
    async with pushing(services) as at:
        browser = at.browser()
        await change_push_key(at.services, SYSTEM)

        assert await at.sender.send(a_message(services), address_of(browser.json)) == Later("push_not_believed:403")
        assert at.push.refused == ["token of another key"]


@pytest.mark.parametrize("found", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::1"])
async def test_a_service_that_stands_inside_is_never_connected_to(services: Services, found: str) -> None:
    """Without a network that the operator allowed."""
    async with pushing(services) as at:

        async def resolve(_host: str, _port: int) -> Sequence[str]:
            return [found]

        asked = at.push.asked
        sender = WebPush(services, resolve, DEADLINE_S)
        inside = subscription("https://push.example.com/x")

        assert await sender.send(a_message(services), address_of(inside)) == Gone("push_inside")
        assert await sender.send(a_message(services), address_of(at.browser().json)) == Gone("push_wrong"), "no TLS"
        assert at.push.asked == asked
        await sender.aclose()


async def test_without_tls_only_networks_that_were_allowed_are_reached(services: Services) -> None:
    async with pushing(services) as at:

        async def resolve(_host: str, _port: int) -> Sequence[str]:
            return ["8.8.8.8"]

        sender = WebPush(at.services, resolve, DEADLINE_S)

        assert await sender.send(a_message(services), address_of(subscription("http://push.example.com/x"))) == Gone(
            "push_inside"
        )
        await sender.aclose()


async def test_a_name_that_leads_nowhere_is_tried_again(services: Services) -> None:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        raise OSError

    async with pushing(services) as at:
        sender = WebPush(at.services, resolve, DEADLINE_S)

        outcome = await sender.send(a_message(services), address_of(subscription("https://push.example.com/x")))
        await sender.aclose()

    assert outcome == Later("push_unreached")


async def test_nothing_is_sent_before_there_is_a_key(services: Services) -> None:
    sender = WebPush(services, resolve_here, DEADLINE_S)

    outcome = await sender.send(a_message(services), address_of(subscription("https://push.example.com/x")))

    assert outcome == Later("push_no_key")


async def test_what_is_over_is_not_kept_by_the_service(services: Services) -> None:
    async with pushing(services) as at:
        browser = at.browser()
        await at.sender.send(
            a_message(services, expires_at=services.clock.now() - timedelta(minutes=1)), address_of(browser.json)
        )

        assert browser.waiting[0].ttl_s == 0


def subscription(endpoint: str) -> str:
    """Return what a browser would have given for a service elsewhere."""
    return Subscribed(1, endpoint, "", SubscribedBrowser.new()).json


@asynccontextmanager
async def cutting() -> AsyncIterator[str]:
    """Run a service that resets every line as soon as somebody speaks."""

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.transport.abort()

    server = await asyncio.start_server(hear, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
