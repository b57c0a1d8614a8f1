"""What the office does on the wallet's pages in a browser: a file is taken and mended, a difference explained, sent."""

import csv
import io

import pytest
from playwright.async_api import Page, expect

from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

WALLET = "/schools/almaty15/wallet"
HEADS = "Номер ваучера;Ребёнок (номер или ИИН);Действует с;Действует по"


async def test_a_file_is_taken_row_by_row_and_what_was_not_taken_is_mended_and_sent_again(site: Site) -> None:
    page = await site.open(f"{WALLET}/files", "office", language="ru")
    own = f"SK-700001;{site.sample.absent_ref};01.09.2026;25.05.2027"
    await send(page, f"{HEADS}\n{own}\nSK-700002;nobody;01.09.2026;31.09.2026".encode())
    await expect(page.get_by_role("alert")).to_contain_text("новых 1, изменено 0, уже известно 0, не принято 1")
    await expect(page.locator("#outcome table")).to_contain_text("Это не дата")

    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="Непринятые строки").click()
    rejected = (await (await waiting.value).path()).read_text(encoding="utf-8-sig")
    mended = rejected.replace("31.09.2026", "30.09.2026").replace("nobody", site.sample.absent_ref)
    await send(page, mended.replace("01.09.2026", "02.09.2026").encode())

    assert rejected.splitlines()[0].startswith("esik_row,esik_why,Номер ваучера")
    await expect(page.locator("#outcome table")).to_contain_text("ваучер SK-700001 на тот же приём пищи")
    await send(page, b"\xff\xfe\x00")
    await expect(page.get_by_role("alert")).to_contain_text("CSV")


async def test_a_difference_is_found_explained_by_name_and_stands_in_what_goes_out(site: Site) -> None:
    page = await site.open(f"{WALLET}?state=open&kind=no_meal", "office")
    rows = page.locator("table.folds tbody tr")
    await expect(rows).to_have_count(1)
    name = await rows.locator("th a").inner_text()

    await rows.get_by_text("Explain", exact=True).click()
    await rows.get_by_label("Why they differ").fill("=Дәрігерде болды <b>")
    async with page.expect_navigation():
        await rows.get_by_role("button", name=f"Note why: {name}").click()
    await expect(page.get_by_text("Nothing fits")).to_be_visible()
    async with page.expect_navigation():
        await page.get_by_role("link", name="1 Explained").or_(page.get_by_role("link", name="2 Explained")).click()
    await page.get_by_label("Name, class or voucher").fill(name.split()[0])
    async with page.expect_navigation():
        await page.get_by_role("button", name="Show").click()

    await expect(rows.first).to_contain_text("=Дәрігерде болды <b> — Гүлнар Ахметова")
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="These lines as CSV").click()
    text = (await (await waiting.value).path()).read_text(encoding="utf-8-sig")
    reasons = [row["Explained"] for row in csv.DictReader(io.StringIO(text))]
    assert "'=Дәрігерде болды <b>" in reasons


async def test_recorded_meals_go_out_by_voucher_only(site: Site) -> None:
    page = await site.open(f"{WALLET}/files", "office", width=390)

    async with page.expect_download() as waiting:
        await page.get_by_role("button", name="JSON Lines", exact=True).click()

    lines = (await (await waiting.value).path()).read_text().splitlines()
    assert len(lines) == 2
    assert all('"voucher": "SK-000001"' in line for line in lines)
    assert site.sample.sibling_ref not in "".join(lines)


async def send(page: Page, content: bytes) -> None:
    """Send a file of vouchers."""
    await page.locator("#file-vouchers").set_input_files({"name": "v.csv", "mimeType": "text/csv", "buffer": content})
    async with page.expect_navigation():
        await page.get_by_role("button", name="Принять: Ваучеры").click()
