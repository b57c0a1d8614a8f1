"""Debian's Chromium without windows, driven by playwright, that talks to nobody but the pages it is shown."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, ElementHandle, Error, Page, async_playwright, expect

from tests.servers.process import ServerMissing, program
from tests.servers.window import ENTER, Gone

# How long anything that is expected of a page may take; the five seconds of playwright's own are few on a busy machine.
PATIENCE_MS = 20_000
expect.set_options(timeout=PATIENCE_MS)
SHELL = "chromium-headless-shell"  # the same browser without its own windows: half of the processor time
FLAGS = (
    "--no-sandbox",  # the sandbox refuses to work as root and in containers
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--disable-features=OptimizationHints,MediaRouter,Translate,AutofillServerCommunication",
    "--no-first-run",
    "--no-pings",
    "--metrics-recording-only",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Launch a browser and close it at the end."""
    path = _program()
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            await browser.close()


@dataclass(slots=True)
class Chromium:
    """A window of a running browser, for tests that treat all browsers alike."""

    page: Page
    complaints: list[str] = field(default_factory=list)  # errors of scripts, breaches of the policy

    async def open(self, address: str) -> None:
        """Open a page and return when it is loaded."""
        await self.page.goto(address)

    async def ask(self, expression: str) -> Any:
        """Return what an expression of the page becomes. Raises Gone when the page is left meanwhile."""
        try:
            return await self.page.evaluate(f"() => ({expression})")
        except Error as error:
            raise Gone(expression) from error

    async def press(self, element: str) -> None:
        """Bring an element into view and press it with a pointer."""
        await (await self._find(element)).click(no_wait_after=True)

    async def type(self, element: str, words: str) -> None:
        """Press an element and type words, key by key."""
        await (await self._find(element)).type(words.replace(ENTER, "\n"))

    async def attach(self, element: str, path: Path) -> None:
        """Choose a file."""
        await (await self._find(element)).set_input_files(path)

    async def _find(self, element: str) -> ElementHandle:
        found = (await self.page.evaluate_handle(f"() => {element}")).as_element()
        assert found is not None, f"there is no {element}"
        return found


async def fresh_window(browser: Browser) -> Chromium:
    """Open a window of a browser that was never used: no cookies, nothing kept, nothing chosen."""
    window = Chromium(await (await browser.new_context()).new_page())
    window.page.on("pageerror", lambda error: window.complaints.append(str(error)))
    window.page.on("console", lambda told: window.complaints.append(told.text) if told.type == "error" else None)
    return window


def _program() -> Path:
    try:
        return program(SHELL, SHELL)
    except ServerMissing:
        return program("chromium", SHELL)
