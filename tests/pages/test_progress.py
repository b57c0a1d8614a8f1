"""Progress in a browser: exams from a spreadsheet, fitness by the teacher, and what profile and family show of it."""

import pytest
from playwright.async_api import expect

from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

SCHOOL = "/schools/almaty15"


@pytest.mark.requirement("KBR-4.1.progress")
async def test_the_office_takes_results_from_a_spreadsheet_and_wrong_cells_are_told(site: Site) -> None:
    page = await site.open(f"{SCHOOL}/exams/2", "office")
    rows = "Нөмірі;Аты-жөні;Баға\n;Ешкім Ешкімов;5\n"
    await page.get_by_text("Take in from a spreadsheet").click()
    file = {"name": "нәтиже.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    await page.locator("#file").set_input_files(file)  # type: ignore[arg-type]  # a payload of Playwright's
    await page.get_by_role("button", name="Take in", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("Nothing was changed")
    await expect(page.locator("table", has_text="Cells to mend")).to_contain_text("No student of the school")

    await page.get_by_text("Write down one result").click()
    name = await site.services.database.pool.fetchval(
        "SELECT surname || ' ' || given_name FROM person WHERE id = $1", site.sample.child_id
    )
    await page.get_by_label("Surname and name").fill(name)
    await page.get_by_label("Class", exact=True).fill("1А")
    await page.get_by_label("Mark").fill("4")
    await page.get_by_role("button", name="Keep").click()

    await expect(page.locator("table.list").last).to_contain_text(name)


@pytest.mark.requirement("KBR-4.1.progress")
async def test_a_teacher_writes_down_fitness_and_a_wrong_value_is_told_with_what_was_typed(site: Site) -> None:
    page = await site.open(f"{SCHOOL}/fitness?what=jump", "class_teacher", width=390)
    first = page.locator("input.figure").first
    await first.fill("far")
    await page.get_by_role("button", name="Keep").click()
    await expect(page.get_by_role("alert")).to_contain_text("Write a number")
    await expect(page.locator("input.figure").first).to_have_value("far")

    await page.locator("input.figure").first.fill("172")
    await page.get_by_role("button", name="Keep").click()

    await expect(page.locator("input.figure").first).to_have_value("172")
    await expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.requirement("KBR-4.1.progress")
async def test_the_profile_and_the_familys_page_show_marks_exams_and_fitness_and_the_office_no_marks(
    site: Site,
) -> None:
    path = f"{SCHOOL}/people/{site.sample.child_ref}/profile"
    for who, address in (("class_teacher", path), ("guardian", f"/children/{site.sample.child_ref}/portfolio")):
        page = await site.open(address, who, width=390)
        progress = page.locator("#progress")
        await expect(progress).to_contain_text("Mathematics")
        await expect(progress).to_contain_text("34 / 40")
        await expect(progress.locator("tr", has_text="Run, 30 m")).to_contain_text("Better")
        await expect(progress.locator("tr", has_text="Standing long jump")).to_contain_text("Weaker")

    page = await site.open(path, "office")
    await expect(page.locator("#portfolio-head")).to_be_visible()
    await expect(page.locator("#progress")).to_have_count(0)
