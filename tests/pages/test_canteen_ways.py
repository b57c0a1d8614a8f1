"""What the canteen, the office, the director and a parent do on their pages, in a browser, and what the till hears."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.async_api import Page, expect

from cloud.core.database import raw
from cloud.rosters.building import rows_of
from cloud.rosters.kinds import RosterKind
from edge_agent.sealed import Sealed
from edge_agent.slots import CanteenSlots, Slots
from edge_agent.till.book import Book
from edge_agent.till.rules import NOTHING_KNOWN, Line, judge
from schemas.roster import body_of, pack
from tests.cloud.core.pictures import picture
from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

SCHOOL = "/schools/almaty15"
NINTH = "student00045"  # of grade 9, which is entitled to nothing


async def rows_of_now(site: Site, kind: RosterKind) -> list[bytes]:
    async with site.services.database.transaction() as connection:
        return await rows_of(
            raw(connection), site.services.vault, site.sample.school_id, site.services.clock.now(), kind
        )


async def told_to_tills(site: Site, kind: str) -> list[list[object]]:
    """Return the rows of a kind as the canteen's roster would have them now."""
    lines = await rows_of_now(site, RosterKind.CANTEEN)
    return [row for row in map(json.loads, lines) if row[0] == kind]


@pytest.mark.requirement("KZ456-33-1.3")
@pytest.mark.requirement("KZ456-33-1.6", part="menu")
async def test_a_menu_that_is_published_with_prices_and_photos_is_seen_by_the_parent_and_sold_by_the_till(
    site: Site,
) -> None:
    page = await site.open(f"{SCHOOL}/dishes/new", "canteen")
    for label, text in (("in Kazakh", "Лағман"), ("in Russian", "Лагман"), ("in English", "Lagman")):
        await page.get_by_label(label).fill(text)
    await page.get_by_label("Price, tenge").fill("690,50")
    await press(page, "Add")
    await page.locator("#file").set_input_files(
        {"name": "lagman.jpg", "mimeType": "image/jpeg", "buffer": picture(800, 600)}
    )
    await press(page, "Keep the photo")
    await expect(page.locator("img.plate-large")).to_be_visible()

    await page.goto(f"{site.address}{SCHOOL}/menu/2026-09-03/snack")
    await page.get_by_label("Dish", exact=True).select_option(label="Lagman · 690.50\u00a0₸")
    await press(page, "Add to the menu")
    assert not any(row[1] == "2026-09-03 snack" for row in await told_to_tills(site, "menu"))
    await page.goto(f"{site.address}{SCHOOL}/menu?week=2026-09-03")
    await press(page, "Publish the week")
    await expect(page.get_by_role("status").first).to_contain_text("parents see")

    key = await site.services.database.pool.fetchval(
        "SELECT key FROM dish WHERE school_id = $1 ORDER BY id DESC LIMIT 1", site.sample.school_id
    )
    (menu,) = [row for row in await told_to_tills(site, "menu") if row[1] == "2026-09-03 snack"]
    (dish,) = [row for row in await told_to_tills(site, "dish") if row[1] == f"{key}/1"]
    assert menu[2:] == [[f"{key}/1"], ""]
    assert (dish[2], dish[3]) == ({"kk": "Лағман", "ru": "Лагман", "en": "Lagman"}, 69_050)
    page = await site.open(f"/children/{site.sample.child_ref}/menu", "guardian", language="ru", width=390)
    await page.locator("details summary", has_text="3 сент").click()
    line = page.locator("li.dish", has_text="Лагман")
    await expect(line).to_contain_text("690,50")
    assert str(dish[6]) in str(await line.locator("img").get_attribute("src"))
    await line.locator("img").scroll_into_view_if_needed()
    await expect(line.locator("img")).to_have_js_property("naturalWidth", 400)


@pytest.mark.requirement("KZ456-33-1.7")
async def test_what_a_parent_restricts_is_refused_by_the_till_with_its_reason_until_it_is_lifted(
    site: Site, tmp_path: Path
) -> None:
    ref = site.sample.sibling_ref
    page = await site.open(f"/children/{ref}/limits", "guardian", width=390)
    before = await objections(site, tmp_path / "before", ref, "4/1", "5/1")

    await page.get_by_label("Allergen", exact=True).select_option(label="Milk")
    await press(page, "Do not sell it: Allergen")
    await page.get_by_label("or another one, as a word").fill("Алма")
    await press(page, "Do not sell it: Allergen")
    await page.get_by_label("Category", exact=True).select_option(label="Sweets")
    await press(page, "Do not sell it: Category")
    await page.get_by_label("At most a day, tenge").fill("-5")
    await press(page, "Set the limit")
    await expect(page.get_by_role("alert")).to_contain_text("never negative")
    await page.get_by_label("At most a day, tenge").fill("300")
    await press(page, "Set the limit")

    held = page.locator("section", has=page.locator("#held-head"))
    await expect(held).to_contain_text("Allergen: Milk")
    await expect(held).to_contain_text("Allergen: алма")
    await expect(held).to_contain_text("by Айгүл Қожахмет")
    refused = await objections(site, tmp_path / "held", ref, "4/1", "5/1", "7/1")
    assert before.isdisjoint({("allergy", "milk"), ("banned", "dessert"), ("day_limit", "")})
    assert refused >= {("allergy", "milk"), ("banned", "dessert"), ("day_limit", "")}
    for _ in range(4):
        async with page.expect_navigation():
            await held.get_by_role("button").first.click()
    await expect(held).to_contain_text("Nothing is restricted")
    assert await objections(site, tmp_path / "lifted", ref, "4/1", "5/1", "7/1") == before
    await expect(page.locator("details", has_text="Lifted")).to_contain_text("lifted on")


async def test_a_list_that_the_office_keeps_holds_when_the_director_approved_it(site: Site) -> None:
    page = await site.open(f"{SCHOOL}/entitlements", "office")
    await page.get_by_text("Propose an order").click()
    await page.get_by_label("For whom").select_option(label="Orphans and children without parental care")
    await page.get_by_label("Lunch").check()
    await page.get_by_label("Until (day.month.year)").fill("25.05.2027")
    await page.get_by_label("Document").fill("№ 77 бұйрық")
    await press(page, "Propose")
    await expect(page.get_by_text("Nobody is listed yet")).to_be_visible()
    order = page.url.rsplit("/", 1)[1]
    await page.locator(f"input[value='{NINTH}']").check()
    await press(page, "Put on the list")
    await expect(page.get_by_text("1 child on the list")).to_be_visible()
    assert not any(row[1] == NINTH for row in await told_to_tills(site, "right"))

    page = await site.open(f"{SCHOOL}/approvals/{order}", "director", language="ru", width=390)
    await press(page, "Утвердить решение")

    await expect(page.locator("main")).to_contain_text("Утверждено")
    (told,) = [row for row in await told_to_tills(site, "right") if row[1] == NINTH]
    assert told[2] == [["lunch", "free", "2026-09-01", "2027-05-25", 0]]
    page = await site.open(f"{SCHOOL}/entitlements/{order}", "office")
    await page.get_by_text("End the order").click()
    await press(page, "Yes, it holds no more")
    await expect(page.locator("main")).to_contain_text("Ended")
    assert not any(row[1] == NINTH for row in await told_to_tills(site, "right"))


async def test_a_list_of_dishes_from_excel_is_taken_whole_or_told_row_by_row(site: Site) -> None:
    page = await site.open(f"{SCHOOL}/dishes", "canteen", language="ru")
    await page.get_by_text("Взять блюда из списка").click()

    await send(page, "Название;Цена\nКотлета;450\nПюре;-120\n".encode("cp1251"))
    await expect(page.get_by_role("alert")).to_contain_text("Ничего не изменено")
    await expect(page.locator("table.folds").first).to_contain_text("Цена не бывает отрицательной")
    await send(page, "Название;Цена\nКотлета 🍽;450\nПюре;120\n".encode())

    await expect(page.get_by_role("status").first).to_contain_text("новых 2")
    await page.get_by_label("Название или штрихкод").fill("котлета")
    await page.get_by_label("Название или штрихкод").press("Enter")
    await expect(page.locator("tbody tr")).to_have_count(1)
    await expect(page.locator("tbody tr")).to_contain_text("Котлета 🍽")


async def test_a_menu_is_put_in_order_by_the_keyboard_alone(site: Site) -> None:
    page = await site.open(f"{SCHOOL}/menu/2026-09-10/snack", "canteen")
    for dish in ("Apple", "Bread"):
        await page.get_by_label("Dish", exact=True).focus()
        await page.keyboard.type(dish)
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.locator("li.dish", has_text=dish)).to_be_visible()

    await page.get_by_role("button", name="Up: Bread").press("Enter")
    await expect(page.locator("li.dish").first).to_contain_text("Bread")
    await page.get_by_role("button", name="Sell by one touch: Apple").press("Space")
    await expect(page.locator("li.dish").last).to_contain_text("One touch sells it")
    await page.get_by_role("button", name="Take out: Bread").press("Enter")

    await expect(page.locator("li.dish")).to_have_count(1)
    await page.get_by_role("button", name="Take out: Apple").press("Enter")
    await expect(page.get_by_text("Nothing is offered yet")).to_be_visible()


async def test_a_parent_rates_a_meal_once_and_the_canteen_reads_it_without_the_childs_name(site: Site) -> None:
    page = await site.open(f"/children/{site.sample.child_ref}/ratings", "guardian", width=390)
    meal = page.locator("section", has_text="August 30, 2026")
    await meal.get_by_role("group", name="Food").get_by_label("2", exact=True).check()
    await meal.get_by_role("group", name="Service").get_by_label("5", exact=True).check()
    await meal.get_by_label("A word, if you like").fill("Көже салқын 🥶 <b>")
    await press(page, "Send")
    await expect(meal).to_contain_text("Food: 2 of 5. Service: 5 of 5.")
    again = await page.request.post(
        page.url, headers={"origin": site.address},
        form={"on": "2026-08-30", "meal": "lunch", "food": "5", "service": "5"},
    )  # fmt: skip
    never = await page.request.post(
        page.url, headers={"origin": site.address},
        form={"on": "2026-08-20", "meal": "lunch", "food": "5", "service": "5"},
    )  # fmt: skip

    page = await site.open(f"{SCHOOL}/ratings", "canteen")

    assert (again.status, never.status) == (409, 409)
    await expect(page.get_by_role("main")).to_contain_text("Көже салқын 🥶 <b>")
    child = await site.services.database.pool.fetchval(
        "SELECT surname FROM person WHERE ref = $1", site.sample.child_ref
    )
    await expect(page.get_by_role("main")).not_to_contain_text(str(child))
    dishes = page.locator("table", has_text="Dishes, the worst first")
    await expect(dishes.locator("tbody tr").first).to_contain_text("2.")


async def objections(site: Site, folder: Path, ref: str, *dishes: str) -> set[tuple[str, str]]:
    """Return why an agent's till, which has just got the school's signed roster, would not sell these to somebody."""
    key = Ed25519PrivateKey.generate()
    now_ms = site.clock.wall_ms()
    header: dict[str, object] = {
        "school": "almaty15", "version": 13, "base": 0, "issued_ms": now_ms, "not_after_ms": now_ms + 86_400_000,
    }  # fmt: skip
    public, files = key.public_key().public_bytes_raw(), []
    for kind in RosterKind:
        body = body_of(await rows_of_now(site, kind))
        files.append(pack(header | kind.header, body, body, key.sign))
    doors = Slots(folder / "doors", "almaty15", public).flip(files[0], now_ms)
    canteen = CanteenSlots(folder / "canteen", "almaty15", public, Sealed(bytes(32))).flip(files[1], now_ms)
    book = Book(doors.joined(canteen), "gate-north")
    buyer = book.buyer(ref, "2026-09-01", "lunch")
    assert buyer is not None
    lines = [Line(dish) for dish in map(book.dish, dishes) if dish is not None]
    assert len(lines) == len(dishes)
    judged = judge(lines, buyer, NOTHING_KNOWN, is_hub_asked=True)
    return {(each.reason, about) for each in judged.objections for about in each.about or ("",)}


async def send(page: Page, content: bytes) -> None:
    """Send a list of dishes."""
    await page.locator("#file").set_input_files({"name": "list.csv", "mimeType": "text/csv", "buffer": content})
    await press(page, "Импорт")


async def press(page: Page, button: str) -> None:
    """Press a button of the page's own, and wait for the page that it leads to."""
    async with page.expect_navigation():
        await page.get_by_role("main").get_by_role("button", name=button, exact=True).click()
