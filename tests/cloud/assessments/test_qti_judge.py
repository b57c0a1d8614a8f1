"""Items as we write them, shown and counted by another player of QTI 3: npm's @citolab/qti-components, in a browser."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from cloud.assessments.qti_writing import item_xml
from cloud.assessments.questions import Answer, Question, score
from tests.cloud.assessments.qti_samples import ALL
from tests.servers.chromium import chromium

PLAYER = Path(__file__).parents[3] / "node_modules/@citolab/qti-components/cdn/index.global.js"
BLANK = "<!doctype html><meta charset=utf-8><body><qti-item><item-container></item-container></qti-item>"
SHOW = "xml => { document.querySelector('item-container').itemXML = xml; }"
# The player's own way for a response that it takes by dragging alone.
RESPOND = "([item, response]) => item.updateResponseVariable('RESPONSE', response)"
SCORE = """item => { item.processResponse();
  return item.variables.filter(each => each.identifier === 'SCORE').map(each => String(each.value))[0]; }"""
CHOICE: dict[str, list[tuple[str, ...]]] = {
    "one": [("a",), ("3",)],
    "many": [("a", "b", "d"), ("a", "b"), ("a", "b", "c", "d")],
    "parts": [("a", "b", "d"), ("a",), ("a", "b", "c"), ("c",)],
}
TYPED = {"nearly": ["3.14", "3.145", "3.135", "3.1451", "3"], "exactly": ["-5", "-5.0", "5"],
         "word": ["Астана", "нұр-сұлтан", "Алматы"], "cased": ["Er", "er"]}  # fmt: skip
DRAWN = [
    frozenset({("a", "b"), ("b", "a"), ("c", "c")}),
    frozenset({("a", "b"), ("b", "d"), ("c", "c")}),
    frozenset({("c", "c")}),
    frozenset({("a", "a"), ("b", "b")}),
]
PLACED = [("x", "y", "z"), ("y", "x", "z"), ("z", "x", "y")]


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="player")
async def _player() -> AsyncIterator[Page]:
    async with chromium() as browser:
        page = await browser.new_page()
        await page.set_content(BLANK)
        await page.add_script_tag(path=PLAYER)
        yield page


async def shown(player: Page, question: Question) -> Page:
    """Show an item anew."""
    await player.set_content(BLANK)
    await player.evaluate(SHOW, item_xml(question, "item-1", "kk").decode())
    await expect(player.locator("qti-assessment-item")).to_be_attached()
    return player


async def agree(player: Page, question: Question, answer: Answer) -> None:
    """Check that the player gives the points that we give."""
    item = await player.locator("qti-assessment-item").element_handle()
    told = Decimal(await player.evaluate(SCORE, item))

    assert (told.quantize(Decimal("0.01")), answer) == (score(question, answer), answer)


@pytest.mark.requirement("KZ456-27.14", part="tests")
@pytest.mark.parametrize("name", CHOICE)
@pytest.mark.asyncio(loop_scope="module")
async def test_a_choice_is_shown_and_counted_as_here(player: Page, name: str) -> None:
    question = ALL[name]

    for answer in CHOICE[name]:
        await shown(player, question)
        await expect(player.locator("qti-prompt")).to_contain_text(question.prompt.split("\n")[0])
        for key in answer:
            await player.locator(f'qti-simple-choice[identifier="o_{key}"]').click()
        await agree(player, question, answer)


@pytest.mark.parametrize("name", TYPED)
@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_typed_is_counted_as_here(player: Page, name: str) -> None:
    question = ALL[name]

    for answer in TYPED[name]:
        await shown(player, question)
        field = player.locator("qti-text-entry-interaction input")
        await field.fill(answer)
        await field.press("End")
        await agree(player, question, answer)


@pytest.mark.asyncio(loop_scope="module")
async def test_pairs_are_counted_as_here(player: Page) -> None:
    question = ALL["pairs"]

    for answer in DRAWN:
        await shown(player, question)
        for left, right in answer:
            await player.locator(f'qti-match-interaction input[value="l_{left} r_{right}"]').click()
        await agree(player, question, answer)


@pytest.mark.asyncio(loop_scope="module")
async def test_an_order_is_counted_as_here(player: Page) -> None:
    question = ALL["places"]

    for answer in PLACED:
        await shown(player, question)
        await expect(player.locator("qti-order-interaction qti-simple-choice").first).to_be_visible()
        item = await player.locator("qti-assessment-item").element_handle()
        await player.evaluate(RESPOND, [item, [f"o_{key}" for key in answer]])
        await agree(player, question, answer)


@pytest.mark.asyncio(loop_scope="module")
async def test_an_essay_is_shown_and_left_to_a_person(player: Page) -> None:
    question = ALL["essay"]

    await shown(player, question)

    await expect(player.locator("qti-extended-text-interaction textarea")).to_be_visible()
    item = await player.locator("qti-assessment-item").element_handle()
    assert await player.evaluate(SCORE, item) in {"0", "null"}
    assert score(question, "Отан") is None
