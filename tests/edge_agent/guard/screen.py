"""The guard's screen and the phones' list served as an agent serves them, for a real browser; and pictures of them.

`python -m tests.edge_agent.guard.screen` fills build/screens with the screen in every state, language and look.
"""

import asyncio
import hashlib
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page

from edge_agent.clock import SystemClock
from edge_agent.guard.app import create_guard_app
from edge_agent.guard.desk import DAY_MS
from edge_agent.guard.phones import create_phone_app
from edge_agent.guard.records import Came
from edge_agent.status.server import listen, serve_on
from schemas.roster import row
from simulators.portraits import portrait
from tests.edge_agent.guard.bench import COOK, PIN, STAFF, GuardBench
from tests.edge_agent.school import ALIYA, BORIS, GUARD
from tests.servers.chromium import chromium
from tests.servers.process import answers
from tests.waiting import until_async

SCREENS = Path("build/screens")
FACE = portrait("#7aa5c9")
OF_ALIYA = hashlib.sha256(FACE).hexdigest()
LISTED = row(
    "collector",
    ALIYA,
    [["Сәуле Қасымова", "mother", "", ""], ["Марат Қасымов", "sibling", "", "2099-05-25"]],
    ["g1", "c7"],
)
DESK_ROWS = (STAFF, COOK, row("face", ALIYA, OF_ALIYA), LISTED)
NAMED = (
    row("gate", "main", {"kk": "Басты кіреберіс", "ru": "Главный вход", "en": "Main entrance"}, "gate-1"),
    row("gate", "yard", {"kk": "Спорт залы", "ru": "Спортзал", "en": "Gym"}, "gate-2"),
)
BACK_DOOR = row("gate", "south", {"kk": "Аула есігі", "ru": "Двор", "en": "Back door"}, "gate-2", "usual", "shut_both")
BLOCKED = row("card", b"dana00000000".hex(), BORIS, "blocked", 0)
PUPILS = tuple(
    row("person", f"pupil{number:07d}", name, f"{2 + number % 9}{'АБВ'[number % 3]}", "student", 1, 1, "day")
    for number, name in enumerate(
        ("Аружан Бекова", "Тимур Ли", "Нұрлан Сәрсенов", "Полина Ким", "Ерасыл Омаров", "Мария Шевченко") * 5
    )
)


class ShownGuard(GuardBench):
    """A desk with a screen and a list for phones, by the machine's own clock."""

    def __init__(self, folder: Path, *changed: bytes, **bench: Any) -> None:
        super().__init__(
            folder, BLOCKED, BACK_DOOR, *PUPILS, *changed, desk_rows=DESK_ROWS, clock=SystemClock(), **bench
        )
        self.guard._screen.has_face = lambda digest: digest == OF_ALIYA
        self.guard.pages.face = {OF_ALIYA: FACE}.get
        self.url = self.list_url = ""
        self.cookie = ""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["ShownGuard"]:
        """Serve both."""
        desk, phones = listen("127.0.0.1", 0, "guard"), listen("127.0.0.1", 0, "guard")
        self.url = f"http://127.0.0.1:{desk.getsockname()[1]}/"
        self.list_url = self.guard.pages.list_url = f"http://127.0.0.1:{phones.getsockname()[1]}/"
        self.guard.phones.is_secure = False
        tasks = [
            asyncio.create_task(serve_on(desk, create_guard_app(self.guard.pages), ending=self.guard._end_streams)),
            asyncio.create_task(serve_on(phones, create_phone_app(self.guard.phones, "127.0.0.1"))),
        ]
        async with self.working():
            for url in (self.url, self.list_url):
                await until_async(partial(answers, _port_of(url)), what="the desk to listen")
            try:
                yield self
            finally:
                for task in tasks:
                    task.cancel()
                for task in tasks:
                    with suppress(asyncio.CancelledError):
                        await task

    async def show(self, page: Page, language: str = "en", *, is_signed: bool = True) -> Page:
        """Open the screen, signed in or not, and wait until the agent has spoken to it."""
        if is_signed:
            secret = await self.guard.pages.duty.sign_in(GUARD, PIN)
            await page.context.add_cookies([{"name": "esik-guard", "value": secret, "url": self.url}])
        await page.goto(f"{self.url}?lang={language}")
        await page.wait_for_selector("html[data-heard]", state="attached")
        if is_signed:
            await page.wait_for_selector("#panel[data-part]")
        return page


def _port_of(url: str) -> int:
    return int(url.rstrip("/").rpartition(":")[2])


State = Callable[[ShownGuard, Page], Awaitable[object]]


async def _nothing(_desk: ShownGuard, _page: Page) -> None:
    pass


async def _in(desk: ShownGuard, page: Page) -> None:
    await desk.tap(BORIS, "reader-out")
    await desk.tap("nobody000000")
    await desk.tap(ALIYA)
    await page.wait_for_selector('.stage[data-kind="in"] img.face')


async def _refused(desk: ShownGuard, page: Page) -> None:
    await desk.tap(ALIYA)
    await desk.tap("dana00000000")
    await page.wait_for_selector('.stage[data-kind="no"]')


async def _unknown(desk: ShownGuard, page: Page) -> None:
    await desk.tap("nobody000000")
    await page.wait_for_selector('.stage[data-kind="unknown"]')


async def _chosen(desk: ShownGuard, page: Page) -> None:
    await desk.tap(ALIYA)
    await page.click('[data-class="1А"]')
    await page.click(f'.person[data-ref="{ALIYA}"]')
    await page.wait_for_selector(".chosen")


async def _classes(_desk: ShownGuard, page: Page) -> None:
    await page.click('[data-class="1А"]')
    await page.wait_for_selector(".person")


async def _open(_desk: ShownGuard, page: Page) -> None:
    await page.click('[data-panel="open"]')
    await page.wait_for_selector(".opens")


async def _visitors(desk: ShownGuard, page: Page) -> None:
    await desk.desk.let_in(GUARD, Came("main", "Ерлан Жұмабаев", "guest", "17", GUARD, stay_min=60))
    left = await desk.desk.let_in(GUARD, Came("main", "Дана", "parent", "5"))
    await desk.desk.let_out(GUARD, left)
    await page.click('[data-panel="visitors"]')
    await page.wait_for_selector("details.new")


async def _deliveries(desk: ShownGuard, page: Page) -> None:
    for firm, what in (("Сүт Астық", "сүт, нан: асхана"), ("Кітап дүкені", "оқулықтар, 6 қорап")):
        await desk.desk.let_in(GUARD, Came("main", "", "delivery", firm=firm, detail=what))
    await desk.desk.let_out(GUARD, desk.desk.around.visits.inside()[0].id)
    await page.click('[data-panel="deliveries"]')
    await page.wait_for_selector("[data-do=deliver]")


async def _leaving(desk: ShownGuard, page: Page) -> None:
    await desk.tap(ALIYA)
    await desk.tap(ALIYA, "reader-out")
    await page.wait_for_selector(".leaving [data-do=collect]")


async def _not_listed(desk: ShownGuard, page: Page) -> None:
    await _leaving(desk, page)
    await page.click('.leaving [data-do="person"]')
    await page.click(".other summary")


async def _alarm(_desk: ShownGuard, page: Page) -> None:
    await page.click('[data-panel="alarm"]')
    await page.click(".sure.fire summary")
    await page.click(".sure:not(.fire) summary")


async def _fire(desk: ShownGuard, page: Page) -> None:
    for ref in (ALIYA, BORIS, *(f"pupil{number:07d}" for number in range(12))):
        desk.view.presume("main", "in", ref, desk.timekeeper.now())
    await asyncio.sleep(0.01)  # the fire is later than who came in
    await page.click('[data-panel="alarm"]')
    await desk.desk.order(GUARD, "fire")
    await page.wait_for_selector(".regime.burning")
    await page.wait_for_selector(".musters a")


async def _shared(desk: ShownGuard, page: Page) -> None:
    await _fire(desk, page)
    await page.click('[data-do="share"]')
    await page.wait_for_selector(".code svg")


async def _locked(desk: ShownGuard, page: Page) -> None:
    await desk.desk.order(GUARD, "lock_down")
    await page.click('[data-panel="alarm"]')
    await page.wait_for_selector(".regime.locked")


async def _list(desk: ShownGuard, page: Page) -> None:
    await _fire(desk, page)
    await desk.desk.let_in(GUARD, Came("main", "Ерлан Жұмабаев", "guest", "17", GUARD, stay_min=60))
    await desk.desk.call(ALIYA, "here", staff=GUARD)
    await desk.desk.call(BORIS, "missing", phone="ab" * 4)
    await page.click(".musters a")
    await page.wait_for_selector("body.list[data-muster]")
    await page.wait_for_selector("html[data-heard]", state="attached")


STATES: dict[str, State] = {
    "waiting": _nothing, "in": _in, "refused": _refused, "unknown": _unknown, "classes": _classes, "chosen": _chosen,
    "leaving": _leaving, "exception": _not_listed, "alarm": _alarm, "deliveries": _deliveries,
    "open": _open, "visitors": _visitors, "locked": _locked, "shared": _shared, "list": _list,
}  # fmt: skip


NARROW = ("opening", "in", "leaving", "exception", "alarm", "deliveries", "chosen", "shared", "list")


async def pictures(browser: Browser) -> None:
    """Take pictures of every state."""
    for name, language, theme, width, height in _takes():
        page = await browser.new_page(viewport={"width": width, "height": height}, color_scheme=theme)  # type: ignore[arg-type] # its own words
        with tempfile.TemporaryDirectory() as folder:
            async with pictured(Path(folder)).serving() as desk:
                await desk.show(page, language, is_signed=name != "opening")
                await STATES.get(name, _nothing)(desk, page)
                whole = name == "list" or width < 700
                await page.screenshot(path=SCREENS / f"guard-{name}-{language}-{width}-{theme}.png", full_page=whole)
        await page.close()


def pictured(folder: Path) -> ShownGuard:
    """Return a desk whose roster is of today."""
    desk = ShownGuard(folder, *NAMED, is_shared=True)
    assert desk.roster is not None
    now_ms = desk.clock.wall_ms()
    desk.roster.header = replace(desk.roster.header, issued_ms=now_ms, not_after_ms=now_ms + DAY_MS)
    return desk


def _takes() -> list[tuple[str, str, str, int, int]]:
    names = ["opening", *STATES]
    takes = [(name, "ru", "light", 1024, 600) for name in names]
    takes += [(name, "kk", "dark", 1280, 800) for name in names]
    return takes + [
        (name, "kk", "light", 390, 800)
        for name in ("opening", "in", "leaving", "exception", "alarm", "deliveries", "chosen", "shared", "list")
    ]


async def main() -> None:
    async with chromium() as browser:
        await pictures(browser)


if __name__ == "__main__":
    SCREENS.mkdir(parents=True, exist_ok=True)
    asyncio.run(main())
    sys.stdout.write(f"{SCREENS}/guard-*\n")
