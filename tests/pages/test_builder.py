"""The report builder in the browser: built, kept, shared and loaded, with and without scripts."""

import re

import pytest
from playwright.async_api import expect

from cloud.builder.keeping import SHARED_WITH
from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]
HERE = "/schools/almaty15/builder"


async def drop(site: Site, name: str) -> None:
    """Take away what a test kept: pages of others count what is there."""
    await site.services.database.pool.execute("DELETE FROM built_report WHERE name = $1", name)


@pytest.mark.requirement("KZ456-5.15")
async def test_a_report_is_built_kept_shared_and_loaded_without_scripts(site: Site) -> None:
    columns = ["Role", "Part of the service", "Deeds"]
    page = await site.open(HERE, "director", script=False)
    await page.get_by_role("link", name="Deeds by role").click()
    await page.get_by_label("and for each", exact=True).select_option("subsystem")
    await page.get_by_label("Different people").uncheck()
    await page.get_by_role("button", name="Show how it looks").click()
    await expect(page.locator("#preview th[scope=col]")).to_have_text(columns)
    await page.get_by_label("Name of the report").fill("Deeds, tried")

    await page.get_by_role("button", name="Keep and open").click()

    try:
        await expect(page.locator("h1")).to_have_text("Deeds, tried")
        await expect(page.locator("thead th")).to_have_text(columns)
        address = re.sub(r"#.*", "", page.url)
        async with page.expect_download() as waiting:
            await page.get_by_role("link", name="CSV").click()
        path = await (await waiting.value).path()
        assert path.read_text("utf-8-sig").splitlines()[0] == ",".join(columns)
        await page.goto(address)
        await page.get_by_label("Director", exact=True).check()
        await page.locator("#share").get_by_role("button", name="Keep").click()
        shared = await site.services.database.pool.fetchval(
            "SELECT roles FROM built_report WHERE name = 'Deeds, tried'"
        )
        assert shared == ["director"]
    finally:
        await drop(site, "Deeds, tried")


@pytest.mark.requirement("KZ456-5.15")
async def test_what_is_kept_is_there_again_and_each_look_at_names_is_noted(site: Site) -> None:
    pool = site.services.database.pool
    before = await pool.fetchval("SELECT count(*) FROM audit_entry WHERE verb = 'built.run'")

    page = await site.open(f"{HERE}/2", "director")

    assert await page.locator("h1").inner_text() == "Осы аптада кешіккендер"
    assert "\u2022\u2022\u2022" not in await page.locator("tbody").inner_text()
    assert await pool.fetchval("SELECT count(*) FROM audit_entry WHERE verb = 'built.run'") == before + 1
    assert "director" in {role.value for role in SHARED_WITH}


async def test_the_preview_follows_what_is_chosen_and_hides_names(site: Site) -> None:
    page = await site.open(f"{HERE}/new?of=2", "director")
    rows = page.locator("#preview tbody tr")
    before = await rows.first.inner_text()

    await page.get_by_role("checkbox", name="Time at school", exact=True).check()

    await page.locator("#preview th[scope=col]", has_text="Time at school").wait_for()
    assert "\u2022\u2022\u2022" in before
    assert site.complaints == []


async def test_what_is_shared_shows_to_each_what_the_role_sees(site: Site) -> None:
    page = await site.open(f"{HERE}/1", "it")
    told = await page.locator("main").inner_text()

    assert "what your role does not see" in told
    assert await page.locator("table").count() == 0
    authority = await site.open(f"{HERE}/1", "authority")
    assert await authority.locator("table tbody tr").count() > 0
    assert await authority.locator("#share").count() == 0


async def test_a_report_of_other_days_and_in_another_order(site: Site) -> None:
    page = await site.open(f"{HERE}/1", "director")
    await page.get_by_role("navigation", name="Days").get_by_role("link", name="Today").click()
    await page.get_by_role("link", name="Days of students").click()

    await expect(page).to_have_url(re.compile("period=today"))
    assert await page.locator("th[aria-sort=descending]").inner_text() == "Days of students"


async def test_a_name_that_is_missing_is_told_and_nothing_that_was_chosen_is_lost(site: Site) -> None:
    page = await site.open(f"{HERE}/new?subject=passages", "director", script=False)
    await page.get_by_label("Days", exact=True).select_option("week")
    await page.get_by_role("button", name="Keep and open").click()

    assert "Give the report a name" in await page.locator("[role=alert]").inner_text()
    assert await page.get_by_label("Days", exact=True).input_value() == "week"
