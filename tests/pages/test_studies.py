"""Studies in a browser: a deputy adds a course and a plan, a teacher keeps themes, and the load is taken out."""

from io import BytesIO

import pytest
from openpyxl import load_workbook
from playwright.async_api import expect

from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

HERE = "/schools/almaty15"
GRADE_4, GRADE_5 = 3, 4  # classes 4Б and 5А


async def test_a_deputy_adds_a_course_ends_it_and_deletes_it(site: Site) -> None:
    page = await site.open(f"{HERE}/courses?class_id={GRADE_4}", "deputy", width=390)
    await page.get_by_text("Add a course for 4Б").click()
    await page.locator("#subject").select_option(label="Fine art")
    await page.locator("#hours").fill("1,5")
    await page.locator("#teacher").select_option(index=2)
    await page.get_by_role("button", name="Add the course").click()

    row = page.get_by_role("row").filter(has_text="Fine art")
    await expect(row).to_contain_text("1.5")
    await row.get_by_role("link", name="Fine art", exact=True).click()
    await expect(page.locator("h1")).to_have_text("Fine art, 4Б")
    await page.get_by_text("End or delete the course").click()
    await page.locator("#end").fill("30.09.2026")
    await page.locator("form[action$='/end'] button").click()
    await expect(page.get_by_text("It is taught until September 30, 2026.")).to_be_visible()
    await page.get_by_text("End or delete the course").click()
    await page.get_by_role("button", name="Delete it").click()
    await expect(page.locator("h1")).to_have_text("Who teaches what")
    await expect(page.get_by_role("row").filter(has_text="Fine art")).to_have_count(0)


async def test_what_cannot_be_is_refused_with_words_and_keeps_what_was_typed(site: Site) -> None:
    page = await site.open(f"{HERE}/courses?class_id={GRADE_5}", "deputy", width=1280)
    await page.get_by_text("Add a course for 5А").click()
    await page.locator("#subject").select_option(label="Mathematics")
    await page.locator("#hours").fill("5")
    await page.locator("#room").fill("7")
    await page.get_by_role("button", name="Add the course").click()

    await expect(page.get_by_role("alert")).to_contain_text("For a second teacher make groups")
    await expect(page.locator("#room")).to_have_value("7")
    await page.locator("#hours").fill("many")
    await page.get_by_role("button", name="Add the course").click()
    await expect(page.get_by_role("alert")).to_contain_text("Write hours a week as 4")


async def test_a_student_goes_from_one_group_to_the_other(site: Site) -> None:
    page = await site.open(f"{HERE}/courses/2", "office", width=390)
    students = page.locator(".form-check").filter(has_text="in the group 2-топ")
    await expect(students).to_have_count(4)
    await students.first.locator("input").check()
    await page.get_by_role("button", name="Keep the group").click()

    await expect(page.get_by_role("alert")).to_contain_text("Already in another group of this subject")


async def test_a_plan_is_written_and_a_class_is_taught_by_it(site: Site) -> None:
    page = await site.open(f"{HERE}/plans", "deputy", width=1280)
    await page.get_by_text("Add a plan").click()
    await page.locator("#new-title").fill("Grade 4")
    await page.locator("#new-grade").select_option("4")
    await page.get_by_role("button", name="Add the plan").click()
    await page.locator("#subject").select_option(label="Natural science")
    await page.locator("#hours").fill("2")
    await page.locator("#year_hours").fill("60")
    await page.get_by_role("button", name="Put in").click()

    await expect(page.get_by_text("it would be 68 hours a year, not 60")).to_be_visible()
    await page.get_by_role("link", name="Units: Natural science").click()
    await page.get_by_label("Unit 1", exact=True).fill("Plants")
    await page.get_by_label("Hours of unit 1", exact=True).fill("60")
    await page.get_by_role("button", name="Keep the units").click()
    await expect(page.get_by_text("Plants (60)")).to_be_visible()
    await page.get_by_role("button", name="Teach by this plan: 4Б").click()
    await expect(page.get_by_role("row").filter(has_text="4Б")).to_contain_text("This plan")
    await page.get_by_role("link", name="4Б").click()
    await expect(page.get_by_role("row").filter(has_text="Natural science")).to_contain_text("No teacher")


async def test_a_teacher_keeps_the_themes_of_the_own_course_and_of_no_other(site: Site) -> None:
    page = await site.open(f"{HERE}/courses", "teacher", width=390)
    await page.get_by_role("link", name="Themes: Mathematics, 5А").click()
    await page.get_by_text("Add a theme").click()
    await page.locator("#title").fill("Revision")
    await page.locator("#week").fill("9")
    await page.get_by_role("button", name="Keep", exact=True).click()
    await expect(page.get_by_role("row").filter(has_text="Revision")).to_contain_text("9")

    await page.get_by_text("Import from a spreadsheet").click()
    wrong = b"Theme,Hours\r\nFractions,many\r\n"
    await page.locator("#file").set_input_files({"name": "t.csv", "mimeType": "text/csv", "buffer": wrong})
    await page.get_by_role("button", name="Import the file", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("Nothing was changed")
    await expect(page.get_by_role("row").filter(has_text="Write a whole number")).to_contain_text("Hours")

    await page.locator("summary[aria-label='Delete theme 7']").click()
    await page.locator("details[open]").get_by_role("button", name="Yes, delete it").click()
    await expect(page.get_by_role("row").filter(has_text="Revision")).to_have_count(0)
    await page.goto(f"{site.address}{HERE}/courses/2/themes")
    await expect(page.get_by_text("No themes yet")).to_be_visible()
    await expect(page.get_by_text("Add a theme")).to_have_count(0)


async def test_the_load_is_shown_and_taken_out_as_a_workbook(site: Site) -> None:
    page = await site.open(f"{HERE}/load", "director", width=1280)
    row = page.get_by_role("row").filter(has_text="Mathematics, 5А (5)")
    await expect(row).to_contain_text("Music, 5А (1)")
    await expect(page.get_by_text("History of Kazakhstan, 5А")).to_be_visible()

    answer = await page.request.get(f"{site.address}{HERE}/load.xlsx")

    rows = list(load_workbook(BytesIO(await answer.body())).worksheets[0].iter_rows(values_only=True))
    assert rows[0][:3] == ("Teacher", "Position", "Subjects and classes")
    taught = next(each for each in rows if "Mathematics, 5А" in str(each[2]))
    assert taught[3:] == (6, 16, -10, 0.38, 2, 0)
    assert any(each[0] == "Nobody teaches it" for each in rows)
