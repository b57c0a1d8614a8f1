"""The office puts money right: a meal given back, what the bank paid, what tills told and cannot count."""

import pytest
from playwright.async_api import expect

from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

BOOKS = "/schools/almaty15/money"
SOLD = "/schools/almaty15/sold"


async def test_the_office_gives_a_part_of_a_meal_back_by_keyboard_and_the_reason_stands_on_the_page_of_money(
    site: Site,
) -> None:
    page = await site.open(f"/schools/almaty15/people/{site.sample.child_ref}/money", "office", width=390)
    row = page.locator("table", has_text="to be given back").locator("tbody tr").first
    await row.locator("summary").focus()

    await page.keyboard.press("Enter")
    await row.get_by_label("Why").fill("суп суық болды")
    await row.get_by_label("How much").fill("1,50")
    await page.keyboard.press("Enter")

    newest = page.locator("section", has=page.locator("#moves-head")).locator("tbody tr").first
    await expect(newest).to_contain_text("+1.50 ₸")
    await page.goto(site.address + BOOKS)
    await expect(page.locator("table", has_text="Settled and put right")).to_contain_text("суп суық болды")


async def test_a_meal_of_one_child_is_not_given_back_on_the_page_of_another(site: Site) -> None:
    pool = site.services.database.pool
    sale, other = await pool.fetchrow(
        "SELECT sale.id, other.ref FROM meal_sale sale JOIN person ON person.id = person_id"
        " JOIN person other ON other.school_id = person.school_id AND other.id <> person.id"
        " WHERE person.ref = $1 LIMIT 1",
        site.sample.child_ref,
    )
    changes = await pool.fetchval("SELECT count(*) FROM meal_change")
    page = await site.open(f"/schools/almaty15/people/{other}/money", "office")

    answer = await page.request.post(
        f"{page.url}/meals/{sale}/back", headers={"origin": site.address}, max_redirects=0,
        form={"whole": "1", "why": "басқа баланың асы", "once": "d" * 32},
    )  # fmt: skip

    assert answer.status == 404
    assert await pool.fetchval("SELECT count(*) FROM meal_change") == changes


async def test_more_than_a_bank_has_taken_is_not_noted(site: Site) -> None:
    page = await site.open(BOOKS, "office", language="kk")
    details = page.locator("details", has_text="банк аударды").first
    await details.locator("summary").click()

    await details.get_by_label("Аударылған сома").fill("9 999 999")
    await details.get_by_label("Себебі").fill("үзінді 7")
    await details.get_by_role("button", name="Тіркеу").click()

    await expect(page.get_by_role("alert")).to_contain_text("Мұнша ақша жоқ")
    assert await site.services.database.pool.fetchval("SELECT count(*) FROM ledger_note WHERE why = 'үзінді 7'") == 0


async def test_what_a_gate_told_as_a_sale_is_refused_by_the_office_and_the_canteen_only_looks(site: Site) -> None:
    looking = await site.open(f"{SOLD}?odd=not_till", "canteen", language="ru")
    await expect(looking.locator("section", has_text="Пока не учтено").last).to_contain_text("gate-south")
    await expect(looking.get_by_role("button", name="Не учитывать")).to_have_count(0)

    page = await site.open(f"{SOLD}?odd=not_till", "office")
    await page.get_by_role("checkbox").first.check()
    await page.get_by_label("Why").fill("a gate sells nothing")
    await page.get_by_role("button", name="Do not let them count").click()

    await expect(page.get_by_text("Does not count yet")).to_have_count(0)
    decided = await site.services.database.pool.fetchrow("SELECT decision, decided_why FROM meal_odd")
    assert tuple(decided) == ("refused", "a gate sells nothing")
