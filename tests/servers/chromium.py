"""Debian's Chromium without windows, driven by playwright, that talks to nobody but the pages it is shown."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, async_playwright, expect

from tests.servers.process import ServerMissing, program

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


def _program() -> Path:
    try:
        return program(SHELL, SHELL)
    except ServerMissing:
        return program("chromium", SHELL)
