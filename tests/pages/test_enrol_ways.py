"""What the school's IT does with doors and codes: add a door, print its code, see what became of it, end it."""

import contextlib
from pathlib import Path

import pytest
from playwright.async_api import expect

from cloud.core.errors import Refused
from cloud.devices.actions import NewGate, add_gate
from cloud.rosters.enrolling import Asked, answer
from schemas.enrolment import PATH, read_code
from schemas.requests import NONCE, SIGNATURE, TIME, headers
from tests.cloud.rosters.test_enrolling import Newcomer
from tests.cloud.schools.factory import SYSTEM
from tests.pages.site import Site, altered, resize
from tests.pages.test_looks import english_in
from tests.servers.axe import violations
from tests.servers.qr import read_qr

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

DOORS = "/schools/astana7/devices/doors"


async def enrol(site: Site, text: str) -> int:
    """Let a device enrol by the text of a code; return the status."""
    newcomer = Newcomer(None, read_code(text))  # type: ignore[arg-type] # it is asked here, not over HTTP
    body = newcomer.body()
    sent = headers(newcomer.code.request_key, newcomer.code.invitation, "POST", PATH, "0" * 16, 0, body)
    asked = Asked(newcomer.code.invitation, sent[NONCE], sent[TIME], sent[SIGNATURE], body, "10.0.0.9")
    return (await answer(site.services, asked)).status


async def test_a_door_is_added_its_code_printed_and_read_and_the_page_says_what_became_of_it(
    site: Site, tmp_path: Path
) -> None:
    page = await site.open(DOORS, "other_it")
    for label, text in (
        ("Key of the gate", "lab"), ("in Kazakh", "Зертхана"), ("in Russian", "Лаборатория"), ("in English", "Lab"),
    ):  # fmt: skip
        await page.get_by_label(label).fill(text)
    await page.get_by_role("button", name="Add the door").click()
    await expect(page.locator("table")).to_contain_text("Lab")

    await page.get_by_role("checkbox", name="Lab").check()
    await page.get_by_role("button", name="Make codes and show the sheet").click()

    card = page.locator(".code-card", has_text="Lab")
    await expect(card).to_contain_text("Лаборатория")
    await expect(card).to_contain_text("astana7-lab")
    async with altered(page):
        await page.emulate_media(media="print")
        text = read_qr(await card.locator(".qr").screenshot(), tmp_path)
    code = read_code(text)
    assert (code.school, code.gates, code.device, code.url) == ("astana7", ("lab",), "astana7-lab", site.address)
    assert code.token.hex() not in page.url
    await page.goto(site.address + DOORS)
    row = page.locator("tr", has_text="Lab").first
    await expect(row).to_contain_text("Code waits")
    assert code.token.hex() not in await page.content()
    assert await enrol(site, text) == 200
    await expect(row).to_contain_text("Enrolled")
    await expect(row).to_contain_text("Never seen")
    await row.locator("summary", has_text="Take out of service").click()
    await row.get_by_role("button", name="Yes, take it out of service").click()
    await expect(page.locator("tr", has_text="Lab").first).to_contain_text("none")


async def test_a_code_is_cancelled_in_two_touches_and_worth_nothing_then(site: Site, tmp_path: Path) -> None:
    with contextlib.suppress(Refused):
        gate = NewGate("gym", "Спортзал", "Спортзал", "Gym")
        await add_gate(site.services, SYSTEM, site.sample.other_school_id, gate)
    page = await site.open(DOORS, "other_it")
    await page.get_by_role("checkbox", name="Gym").check()
    await page.get_by_role("button", name="Make codes and show the sheet").click()
    text = read_qr(await page.locator(".code-card", has_text="Gym").locator(".qr").screenshot(), tmp_path)
    await page.goto(site.address + DOORS)
    row = page.locator("tr", has_text="Gym").first

    await row.locator("summary", has_text="Cancel the code").click()
    await row.get_by_role("button", name="Yes, cancel it").click()

    await expect(page.locator("tr", has_text="Gym").first).to_contain_text("Code cancelled")
    assert await enrol(site, text) == 410


async def test_without_a_door_chosen_the_page_says_so(site: Site) -> None:
    page = await site.open("/schools/almaty15/devices/doors", "it")

    await page.get_by_role("button", name="Make codes and show the sheet").click()

    await expect(page.get_by_role("alert")).to_contain_text("Choose at least one door")


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
async def test_the_sheet_is_whole_translated_and_accessible_on_a_phone_and_on_a_desk(site: Site, language: str) -> None:
    site.complaints.clear()
    page = await site.open("/schools/almaty15/devices/doors", "it", language=language, theme="dark")
    for box in await page.locator("input[name=door]").all():
        await box.check()
    await page.locator("form[action$='/codes'] button").click()
    await expect(page.locator(".code-cable")).to_contain_text("esik device enrol --board ")
    await page.evaluate("document.querySelectorAll('main details').forEach(each => { each.open = true; })")

    for width in (1280, 390):
        await resize(page, width)
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert await page.evaluate(overflow) <= 0
    assert await violations(page) == []
    own = await page.evaluate("document.querySelectorAll('ol:not([lang=en]), .code-card [lang=en]').length")
    shown = await page.locator(".page-head, .code-card h2, .code-card p, summary").all_inner_texts()
    assert own > 0
    assert language == "en" or english_in(" ".join(shown)) == []
    assert site.complaints == []
