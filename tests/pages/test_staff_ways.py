"""What the office and the school's IT do on their pages: a school from a spreadsheet, a device with its bundle."""

import asyncio
import json
from datetime import date, timedelta
from pathlib import Path

import jsonschema
import pytest
from playwright.async_api import Page, expect

from tests.cloud.imports.factory import KEYS, STUDENTS, Rows, file
from tests.cloud.imports.roster_factory import district, zipped
from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BUNDLE = json.loads(Path("schemas/documents/bundle.schema.json").read_text())
IMPORT = "/schools/astana7/import"


async def test_a_school_is_checked_then_imported_from_a_spreadsheet(site: Site) -> None:
    page = await site.open(IMPORT, "other_office")
    people = "SELECT count(*) FROM person WHERE school_id = $1"
    before = await site.services.database.pool.fetchval(people, site.sample.other_school_id)

    await send(page, file(), "Check only")
    await expect(page.locator("#outcome")).to_contain_text("Every row is in order")
    assert await site.services.database.pool.fetchval(people, site.sample.other_school_id) == before
    await page.get_by_role("main").get_by_role("button", name="Import", exact=True).click()

    await expect(page.locator("#outcome")).to_contain_text("Everything is in")
    assert await site.services.database.pool.fetchval(people, site.sample.other_school_id) == before + 3
    await page.goto(f"{site.address}/schools/astana7/office")
    await expect(page.locator("table.folds")).to_contain_text("Әліби Айгерім")


async def test_every_bad_row_is_named_and_nothing_is_half_done(site: Site) -> None:
    page = await site.open(IMPORT, "other_office", language="ru", width=390)
    wrong: Rows = [
        STUDENTS,
        ["Бекова", "Асем", None, "123", "77", "5А"],
        ["Бекова", None, None, None, "78", "9Я"],
    ]

    await send(page, file(students=wrong, cards=[["Кто (ИИН или номер)", "Номер карты"]], consents=CONSENTS), "Импорт")

    await expect(page.get_by_role("alert")).to_contain_text("Ничего не изменено")
    rows = page.locator("table.folds tbody tr")
    await expect(rows.first).to_contain_text(KEYS["students"])
    await expect(page.locator("table.folds")).to_contain_text("В ИИН двенадцать цифр")
    await expect(page.locator("table.folds")).to_contain_text("Эта ячейка пуста")
    assert await site.services.database.pool.fetchval("SELECT count(*) FROM person WHERE surname = 'Бекова'") == 0


async def test_what_is_no_spreadsheet_is_refused_with_what_to_do(site: Site) -> None:
    page = await site.open(IMPORT, "other_office")

    await send(page, b"%PDF-1.7", "Import")

    await expect(page.get_by_role("alert")).to_contain_text("This is no .xlsx file")


async def test_lists_of_another_system_are_checked_by_the_name_that_the_file_has_for_the_school(site: Site) -> None:
    page = await site.open(IMPORT, "other_office", language="kk", width=390)

    await send(page, zipped(district()), "Тек тексеру")
    await expect(page.get_by_role("alert")).to_contain_text("№5 мектеп (org-1)")
    await page.locator("#org").fill("org-1")
    await send(page, zipped(district()), "Тек тексеру")

    await expect(page.locator("#outcome")).to_contain_text("Барлық жол дұрыс")
    await expect(page.locator("#outcome")).to_contain_text("homeroom болмаған сыныптар алынбады: 1")


async def test_the_empty_spreadsheet_can_be_loaded(site: Site) -> None:
    page = await site.open(IMPORT, "other_office")
    async with page.expect_download() as loading:
        await page.get_by_role("link", name="An empty spreadsheet to fill in").click()

    assert (await loading.value).suggested_filename == "astana7.xlsx"


async def test_a_device_is_added_with_its_bundle_once_and_revoked_in_two_touches(site: Site) -> None:
    page = await site.open("/schools/astana7/devices", "other_it")
    await page.get_by_label("Name of the device").fill("astana7-gate-1")
    for label, text in (
        ("Key of the gate", "main"),
        ("in Kazakh", "Қақпа"),
        ("in Russian", "Вход"),
        ("in English", "Gate"),
    ):
        await page.get_by_label(label).fill(text)
    async with page.expect_download() as loading:
        await page.get_by_role("button", name="Add and load the bundle").click()

    bundle = json.loads(await asyncio.to_thread((await (await loading.value).path()).read_text))
    jsonschema.validate(bundle, BUNDLE)
    assert (bundle["device"], bundle["school"]) == ("astana7-gate-1", "astana7")
    await page.goto(f"{site.address}/schools/astana7/devices")
    row = page.locator("tr", has_text="astana7-gate-1").first
    await expect(row).to_contain_text("Never seen")
    await page.get_by_label("Name of the device").fill("astana7-gate-1")
    await page.get_by_role("button", name="Add and load the bundle").click()
    await expect(page.get_by_role("alert")).to_contain_text("There is a device")
    await row.locator("summary").click()
    await row.get_by_role("button", name="Yes, revoke it").click()
    await expect(row).to_contain_text("Revoked")


async def test_a_device_that_was_off_for_a_year_is_let_renew_in_two_touches(site: Site) -> None:
    pool, now = site.services.database.pool, site.services.clock.now()
    off = "UPDATE device SET certificate_until = $1, renewal_asked_at = $2 WHERE name = 'gate-north'"
    await pool.execute(off, now - timedelta(days=335), now)
    page = await site.open("/schools/almaty15/devices", "it")
    row = page.locator("tr", has_text="gate-north").first
    await expect(row).to_contain_text("Waits for approval")

    await row.locator("summary", has_text="Approve").click()
    await row.get_by_role("button", name="Yes, let it renew").click()

    await expect(row).to_contain_text("Certificate ended")
    assert await pool.fetchval("SELECT renewal_approved_at FROM device WHERE name = 'gate-north'") is not None
    await pool.execute(off, None, None)


CONSENTS: Rows = [["Кім (ЖСН немесе нөмірі)", "Берілген күні", "Негізі"], ["т-1", date(2026, 8, 26), "еңбек шарты"]]


async def send(page: Page, content: bytes, button: str) -> None:
    """Choose a file and press a button of the form."""
    await page.locator("#file").set_input_files({"name": "school.xlsx", "mimeType": XLSX, "buffer": content})
    await page.get_by_role("main").get_by_role("button", name=button, exact=True).click()
