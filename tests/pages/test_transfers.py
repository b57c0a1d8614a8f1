"""Transfers in a browser: the office moves a student, lets one go and come back, and looks at a new year."""

import pytest
from playwright.async_api import expect

from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

HERE = "/schools/almaty15"
STUDENT = 43


async def test_the_office_moves_a_student_and_reads_it_in_the_book(site: Site) -> None:
    page = await site.open(f"{HERE}/people/student{STUDENT:05d}", "office", width=390)
    name = await page.locator("h1").inner_text()
    was = await page.locator(".page-head .soft").inner_text()
    await page.get_by_text("Change class").click()
    to = await page.locator("#to-class option").nth(1).inner_text()
    await page.locator("#to-class").select_option(label=to)
    await page.locator("#moved-paper").fill("order 45")
    await page.get_by_role("button", name="Move", exact=True).click()

    await expect(page.locator(".page-head .soft")).to_have_text(to)
    await page.goto(f"{site.address}{HERE}/transfers")
    row = page.get_by_role("row").filter(has_text=name).first
    await expect(row).to_contain_text(f"{was} → {to}")
    await expect(row).to_contain_text("order 45")
    await page.goto(f"{site.address}{HERE}/people/student{STUDENT:05d}")
    await page.get_by_text("Change class").click()
    await page.locator("#to-class").select_option(label=was)
    await page.get_by_role("button", name="Move", exact=True).click()
    await expect(page.locator(".page-head .soft")).to_have_text(was)
    await expect(page.get_by_text("entries in the transfer book")).to_be_visible()


async def test_who_left_by_mistake_is_taken_back(site: Site) -> None:
    page = await site.open(f"{HERE}/people/student{STUDENT + 1:05d}", "office", width=1280)
    await page.get_by_text("Leaves the school").click()
    await page.locator("#left-place").fill("Шымкент")
    await page.get_by_role("button", name="Yes, has left").click()
    await expect(page.get_by_text("This person has left the school")).to_be_visible()

    await page.get_by_text("Comes back to the school").click()
    await page.get_by_role("button", name="Take back in").click()

    await expect(page.get_by_text("This person has left the school")).to_have_count(0)
    await page.get_by_text("entries in the transfer book").click()
    await expect(page.get_by_text("Шымкент")).to_be_visible()


async def test_a_day_to_come_is_refused_with_words(site: Site) -> None:
    page = await site.open(f"{HERE}/people/student{STUDENT + 2:05d}", "office", width=390)
    await page.get_by_text("Change class").click()
    await page.locator("#to-class").select_option(index=1)
    await page.locator("#moved-on").fill("01.09.2099")
    await page.get_by_role("button", name="Move", exact=True).click()

    await expect(page.get_by_role("alert")).to_contain_text("still to come")
    await expect(page.locator("#moved-on")).to_have_value("01.09.2099")


async def test_a_new_year_shows_what_becomes_of_each_class(site: Site) -> None:
    page = await site.open(f"{HERE}/new-year", "office", width=1280)

    await expect(page.get_by_label("What becomes of 1А")).to_have_value("up")
    await expect(page.get_by_label("What becomes of 11А")).to_have_value("finish")
    await expect(page.get_by_role("button", name="Begin the new year")).to_be_visible()
