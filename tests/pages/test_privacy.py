"""The privacy policy: read by anybody in each language, and leading to where a family exercises its rights."""

import zipfile
from pathlib import Path

import pytest
from playwright.async_api import expect

from cloud.consents.pages import KEPT
from cloud.core.i18n import Language, translations
from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]


@pytest.mark.requirement("KZ456-9")
@pytest.mark.parametrize("language", list(Language))
async def test_anybody_reads_before_signing_in_what_is_kept_why_how_long_and_who_sees_it(
    site: Site, language: Language
) -> None:
    told = translations(language).gettext
    page = await site.open("/sign-in", language=language.value, width=390)
    await page.get_by_role("contentinfo").get_by_role("link", name=told("Privacy")).click()

    await expect(page.locator("h1")).to_have_text(told("Privacy"))
    main = page.get_by_role("main")
    for kept in KEPT:
        for words in (kept.what, kept.why, kept.how_long, kept.who):
            await expect(main).to_contain_text(told(words))
    await expect(main.get_by_role("heading", name=told("What you may"))).to_be_visible()


@pytest.mark.requirement("KZ456-9")
async def test_a_parent_goes_from_the_policy_to_the_own_data_and_to_the_consents(site: Site, tmp_path: Path) -> None:
    page = await site.open("/privacy", "guardian", width=390)
    await page.get_by_role("link", name="To your children").click()
    await page.goto(f"{site.address}/children/{site.sample.child_ref}")
    await page.get_by_role("link", name="Your data").click()
    async with page.expect_download() as loading:
        await page.get_by_role("link", name="Download the file").click()
    await (await loading.value).save_as(tmp_path / "own.zip")

    with zipfile.ZipFile(tmp_path / "own.zip") as archive:
        assert site.sample.child_ref in archive.read("data.json").decode()
    await expect(page.get_by_role("button", name="Ask the office")).to_be_enabled()
    await page.goto(f"{site.address}/children/{site.sample.child_ref}/consents")
    await expect(page.get_by_role("main")).to_contain_text("A no never takes school, entry or meals from the child")
    await expect(page.get_by_role("link", name="What is kept, why, and how long")).to_have_attribute("href", "/privacy")
