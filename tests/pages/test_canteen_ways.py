"""What the canteen, the office, the director and a parent do on their pages, in a browser, and what the till hears."""

import json

import pytest
from playwright.async_api import Page, expect

from cloud.core.database import raw
from cloud.rosters.building import rows_of
from tests.cloud.core.pictures import picture
from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

SCHOOL = "/schools/almaty15"


async def told_to_tills(site: Site, kind: str) -> list[list[object]]:
    """Return the rows of a kind as the school's roster would have them now."""
    async with site.services.database.transaction() as connection:
        lines = await rows_of(raw(connection), site.sample.school_id, site.services.clock.now())
    return [row for row in map(json.loads, lines) if row[0] == kind]


@pytest.mark.requirement("KZ456-33-1.3")
@pytest.mark.requirement("KZ456-33-1.6", part="menu")
async def test_a_menu_that_is_published_with_prices_and_photos_is_seen_by_the_parent_and_sold_by_the_till(
    site: Site,
) -> None:
    page = await site.open(f"{SCHOOL}/dishes/new", "canteen")
    for label, text in (("in Kazakh", "Лағман"), ("in Russian", "Лагман"), ("in English", "Lagman")):
        await page.get_by_label(label).fill(text)
    await page.get_by_label("Price, tenge").fill("690,50")
    await press(page, "Add")
    await page.locator("#file").set_input_files(
        {"name": "lagman.jpg", "mimeType": "image/jpeg", "buffer": picture(800, 600)}
    )
    await press(page, "Keep the photo")
    await expect(page.locator("img.plate-large")).to_be_visible()

    await page.goto(f"{site.address}{SCHOOL}/menu/2026-09-03/snack")
    await page.get_by_label("Dish", exact=True).select_option(label="Lagman · 690.50\u00a0₸")
    await press(page, "Add to the menu")
    assert not any(row[1] == "2026-09-03 snack" for row in await told_to_tills(site, "menu"))
    await page.goto(f"{site.address}{SCHOOL}/menu?week=2026-09-03")
    await press(page, "Publish the week")
    await expect(page.get_by_role("status").first).to_contain_text("parents see")

    key = await site.services.database.pool.fetchval("SELECT max(id)::text FROM dish")
    (menu,) = [row for row in await told_to_tills(site, "menu") if row[1] == "2026-09-03 snack"]
    (dish,) = [row for row in await told_to_tills(site, "dish") if row[1] == f"{key}/1"]
    assert menu[2:] == [[f"{key}/1"], ""]
    assert (dish[2], dish[3]) == ({"kk": "Лағман", "ru": "Лагман", "en": "Lagman"}, 69_050)
    page = await site.open(f"/children/{site.sample.child_ref}/menu", "guardian", language="ru", width=390)
    await page.locator("details summary", has_text="3 сент").click()
    line = page.locator("li.dish", has_text="Лагман")
    await expect(line).to_contain_text("690,50")
    assert str(dish[6]) in str(await line.locator("img").get_attribute("src"))
    await line.locator("img").scroll_into_view_if_needed()
    await expect(line.locator("img")).to_have_js_property("naturalWidth", 400)


async def press(page: Page, button: str) -> None:
    """Press a button of the page's own."""
    await page.get_by_role("main").get_by_role("button", name=button, exact=True).click()
