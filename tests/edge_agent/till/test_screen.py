"""The till driven in a real browser, by touch and by keyboard: quick, readable, translated, and never out of step."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from schemas.roster import row
from tests.edge_agent.school import ALIYA, BORIS
from tests.edge_agent.till.bench import PIN
from tests.edge_agent.till.canteen import CASHIER, LUNCH_TIYN, TEA_TIYN, account, decided, names
from tests.edge_agent.till.screen import OF_ALIYA, ROWS, STATES, ShownTill
from tests.edge_agent.till.test_texts import LATIN
from tests.servers.axe import violations
from tests.servers.chromium import chromium
from tests.waiting import until_async

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("till")]

Theme = Literal["light", "dark"]
SMALL = """() => [...document.querySelectorAll("button, a, summary, input:not([type=radio]), label:has([type=radio])")]
  .filter(each => each.checkVisibility() && (each.offsetHeight < 44 || each.offsetWidth < 44))
  .map(each => each.outerHTML.slice(0, 90))"""
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SAME_EVERYWHERE = (
    "Lunch Set",
    "Milk Soup",
    "Bun",
    "Tea",
    "Canteen",
    "Breakfast",
    "Lunch",
    "RU",
    "EN",
    "IT",
    "PIN",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="window")
async def _window() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module", name="page")
async def _page(window: Browser) -> AsyncIterator[Page]:
    page = await window.new_page(viewport={"width": 1024, "height": 600}, reduced_motion="reduce")
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
    yield page
    await page.close()
    ours = [told for told in complaints if not told.startswith("Failed to load resource")]
    assert ours == []


def serving(*changed: bytes, **more: Any) -> AbstractAsyncContextManager[ShownTill]:
    return ShownTill(*ROWS, *changed, **more).serving()


async def kind(page: Page, wanted: str) -> None:
    await page.wait_for_selector(f'.stage[data-kind="{wanted}"]')


async def test_a_shift_is_opened_by_touching_digits(page: Page) -> None:
    async with serving() as till:
        await till.show(page)
        for digit in PIN:
            await page.click(f'[data-digit="{digit}"]')
        await page.click("text=Open >> nth=-1")
        await kind(page, "idle")

    assert till.written("shift")[0]["by"] == CASHIER


async def test_a_wrong_pin_is_told_and_the_field_is_empty_again(page: Page) -> None:
    async with serving() as till:
        await till.show(page)
        await page.fill("#pin", "0000")
        await page.press("#pin", "Enter")
        await page.wait_for_selector("#told:not([hidden])")

        assert await page.text_content("#told") == "Wrong PIN"
        assert await page.input_value("#pin") == ""
    assert till.written() == []


async def test_one_tap_and_one_touch_sell_the_set_meal(page: Page) -> None:
    async with serving() as till:
        await till.open()
        await till.show(page)
        await till.tap(ALIYA)
        await kind(page, "buyer")
        words = await page.inner_text(".stage")
        await page.click(".go.wide")
        await kind(page, "sold")

    assert all(word in words for word in ("Әлия Қасымова", "1А", "Free", "Balance", "1 000.50".replace(" ", "\u202f")))
    assert [(sale["pay"], sale["p"]) for sale in till.written("sale")] == [("free", ALIYA)]


async def test_without_a_touch_the_card_alone_sells(page: Page) -> None:
    async with serving(is_touchless=True) as till:
        await till.open()
        await till.show(page)
        await till.tap(ALIYA)
        await kind(page, "sold")
        await till.tap(ALIYA)
        await kind(page, "buyer")

        assert "Already had it today, 12:00" in await page.inner_text(".stage")
    assert len(till.written("sale")) == 1


async def test_a_child_whom_no_gate_has_seen_is_asked_about_with_its_photo_and_given_the_meal_by_enter(
    page: Page,
) -> None:
    async with serving(row("face", ALIYA, OF_ALIYA), decided(unseen="ask"), is_seen=False) as till:
        await till.open()
        await till.show(page)
        await till.tap(ALIYA)
        await page.wait_for_selector("text=Is the child here?")
        await page.wait_for_function("document.querySelector('img.face')?.naturalWidth > 0")
        await page.keyboard.press("Enter")
        await kind(page, "sold")

    assert [(each["w"], each["x"]) for each in till.written("override")] == [("not_seen", "The child is here")]


async def test_the_keyboard_alone_sells_and_clears(page: Page) -> None:
    async with serving() as till:
        await till.open()
        await till.show(page)
        await till.tap(ALIYA)
        await kind(page, "buyer")
        await page.keyboard.press("Escape")
        await kind(page, "idle")
        await till.tap(ALIYA)
        await kind(page, "buyer")
        await page.keyboard.press("Enter")
        await kind(page, "sold")

    assert len(till.written("sale")) == 1


async def test_a_scanner_that_types_puts_its_dish_into_the_basket(page: Page) -> None:
    async with serving() as till:
        await till.open()
        await till.show(page)
        await page.keyboard.type("4870001112223")
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".line")

        assert [line.dish.key for line in till.desk.look().lines] == ["bun"]
        await page.keyboard.type("99999999")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("text=No dish of the menu has this barcode")


async def test_a_basket_is_touched_together_and_sold_for_cash_to_a_guest(page: Page) -> None:
    async with serving() as till:
        await till.open()
        await till.show(page)
        for count in ("1", "2"):
            await page.click('.tile[data-dish="tea/1"]')
            await page.wait_for_selector(f'.count:text-is("{count}")')
        await page.click('.tile[data-dish="lunch-set/3"]')
        await page.wait_for_selector(".line >> nth=1")
        await page.click('.line >> nth=0 >> [data-count="-1"]')
        await page.wait_for_selector('.line >> nth=0 >> .count:text-is("1")')
        await page.click('[data-payer="cash"]')
        await kind(page, "sold")

    assert [(sale["pay"], sale["a"]) for sale in till.written("sale")] == [("cash", LUNCH_TIYN + TEA_TIYN)]


async def test_a_no_has_its_reason_and_is_overruled_by_one_touch(page: Page) -> None:
    async with serving(account(BORIS, 10)) as till:
        await till.open()
        await till.show(page, "ru")
        await till.tap(BORIS)
        await page.wait_for_selector("text=На счёте не хватает денег")
        assert await page.locator(".stage > .go").count() == 0
        await page.click("text=Голодный ребёнок")
        await kind(page, "sold")

    assert [(each["w"], each["by"], each["x"]) for each in till.written("override")] == [
        ("no_money", CASHIER, "Голодный ребёнок")
    ]


async def test_a_reason_of_ones_own_is_typed(page: Page) -> None:
    async with serving(account(BORIS, 10)) as till:
        await till.open()
        await till.show(page)
        await till.tap(BORIS)
        await page.fill("#why", "Director said so")
        await page.press("#why", "Enter")
        await kind(page, "sold")

    assert till.written("override")[0]["x"] == "Director said so"


async def test_who_has_no_card_is_found_by_name(page: Page) -> None:
    async with serving() as till:
        await till.open()
        await till.show(page)
        await till.tap("nobody000000")
        await page.wait_for_selector("text=The card is unknown")
        await page.fill("#find", "қас")
        await page.click("#people >> text=Әлия Қасымова")
        await kind(page, "buyer")

    assert till.desk.stage.ref == ALIYA


async def test_words_being_typed_survive_what_the_agent_sends(page: Page) -> None:
    async with serving() as till:
        await till.open()
        await till.show(page)
        await page.fill("#find", "бор")
        till.desk.put("tea/1")
        await page.wait_for_selector(".line")

        assert await page.input_value("#find") == "бор"
        assert await page.evaluate("document.activeElement.id") == "find"


async def test_a_sale_is_voided_and_another_refunded_in_the_list(page: Page) -> None:
    async with serving() as till:
        await till.open()
        for ref in (ALIYA, BORIS):
            till.desk.put("tea/1")
            await till.tap(ref)
            await till.sell()
        await till.show(page)
        await page.click('[data-do="sales"]')
        await page.click(".list summary >> nth=0")
        await page.click(".list form >> nth=0 >> text=Touched by mistake")
        await page.click(".list form >> nth=0 >> text=Void")
        await page.wait_for_selector(".list .gone")
        await page.click(".list summary >> nth=1")
        await page.click(".list form >> nth=0 >> text=Refund")
        await page.wait_for_selector("text=Give a reason")
        await page.fill('.list [name="own"]', "cold")
        await page.fill('.list [name="amount"]', "30,50")
        await page.click(".list form >> nth=0 >> text=Refund")
        await page.wait_for_selector("text=refunded 30.50")

    assert [(each["w"], each["a"]) for each in till.written("void")] == [("Touched by mistake", TEA_TIYN)]
    assert [(each["w"], each["a"]) for each in till.written("refund")] == [("cold", 3_050)]


async def test_a_sale_of_another_shift_is_found_by_name_and_refunded_and_not_voided(page: Page) -> None:
    async with serving() as till:
        await till.open()
        for ref in (ALIYA, BORIS):
            till.desk.put("tea/1")
            await till.tap(ref)
            await till.sell()
        await till.shifts.close()
        await till.open()
        await till.show(page)
        await page.click('[data-do="sales"]')
        await page.wait_for_selector("text=Other shifts and tills")
        await page.fill("#seek", "қас")
        await page.wait_for_selector(".list li details >> nth=0 >> text=Әлия Қасымова")
        await page.wait_for_function("document.querySelectorAll('.list li details').length === 1")
        await page.click(".list summary >> nth=0")
        assert await page.locator(".list form button[value=void]").count() == 0
        await page.click(".list form >> nth=0 >> text=Did not take it")
        await page.click(".list form >> nth=0 >> text=Refund")
        await page.wait_for_selector("text=refunded 50")

        assert await page.input_value("#seek") == "қас"
        assert "−50" in await page.inner_text(".totals")
    assert [(each["w"], each["a"]) for each in till.written("refund")] == [("Did not take it", TEA_TIYN)]


async def test_a_card_closes_the_list_and_the_queue_goes_on(page: Page) -> None:
    async with serving() as till:
        await till.open()
        await till.show(page)
        await page.click('[data-do="sales"]')
        await page.wait_for_selector(".list")
        await till.tap(ALIYA)
        await kind(page, "buyer")
        await page.keyboard.press("Enter")
        await kind(page, "sold")


async def test_closing_the_shift_shows_its_totals(page: Page) -> None:
    async with serving() as till:
        await till.open()
        await till.tap(BORIS)
        await till.sell(why="Hungry child")
        await till.show(page)
        await page.click('[data-do="sales"]')
        await page.click("summary:text('Close the shift')")
        await page.click("text=Yes, close the shift")
        await page.wait_for_selector("text=The shift is closed")

        assert "577" in await page.inner_text(".totals")
    assert till.written("shift")[-1]["o"] == "closed"


async def test_what_is_not_sent_is_red_and_counted(page: Page) -> None:
    async with serving() as till:
        till.unsent = 12
        await till.open()
        await till.show(page)
        await page.wait_for_selector(".unsent.some")

        assert await page.inner_text(".unsent") == "12 not sent"
        red = await page.evaluate("getComputedStyle(document.querySelector('.unsent')).backgroundColor")
        assert red == "rgb(165, 29, 23)"


async def test_a_till_whose_program_is_gone_says_so(page: Page) -> None:
    async with serving() as till:
        await till.open()
        await till.show(page)
    await page.wait_for_selector("#lost:not([hidden])")

    assert "Sell nothing" in await page.inner_text("#lost")


async def test_every_outcome_has_its_sound(page: Page) -> None:
    async with serving(account(BORIS, 10)) as till:
        await till.open()
        await till.show(page)
        await page.mouse.click(5, 300)  # a browser sounds once it was touched
        await till.tap(ALIYA)
        await page.wait_for_selector('html[data-sounded="buyer"]', state="attached")
        await till.sell()
        await page.wait_for_selector('html[data-sounded="sold"]', state="attached")
        await till.tap(BORIS)
        await page.wait_for_selector('html[data-sounded="asking"]', state="attached")
        await till.tap("nobody000000")
        await page.wait_for_selector('html[data-sounded="turned"]', state="attached")


@pytest.mark.parametrize(
    ("theme", "language", "size", "rules"),
    [
        ("light", "ru", "", {}),
        ("dark", "kk", "", {"runOnly": ["color-contrast"]}),
        ("light", "kk", "big", None),
    ],
)
async def test_every_state_is_accessible_translated_and_touchable(
    window: Browser, theme: Theme, language: str, size: str, rules: dict[str, object] | None
) -> None:
    page = await window.new_page(viewport={"width": 1024, "height": 600}, color_scheme=theme)
    await page.add_init_script(f"localStorage.setItem('till.size', '{size}')")
    async with serving() as till:
        for name in ("opening", "sales", *STATES):
            if name == "sales":
                await till.open()
            await STATES.get(name, STATES["sold" if name == "sales" else "idle"])(till)
            await till.show(page, language)
            if name == "sales":
                await page.click('[data-do="sales"]')
                await page.click(".list summary >> nth=0")

            assert await page.evaluate(OVERFLOW) <= 0, f"{name} scrolls sideways"
            assert await page.evaluate(SMALL) == [], f"{name}: too small to touch"
            assert english_in(await page.inner_text("body")) == [], name
            assert rules is None or await violations(page, rules) == [], name
            till.desk.clear()
    await page.close()


def english_in(text: str) -> list[str]:
    """Return words of Latin letters that are not a dish's or a person's name."""
    for word in SAME_EVERYWHERE:
        text = text.replace(word, "")
    return [word for word in LATIN.findall(text) if word not in ("kk", "ru")]


async def test_the_big_button_and_the_name_are_in_sight_on_the_smallest_screen(page: Page) -> None:
    async with serving() as till:
        await till.open()
        await till.show(page)
        await till.tap(ALIYA)
        for selector in (".buyer h2", ".stage > .go", '[data-do="clear"]'):
            box = await page.locator(selector).bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= 600, selector
            assert box["y"] >= 0, selector


async def test_theme_and_type_are_chosen_and_remembered(page: Page) -> None:
    async with serving() as till:
        await till.show(page)
        await page.click('[data-do="theme"]')
        await page.click('[data-do="size"]')
        await till.show(page)

        assert await page.evaluate(
            "[document.documentElement.dataset.theme, document.documentElement.dataset.size]"
        ) == [
            "dark",
            "big",
        ]


async def test_two_screens_of_one_till_show_the_same(window: Browser, page: Page) -> None:
    other = await window.new_page()
    async with serving() as till:
        await till.open()
        await till.show(page, "ru")
        await till.show(other, "kk")
        await till.tap(ALIYA)
        await page.wait_for_selector("text=Бесплатно")
        await other.wait_for_selector("text=Тегін")
        await other.click(".go.wide")
        await kind(page, "sold")
    await other.close()

    assert len(till.written("sale")) == 1


async def test_a_bar_of_another_mode_waits_for_dishes(page: Page) -> None:
    async with serving(row("till", "till-1", names("Bar"), "till-1", "basket")) as till:
        await till.open()
        await till.show(page)
        await till.tap(ALIYA)
        await kind(page, "buyer")
        assert await page.locator(".stage > .go").count() == 0
        await page.click('.tile[data-dish="tea/1"]')
        await page.click(".stage > .go")
        await kind(page, "sold")
    await until_async(lambda: till.pages.watching.count == 0)

    assert [sale["a"] for sale in till.written("sale")] == [TEA_TIYN]
