"""The timetable in a browser: made by a deputy with what clashes told, seen by teachers and families, works planned."""

import pytest
from playwright.async_api import Page, expect

from cloud.timetable.laying import lay_out
from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

HERE = "/schools/almaty15/timetable"
FIRST_GRADE, FIFTH_GRADE = 1, 4  # classes 1А and 5А
MONDAY = "2026-11-02"


async def put(page: Page, lesson: str, weekday: str, number: str) -> None:
    """Put a lesson into a cell."""
    option = page.locator("#course_id option").filter(has_text=lesson)
    await page.locator("#course_id").select_option(await option.first.get_attribute("value"))
    await page.locator("#weekday").select_option(label=weekday)
    await page.locator("#number").fill(number)
    await page.get_by_role("button", name="Put it there").click()


@pytest.mark.requirement("KZ456-27.8", part="lessons")
@pytest.mark.requirement("KZ456-27.1", part="timetable")
async def test_a_deputy_makes_a_timetable_and_the_family_sees_it(site: Site) -> None:
    page = await site.open(f"{HERE}/versions", "deputy", width=390)
    await page.locator("#name").fill("From November")
    await page.get_by_role("button", name="Begin").click()
    await expect(page.locator("h1")).to_have_text("From November")
    await page.locator("#class_id").select_option(str(FIRST_GRADE))
    await page.get_by_role("button", name="Show").click()
    await put(page, "Literacy", "Monday", "1")
    await put(page, "Mathematics", "Monday", "1")

    await expect(page.get_by_role("alert")).to_contain_text("cannot be put there")
    await expect(page.get_by_text("Monday, lesson 1: class 1А has two lessons at one time.")).to_be_visible()
    await page.locator("#first").fill(MONDAY)
    await page.get_by_role("button", name="Publish").click()
    await expect(page.get_by_text("Published")).to_be_visible()

    await lay_out(site.services, site.sample.school_id)
    page = await site.open(f"/children/{site.sample.child_ref}/timetable?week={MONDAY}", "guardian", width=390)
    await expect(page.locator(".lesson")).to_have_count(1)
    await expect(page.locator(".lesson")).to_contain_text("Literacy")
    page = await site.open(f"{HERE}?class_id={FIRST_GRADE}&week={MONDAY}", "class_teacher")
    await expect(page.locator(".lesson")).to_contain_text("Literacy")
    await expect(page.locator("#class_id")).to_have_value(str(FIRST_GRADE))
    await expect(page.locator("#teacher")).to_have_value("0")


@pytest.mark.requirement("KZ456-27.1", part="timetable")
async def test_a_family_sees_substitutions_and_what_is_called_off(site: Site) -> None:
    page = await site.open(f"/children/{site.sample.child_ref}", "guardian", width=390)
    await page.get_by_role("link", name="Timetable").click()

    off = page.locator(".lesson.is-off").filter(has_text="Экскурсия")
    await expect(off).to_contain_text("Called off")
    await expect(page.get_by_text("SOR", exact=True).first).to_be_visible()


@pytest.mark.requirement("KZ456-27.8", part="sor")
@pytest.mark.requirement("KZ456-27.8", part="soch")
async def test_summative_works_are_planned_on_lessons_and_shown_by_day_and_class(site: Site) -> None:
    page = await site.open(f"{HERE}/day?on=2026-09-17", "deputy")
    for kind in ("SOR", "SOCH"):
        await page.locator(".lesson a").filter(has_text="Mathematics").first.click()
        await page.get_by_role("button", name=kind, exact=True).click()
        await expect(page.locator(".lesson").filter(has_text="Mathematics").first).to_contain_text(kind)

    page = await site.open(f"{HERE}/works", "class_teacher", width=390)
    row = page.get_by_role("row").filter(has_text="Thu, Sep 17")
    await expect(row).to_contain_text("SOCH")
    by_class = page.get_by_role("table", name="By class").get_by_role("row").filter(has_text="5А")
    await expect(by_class.get_by_role("cell")).to_have_text(["1", "2"])


async def test_a_lesson_that_is_called_off_is_brought_back_and_is_no_summative_work_until_then(site: Site) -> None:
    page = await site.open(f"{HERE}/day?on=2026-09-24", "deputy")
    music = page.locator(".lesson a").filter(has_text="Music").first
    await music.click()
    await expect(page.get_by_role("button", name="SOR", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Call the lesson off").click()
    await expect(page.locator(".lesson.is-off").filter(has_text="Music")).to_have_count(2)
    await music.click()

    await expect(page.get_by_role("heading", name="The lesson is called off")).to_be_visible()
    await expect(page.get_by_role("button", name="SOR", exact=True)).to_have_count(0)
    await page.get_by_role("button", name="Bring it back").click()
    await expect(page.locator(".lesson.is-off").filter(has_text="Music")).to_have_count(0)


async def test_a_day_without_lessons_takes_none(site: Site) -> None:
    page = await site.open(f"{HERE}/day?on=2026-09-19", "deputy")
    await page.get_by_text("Add a lesson on this day").click()
    await page.get_by_role("button", name="Add", exact=True).click()

    await expect(page.get_by_role("alert")).to_contain_text("no lessons for the class on that day")


async def test_what_the_solver_found_is_put_into_the_draft(site: Site) -> None:
    page = await site.open(f"{HERE}/versions/2/solve", "deputy")
    await expect(page.get_by_text("Making it better")).to_be_visible()
    await page.get_by_role("button", name="Put it into the draft").click()

    await expect(page.locator("h1")).to_have_text("Қысқы кесте")
    await expect(page.get_by_text("Lessons placed")).to_be_visible()


async def test_a_calendars_address_is_shown_once_and_answers_until_it_is_closed(site: Site) -> None:
    page = await site.open(f"{HERE}/feeds", "office")
    await page.locator("#of").select_option(label="Class 5А")
    await page.get_by_role("button", name="Make a link").click()
    address = await page.locator("code").inner_text()
    path = "/timetable/" + address.rpartition("/")[2]

    answer = await page.request.get(site.address + path)
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert "BEGIN:VEVENT" in await answer.text()
    await page.goto(f"{site.address}{HERE}/feeds")
    await expect(page.locator("code")).to_have_count(0)
    await page.get_by_role("button", name="Revoke the link").last.click()
    assert (await page.request.get(site.address + path)).status == 404
