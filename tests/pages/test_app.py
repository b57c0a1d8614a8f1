"""The installable app: its manifest as a browser judges it, and what its worker shows when the server is gone."""

import io
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import expect

from cloud.core.app_shell import Shell
from cloud.core.assets import Assets
from cloud.core.pages import Pages
from tests.pages import sample
from tests.pages.door import HOLDS, IS_KEPT, KEPT, Door, a_door
from tests.pages.sample import NOW
from tests.pages.site import Site
from tests.pages.test_looks import OVERFLOW, english_in
from tests.servers.axe import violations

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

FIRST_VIEW_MAX = 150_000  # bytes of scripts and style sheets as they go over the line
KEPT_NOW = f"{KEPT}.then(found => found ? found.text() : '')"
OLDER = f"""async hours => {{
  const found = await {KEPT};
  const headers = new Headers(found.headers);
  headers.set("x-kept-at", String(Number(headers.get("x-kept-at")) - hours * 3600_000));
  await (await caches.open("esik-kept")).put("/kept/first-page", new Response(await found.text(), {{ headers }}));
}}"""
SENT = """() => performance.getEntriesByType("resource").map(each => [each.name, each.encodedBodySize])"""
OFFERED = """() => {
  const event = new Event("beforeinstallprompt", { cancelable: true });
  event.prompt = () => { window.prompted = true; };
  window.dispatchEvent(event);
  return event.defaultPrevented;
}"""


@pytest_asyncio.fixture(loop_scope="session", name="door")
async def _door(site: Site) -> AsyncIterator[Door]:
    async with a_door(site) as door:
        yield door


async def test_a_browser_finds_nothing_wrong_with_the_manifest_and_the_icons_are_what_it_says(site: Site) -> None:
    page = await site.open("/sign-in", language="kk")
    line = await page.context.new_cdp_session(page)

    judged = await line.send("Page.getAppManifest")

    told = json.loads(judged["data"])
    assert judged["errors"] == []
    assert (told["lang"], told["display"], told["id"], told["short_name"]) == ("kk", "standalone", "/", "Esik")
    assert {(each["sizes"], each["purpose"]) for each in told["icons"]} == {
        ("192x192", "any"), ("512x512", "any"), ("512x512", "maskable"),
    }  # fmt: skip
    async with httpx2.AsyncClient(base_url=site.address) as http:
        for each in [*told["icons"], {"src": "/app/touch-180.png", "sizes": "180x180"}]:
            answer = await http.get(each["src"])
            with Image.open(io.BytesIO(answer.content)) as picture:
                assert (answer.headers["content-type"], picture.format) == ("image/png", "PNG")
                assert each["sizes"] == f"{picture.width}x{picture.height}"


async def test_the_app_has_a_name_in_each_language_and_is_one_app_in_all_of_them(site: Site) -> None:
    async with httpx2.AsyncClient(base_url=site.address) as http:
        told: list[dict[str, Any]] = [
            (await http.get(f"/app/{each}.webmanifest")).json() for each in ("kk", "ru", "en")
        ]
        unknown = await http.get("/app/de.webmanifest")

    assert len({each["name"] for each in told}) == len({each["description"] for each in told}) == 3
    assert {(each["id"], each["start_url"], each["scope"]) for each in told} == {("/", "/", "/")}
    assert unknown.status_code == 404


@pytest.mark.requirement("KZ456-27.19", part="parents")
@pytest.mark.parametrize(("language", "theme"), [("kk", "light"), ("ru", "dark"), ("en", "light")])
async def test_without_a_connection_the_last_known_day_is_shown_with_its_time(
    door: Door, language: str, theme: str
) -> None:
    page = await door.phone(language=language, theme=theme)
    await page.evaluate(IS_KEPT)
    await door.shut()

    await page.reload()

    await expect(page.locator("[data-known]")).to_contain_text("08:20")
    await expect(page.locator("[data-known] .child")).to_have_count(2)
    await expect(page.locator("[data-unknown]")).to_be_hidden()
    assert await page.evaluate("[document.documentElement.lang, document.documentElement.dataset.bsTheme]") == [
        language, theme,
    ]  # fmt: skip
    assert language == "en" or english_in(await page.inner_text("body")) == []
    assert await violations(page) == []
    assert await page.evaluate(OVERFLOW) <= 0


@pytest.mark.requirement("KZ456-27.19", part="students")
async def test_a_students_own_day_is_shown_without_a_connection(door: Door) -> None:
    page = await door.phone("student")
    await expect(page.locator("h1")).to_have_text("Today")
    await page.evaluate(IS_KEPT)
    await door.shut()

    await page.reload()

    await expect(page.locator("[data-known] .day-steps")).to_contain_text("07:51")


async def test_what_came_live_is_what_is_shown_without_a_connection(door: Door) -> None:
    page = await door.phone()
    await page.evaluate(IS_KEPT)

    async with arrived(door.site, NOW - timedelta(minutes=3)):
        await page.evaluate(HOLDS, "08:17")
    await door.shut()
    await page.goto(f"{door.address}/notices")

    await expect(page.locator("[data-known]")).to_contain_text("Arrived 08:17")


async def test_the_page_that_was_wanted_opens_by_itself_when_the_line_is_there_again(door: Door) -> None:
    page = await door.phone()
    await page.evaluate(IS_KEPT)
    await door.shut()
    await page.goto(f"{door.address}/notices")
    await expect(page.locator("h1").first).to_have_text("No connection")

    await door.open_up()
    await page.evaluate("window.dispatchEvent(new Event('online'))")

    await expect(page.get_by_role("heading", level=1)).to_have_text("Notices")


async def test_signing_out_leaves_nothing_on_the_phone(door: Door) -> None:
    page = await door.phone()
    await page.evaluate(IS_KEPT)
    await page.locator(".shell-top > .menu > summary").click()

    await page.get_by_role("button", name="Sign out").click()

    await page.wait_for_url("**/sign-in**")
    assert await page.evaluate(KEPT_NOW) == ""
    await door.shut()
    await page.goto(f"{door.address}/")
    await expect(page.locator("[data-unknown]")).to_be_visible()
    await expect(page.locator(".child")).to_have_count(0)


async def test_what_one_person_saw_is_never_shown_to_who_signs_in_after(door: Door) -> None:
    page = await door.phone("guardian")
    seen: str = await page.evaluate(IS_KEPT)
    name = await page.locator(".child h2").first.inner_text()

    await page.context.clear_cookies(name="esik_session")
    await door.sign_in(page.context, "father")
    await page.goto(f"{door.address}/account")
    await expect(page.locator("h1")).to_be_visible()
    await page.wait_for_function(f"async () => !(await {KEPT_NOW}).includes({json.dumps(name)})")
    await door.shut()
    await page.goto(f"{door.address}/")

    assert name in seen
    await expect(page.locator("h1").first).to_have_text("No connection")
    assert name not in await page.inner_text("body")


async def test_what_was_known_three_days_ago_is_shown_to_nobody(door: Door) -> None:
    page = await door.phone()
    await page.evaluate(IS_KEPT)
    await page.goto(f"{door.address}/account")
    await door.shut()

    await page.evaluate(OLDER, 48)
    await page.goto(f"{door.address}/")
    await expect(page.locator("[data-known]")).to_contain_text("01.09, 08:20")
    await page.evaluate(OLDER, 25)
    await page.reload()

    await expect(page.locator("[data-unknown]")).to_be_visible()
    assert await page.evaluate(KEPT_NOW) == ""


async def test_the_worker_stands_in_the_way_of_no_form_no_stream_and_no_download(door: Door) -> None:
    page = await door.phone()
    await page.evaluate(IS_KEPT)
    site = door.site

    await page.reload()
    await expect(page.locator("[data-live-state]")).to_have_attribute("data-state", "live")
    async with arrived(site, NOW - timedelta(minutes=5)):
        await expect(page.locator(f"section:has(#child-{site.sample.sibling_ref})")).to_contain_text("08:15")
    await page.locator(".shell-top > .menu > summary").click()
    await page.get_by_role("button", name="Русский").click()
    await expect(page.locator("h1")).to_have_text("Сегодня")
    await page.goto(f"{door.address}/children/{site.sample.child_ref}/statistics")
    async with page.expect_download() as coming:
        await page.get_by_role("link", name="CSV").click()

    assert (await (await coming.value).path()).read_text("utf-8-sig").startswith("День")


async def test_a_new_version_takes_the_place_of_the_old_ones_files(door: Door) -> None:
    page = await door.phone()
    await page.evaluate("caches.open('esik-shell-000000000000')")
    await page.evaluate(IS_KEPT)
    registration = "navigator.serviceWorker.getRegistration()"
    await page.evaluate(f"{registration}.then(each => each.unregister())")

    await page.goto(f"{door.address}/notices")
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")

    version = Shell(Pages.load(Assets.load())).version
    names = "caches.keys().then(all => all.filter(each => each.startsWith('esik-shell-')))"
    await page.wait_for_function(f"async () => (await {names}).join() === 'esik-shell-{version}'")


async def test_installing_is_offered_until_it_is_answered_and_never_again(site: Site) -> None:
    page = await site.open("/", "guardian", width=390)
    offer = page.locator("[data-install]")
    await expect(offer).to_be_hidden()

    assert await page.evaluate(OFFERED)
    await expect(offer).to_be_visible()
    assert await violations(page) == []
    await offer.get_by_role("button", name="Not now").click()

    await expect(offer).to_be_hidden()
    await page.reload()
    assert await page.evaluate(OFFERED)
    await expect(offer).to_be_hidden()
    await page.evaluate("localStorage.clear()")


async def test_installing_asks_the_phone_itself(site: Site) -> None:
    page = await site.open("/", "guardian", width=390)
    await page.evaluate(OFFERED)

    await page.get_by_role("button", name="Install").click()

    assert await page.evaluate("window.prompted")
    await expect(page.locator("[data-install]")).to_be_hidden()
    await page.evaluate("localStorage.clear()")


async def test_the_first_view_is_light_enough_for_a_slow_line(door: Door) -> None:
    page = await door.phone()
    sent = {name: size for name, size in await page.evaluate(SENT) if re.search(r"\.(js|css)\b", name)}

    assert all(sent.values())
    assert sum(sent.values()) < FIRST_VIEW_MAX, sent


@asynccontextmanager
async def arrived(site: Site, at: datetime) -> AsyncIterator[None]:
    """Let the sibling be there for a while, as a projection writes it."""
    shown, pool = site.sample, site.services.database.pool
    await sample.arrive(site.services, shown.sibling_id, shown.school_id, shown.sibling_ref, at)
    try:
        yield
    finally:
        await pool.execute("DELETE FROM movement WHERE person_id = $1 AND at = $2", shown.sibling_id, at)
        await pool.execute(
            'UPDATE presence SET first_in_at = NULL, is_inside = false WHERE person_id = $1 AND "on" = $2',
            shown.sibling_id, sample.DAY,
        )  # fmt: skip
