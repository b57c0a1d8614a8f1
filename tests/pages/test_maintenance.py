"""Maintenance that an operator announces is on every page beforehand, in the reader's language, signed in or not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import expect

from cloud.core.i18n import Language
from tests.pages.site import Site
from tests.servers.axe import violations

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

ALMATY = ZoneInfo("Asia/Almaty")
WORDS = {
    Language.KK: "Кіреберістер мен кассалар жұмыс істей береді",
    Language.RU: "Турникеты и кассы работают",
    Language.EN: "Gates and tills go on",
}
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
OF_TESTS = "DELETE FROM maintenance_window WHERE id > 2"  # the sample has two


@asynccontextmanager
async def announced(site: Site) -> AsyncIterator[datetime]:
    """Let an operator announce a window of tomorrow night; yield when it begins."""
    starts = (site.clock.now() + timedelta(days=1)).astimezone(ALMATY).replace(hour=21, minute=30)
    page = await site.open("/maintenance", "operator")
    await page.get_by_text("Announce a window").click()
    await page.get_by_label("From", exact=True).fill(f"{starts:%Y-%m-%dT%H:%M}")
    await page.get_by_label("Until", exact=True).fill(f"{starts + timedelta(hours=1):%Y-%m-%dT%H:%M}")
    await page.get_by_role("button", name="Announce", exact=True).click()
    await expect(page.get_by_role("status").get_by_text("It is kept")).to_be_visible()
    try:
        yield starts
    finally:
        await site.services.database.pool.execute(OF_TESTS)
        site.app.state.announced.forget()


@pytest.mark.requirement("KZ456-3", part="maintenance")
async def test_what_an_operator_announces_is_said_on_every_page_in_the_readers_language_and_called_off(
    site: Site,
) -> None:
    async with announced(site) as starts:
        for path, who in (("/", "guardian"), ("/sign-in", ""), ("/schools/almaty15/office", "office"), ("/help", "")):
            for language in Language:
                page = await site.open(path, who, language=language.value, width=390)
                said = page.get_by_role("note").filter(has_text=WORDS[language])
                await expect(said).to_contain_text("21:30")
                await expect(said).to_contain_text(str(starts.day))
                assert await page.evaluate(OVERFLOW) <= 0
        page = await site.open("/maintenance", "operator", width=390)
        assert await violations(page, {}) == []
        article = page.get_by_role("article").filter(has_text="21:30")
        await article.get_by_role("button", name="Call the window off").click()
        await expect(page.get_by_role("status").get_by_text("It is kept")).to_be_visible()
        page = await site.open("/", "guardian")
        await expect(page.get_by_role("main")).to_be_visible()
        await expect(page.get_by_role("note")).to_have_count(0)


async def test_a_window_that_cannot_be_stays_in_the_form_and_says_why(site: Site) -> None:
    page = await site.open("/maintenance", "operator")
    await page.get_by_text("Announce a window").click()
    await page.get_by_label("From", exact=True).fill("2020-01-01T21:00")
    await page.get_by_label("Until", exact=True).fill("2020-01-01T22:00")
    await page.get_by_role("button", name="Announce", exact=True).click()

    await expect(page.get_by_role("alert")).to_contain_text("past")
    await expect(page.get_by_label("From", exact=True)).to_have_value("2020-01-01T21:00")
