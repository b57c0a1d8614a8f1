"""The menu of who has many sections: those that belong together stand under one word, by touch and by keyboard."""

import re

import pytest
from playwright.async_api import expect

from tests.pages.site import Site
from tests.pages.test_looks import OVERFLOW
from tests.servers.axe import violations

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]


async def test_a_section_under_a_word_is_reached_by_keyboard_and_the_word_says_where_one_is(site: Site) -> None:
    page = await site.open("/schools/almaty15/office", "office")
    word = page.locator(".shell-nav summary", has_text="People")

    await word.focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")

    await expect(page).to_have_url(re.compile("/schools/almaty15/import$"))
    await expect(word).to_have_class("is-here")
    await expect(page.locator(".shell-nav .menu-body a[aria-current]")).to_have_text("Import")


async def test_an_open_word_closes_by_escape_and_by_a_touch_elsewhere(site: Site) -> None:
    page = await site.open("/schools/almaty15/office", "office")
    word, below = page.locator(".shell-nav summary").first, page.locator(".shell-nav .menu-body").first

    await word.click()
    await page.keyboard.press("Escape")

    await expect(below).to_be_hidden()
    await expect(word).to_be_focused()
    await word.click()
    await expect(below).to_be_visible()
    await page.locator("h1").click()
    await expect(below).to_be_hidden()


@pytest.mark.parametrize(("language", "theme"), [("kk", "light"), ("ru", "dark")])
async def test_on_a_phone_each_word_opens_within_the_screen(site: Site, language: str, theme: str) -> None:
    page = await site.open("/schools/almaty15/statistics", "director", language=language, theme=theme, width=390)

    for number in range(await page.locator(".shell-nav summary").count()):
        await page.locator(".shell-nav summary").nth(number).click()
        box = await page.locator(".shell-nav details[open] .menu-body").bounding_box()

        assert await page.evaluate(OVERFLOW) <= 0
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    assert await violations(page) == []
