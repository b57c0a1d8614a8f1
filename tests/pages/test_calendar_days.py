"""A day with other hours, from the office's page to a parent's calendar and back."""

import pytest
from playwright.async_api import expect

from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

DAYS = "/schools/almaty15/calendar"


async def test_a_shortened_day_that_the_office_sets_stands_in_the_parents_calendar_until_it_is_made_usual(
    site: Site,
) -> None:
    calendar = f"/children/{site.sample.child_ref}/calendar?month=2026-11"
    page = await site.open(DAYS, "office", width=390)
    await expect(page.get_by_text("by the timetable of Monday")).to_be_visible()
    await page.get_by_text("Set a day").click()
    await page.get_by_label("First day").fill("2026-11-06")
    await page.get_by_label("Last day").fill("2026-11-06")
    await page.get_by_label("No lessons").check()
    await expect(page.get_by_label("Lessons end by")).to_be_hidden()
    await page.get_by_label("Other hours: fill in what is otherwise").check()
    await page.get_by_label("Lessons begin at, or later").fill("08:10")
    await page.get_by_label("A line for parents and staff").fill("Күзгі кросс")
    await page.get_by_role("button", name="Keep").click()
    day = page.locator("article", has_text="Күзгі кросс")
    await expect(day).to_contain_text("starts at 08:10")

    seen = await site.open(calendar, "guardian", width=390)
    own = seen.locator("section", has=seen.get_by_role("heading", name="Special days"))
    await expect(own).to_contain_text("Fri, Nov 6: lessons from 08:10 to")
    await expect(own).to_contain_text("Күзгі кросс")

    page = await site.open(DAYS, "office", width=390)
    day = page.locator("article", has_text="Күзгі кросс")
    await day.get_by_role("button", name="Make it a usual day").click()
    await expect(page.locator("article", has_text="Күзгі кросс")).to_have_count(0)
    seen = await site.open(calendar, "guardian", width=390)
    await expect(seen.get_by_role("heading", name="Special days")).to_have_count(0)


async def test_what_is_not_said_is_asked_for_and_what_was_typed_stays(site: Site) -> None:
    page = await site.open(DAYS, "office")
    await page.get_by_text("Set a day").click()
    await page.get_by_label("First day").fill("2026-11-09")
    await page.get_by_label("Last day").fill("2026-11-09")
    await page.get_by_label("For whom").select_option(label="Grade 5")
    await page.get_by_label("Other hours: fill in what is otherwise").check()
    await page.get_by_label("A line for parents and staff").fill("Не забыть")
    await page.get_by_role("button", name="Keep").click()

    await expect(page.get_by_role("alert")).to_contain_text("Say what is otherwise on that day")
    await expect(page.get_by_label("A line for parents and staff")).to_have_value("Не забыть")
    await expect(page.get_by_label("First day")).to_have_value("2026-11-09")
    await expect(page.get_by_label("For whom")).to_have_value("grade-5")
