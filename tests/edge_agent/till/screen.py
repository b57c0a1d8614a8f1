"""The till's screen served as an agent serves it, for a real browser; and pictures of it for people to look at.

`python -m tests.edge_agent.till.screen` fills build/screens with the screen in every state, language and look.
"""

import asyncio
import hashlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page

from edge_agent.status.server import listen
from edge_agent.till.app import TillPages, serve_till
from edge_agent.till.page import Screen
from edge_agent.till.watching import Watching
from schemas.roster import row
from simulators.portraits import portrait
from tests.edge_agent.school import ALIYA, BORIS, GUARD
from tests.edge_agent.till.bench import TillBench
from tests.edge_agent.till.canteen import TODAY, account, decided, dish
from tests.servers.chromium import chromium
from tests.servers.process import answers
from tests.waiting import until_async

SCREENS = Path("build/screens")
FACE = portrait("#7aa5c9")
OF_ALIYA = hashlib.sha256(FACE).hexdigest()
PEOPLE = (
    row("person", ALIYA, "Әлия Қасымова", "1А", "student", 1, 1, "day"),
    row("person", BORIS, "Борис Константинопольский-Вознесенский", "11Б", "student", 1, 1, "day"),
    row("person", GUARD, "Айгүл Сейітова", "", "staff", 1, 1, "day"),
)
DISHES = tuple(
    row("dish", f"{key}/1", {"kk": kk, "ru": ru, "en": en}, price_tiyn, "", [], "", "", [])
    for key, kk, ru, en, price_tiyn in (
        ("plov", "Палау", "Плов", "Pilaf", 45_000),
        ("salad", "Көкөніс салаты", "Салат овощной", "Vegetable salad", 18_550),
        ("manty", "Мәнті 🥟", "Манты 🥟", "Manty 🥟", 60_000),
        ("kompot", "Кептірілген жемістерден компот", "Компот из сухофруктов", "Dried fruit compote", 7_000),
    )
)
MENU = row(
    "menu", f"{TODAY} lunch",
    ["lunch-set/3", "milk-soup/1", "bun/2", "tea/1", "plov/1", "salad/1", "manty/1", "kompot/1"], "lunch-set/3",
)  # fmt: skip


class ShownTill(TillBench):
    """A till with a screen. `unsent` is what its counter says."""

    def __init__(self, *changed: bytes, **bench: Any) -> None:
        super().__init__(*PEOPLE, *DISHES, MENU, *changed, **bench)
        self.unsent = 0
        self.screen = Screen(self.desk, lambda: self.unsent, has_face=lambda digest: digest == OF_ALIYA)
        self.pages = TillPages(self.desk, self.shifts, self.screen, Watching(), face={OF_ALIYA: FACE}.get)
        self.url = ""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["ShownTill"]:
        listening = listen("127.0.0.1", 0, "till")
        port = int(listening.getsockname()[1])
        self.url = f"http://127.0.0.1:{port}/"
        task = asyncio.create_task(serve_till(self.pages, listening))
        try:
            await until_async(lambda: answers(port), what="the till to listen")
            yield self
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def show(self, page: Page, language: str = "en") -> Page:
        """Open the screen and wait until the agent has spoken to it."""
        await page.goto(f"{self.url}?lang={language}")
        await page.wait_for_selector("html[data-heard]", state="attached")
        return page


State = Callable[[ShownTill], Awaitable[object]]


async def _allergic(till: ShownTill) -> None:
    await till.tap(BORIS)


async def _refused(till: ShownTill) -> None:
    till.desk.put("manty/1", 3)
    await till.tap(ALIYA)


async def _sold(till: ShownTill) -> None:
    till.desk.put("lunch-set/3")
    till.desk.put("kompot/1")
    await till.tap(ALIYA)
    await till.sell(why="екінші порция")


async def _basket(till: ShownTill) -> None:
    till.unsent = 12
    for dish_id in ("plov/1", "salad/1", "tea/1"):
        till.desk.put(dish_id)


async def _unknown(till: ShownTill) -> None:
    await till.tap("nobody000000")


async def _free(till: ShownTill) -> None:
    await till.tap(ALIYA)


async def _unseen(till: ShownTill) -> None:
    till.learn(row("face", ALIYA, OF_ALIYA), decided(unseen="ask"))
    till.is_seen = False
    await till.tap(ALIYA)


async def _nothing(_till: ShownTill) -> None:
    pass


STATES: dict[str, State] = {
    "idle": _nothing, "free": _free, "allergic": _allergic, "refused": _refused, "sold": _sold, "basket": _basket,
    "unknown": _unknown, "unseen": _unseen,
}  # fmt: skip
ROWS = (
    account(ALIYA, 100_050),
    account(BORIS, 1_234_567, allergens=("milk", "peanuts"), categories=("bakery",)),
    dish("tea", 5_000),
)


async def pictures(browser: Browser) -> None:
    """Take pictures of every state."""
    for name, language, theme, size, width, height in _takes():
        page = await browser.new_page(viewport={"width": width, "height": height}, color_scheme=theme)  # type: ignore[arg-type] # its own words
        await page.add_init_script(f"localStorage.setItem('till.size', '{size}')")
        till = ShownTill(*ROWS)
        async with till.serving():
            if name != "opening":
                await till.open()
            if name in STATES:
                await STATES[name](till)
            if name == "sales":
                await _sold(till)
                await till.shifts.void((await _again(till))[0], "қате түрттім")
            await till.show(page, language)
            if name == "sales":
                await page.click('[data-do="sales"]')
                await page.locator(".list summary").nth(1).click()
            await page.screenshot(path=SCREENS / f"till-{name}-{language}-{width}-{theme}{size}.png")
            await page.close()


async def _again(till: ShownTill) -> list[str]:
    till.desk.put("plov/1")
    return await till.sell("cash")


def _takes() -> list[tuple[str, str, str, str, int, int]]:
    names = ["opening", "sales", *STATES]
    takes = [(name, "ru", "light", "", 1024, 600) for name in names]
    takes += [(name, "kk", "dark", "", 1280, 800) for name in names]
    return takes + [(name, "kk", "light", "big", 1024, 600) for name in ("opening", "free", "refused", "basket")]


async def main() -> None:
    async with chromium() as browser:
        await pictures(browser)


if __name__ == "__main__":
    SCREENS.mkdir(parents=True, exist_ok=True)
    asyncio.run(main())
    sys.stdout.write(f"{SCREENS}/till-*\n")
