"""Messages on the pages: a teacher writes with a file, a parent reads and answers, the office's goes when approved."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.pages.message_sample import PDF
from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

HERE = "/schools/almaty15/messages"


async def write(page: Page, title: str, body: str) -> None:
    """Fill in a text in English, the page's own language."""
    await page.get_by_label("Heading In English").fill(title)
    await page.get_by_label("Text In English").fill(body)


async def test_a_teacher_writes_with_a_file_a_parent_reads_it_and_answers_and_the_teacher_sees_both(
    site: Site, tmp_path: Path
) -> None:
    page = await site.open(f"{HERE}/new", "class_teacher", width=390)
    await write(page, "Excursion", "On Friday at nine.\n\nBring water.")
    await page.get_by_label("Files, PDF or JPEG").set_input_files(
        {"name": "plan.pdf", "mimeType": "application/pdf", "buffer": PDF}
    )
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".page-head")).to_contain_text("Sent")
    mine = page.url.removeprefix(site.address)

    page = await site.open("/messages", "guardian", width=390)
    await expect(page.locator("#count-messages")).to_contain_text("unread")
    await page.get_by_role("link", name="Excursion").click()
    async with page.expect_download() as loading:
        await page.get_by_role("link", name="plan.pdf").click()
    kept = tmp_path / "plan.pdf"
    await (await loading.value).save_as(kept)
    assert kept.read_bytes() == PDF
    await page.get_by_label("To ").fill("We come, thank you.")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator("#answers")).to_contain_text("We come, thank you.")

    page = await site.open(mine, "class_teacher")
    await expect(page.locator("section", has_text="Who has read it")).to_contain_text("have read it")
    answer = page.get_by_role("article").filter(has_text="We come, thank you.")
    await answer.get_by_label("To ").fill("Good.")
    await answer.get_by_role("button", name="Send the answer").click()
    await expect(page.get_by_role("article").filter(has_text="We come")).to_contain_text("Good.")


async def test_what_the_office_writes_to_all_goes_when_the_director_has_approved_it(site: Site) -> None:
    page = await site.open(f"{HERE}/new", "office")
    await page.get_by_label("Whole school").check()
    await write(page, "Fair", "On Saturday.")
    await page.get_by_role("button", name="Keep and hand in").click()
    await expect(page.locator(".page-head")).to_contain_text("Waits for approval")
    mine = page.url.removeprefix(site.address)
    page = await site.open("/messages", "guardian")
    await expect(page.get_by_role("link", name="Fair", exact=True)).to_have_count(0)

    page = await site.open(mine, "director")
    await page.get_by_role("button", name="Approve").click()
    await expect(page.locator(".page-head")).to_contain_text("Sent")
    page = await site.open("/messages", "guardian")
    await expect(page.get_by_role("link", name="Fair", exact=True)).to_be_visible()

    page = await site.open(mine, "director")
    await page.get_by_label("Or take it back").fill("Wrong day")
    await page.get_by_role("button", name="Take the message back").click()
    await expect(page.locator(".page-head")).to_contain_text("Withdrawn")
    page = await site.open("/messages", "guardian")
    await expect(page.get_by_role("link", name="Fair", exact=True)).to_have_count(0)
    await page.get_by_role("link", name="A message that was taken back").first.click()
    await expect(page.get_by_role("main")).to_contain_text("Wrong day")


async def test_what_cannot_be_taken_stays_in_the_form_and_says_why(site: Site) -> None:
    page = await site.open(f"{HERE}/new", "class_teacher")
    await page.get_by_label("Heading In English").fill("Only a title")
    await page.get_by_role("button", name="Send").click()

    await expect(page.get_by_role("alert")).to_contain_text("needs a title and a text")
    await expect(page.get_by_label("Heading In English")).to_have_value("Only a title")


async def test_a_message_in_another_language_says_so_and_is_marked_for_screen_readers(site: Site) -> None:
    page = await site.open("/messages/1", "guardian", language="en")

    await expect(page.get_by_role("main")).to_contain_text("Not available in English; shown in Kazakh.")
    await expect(page.locator("h1")).to_have_attribute("lang", "kk")
    page = await site.open("/messages/1", "guardian", language="ru")
    await expect(page.locator("h1")).to_have_text("Родительское собрание")


async def test_a_teachers_messages_are_no_business_of_the_director_but_for_what_goes_to_a_class(site: Site) -> None:
    page = await site.open(f"{HERE}/1", "director")
    await expect(page.locator("h1")).to_be_visible()
    await expect(page.get_by_text("Рақмет, келемін")).to_have_count(0)
    page = await site.open(f"{HERE}/2", "director")  # to one family
    await expect(page.locator("#outcome")).to_be_visible()
