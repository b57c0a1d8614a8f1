"""Marks and a timetable by spreadsheet, and who does not count for an indicator yet, as they are seen in a browser."""

import re

import pytest
from playwright.async_api import FilePayload, expect

from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]


def sheet(text: str) -> FilePayload:
    return {"name": "sheet.csv", "mimeType": "text/csv", "buffer": text.encode()}


async def test_a_name_that_is_not_in_the_course_is_told_by_row_and_column(site: Site) -> None:
    page = await site.open(f"/schools/almaty15/journal/{site.sample.course_id}/import", "class_teacher")

    await page.set_input_files("#file", sheet("Ученик\nБөтен Бала\n"))
    await page.get_by_role("button", name="Check first").click()

    await expect(page.get_by_role("row", name=re.compile("2 Ученик Nobody of this name"))).to_be_visible()
    await expect(page.get_by_role("alert")).to_contain_text("Nothing was changed")


async def test_a_class_that_there_is_not_is_told_and_the_draft_stays(site: Site) -> None:
    page = await site.open("/schools/almaty15/timetable/versions/2", "deputy")
    await page.get_by_role("link", name="Load a spreadsheet").click()

    await page.set_input_files("#file", sheet("Класс;День недели;№ урока;Предмет\n99Ж;Пн;1;Математика\n"))
    await page.get_by_role("button", name="Take it in").click()

    await expect(page.get_by_role("row", name=re.compile("2 Класс There is no such class"))).to_be_visible()


@pytest.mark.requirement("KBR-indicators")
async def test_a_school_finds_who_does_not_count_yet_and_the_way_to_the_profile(site: Site) -> None:
    page = await site.open("/schools/almaty15/indicators?lacks=profile", "director")

    await expect(page.get_by_role("table", name=re.compile("people"))).to_be_visible()
    await page.get_by_role("table", name=re.compile("people")).get_by_role("link").first.click()

    await expect(page).to_have_url(re.compile(r"/schools/almaty15/people/\w+/profile$"))
