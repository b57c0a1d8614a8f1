"""Progress in a browser: exams from a spreadsheet, fitness by the teacher, and what profile and family show of it."""

import pytest
from playwright.async_api import Locator, Page, expect

from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

SCHOOL = "/schools/almaty15"
_ONE_OF_THAT_NAME = """
SELECT concat_ws(' ', surname, given_name) AS name, grade || letter AS class_name FROM person
JOIN school_class ON school_class.id = school_class_id WHERE person.school_id = $1 AND role = 'student'
GROUP BY 1, 2 HAVING count(*) = 1 ORDER BY 2, 1 LIMIT 1
"""


@pytest.mark.requirement("KBR-4.1.progress")
async def test_the_office_takes_results_from_a_spreadsheet_and_wrong_cells_are_told(site: Site) -> None:
    page = await site.open(f"{SCHOOL}/exams/2", "office")
    rows = "Нөмірі;Аты-жөні;Баға\n;Ешкім Ешкімов;5\n"
    await page.get_by_text("Import from a spreadsheet").click()
    file = {"name": "нәтиже.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    await page.locator("#file").set_input_files(file)  # type: ignore[arg-type]  # a payload of Playwright's
    await page.get_by_role("button", name="Import the file", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("Nothing was changed")
    await expect(page.locator("table", has_text="Cells to mend")).to_contain_text("No student of the school")

    await page.get_by_text("Write down one result").click()
    student = await site.services.database.pool.fetchrow(_ONE_OF_THAT_NAME, site.sample.school_id)
    assert student is not None
    await page.get_by_label("Surname and name").fill(student["name"])
    await page.get_by_label("Class", exact=True).fill(student["class_name"])
    await page.get_by_label("Mark").fill("4")
    await page.get_by_role("button", name="Keep").click()

    await expect(page.locator("table.list").last).to_contain_text(student["name"])


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
        run = progress.locator("tr", has_text="Run, 30 m")
        await expect(run).to_contain_text("5.9 s")
        await expect(run).to_contain_text("Better −0.3 s")
        await expect(progress.locator("tr", has_text="Standing long jump")).to_contain_text("Weaker")

    page = await site.open(path, "office")
    await expect(page.locator("#portfolio-head")).to_be_visible()
    await expect(page.locator("#progress")).to_have_count(0)


@pytest.mark.requirement("KZ456-27.5")
@pytest.mark.requirement("KZ456-27.15", part="statistics")
async def test_the_director_sees_how_learning_goes_with_a_chart_and_sorts_it(site: Site) -> None:
    page = await site.open(f"{SCHOOL}/quality", "director")
    await expect(page.locator("figure.chart")).to_contain_text("Share of marks")
    await expect(row_of(page, "Mathematics, 1А")).to_contain_text("/")
    await page.get_by_role("link", name="Not filled in").click()
    await expect(page.locator("th[aria-sort='descending']")).to_contain_text("Not filled in")

    await page.locator("#class_id").select_option(label="5А")
    await expect(row_of(page, "Mathematics, 1А")).to_have_count(0)
    await row_of(page, "Music, 5А").get_by_role("link", name="Music, 5А").click()

    await expect(page.locator("h1")).to_contain_text("Music")


@pytest.mark.requirement("KZ456-27.15", part="reports")
async def test_how_learning_goes_is_taken_out_as_a_spreadsheet_and_a_report_of_marks_is_built(site: Site) -> None:
    page = await site.open(f"{SCHOOL}/quality?class_id=1", "deputy")
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="CSV").click()
    lines = (await (await waiting.value).path()).read_text(encoding="utf-8-sig").splitlines()
    assert "Course" in lines[0]
    assert any("Mathematics, 1А" in line for line in lines[1:])

    page = await site.open(f"{SCHOOL}/builder/new?subject=marks", "director")

    await expect(page.locator("main")).to_contain_text("Marks and attendance at lessons")
    await expect(page.locator("#preview")).to_contain_text("Mathematics")


async def test_the_deputy_says_when_the_week_is_told(site: Site) -> None:
    page = await site.open(f"{SCHOOL}/journal/grading", "deputy", width=390)
    await page.locator("#weekday").select_option("6")
    await page.locator("#at").fill("10:30")
    await page.locator("#digest").get_by_role("button", name="Keep").click()

    await expect(page.locator("#weekday")).to_have_value("6")
    await expect(page.locator("#at")).to_have_value("10:30")


def row_of(page: Page, name: str) -> Locator:
    """Return the row of a table that begins with a name."""
    return page.locator("tbody tr", has_text=name)
