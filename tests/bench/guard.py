"""The guard's screen on a bench: a real agent, 2,000 students with photos, its page in a real browser, taps in turn."""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter

from playwright.async_api import Page

from edge_agent.bundle import read_bundle
from edge_agent.sealed import Sealed
from schemas.roster import row
from simulators.portraits import portrait
from tests.bench.table import Figure, at_most, percentile
from tests.bench.till import UNKNOWN, student_rows, uid_of
from tests.edge_agent.guard.bench import PIN
from tests.edge_agent.guard.guard_kit import DESK, GUARD, PERSON, GuardKit
from tests.edge_agent.school_kit import AgentKit, SchoolKit
from tests.servers.chromium import chromium
from tests.waiting import until

STUDENTS, FACES, TAPS = 2_000, 50, 300
TIMEOUT_S = 10.0
# Calls back once a new photo is decoded and painted: two frames after it was loaded.
WATCH = """() => {
  const look = () => {
    const stage = document.querySelector(".stage"), face = stage && stage.querySelector("img.face");
    if (!stage || stage.dataset.turn === window.lastTurn) return;
    window.lastTurn = stage.dataset.turn;
    const told = () => requestAnimationFrame(() => requestAnimationFrame(() => window.painted(stage.dataset.kind)));
    if (face) face.decode().then(told, told); else told();
  };
  new MutationObserver(look).observe(document.getElementById("stage"), { childList: true, subtree: true });
}"""


def _faces() -> dict[str, bytes]:
    """Return photos by digest."""
    made = [portrait(f"#{40 + 4 * number:02x}80a0") for number in range(FACES)]
    return {hashlib.sha256(photo).hexdigest(): photo for photo in made}


def _keep_faces(kit: AgentKit, faces: dict[str, bytes]) -> None:
    """Lay the photos on the agent's disk as it keeps them itself."""
    folder, sealed = kit.folder / "kept" / "guard" / "faces", Sealed(read_bundle(kit.folder / "bundle.json").rest_key)
    folder.mkdir(parents=True)
    for digest, photo in faces.items():
        (folder / digest).write_bytes(sealed.sealed(photo, digest))


class Gate:
    """People who tap, and when the guard saw them."""

    def __init__(self, desk: GuardKit, page: Page) -> None:
        self._desk = desk
        self._page = page
        self._seen: asyncio.Queue[str] = asyncio.Queue()

    async def watch(self) -> None:
        await self._page.expose_function("painted", self._seen.put_nowait)
        await self._page.evaluate(WATCH)

    async def until_shown(self, kind: str) -> None:
        async with asyncio.timeout(TIMEOUT_S):
            while await self._seen.get() != kind:
                pass

    async def tap_ms(self, number: int) -> float:
        """Return milliseconds from a card at the reader to the painted photo."""
        began_s = perf_counter()
        self._desk.kit.tap("north-in", uid_of(number))
        await self.until_shown("in")
        return (perf_counter() - began_s) * 1_000


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Gate]:
    """Run the agent, sign in, and open the page."""
    faces = _faces()
    of = [row("face", f"bench{number:07d}", list(faces)[number % len(faces)]) for number in range(STUDENTS)]
    people = [line for line in student_rows(STUDENTS) if line.startswith((b'["person"', b'["card"'))]
    school = SchoolKit(folder, people=0, policy={"passback": "off"}, more=[PERSON, *people], desk=[*DESK, *of])
    desk = GuardKit(school.agent("gate-1"))
    _keep_faces(desk.kit, faces)
    desk.kit.server.start()
    try:
        until(lambda: GUARD in desk.page("/"), 60, what="the desk's page with its guards")
        async with chromium() as browser:
            page = await browser.new_page(viewport={"width": 1280, "height": 800})
            await page.goto(f"http://127.0.0.1:{desk.port}/?lang=ru")
            await page.fill("#pin", PIN)
            await page.press("#pin", "Enter")
            await page.wait_for_selector("#panel[data-part]")
            gate = Gate(desk, page)
            await gate.watch()
            until(lambda: desk.kit.has_tapped("north-in", UNKNOWN), what="the reader to listen")
            await gate.until_shown("unknown")
            yield gate
    finally:
        desk.kit.server.stop()


async def _taps_ms() -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        async with opened(Path(folder)) as gate:
            return [await gate.tap_ms(number) for number in range(TAPS)]


def tap_to_photo() -> list[Figure]:
    """Measure from a card at the reader to the photo on the guard's screen."""
    samples_ms = asyncio.run(_taps_ms())
    how = (
        f"{TAPS} taps one after another, an agent process with {STUDENTS:,} students and their photos sealed on disk, "
        "the page in Chromium, up to the second frame after the photo is decoded"
    )
    return [
        Figure("card to the photo on the guard's screen, p50", percentile(samples_ms, 0.5), "ms", how),
        at_most("card to the photo on the guard's screen, p99", percentile(samples_ms, 0.99), "ms", how, ceiling=150),
    ]


MEASUREMENTS = (tap_to_photo,)
