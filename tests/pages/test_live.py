"""Live pages: a tap is on an open page by itself, a lost line comes back, and nothing needs a script."""

import re
from datetime import datetime, timedelta

import pytest
from playwright.async_api import Page, expect

from tests.pages import sample
from tests.pages.sample import NOW
from tests.pages.site import Site, altered

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

LIVE_MS = 10_000  # less than the 15 s after which a quiet line is heard of; how soon it is, `make bench` measures


async def test_a_parents_open_page_tells_of_an_arrival_by_itself(site: Site) -> None:
    page = await opened(site, "/", "guardian")
    child = page.locator("section", has=page.locator(f"#child-{site.sample.sibling_ref}"))
    await expect(child).to_contain_text("Has not arrived")

    await arrive(site, NOW - timedelta(minutes=1))

    await expect(child).to_contain_text("Arrived 08:19", timeout=LIVE_MS)
    await expect(child.locator(".day-steps")).to_contain_text("08:19")


@pytest.mark.requirement("KZ456-33-1.10", part="students")
async def test_the_screen_at_the_gate_tells_of_a_tap_by_itself(site: Site) -> None:
    page = await opened(site, "/schools/almaty15/gate", "guard")

    await arrive(site, NOW - timedelta(seconds=20))

    first = page.locator(".taps li").first
    await expect(first).to_contain_text("08:19", timeout=LIVE_MS)
    await expect(page.locator(".inside-count b")).to_have_text(re.compile(r"\d+"))


async def test_the_screen_at_the_gate_sounds_when_it_is_asked_to(site: Site) -> None:
    page = await opened(site, "/schools/almaty15/gate", "guard")
    sound = page.get_by_role("button", name="Sound")
    await sound.click()
    await sound.evaluate("button => delete button.dataset.played")

    await arrive(site, NOW - timedelta(seconds=10))

    await expect(sound).to_have_attribute("data-played", "in", timeout=LIVE_MS)


async def test_a_page_says_when_the_line_is_lost_and_is_right_again_when_it_comes_back(site: Site) -> None:
    page = await opened(site, "/", "guardian")
    dot = page.locator("[data-live-state]")

    site.app.state.feed.hang_up()

    await expect(dot).to_have_attribute("data-state", "live")
    async with altered(page):
        await page.context.set_offline(True)
        site.app.state.feed.hang_up()
        await expect(dot).to_have_attribute("data-state", "late")
        await expect(page.locator(".offline-bar")).to_be_visible()
    await expect(dot).to_have_attribute("data-state", "live")
    await expect(page.locator(".offline-bar")).to_be_hidden()


async def test_a_page_opened_with_the_line_down_begins_to_live_when_it_is_there(site: Site) -> None:
    page = await site.open("/account", "guardian")
    async with altered(page):
        await page.route("**/live", lambda route: route.abort())
        await page.goto(f"{site.address}/")
        await expect(page.locator("[data-live-state]")).to_have_attribute("data-state", "late")

    await expect(page.locator("[data-live-state]")).to_have_attribute("data-state", "live")


async def test_filters_and_the_language_work_without_a_script(site: Site) -> None:
    page = await site.open("/schools/almaty15/office", "office", script=False)
    await page.select_option("#state", "late")
    await page.get_by_role("button", name="Show").click()

    await expect(page.locator("table.folds caption")).to_contain_text("Late")
    await page.locator(".shell-top > .menu > summary").click()
    await page.get_by_role("button", name="Қазақша").click()
    await expect(page.locator("h1")).to_have_text("Бүгін")
    await page.get_by_text("Гүлнар").first.click()
    await page.get_by_role("button", name="English").click()


async def test_a_filter_applies_as_soon_as_it_is_chosen_and_stays_while_the_page_lives(site: Site) -> None:
    page = await opened(site, "/schools/almaty15/office", "office")
    await page.select_option("#class", "5А")
    await page.wait_for_url("**class=5*")
    await expect(page.locator("[data-live-state]")).to_have_attribute("data-state", "live")

    await arrive(site, NOW - timedelta(seconds=5))

    await expect(page.locator("table.folds caption")).to_contain_text("10 people · 5А")


async def opened(site: Site, path: str, who: str) -> Page:
    """Open a page and wait until it lives."""
    page = await site.open(path, who)
    await expect(page.locator("[data-live-state]")).to_have_attribute("data-state", "live")
    return page


async def arrive(site: Site, at: datetime) -> None:
    """Let the sibling arrive, as a projection writes it."""
    await sample.arrive(site.services, site.sample.sibling_id, site.sample.school_id, site.sample.sibling_ref, at)
