"""The running application with one browser and one school, for tests of pages and for pictures of them."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import FastAPI
from playwright.async_api import Browser, Page, ViewportSize

from cloud.app import create_app, serve
from cloud.core.database import Database
from cloud.core.services import Services
from cloud.core.settings import Settings
from cloud.core.vault import Vault
from cloud.core.wakeups import Wakeups
from cloud.devices import ca
from simulators.clock import SimulatedClock
from tests.cloud.fixtures import VAULT_KEY
from tests.pages import notice_sample, sample
from tests.pages.sample import NOW, Sample
from tests.servers.chromium import chromium
from tests.servers.postgres import Postgres
from tests.servers.process import free_port

DATABASE = "test_pages"
HEIGHT = 900


@dataclass(slots=True)
class Site:
    """The running application and a browser to look at it.

    There is one window of a kind, whoever looks: to open another costs a browser most of a second.
    """

    address: str
    app: FastAPI
    services: Services
    clock: SimulatedClock
    sample: Sample
    browser: Browser
    smtp_port: int  # nobody listens there but a test that says so
    windows: dict[tuple[bool, str], Page] = field(default_factory=dict)  # by scripts and the browser's own language
    complaints: list[str] = field(default_factory=list)  # of the browser: errors of scripts, breaches of the policy

    async def open(
        self,
        path: str,
        who: str = "",
        *,
        language: str = "en",
        locale: str = "en-US",
        theme: str = "light",
        width: int = 1280,
        script: bool = True,
    ) -> Page:
        """Open a page as somebody, in the place of the one that was open; without a language, as somebody new."""
        if (kind := (script, locale)) not in self.windows:
            self.windows[kind] = await self._window(script, locale)
        page = self.windows[kind]
        await resize(page, width)
        await page.context.clear_cookies()
        cookies = {"esik_language": language, "esik_theme": theme} if language else {}
        if who:
            cookies["esik_session"] = self.sample.tokens[who]
        await page.context.add_cookies(
            [{"name": name, "value": value, "url": self.address} for name, value in cookies.items()]
        )
        await page.goto(self.address + path)
        return page

    async def _window(self, script: bool, locale: str) -> Page:
        context = await self.browser.new_context(
            java_script_enabled=script, reduced_motion="reduce", locale=locale, service_workers="block"
        )  # what a worker keeps would outlive a test: tests/pages/test_app.py has windows of its own
        page = await context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda told: self._hear(told.type, told.text))
        return page

    def _hear(self, kind: str, text: str) -> None:
        if kind == "error" and not text.startswith("Failed to load resource"):
            self.complaints.append(text)


@asynccontextmanager
async def altered(page: Page) -> AsyncIterator[None]:
    """Give a window back on the line, on the screen and without detours, whatever a test makes of it meanwhile."""
    try:
        yield
    finally:
        await page.unroute_all()
        await page.context.set_offline(False)
        await page.emulate_media(media="screen")


async def resize(page: Page, width: int) -> None:
    """Let a window have a width; one that has it already is not asked."""
    wanted = ViewportSize(width=width, height=HEIGHT)
    if page.viewport_size != wanted:
        await page.set_viewport_size(wanted)


@asynccontextmanager
async def running_site(postgres: Postgres, template: str, folder: Path) -> AsyncIterator[Site]:
    """Run the application on a new database with the sample school, and a browser beside it."""
    url = postgres.create(DATABASE, template)
    database = await Database.open(url, connections_max=10)
    clock = SimulatedClock(started_at=NOW)
    port, smtp_port = free_port(), free_port()
    settings = Settings(
        data=folder, database_url=url, http_port=port, public_url=f"http://127.0.0.1:{port}",
        smtp_url=f"smtp://127.0.0.1:{smtp_port}", smtp_from="esik@example.kz",  # where a test may listen
        sms_url="http://school:secret@127.0.0.1:1/sys/send.php", telegram_bot=notice_sample.BOT,
    )  # fmt: skip
    services = Services(settings, clock, database, Vault(VAULT_KEY), Wakeups(url, clock), random.Random(1))
    written = await sample.write(services)
    ca.init(settings.data / "ca", services.vault, clock.now())
    async with asyncio.TaskGroup() as tasks, chromium() as browser:
        listening = tasks.create_task(services.wakeups.run(), name="wake-ups")
        await services.wakeups.until_listening()
        app = create_app(services)
        started = asyncio.Event()
        serving = tasks.create_task(serve(app, started), name="web")
        await started.wait()
        yield Site(f"http://127.0.0.1:{port}", app, services, clock, written, browser, smtp_port)
        serving.cancel()
        listening.cancel()
    await database.close()
    postgres.drop(DATABASE)
