"""The status page in a browser: readable, accessible, in both themes, on a phone and on a desk."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Literal

import pytest
from playwright.async_api import Browser
from starlette.applications import Starlette
from starlette.responses import StreamingResponse
from starlette.routing import Route

from edge_agent.status.app import create_status_app
from edge_agent.status.server import StatusPortTaken, listen, serve_on, serve_status
from edge_agent.status.snapshot import Snapshot
from tests.edge_agent.status.snapshots import EVERY, NEW, TILL, TROUBLED, WELL
from tests.servers.axe import violations
from tests.servers.process import answers, free_port
from tests.waiting import until_async


class Shown:
    """An agent whose snapshot a test may change."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.port = free_port()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        app = create_status_app(lambda: self.snapshot)
        task = asyncio.create_task(serve_status(app, "127.0.0.1", self.port))
        try:
            await until_async(lambda: answers(self.port))
            yield f"http://127.0.0.1:{self.port}/"
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_the_page_fits_and_is_accessible(browser: Browser, theme: Literal["light", "dark"]) -> None:
    shown = Shown(WELL)
    page = await browser.new_page(color_scheme=theme)
    async with shown.serving() as url:
        for snapshot, language in ((WELL, "kk"), (TROUBLED, "ru"), (NEW, "en"), (TILL, "kk")):
            shown.snapshot = snapshot
            for width in (1280, 390):
                await page.set_viewport_size({"width": width, "height": 900})
                await page.goto(f"{url}?lang={language}")
                assert await page.evaluate("document.documentElement.scrollWidth") <= width
            assert await violations(page) == []


async def test_the_page_brings_itself_anew_and_says_when_the_agent_is_gone(browser: Browser) -> None:
    shown = Shown(WELL)
    page = await browser.new_page()
    async with shown.serving() as url:
        await page.goto(url + "?lang=en")
        shown.snapshot = TROUBLED
        await page.wait_for_selector("text=Something is broken", timeout=10_000)

    await page.wait_for_selector("text=The agent does not answer", timeout=10_000)


async def test_a_port_that_is_taken_is_named_with_what_to_do() -> None:
    shown = Shown(EVERY["well"])
    async with shown.serving():
        with pytest.raises(StatusPortTaken, match=r"127\.0\.0\.1:\d+ .* set status\.port"):
            await serve_status(create_status_app(lambda: WELL), "127.0.0.1", shown.port)


async def _ticks() -> AsyncIterator[bytes]:
    while True:
        yield b"tick"
        await asyncio.sleep(0.01)


async def test_serving_ends_though_somebody_hears_a_stream_that_does_not() -> None:
    app = Starlette(routes=[Route("/", lambda _request: StreamingResponse(_ticks()))])
    listening = listen("127.0.0.1", 0, "status")
    task = asyncio.create_task(serve_on(listening, app))
    port = int(listening.getsockname()[1])
    await until_async(lambda: answers(port))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
    await reader.readuntil(b"tick")

    task.cancel()
    await asyncio.wait([task], timeout=20)

    assert task.cancelled()
    writer.close()
