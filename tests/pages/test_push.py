"""Web Push in Chromium: what its worker does with a message, and what the page says when it cannot be turned on."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Page, Worker, expect

from cloud.notifications.channels.confirming import reference_of
from simulators.push import Subscribed
from simulators.push_browser import SubscribedBrowser
from tests.pages.site import Site
from tests.pages.test_looks import OVERFLOW, WORDS, english_in
from tests.servers.axe import violations

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

WAYS = "/notices/ways"
PATIENCE_S, LOOKS, PAUSE_MS = 30.0, 400, 50
# Chromium without windows lets nobody show notifications: what its worker shows is kept there, as a desktop keeps it.
DESKTOP = """() => {
  const shown = [];
  ServiceWorkerRegistration.prototype.showNotification = async (title, options) => {
    const same = shown.findIndex((each) => options.tag && each.tag === options.tag);
    if (same >= 0) shown.splice(same, 1);
    shown.push({ title, ...options });
  };
  ServiceWorkerRegistration.prototype.getNotifications = async ({ tag } = {}) =>
    shown.filter((each) => !tag || each.tag === tag);
  self.shown = shown;
}"""
ALLOWED = """
Object.defineProperty(Notification, "permission", { get: () => "default" });
Notification.requestPermission = () => Promise.resolve("granted");
"""
_DELIVERY = """
INSERT INTO delivery (notice_id, school_id, channel, address_id, state, why, step, wait_s, is_urgent, tries, expires_at,
  made_at)
SELECT id, school_id, 'webpush', 0, 'sent', '', 0, 60, true, 1, told_at + interval '2 hours', told_at
FROM notice ORDER BY id DESC LIMIT 1 RETURNING id
"""
_STATE = "SELECT state FROM delivery WHERE id = $1"


async def test_a_push_is_shown_in_its_language_and_confirmed_without_a_session(site: Site) -> None:
    delivery = await site.services.database.pool.fetchval(_DELIVERY)
    async with pushed(site) as push:
        await push.page.context.clear_cookies()
        await push.deliver(message("Әлия 07:52-де келді.", id=reference_of(site.services.vault, delivery)))

        shown = await push.shown(1)
        await confirmed(site, delivery)

    ((title, body, lang, tag),) = [(each["title"], each["body"], each["lang"], each["tag"]) for each in shown]
    assert (title, body, lang, tag) == ("Әлия", "Әлия 07:52-де келді.", "kk", "arrived")


async def test_a_correction_takes_the_place_of_what_it_corrects(site: Site) -> None:
    async with pushed(site) as push:
        await push.deliver(message("Әлия келмеді.", id="1-a"))
        await push.shown(1)
        await push.deliver(message("Басқа хабар.", id="3-c", tag="other"))
        await push.shown(2)

        await push.deliver(message("Әлия 08:10-да келді.", id="2-b"))

        told = await push.until(
            lambda shown: {each["body"] for each in shown} == {"Басқа хабар.", "Әлия 08:10-да келді."}
        )

    assert [each["renotify"] for each in told] == [False, True], "it is heard"


async def test_the_same_message_a_second_time_is_not_heard_again(site: Site) -> None:
    async with pushed(site) as push:
        await push.deliver(message("first", id="1-a"))
        await push.shown(1)
        await push.deliver(message("again", id="1-a"))
        await push.deliver(message("last", id="2-b", tag="other"))

        told = await push.until(lambda shown: "last" in [each["body"] for each in shown])

    assert [each["body"] for each in told] == ["first", "last"]


async def test_a_message_that_cannot_be_read_is_told_of_all_the_same(site: Site) -> None:
    async with pushed(site) as push:
        await push.deliver("no JSON at all")

        (shown,) = await push.shown(1)

    assert shown["title"] == "Esik"
    assert shown["body"] in {"There is a new notice", "Жаңа хабар бар"}


async def test_a_browser_that_waits_for_its_push_service_without_end_says_so(site: Site) -> None:
    async with asking(site, "() => new Promise(() => {})") as page:
        await page.get_by_role("button", name="Turn notices on here").click()

        await expect(page.get_by_text("This browser could not reach its push service.")).to_be_visible()
        await expect(page.get_by_role("button", name="Turn notices on here")).to_be_enabled()


async def test_a_browser_that_refuses_says_what_to_do(site: Site) -> None:
    async with asking(site, "() => Promise.reject(new DOMException('no', 'AbortError'))") as page:
        await page.get_by_role("button", name="Turn notices on here").click()
        await expect(page.get_by_text("This browser could not reach its push service.")).to_be_visible()

        await page.evaluate("() => { Notification.requestPermission = () => Promise.resolve('denied'); }")
        await page.get_by_role("button", name="Turn notices on here").click()

        await expect(page.get_by_text("This browser was told not to show notices of this site.")).to_be_visible()


async def test_a_browser_that_is_turned_on_is_listed_and_turned_off(site: Site) -> None:
    given = Subscribed(1, "https://push.example/1", "", SubscribedBrowser.new()).json
    async with asking(site, f"() => Promise.resolve({{ toJSON: () => ({given}) }})") as page:
        await page.get_by_role("button", name="Turn notices on here").click()
        await expect(page.get_by_text("This browser shows notices, also while the page is closed.")).to_be_visible()
        await page.get_by_role("button", name=re.compile("^Remove: Message on this phone or computer Chrome")).click()

        await expect(page.get_by_role("button", name="Turn notices on here")).to_be_visible()


@pytest.mark.parametrize(
    ("language", "look", "width"), [("kk", "light", 390), ("ru", "dark", 390), ("en", "light", 1280)]
)
async def test_the_code_for_telegram_is_shown_as_a_link_a_picture_and_letters(
    site: Site, language: str, look: str, width: int
) -> None:
    page = await site.open(WAYS, "guardian", language=language, theme=look, width=width)

    await page.locator("form[action='/notices/ways/telegram'] button").click()

    link = page.locator("a[href^='https://t.me/esik_test_bot?start=']")
    code = await page.locator("code.fs-4").inner_text()
    assert (await link.get_attribute("href") or "").endswith(f"?start={code}")
    await expect(page.locator("svg.qr")).to_be_visible()
    assert await page.evaluate(OVERFLOW) <= 0
    assert await violations(page) == []
    words = (await page.evaluate(WORDS))[1]
    assert language == "en" or english_in(words) == []


class Pushed:
    """A page whose worker is sent messages by the browser's own tools."""

    def __init__(self, site: Site, page: Page, worker: Worker, tools: Any, registration: str) -> None:
        self.site, self.page = site, page
        self._worker, self._tools, self._registration = worker, tools, registration

    async def deliver(self, text: str) -> None:
        """Let the browser think that a push message came."""
        await self._tools.send(
            "ServiceWorker.deliverPushMessage",
            {"origin": self.site.address, "registrationId": self._registration, "data": text},
        )

    async def shown(self, count: int) -> list[dict[str, Any]]:
        """Return what is shown, as soon as it is so many."""
        return await self.until(lambda all_: len(all_) == count)

    async def until(self, holds: Any) -> list[dict[str, Any]]:
        """Return what is shown, as soon as something holds of it."""
        for _ in range(LOOKS):
            shown: list[dict[str, Any]] = await self._worker.evaluate("self.shown")
            if holds(shown):
                return shown
            await self.page.wait_for_timeout(PAUSE_MS)
        raise AssertionError("it was never shown")


@asynccontextmanager
async def window(site: Site, path: str) -> AsyncIterator[Page]:
    """Open a page in a window of its own, with a worker, which asks to show notices."""
    context = await site.browser.new_context(service_workers="allow", reduced_motion="reduce", locale="en-US")
    try:
        await context.add_init_script(ALLOWED)
        token = site.sample.tokens["guardian"]
        await context.add_cookies([{"name": "esik_session", "value": token, "url": site.address}])
        page = await context.new_page()
        await page.goto(site.address + path)
        async with asyncio.timeout(PATIENCE_S):
            await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        yield page
    finally:
        await context.close()


@asynccontextmanager
async def pushed(site: Site) -> AsyncIterator[Pushed]:
    """Open a page whose worker can be sent messages."""
    async with window(site, "/notices") as page:
        tools = await page.context.new_cdp_session(page)
        found: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def note(told: Any) -> None:
            for each in told["registrations"]:
                if not found.done():
                    found.set_result(each["registrationId"])

        tools.on("ServiceWorker.workerRegistrationUpdated", note)
        await tools.send("ServiceWorker.enable")
        async with asyncio.timeout(PATIENCE_S):
            registration = await found
        (worker,) = page.context.service_workers
        await worker.evaluate(DESKTOP)
        yield Pushed(site, page, worker, tools, registration)


@asynccontextmanager
async def asking(site: Site, subscribes: str) -> AsyncIterator[Page]:
    """Open the page in a browser whose push service is what a script says."""
    async with window(site, WAYS) as page:
        await page.evaluate(f"() => {{ PushManager.prototype.subscribe = {subscribes}; }}")
        await page.evaluate("document.querySelector('form[data-push]').dataset.wait = '300'")
        yield page


async def confirmed(site: Site, delivery: int) -> None:
    """Return when a delivery is confirmed."""
    async with asyncio.timeout(PATIENCE_S):
        while await site.services.database.pool.fetchval(_STATE, delivery) != "confirmed":  # noqa: ASYNC110
            await asyncio.sleep(PAUSE_MS / 1_000)


def message(body: str, *, id: str, tag: str = "arrived") -> str:  # noqa: A002 (as the message has it)
    """Return what a worker is given."""
    notification = {"title": "Әлия", "body": body, "lang": "kk", "tag": tag, "navigate": "/notices"}
    return json.dumps({"web_push": 8030, "mutable": True, "notification": notification, "id": id})
