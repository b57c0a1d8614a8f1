"""What a parent needs is a few touches from the first page, on a narrow screen, much enlarged, and without motion."""

import pytest
from playwright.async_api import Page, expect

from tests.pages.site import Site, resize
from tests.pages.test_looks import OPEN_ALL, OVERFLOW, PAGES, addressed

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

NARROW = 320  # CSS pixels: a screen of 1280 enlarged four times (WCAG 2.2, 1.4.10); 640 is one enlarged twice
PARENTS = [name for name, (who, _) in PAGES.items() if who in {"guardian", "student", "father", "childless"}]
# Moving pictures, and what changes over time, on a device whose owner asked for none.
MOVING = """() => [...document.querySelectorAll("*")].filter(each => {
  const style = getComputedStyle(each);
  return style.transitionDuration.split(",").some(part => parseFloat(part) > 0) || style.animationName !== "none";
}).map(each => each.outerHTML.slice(0, 80))"""


async def test_no_page_of_a_parent_scrolls_sideways_at_320_or_640_px_or_moves(site: Site) -> None:
    wrong: list[object] = []

    for name in PARENTS:
        who, path = PAGES[name]
        page = await site.open(addressed(site, path, "kk"), who, language="kk", width=NARROW)
        await page.evaluate(OPEN_ALL)
        for width in (NARROW, 640):
            await resize(page, width)
            if (over := await page.evaluate(OVERFLOW)) > 0:
                wrong.append((name, width, over))
        if moving := await page.evaluate(MOVING):
            wrong.append((name, moving))

    assert wrong == []


async def test_a_card_that_is_lost_or_at_home_is_few_touches_away(site: Site) -> None:
    page = await site.open("/", "guardian", width=390)
    child = page.locator("section", has=page.locator(f"#child-{site.sample.child_ref}"))

    await child.get_by_role("link", name="Card lost").click()
    await expect(page.get_by_role("button", name="Yes, block it")).to_be_in_viewport()
    await page.goto(f"{site.address}/")
    await child.get_by_role("link", name="No card today").click()

    await expect(page.locator("h1")).to_have_text("A code instead of the card")


@pytest.mark.requirement("KZ456-33-1.11", part="account")
async def test_the_calendar_tells_of_each_day_when_the_child_came_and_left(site: Site) -> None:
    page = await site.open("/", "guardian", width=390)
    await page.locator(f"section:has(#child-{site.sample.child_ref})").get_by_role("link", name="Calendar").click()
    await expect(page.locator("h1")).to_have_text("Calendar")
    await page.get_by_role("link", name="August").click()

    monday = page.get_by_role("cell").filter(has_text="31")
    await expect(monday).to_contain_text("At school")
    await expect(monday.locator("time")).to_have_text(["07:51", "12:51"])
    await monday.get_by_role("link").click()

    await expect(page.locator("h1")).to_have_text("Monday, August 31, 2026")
    assert await stops(page) == ["Arrival 07:51", "Canteen 08:16, 08:19", "Departure 12:51"]


async def test_the_first_page_tells_each_childs_day_as_a_line(site: Site) -> None:
    page = await site.open("/", "guardian", width=390)
    child = page.locator("section", has=page.locator(f"#child-{site.sample.child_ref}"))

    await expect(child.locator(".day-steps li")).to_have_count(3)
    assert (await stops(page, f"section:has(#child-{site.sample.child_ref})"))[0] == "Arrival 07:51"
    assert (await stops(page, f"section:has(#child-{site.sample.child_ref})"))[2] == "Departure not yet"


async def test_no_day_of_the_future_and_none_that_is_no_day_is_shown(site: Site) -> None:
    for day in ("2026-09-02", "2026-02-30", "1999-12-31", "0001-01-01", "yesterday"):
        page = await site.open(f"/children/{site.sample.child_ref}/days/{day}", "guardian")
        await expect(page.locator("h1")).to_have_text("Not found")


async def stops(page: Page, within: str = "main") -> list[str]:
    """Return what the stops of the line say."""
    told = await page.locator(f"{within} .day-steps li").all_inner_texts()
    return [" ".join(each.split()) for each in told]
