"""Money on the pages: the office takes cash and prints, a parent sees it, siblings share, a leaver's family is paid."""

import asyncio
from pathlib import Path

import httpx2
import pytest
from playwright.async_api import Page, expect

from cloud.people.models import Person
from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

BOOKS = "/schools/almaty15/money"


async def test_cash_is_taken_by_keyboard_and_the_parent_sees_it(site: Site) -> None:
    page = await site.open(account(site), "office", width=390)
    await page.get_by_label("Tenge").first.focus()

    await page.keyboard.type("1 250,50")
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("heading", name="Receipt")).to_be_visible()
    await expect(page.locator("dl")).to_contain_text("1,250.50 ₸")
    await expect(page.locator("dl")).to_contain_text("Гүлнар Ахметова")
    parents = await site.open(f"/children/{site.sample.child_ref}/money", "guardian", language="ru", width=390)
    newest = parents.locator("table", has_text="Последние").locator("tbody tr").first
    await expect(newest).to_contain_text("+1 250,50 ₸")
    await expect(newest).to_contain_text("Пополнение")


async def test_what_is_no_amount_is_told_and_stays_typed(site: Site) -> None:
    page = await site.open(account(site), "office", language="kk")

    await page.get_by_label("Теңге").first.fill("бес жүз")
    await page.get_by_role("button", name="Қабылдап").click()

    await expect(page.get_by_role("alert")).to_contain_text("Нөлден үлкен соманы теңгемен жазыңыз")
    await expect(page.get_by_label("Теңге").first).to_have_value("бес жүз")


async def test_the_same_form_sent_twice_takes_cash_once(site: Site) -> None:
    pool = site.services.database.pool
    form = {"amount": "77", "once": "c" * 32}
    async with httpx2.AsyncClient(base_url=site.address, headers=cookie(site, "office")) as http:
        answers = [await http.post(f"{account(site)}/cash", data=form) for _ in range(2)]

    assert len({answer.headers["location"] for answer in answers}) == 1
    assert await pool.fetchval("SELECT count(*) FROM payment WHERE txn = $1", "c" * 32) == 1


async def test_money_moves_to_a_sibling(site: Site) -> None:
    page = await site.open(account(site), "office")
    before = await held(page)

    await page.get_by_label("To whom").select_option(value=site.sample.sibling_ref)
    await page.get_by_label("Tenge").nth(1).fill("100")
    await page.get_by_role("button", name="Move", exact=True).click()

    await expect(page.locator("tbody tr").first).to_contain_text("Between siblings")
    await expect(page.locator("tbody tr").first).to_contain_text("-100 ₸")
    assert await held(page) == before - 100_00


async def test_a_leavers_family_is_paid_and_the_books_balance(site: Site) -> None:
    leaver = await Person.filter(ref="student00007").get()
    page = await site.open(f"/schools/almaty15/people/{leaver.ref}/money", "office")
    await page.get_by_label("Tenge").first.fill("640")
    await page.get_by_role("button", name="Take, then print the receipt").click()
    await Person.filter(id=leaver.id).update(is_active=False)
    await page.goto(f"{site.address}/schools/almaty15/people/{leaver.ref}/money")

    await page.get_by_label("Where it is written").fill("өтініш 7")
    await page.get_by_role("button", name="Set 640 ₸ aside").click()
    row = page.locator("tr", has_text="өтініш 7")
    await row.get_by_role("button", name="to a bank account").click()

    await expect(row).to_contain_text("to a bank account")
    await expect(row.get_by_role("button")).to_have_count(0)
    sums = await page.locator("tfoot td").all_inner_texts()
    assert sums[1] == sums[2] != ""
    await expect(page.get_by_role("alert")).to_have_count(0)
    await Person.filter(id=leaver.id).update(is_active=True)


async def test_the_journal_of_the_page_is_one_that_hledger_takes(site: Site, tmp_path: Path) -> None:
    page = await site.open(BOOKS, "office")
    async with page.expect_download() as loading:
        await page.get_by_role("link", name="hledger").click()
    file = tmp_path / "school.journal"
    await (await loading.value).save_as(file)

    checking = await asyncio.create_subprocess_exec(
        "hledger", "check", "--strict", "-f", file, stderr=asyncio.subprocess.PIPE
    )
    _, told = await checking.communicate()

    assert (await loading.value).suggested_filename == "almaty15-2026-09-01.hledger"
    assert (checking.returncode, told) == (0, b"")


@pytest.mark.parametrize("address", [BOOKS, "/schools/almaty15/sold"])
@pytest.mark.parametrize("day", ["31.02.2026", "01.01.0001", "31.12.9999"])
async def test_a_day_that_is_no_day_is_told_and_today_is_shown(site: Site, address: str, day: str) -> None:
    page = await site.open(f"{address}?on={day}", "office")

    await expect(page.get_by_role("alert")).to_be_visible()
    await expect(page.locator("#on")).to_have_value("01.09.2026")


async def test_a_number_beyond_all_counting_is_nobodys_receipt_or_order(site: Site) -> None:
    async with httpx2.AsyncClient(base_url=site.address, headers=cookie(site, "office")) as http:
        answers = [
            await http.get(f"{BOOKS}/receipts/{10**30}"),
            await http.post(f"{BOOKS}/promises/{10**30}/pay", data={"way": "cash"}),
            await http.get(f"{BOOKS}/receipts/99999"),
            await http.get(f"/schools/almaty15/entitlements/{2**63}"),
        ]

    assert [answer.status_code for answer in answers] == [422, 422, 404, 422]


def account(site: Site) -> str:
    return f"/schools/almaty15/people/{site.sample.child_ref}/money"


def cookie(site: Site, who: str) -> dict[str, str]:
    return {"cookie": f"esik_session={site.sample.tokens[who]}", "origin": site.address}


async def held(page: Page) -> int:
    """Return what the page says is on the account, in tiyn."""
    text = await page.locator("p.turn").inner_text()
    tenge, _, tiyn = text.replace(",", "").removesuffix("\u00a0₸").partition(".")
    return int(tenge) * 100 + int(tiyn or 0)


async def test_a_parent_sees_what_was_eaten_and_the_canteen_what_was_sold(site: Site) -> None:
    parents = await site.open(f"/children/{site.sample.child_ref}/money", "guardian")
    eaten = parents.locator("table", has_text="What was eaten")
    await expect(eaten.locator("tbody tr")).to_have_count(4)
    await expect(eaten).to_contain_text("811.50 ₸")
    await expect(eaten).to_contain_text("taken back")

    canteen = await site.open("/schools/almaty15/sold", "canteen")

    await expect(canteen.locator("table", has_text="Meals of the day")).to_contain_text("Free")
    await expect(canteen.locator("table", has_text="Shifts")).to_contain_text("Needs a look")
    await expect(canteen.locator("section", has_text="To be looked at").last).to_contain_text("twice at one meal: 1")
    await expect(canteen.locator("[data-live-state]")).to_have_attribute("data-state", "live")
