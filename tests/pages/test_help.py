"""Help, from every page: a parent asks, IT answers or passes on, and the answer comes back."""

import re

import pytest
from playwright.async_api import expect

from cloud.core.i18n import Language, translations
from cloud.support.faq import RESOURCES
from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

WORDS = "Қақпа неге баяу ашылады екен?"


@pytest.mark.requirement("KZ456-24", part="support")
@pytest.mark.requirement("KZ456-24", part="navigation")
async def test_a_parent_asks_from_a_page_and_reads_the_answer_of_the_schools_it(site: Site) -> None:
    page = await site.open(f"/children/{site.sample.child_ref}", "guardian", width=390)
    await page.get_by_role("contentinfo").get_by_role("link", name=re.compile("^Help")).click()
    await page.get_by_label("Your question", exact=True).fill(WORDS)
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_role("status").get_by_text("was sent")).to_be_visible()

    page = await site.open("/schools/almaty15/questions", "it")
    box = page.locator("section").filter(has_text=WORDS)
    await expect(box.locator("code")).to_have_text(f"/children/{site.sample.child_ref}")
    await box.get_by_label("Your answer").fill("Оқырманды ауыстырамыз.")
    await box.get_by_role("button", name="Send the answer").click()
    await expect(page.locator("section").filter(has_text=WORDS)).to_contain_text("Answered")

    page = await site.open("/notices", "guardian")
    await expect(page.get_by_role("contentinfo").get_by_text("unread")).to_be_attached()
    await page.get_by_role("contentinfo").get_by_role("link", name=re.compile("^Help")).click()
    await expect(page.get_by_role("article").filter(has_text=WORDS)).to_contain_text("Оқырманды ауыстырамыз.")
    await expect(page.get_by_role("article").filter(has_text=WORDS)).to_contain_text("New")
    await page.reload()
    await expect(page.get_by_role("article").filter(has_text=WORDS)).not_to_contain_text("New")
    await site.services.database.pool.execute("DELETE FROM support_question WHERE page LIKE '/children/%'")


async def test_words_that_cannot_be_taken_stay_in_the_form_and_say_why(site: Site) -> None:
    page = await site.open("/help", "guardian")
    await page.get_by_label("Your question", exact=True).evaluate("each => { each.removeAttribute('minlength'); }")
    await page.get_by_label("Your question", exact=True).fill("ме")
    await page.get_by_label("What it is about").select_option("canteen")
    await page.get_by_role("button", name="Send").click()

    await expect(page.get_by_role("alert")).to_contain_text("letters")
    await expect(page.get_by_label("Your question", exact=True)).to_have_value("ме")
    await expect(page.get_by_label("What it is about")).to_have_value("canteen")


@pytest.mark.requirement("KZ456-24", part="web")
@pytest.mark.requirement("KZ456-24", part="links")
@pytest.mark.parametrize("language", list(Language))
async def test_anybody_finds_phone_answers_and_the_ministry_before_signing_in(site: Site, language: Language) -> None:
    told = translations(language).gettext
    page = await site.open("/sign-in", language=language.value, width=390)
    await page.get_by_role("contentinfo").get_by_role("link", name=told("Help")).click()

    main = page.get_by_role("main")
    await expect(main).to_contain_text("111")
    await expect(main.get_by_role("button", name=told("Send"))).to_have_count(0)
    for each in RESOURCES:
        await expect(main.get_by_role("link", name=told(each.name), exact=True)).to_have_attribute("href", each.address)


async def test_it_says_how_support_is_reached_and_parents_see_it(site: Site) -> None:
    page = await site.open("/help", "guardian", width=390)

    await expect(page.get_by_role("link", name="+7 727 123 45 67")).to_have_attribute("href", "tel:+77271234567")
    await expect(page.get_by_role("link", name="it@mektep15.kz")).to_have_attribute("href", "mailto:it@mektep15.kz")
