"""The parent's first page on a cheap phone: Chromium slowed down four times, on a line of 3G, by its own DevTools."""

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import CDPSession, Page

from cloud.core.migrating import migrate
from tests.bench.table import Figure, at_most, percentile
from tests.pages.site import Site, running_site
from tests.servers.postgres import postgres

TEMPLATE = "esik_bench_app"
SLOWER = 4
# DevTools' own "Fast 3G": nine tenths of 1.6 Mbit/s (of 2^20 bits), a round trip of 150 ms as 562 ms for a request.
LINE = {"offline": False, "latency": 562.5, "downloadThroughput": 188_743.68, "uploadThroughput": 86_400.0}
VISITS = 3
TOUCHES = 12
FIRST_VIEW_MAX = 150  # kB of scripts and style sheets
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
LOADED = "document.readyState === 'complete' && !!performance.getEntriesByName('first-contentful-paint').length"
SENT = """performance.getEntriesByType("resource").filter(each => /\\.(js|css)\\b/.test(each.name))
  .reduce((sum, each) => sum + each.encodedBodySize, 0)"""
# How long the browser says that a touch took, from the finger to the next picture, to 8 ms; of quicker ones than 16 ms
# it says nothing. A touch is several events: the slowest of them counts.
QUICKEST_MS = 16.0
WATCH = """() => { window.took = {};
  window.note = entries => { for (const { interactionId, duration } of entries)
    if (interactionId) window.took[interactionId] = Math.max(window.took[interactionId] ?? 0, duration); };
  window.watch = new PerformanceObserver(list => window.note(list.getEntries()));
  window.watch.observe({ type: "event", durationThreshold: 16 }); }"""
TOOK = "() => { window.note(window.watch.takeRecords()); return Object.values(window.took); }"
# Two pictures later, and once the browser has nothing more urgent to do than to tell of them.
PAINTED_AGAIN = """new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"""


@dataclass(slots=True)
class Seen:
    """What was measured, in milliseconds and bytes."""

    first_ms: list[float]
    again_ms: list[float]
    touched_ms: list[float]
    files: float
    page: float


async def _phone(site: Site) -> tuple[Page, CDPSession]:
    """Open the window of a phone on which a guardian of two children is signed in."""
    context = await site.browser.new_context(
        viewport={"width": 390, "height": 800}, device_scale_factor=2, has_touch=True, is_mobile=True,
        service_workers="block",  # else the line of the worker would be as quick as this machine
    )  # fmt: skip
    await context.add_cookies([{"name": "esik_session", "value": site.sample.tokens["guardian"], "url": site.address}])
    page = await context.new_page()
    line = await context.new_cdp_session(page)
    await line.send("Network.enable")
    await line.send("Network.emulateNetworkConditions", LINE)
    await line.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    return page, line


async def _visit(page: Page, address: str) -> float:
    await page.goto(address)
    await page.wait_for_function(LOADED)
    painted: float = await page.evaluate(PAINTED)
    return painted


async def _touched_ms(page: Page) -> list[float]:
    """Open and close the menu by touch; return how long each touch took, the quick ones as the quickest it tells."""
    await page.evaluate(WATCH)
    for _ in range(TOUCHES):
        await page.tap(".shell-top > .menu > summary")
        await page.evaluate(PAINTED_AGAIN)
    took: list[float] = await page.evaluate(TOOK)
    assert len(took) <= TOUCHES, "each touch is one interaction"
    return took + [QUICKEST_MS] * (TOUCHES - len(took))


async def _look(site: Site) -> Seen:
    seen = Seen([], [], [], 0, 0)
    for _ in range(VISITS):
        page, line = await _phone(site)
        seen.first_ms.append(await _visit(page, f"{site.address}/"))
        seen.files = await page.evaluate(SENT)
        seen.page = await page.evaluate("performance.getEntriesByType('navigation')[0].encodedBodySize")
        seen.again_ms.append(await _visit(page, f"{site.address}/"))
        seen.touched_ms += await _touched_ms(page)
        await line.detach()
        await page.context.close()
    return seen


async def _measure() -> Seen:
    with postgres() as server, tempfile.TemporaryDirectory() as folder:
        await migrate(server.create(TEMPLATE))
        async with running_site(server, TEMPLATE, Path(folder)) as site:
            return await _look(site)


def first_view() -> list[Figure]:
    """Measure a guardian's first page: what is sent, when something is seen, and how long a touch takes."""
    seen = asyncio.run(_measure())
    how = (
        f"Chromium as a phone 390 px wide, its processor {SLOWER} times slower, on DevTools' Fast 3G (1.5 Mbit/s, "
        f"562 ms a request), two children; median of {VISITS}; browser and server on this machine"
    )
    touch = (
        f"the account's menu, opened and closed {TOUCHES} times in each of {VISITS} visits, processor as above; finger "
        "to picture by Event Timing, in steps of 8 ms, 16 at least"
    )
    return [
        at_most("first view, scripts and styles", seen.files / 1_000, "kB", "compressed", ceiling=FIRST_VIEW_MAX),
        Figure("first view, the page itself", seen.page / 1_000, "kB", "compressed"),
        at_most("first contentful paint, nothing kept", percentile(seen.first_ms, 0.5), "ms", how, ceiling=3_000),
        at_most("first contentful paint, files kept", percentile(seen.again_ms, 0.5), "ms", how, ceiling=1_800),
        Figure("touch to picture, p50", percentile(seen.touched_ms, 0.5), "ms", touch),
        at_most("touch to picture, p98", percentile(seen.touched_ms, 0.98), "ms", touch, ceiling=100),
    ]


MEASUREMENTS = (first_view,)
