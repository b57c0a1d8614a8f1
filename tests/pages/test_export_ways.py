"""A director orders everything that the school has, follows on the page how it is made, and has the file."""

import io
import zipfile

import pytest
from playwright.async_api import expect

from cloud.exports.making import make_next
from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]


async def test_a_director_orders_an_export_sees_it_become_ready_and_downloads_it(site: Site) -> None:
    page = await site.open("/schools/astana7/export", "other_director")
    await page.get_by_role("checkbox", name="IINs of students and staff").focus()
    await page.keyboard.press("Space")
    await page.get_by_role("button", name="Order the export").focus()

    await page.keyboard.press("Enter")

    passphrase = await page.locator("section", has_text="Passphrase of this export").locator("code").inner_text()
    assert len(passphrase) > 30
    await expect(page.locator("[data-live-state]")).to_have_attribute("data-state", "live")
    row = page.locator("tbody tr").first
    await expect(row).to_contain_text("IINs of students and staff")
    while await make_next(site.services):
        pass
    await expect(row).to_contain_text("Ready")
    link = await row.get_by_role("link", name="Download").get_attribute("href")
    answer = await page.request.get(f"{site.address}{link}")
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(await answer.body())) as archive:
        assert archive.testzip() is None
        assert "sealed.bin" in archive.namelist()
    await page.goto(f"{site.address}/schools/astana7/export")
    assert passphrase not in await page.content()
