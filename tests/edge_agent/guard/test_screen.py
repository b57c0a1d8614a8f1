"""The guard's screen and the muster list driven in a real browser, by touch and by keyboard, on two phones at once."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from edge_agent.status.snapshot import Language
from tests.edge_agent.guard.bench import PIN
from tests.edge_agent.guard.screen import STATES, ShownGuard
from tests.edge_agent.guard.test_texts import LATIN
from tests.edge_agent.school import ALIYA, BORIS, GUARD
from tests.servers.axe import violations
from tests.servers.chromium import chromium
from tests.waiting import until_async

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("guard")]

Theme = Literal["light", "dark"]
SMALL = """() => [...document.querySelectorAll(
    "button:not(.plain), a.button, summary, select, input:not([type=radio]):not([type=checkbox])")]
  .filter(each => each.checkVisibility() && (each.offsetHeight < 44 || each.offsetWidth < 44))
  .map(each => each.outerHTML.slice(0, 90))"""
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SAME_EVERYWHERE = ("RU", "EN", "PIN", "QR", "Door", "guard.lan_host")


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


async def test_a_guard_signs_in_by_touching_digits_and_ends_the_shift(page: Page, tmp_path: Path) -> None:
    async with ShownGuard(tmp_path).serving() as desk:
        await desk.show(page, is_signed=False)
        assert "Әлия" not in await page.inner_text("body")
        await page.fill("#pin", "0000")
        await page.press("#pin", "Enter")
        await page.wait_for_selector("#told:not([hidden])")
        assert await page.text_content("#told") == "Wrong PIN"
        for digit in PIN:
            await page.click(f'[data-digit="{digit}"]')
        await page.click("button.go:text('Sign in')")
        await page.wait_for_selector("#panel[data-part]")
        await page.click('[data-do="sign-out"]')
        await page.wait_for_selector("#pin")


async def test_who_passes_is_shown_with_photo_name_class_word_and_sound(page: Page, tmp_path: Path) -> None:
    async with ShownGuard(tmp_path).serving() as desk:
        await desk.show(page)
        await page.mouse.click(5, 590)  # a browser sounds once it was touched
        await desk.tap(ALIYA)
        await page.wait_for_selector('.stage[data-kind="in"]')
        await page.locator(".stage img.face").evaluate("face => face.decode()")
        words = await page.inner_text(".stage")
        assert all(word in words for word in ("Comes in", "Әлия Қасымова", "1А", "Door"))
        await page.wait_for_selector('html[data-sounded="in"]', state="attached")

        await desk.tap("nobody000000")
        await page.wait_for_selector('.stage[data-kind="unknown"]')
        await page.wait_for_selector('html[data-sounded="unknown"]', state="attached")
        await desk.tap("dana00000000")
        await page.wait_for_selector('.stage[data-kind="no"]')
        assert "The card is blocked" in await page.inner_text(".stage")
        await page.wait_for_selector('html[data-sounded="no"]', state="attached")
        assert "Әлия Қасымова" in await page.inner_text(".latest")


async def test_a_name_is_read_at_two_metres(page: Page, tmp_path: Path) -> None:
    async with ShownGuard(tmp_path).serving() as desk:
        await page.set_viewport_size({"width": 1280, "height": 800})
        await desk.show(page)
        await desk.tap(ALIYA)
        await page.wait_for_selector('.stage[data-kind="in"]')
        sizes = await page.evaluate(
            "[...document.querySelectorAll('.stage h2, .stage .class, .stage .verdict')]"
            ".map(each => parseFloat(getComputedStyle(each).fontSize))"
        )
        photo = await page.locator(".stage .face").bounding_box()

    # 22' of arc for a letter's height (ISO 9241-303) at 2 m are 13 mm: 34 px at 96 dpi where capitals are 0.7 of it.
    assert min(sizes) >= 34
    assert photo is not None
    assert photo["height"] >= 280


async def test_a_child_without_a_card_is_let_through_by_two_touches(page: Page, tmp_path: Path) -> None:
    async with ShownGuard(tmp_path).serving() as desk:
        await desk.show(page)
        await page.click('[data-class="1А"]')
        await page.click(f'.person[data-ref="{ALIYA}"]')  # the first touch: the face
        await page.wait_for_selector(".chosen")
        assert "Сәуле Қасымова\nmother" in await page.inner_text(".collectors")
        await page.click('.reasons [data-reason="forgotten"]')  # the second: why
        await page.wait_for_selector('.stage[data-kind="hand"]')

        assert "Let through by hand" in await page.inner_text(".stage")
        assert desk.actuator.told == ["open in 1"]
    assert [(each["p"], each["d"], each["w"], each["by"]) for each in desk.written("hand_pass")] == [
        (ALIYA, "in", "forgotten", GUARD)
    ]


async def test_a_child_who_goes_out_is_handed_over_by_one_touch_of_a_name(page: Page, tmp_path: Path) -> None:
    async with ShownGuard(tmp_path).serving() as desk:
        await desk.show(page)
        await desk.tap(ALIYA)
        await desk.tap(ALIYA, "reader-out")
        await page.click('.leaving [data-collector="g1"]')
        await page.wait_for_selector(".leaving .taken")

        assert "Taken by Сәуле Қасымова" in await page.inner_text(".leaving")
    assert [(each["p"], each["c"], each["by"]) for each in desk.written("collected")] == [(ALIYA, "g1", GUARD)]
    assert desk.written("hand_pass") == []


async def test_a_child_who_is_inside_is_let_out_by_its_face_and_the_name_of_who_takes_it(
    page: Page, tmp_path: Path
) -> None:
    async with ShownGuard(tmp_path).serving() as desk:
        await desk.show(page)
        await desk.tap(ALIYA)
        await page.click('[data-class="1А"]')
        await page.click(f'.person[data-ref="{ALIYA}"]')
        await page.click('.chosen [data-collector="c7"]')
        await page.wait_for_selector('.stage[data-kind="hand"]')
    assert [each["c"] for each in desk.written("collected")] == ["c7"]
    assert [(each["d"], each["w"]) for each in desk.written("hand_pass")] == [("out", "other")]


async def test_who_is_not_on_the_list_gets_a_no_and_takes_a_child_by_exception_only(page: Page, tmp_path: Path) -> None:
    async with ShownGuard(tmp_path).serving() as desk:
        await desk.show(page)
        await desk.tap(ALIYA)
        await desk.tap(ALIYA, "reader-out")
        await page.click('.leaving [data-do="person"]')
        await page.click(".other summary")
        assert "may not take the child" in await page.inner_text(".plain-no")

        await page.select_option("#ewhy", "emergency")  # and nobody who allowed it
        await page.click(".other button.danger")
        await page.wait_for_selector("#told:not([hidden])")
        assert desk.written("collected") == []

        await page.select_option("#ewhy", "parent_asked")
        await page.fill("#ewho", "aunt")
        await page.click(".other button.danger")
        await page.wait_for_selector(".leaving .taken")
    assert [(each["w"], each["x"], each.get("al")) for each in desk.written("collected")] == [
        ("parent_asked", "aunt", None)
    ]


async def test_a_delivery_comes_by_two_touches_stands_on_the_roll_call_and_leaves(page: Page, tmp_path: Path) -> None:
    async with ShownGuard(tmp_path).serving() as desk:
        await desk.show(page)
        await page.click('[data-panel="deliveries"]')
        await page.fill("#firm", "Сүт Астық")
        await page.click('form[data-do="delivery"] button.go')
        await page.click('[data-do="leave"]')
        await page.click('[data-firm="Сүт Астық"]')  # the second touch of the next one
        await page.wait_for_selector('[data-do="leave"]')
        await desk.desk.begin_muster(GUARD)
        await page.goto(f"{desk.url}muster?lang=en")

        assert "Delivery · Сүт Астық" in await page.inner_text("main")
    assert [(each["d"], each.get("fm")) for each in desk.written("visitor")] == [
        ("in", "Сүт Астық"), ("out", None), ("in", "Сүт Астық")
    ]  # fmt: skip
    assert [each["w"] for each in desk.written("manual_open")] == ["load", "load", "load"]


async def test_the_same_by_keyboard_letters_search_and_a_digit_is_the_reason(page: Page, tmp_path: Path) -> None:
    async with ShownGuard(tmp_path).serving() as desk:
        await desk.show(page, "ru")
        await desk.tap(BORIS)
        await page.evaluate(
            "document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'б', bubbles: true }))"
        )  # no such key here
        await page.wait_for_selector("#find:focus")
        await page.keyboard.type("ор")
        await page.wait_for_selector(f'.person[data-ref="{BORIS}"]')
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".chosen")
        assert await page.get_attribute('[data-way="out"]', "aria-pressed") == "true"  # he is inside
        await page.keyboard.press("3")
        await page.wait_for_selector('.stage[data-kind="hand"]')

    assert [(each["p"], each["d"], each["w"]) for each in desk.written("hand_pass")] == [(BORIS, "out", "broken")]


async def test_who_was_refused_is_one_touch_from_the_reasons(page: Page, tmp_path: Path) -> None:
    async with ShownGuard(tmp_path).serving() as desk:
        await desk.show(page)
        await desk.tap("dana00000000")
        await page.click('.stage [data-do="person"]')
        await page.click('.reasons [data-reason="lost"]')
        await page.wait_for_selector('.stage[data-kind="hand"]')

    assert [each["p"] for each in desk.written("hand_pass")] == [BORIS]


async def test_a_gate_is_opened_with_a_reason(page: Page, tmp_path: Path) -> None:
    async with ShownGuard(tmp_path).serving() as desk:
        await desk.show(page)
        await page.click('[data-panel="open"]')
        await page.click('[data-way="out"]')
        await page.fill("#detail", "gym class")
        await page.click('.reasons [data-reason="group"]')
        await until_async(lambda: desk.written("manual_open"), what="the record")

        assert desk.actuator.told == ["open out 1"]
    assert [(each["d"], each["w"], each["x"]) for each in desk.written("manual_open")] == [
        ("out", "group", "gym class")
    ]


async def test_a_visitor_is_written_down_let_in_and_leaves(page: Page, tmp_path: Path) -> None:
    async with ShownGuard(tmp_path).serving() as desk:
        await desk.show(page)
        await page.click('[data-panel="visitors"]')
        await page.fill("#vname", "Ерлан Жұмабаев")
        await page.fill("#badge", "17")
        await page.select_option("#host", GUARD)
        await page.click("form[data-do=visit] .go")
        await page.wait_for_selector(".visits >> text=pass 17")
        assert "Айгүл Сейітова" in await page.inner_text(".visits")
        await page.click('[data-do="leave"]')
        await page.wait_for_selector("text=Left today")

        assert desk.actuator.told == ["open in 1", "open out 2"]
    assert [(each["d"], each.get("ps"), each.get("un")) for each in desk.written("visitor")] == [
        ("in", "17", 60),
        ("out", None, None),
    ]


async def test_a_fire_needs_two_touches_and_nobody_signed_in(page: Page, tmp_path: Path) -> None:
    async with ShownGuard(tmp_path).serving() as desk:
        await desk.show(page, is_signed=False)
        await page.click("summary:text('Fire')")
        await page.click("text=Yes, fire: open the gates")
        await page.wait_for_selector(".regime.burning")

        assert desk.regimes.mode == "fire"
        assert desk.actuator.told[-1].startswith("open out")
    assert [each["o"] for each in desk.written("muster")] == ["begun"]


async def test_a_lockdown_is_shown_and_ended(page: Page, tmp_path: Path) -> None:
    async with ShownGuard(tmp_path).serving() as desk:
        await desk.show(page)
        await page.click('[data-panel="alarm"]')
        await page.click("summary:text('Lock down')")
        await page.click("text=Yes, lock down")
        await page.wait_for_selector(".regime.locked")
        await desk.tap(ALIYA)
        await page.wait_for_selector(".stage >> text=The way in is closed")
        await page.click("summary:text('Back to usual')")
        await page.click("text=Yes, back to usual")
        await page.wait_for_selector(".regime", state="detached")

    assert [each["o"] for each in desk.written("regime")] == ["lock_down", "normal"]


async def test_two_phones_call_the_roll_at_once_by_the_guards_code(window: Browser, page: Page, tmp_path: Path) -> None:
    async with ShownGuard(tmp_path, is_shared=True).serving() as desk:
        await desk.show(page)
        await STATES["shared"](desk, page)
        secret, _ = await desk.guard._links.make()
        phones = [await (await window.new_context(viewport={"width": 390, "height": 800})).new_page() for _ in range(2)]
        for phone in phones:
            await phone.goto(f"{desk.list_url}?lang=en#{secret}")
            await phone.click("button:text('Open the list')")
            await phone.wait_for_selector("html[data-heard]", state="attached")
            assert secret not in phone.url
        one, other = phones
        await one.click(f'li[data-key="{ALIYA}"] [data-call="here"]')
        await other.click(f'li[data-key="{BORIS}"] [data-call="missing"]')
        for phone in phones:
            await phone.wait_for_selector(f'li[data-key="{ALIYA}"][data-state="here"]')
            await phone.wait_for_selector(f'li[data-key="{BORIS}"][data-state="missing"]')
            assert "1 of 14 found" in await phone.inner_text(".counts")
        await desk.tap(BORIS, "reader-out")
        await one.wait_for_selector(f'li[data-key="{BORIS}"][data-state="seen"]')

        await desk.desk.end_muster(GUARD)
        await other.wait_for_selector("text=No roll call is on")
        for phone in phones:
            await phone.context.close()
    told = [(each["o"], "ph" in each) for each in desk.written("muster")]
    assert told == [("begun", False), ("shared", True), ("opened", True), ("opened", True), ("ended", False)]


async def test_the_list_is_printed_without_buttons(page: Page, tmp_path: Path) -> None:
    async with ShownGuard(tmp_path).serving() as desk:
        await desk.show(page, "kk")
        await STATES["list"](desk, page)
        await page.emulate_media(media="print")

        assert await page.locator("button:visible").count() == 0
        assert "Әлия Қасымова" in await page.inner_text("main")
        assert "рұқсатнама 17" in await page.inner_text("main")
        await page.emulate_media(media="screen")


async def test_a_desk_whose_program_is_gone_says_so(page: Page, tmp_path: Path) -> None:
    async with ShownGuard(tmp_path).serving() as desk:
        await desk.show(page)
    await page.wait_for_selector("#lost:not([hidden])")

    assert "by its key" in await page.inner_text("#lost")


WHOLE = ("opening", *STATES)
NARROW = ("opening", "in", "chosen", "visitors", "list")  # what a small screen lays out anew
COLOURED = ("in", "refused", "unknown", "visitors", "locked", "list")


@pytest.mark.parametrize(
    ("theme", "language", "width", "names", "rules"),
    [
        ("light", "ru", 1024, WHOLE, {}),
        ("dark", "kk", 1280, COLOURED, {"runOnly": ["color-contrast"]}),
        ("light", "en", 390, NARROW, {}),
    ],
)
async def test_every_state_is_accessible_translated_and_touchable(
    window: Browser, tmp_path: Path, theme: Theme, language: Language, width: int, names: Sequence[str],
    rules: dict[str, object],
) -> None:  # fmt: skip
    for name in names:
        page = await window.new_page(viewport={"width": width, "height": 800}, color_scheme=theme)
        async with ShownGuard(tmp_path / name, is_shared=True).serving() as desk:
            await desk.show(page, language, is_signed=name != "opening")
            if name in STATES:
                await STATES[name](desk, page)

            assert await page.evaluate(OVERFLOW) <= 0, f"{name} scrolls sideways"
            assert await page.evaluate(SMALL) == [], f"{name}: too small to touch"
            assert language == "en" or english_in(await page.inner_text("body")) == [], name
            assert await violations(page, rules) == [], name
        await page.close()


def english_in(text: str) -> list[str]:
    """Return words of Latin letters that are the same everywhere nowhere."""
    for word in SAME_EVERYWHERE:
        text = text.replace(word, "")
    return LATIN.findall(text)
