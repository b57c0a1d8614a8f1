"""From something that happened to a browser that reads it, and back: pushed, confirmed, forgotten when it is gone."""

from datetime import timedelta

import pytest

from cloud.core.services import Services
from cloud.notifications.channels.confirming import confirm
from cloud.notifications.channels.telegram import Telegram
from tests.cloud.notifications.channels.factory import told
from tests.cloud.notifications.channels.push_factory import pushing
from tests.cloud.notifications.channels.telegram_factory import chatting


async def test_a_fact_is_pushed_and_what_the_browser_read_confirms_it(services: Services) -> None:
    async with pushing(services) as at, told(at.services, at.sender) as school:
        parent, browser = await school.parent(0, channels=()), at.browser()
        await school.address(parent, "webpush", browser.json)
        await school.happened()
        (read,) = browser.read()
        before = await school.states()

        assert await confirm(at.services, read["id"])

        assert before == [("webpush", "sent", "")]
        assert await school.states() == [("webpush", "confirmed", "")]
        assert "500" in read["notification"]["body"]
        assert read["notification"]["navigate"] == "https://esik.test/notices"


async def test_a_browser_that_is_gone_is_told_no_more_and_the_others_are(services: Services) -> None:
    async with pushing(services) as at, told(at.services, at.sender) as school:
        parent, old, new = await school.parent(0, channels=()), at.browser(), at.browser()
        for each in (old, new):
            await school.address(parent, "webpush", each.json)
        old.is_over = True
        await school.happened()
        asked = at.push.asked

        await school.happened()

        assert at.push.asked == asked + 1
        assert len(new.waiting) == 2
        assert [state for _, state, _ in await school.states()] == ["dead", "sent", "sent"]


async def test_a_service_that_is_busy_is_asked_again_when_it_said(services: Services) -> None:
    async with pushing(services) as at, told(at.services, at.sender) as school:
        parent, browser = await school.parent(0, channels=()), at.browser()
        await school.address(parent, "webpush", browser.json)
        at.push.answers.append((429, "300"))
        await school.happened()
        school.pass_time(timedelta(seconds=299))
        await school.deliver()
        assert browser.waiting == []

        school.pass_time(timedelta(seconds=600))
        await school.deliver()

        assert len(browser.read()) == 1
        assert await school.states() == [("webpush", "sent", "")]


@pytest.mark.parametrize("is_blocked", [False, True])
async def test_a_fact_is_told_in_telegram_as_long_as_the_chat_is_joined(services: Services, is_blocked: bool) -> None:
    async with chatting(services) as at, told(at.services, Telegram(at.bot)) as school:
        parent = await school.parent(0, channels=())
        await school.address(parent, "telegram", "5550001")
        at.telegram.write(5_550_001, "hello")
        if is_blocked:
            at.telegram.blocked.add(5_550_001)

        await school.happened()
        await school.happened()

        states = await school.states()
        assert states == ([("telegram", "dead", "telegram_gone:403")] if is_blocked else [("telegram", "sent", "")] * 2)
        assert len(at.telegram.read(5_550_001)) == (0 if is_blocked else 2)
