"""The till on a bench: a real agent with 2,000 students, its page in a real browser, and children who tap in turn."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter

from playwright.async_api import Page

from schemas.roster import row
from schemas.tokens import UID, token
from tests.bench.table import Figure, at_least, at_most, percentile
from tests.edge_agent.school_kit import CARD_KEY, SchoolKit
from tests.edge_agent.till.till_kit import TillKit, canteen_rows
from tests.servers.chromium import chromium
from tests.waiting import until

STUDENTS, OF_AN_HOUR = 2_000, 2_400
MEALS, LAST = 200, 240
EVERY_S = 1.5
TIMEOUT_S = 10.0
UNKNOWN = bytes.fromhex("04ffffffffffff")
# Calls back once what the agent sent is painted: two frames after the change.
WATCH = """() => {
  new MutationObserver(() => {
    const stage = document.querySelector(".stage");
    const now = stage && `${stage.dataset.kind} ${stage.dataset.turn}`;
    if (!now || now === window.lastSeen) return;
    window.lastSeen = now;
    requestAnimationFrame(() => requestAnimationFrame(() => window.painted(stage.dataset.kind)));
  }).observe(document.getElementById("main"), { childList: true, subtree: true });
}"""


def uid_of(number: int) -> bytes:
    return (0x04A1B2 << 32 | number).to_bytes(7, "big")


def student_rows(students: int) -> list[bytes]:
    """Return the students, every other one with a free lunch, the rest with money."""
    rows = []
    for number in range(students):
        ref = f"bench{number:07d}"
        rows.append(row("person", ref, f"Айгерім Сейітқызы {number}", f"{number % 11 + 1}А", "student", 1, 1, "all"))
        rows.append(row("card", token(CARD_KEY, UID, uid_of(number)), ref, "active", 0))
        rows.append(row("account", ref, 10**8, 0, -1, ["milk"] if number % 10 == 0 else [], [], []))
        if number % 2:
            rows.append(row("right", ref, [["lunch", "free", "2026-01-01", "2099-12-31", 0]]))
    return rows


class Queue:
    """Children at the till, and when the cashier saw what."""

    def __init__(self, till: TillKit, page: Page) -> None:
        self._till = till
        self._page = page
        self._seen: asyncio.Queue[str] = asyncio.Queue()

    async def watch(self) -> None:
        await self._page.expose_function("painted", self._seen.put_nowait)
        await self._page.evaluate(WATCH)

    async def until_shown(self, kind: str) -> None:
        async with asyncio.timeout(TIMEOUT_S):
            while await self._seen.get() != kind:
                pass

    async def serve(self, number: int) -> tuple[float, float]:
        """Tap and sell; return milliseconds from the card to the screen, and from the touch to sold."""
        began_s = perf_counter()
        self._till.kit.tap("cards", uid_of(number))
        await self.until_shown("buyer")
        shown_s = perf_counter()
        await self._page.click(".stage > .go")
        await self.until_shown("sold")
        return (shown_s - began_s) * 1_000, (perf_counter() - shown_s) * 1_000


@asynccontextmanager
async def opened(folder: Path, students: int) -> AsyncIterator[Queue]:
    """Run the agent, open the page and a shift."""
    school = SchoolKit(folder, people=0, gates={}, more=[*canteen_rows(["till-1"]), *student_rows(students)])
    till = TillKit.of_school(school, "till-1")
    till.kit.server.start()
    try:
        till.open()
        async with chromium() as browser:
            page = await browser.new_page(viewport={"width": 1024, "height": 600})
            await page.goto(f"{till.url}?lang=ru")
            await page.wait_for_selector("html[data-heard]", state="attached")
            queue = Queue(till, page)
            await queue.watch()
            until(lambda: till.has_tapped(UNKNOWN), what="the reader to listen")
            await queue.until_shown("turned")
            yield queue
    finally:
        till.kit.server.stop()


Times = list[tuple[float, float]]


async def _meals(count: int, every_s: float) -> tuple[Times, float]:
    """Serve so many children, one every so many seconds at the earliest; return their times and how long it took."""
    with tempfile.TemporaryDirectory() as folder:
        async with opened(Path(folder), max(STUDENTS, count)) as queue:
            began_s, times = perf_counter(), []
            for number in range(count):
                times.append(await queue.serve(number))
                await asyncio.sleep(max(0.0, began_s + (number + 1) * every_s - perf_counter()))
            return times, perf_counter() - began_s


def meals() -> list[Figure]:
    """Measure a queue that never ends: the next child taps as soon as the one before has the meal."""
    times, took_s = asyncio.run(_meals(MEALS, 0.0))
    return _figures(times, took_s, f"{MEALS} set meals one after another")


def meals_of_an_hour() -> list[Figure]:
    """Measure as many meals as an hour at 40 a minute has, without its pauses, and whether the till slows down."""
    times, took_s = asyncio.run(_meals(OF_AN_HOUR, 0.0))
    how = f"{OF_AN_HOUR:,} set meals, 40 a minute for an hour, without the pauses between: {took_s / 60:.1f} minutes"
    last, about = [shown for shown, _ in times[-LAST:]], _about(OF_AN_HOUR)
    return [
        at_least("set meals of an hour", len(times) / took_s * 60, "a minute", f"{how}; {about}", floor=40),
        at_most("card to the till's screen, p99, last tenth", percentile(last, 0.99), "ms", how, ceiling=150),
    ]


def long_queue() -> list[Figure]:
    """Measure the hour itself: 40 meals a minute, every child of the school once."""
    times, took_s = asyncio.run(_meals(OF_AN_HOUR, EVERY_S))
    return _figures(times, took_s, f"{OF_AN_HOUR:,} set meals, 40 a minute")


def _figures(times: Times, took_s: float, how: str) -> list[Figure]:
    shown, sold = ([each[place] for each in times] for place in (0, 1))
    how = f"{how}; {_about(len(times))}"
    return [
        Figure("card to the till's screen, p50", percentile(shown, 0.5), "ms", how),
        at_most("card to the till's screen, p99", percentile(shown, 0.99), "ms", how, ceiling=150),
        Figure("touch to sold, p50", percentile(sold, 0.5), "ms", how),
        at_most("touch to sold, p99", percentile(sold, 0.99), "ms", how, ceiling=1_000),
        at_least("set meals", len(times) / took_s * 60, "a minute", how, floor=39),
    ]


def _about(meals: int) -> str:
    students = max(STUDENTS, meals)
    return f"an agent process with {students:,} students, the page in Chromium, up to its second frame"


MEASUREMENTS = (meals, meals_of_an_hour)
LONG = (long_queue,)
