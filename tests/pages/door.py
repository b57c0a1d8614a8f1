"""The school's pages at an address of their own, which can be out of reach for real, and phones that look at them."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

from playwright.async_api import BrowserContext, Page

from cloud.app import create_app, serve
from tests.pages.site import Site
from tests.servers.process import free_port

KEPT = "caches.open('esik-kept').then(kept => kept.match('/kept/first-page'))"
# What the worker keeps, waited for as long as an expectation waits.
IS_KEPT = f"""async () => {{
  for (let turn = 0; turn < 400; turn++) {{
    const found = await {KEPT};
    if (found && navigator.serviceWorker.controller) return found.text();
    await new Promise(done => setTimeout(done, 50));
  }}
  throw new Error("nothing is kept");
}}"""
HOLDS = f"""async words => {{
  for (let turn = 0; turn < 400; turn++) {{
    if ((await {KEPT}.then(found => found ? found.text() : "")).includes(words)) return;
    await new Promise(done => setTimeout(done, 50));
  }}
  throw new Error("it was never kept");
}}"""


@dataclass(slots=True)
class Door:
    """The door, and the phones that came to it."""

    site: Site
    port: int
    serving: asyncio.Task[None] | None = None
    contexts: list[BrowserContext] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def open_up(self) -> None:
        settings = replace(self.site.services.settings, http_port=self.port, public_url=self.address)
        app, started = create_app(replace(self.site.services, settings=settings)), asyncio.Event()
        self.serving = asyncio.create_task(serve(app, started), name="web of the app")
        await started.wait()

    async def shut(self) -> None:
        if self.serving is not None:
            self.serving.cancel()
            await asyncio.wait([self.serving])
            self.serving = None

    async def phone(self, who: str = "guardian", language: str = "en", theme: str = "light", width: int = 390) -> Page:
        """Return a window of a phone of its own, on which a worker may be, with somebody signed in anew."""
        context = await self.site.browser.new_context(
            service_workers="allow", reduced_motion="reduce", viewport={"width": width, "height": 800}, locale="en-US"
        )
        self.contexts.append(context)
        for name, value in (("esik_language", language), ("esik_theme", theme)):
            await context.add_cookies([{"name": name, "value": value, "url": self.address}])
        await self.sign_in(context, who)
        page = await context.new_page()
        await page.goto(f"{self.address}/")
        return page

    async def sign_in(self, context: BrowserContext, who: str) -> None:
        """Begin a session without any page: whoever signs in, in whatever way, has its cookie then."""
        pool, token = self.site.services.database.pool, f"app-{who}-{len(self.contexts)}-{self.port}"
        digests = [hashlib.sha256(each.encode()).hexdigest() for each in (self.site.sample.tokens[who], token)]
        now = self.site.services.clock.now()
        await pool.execute(
            "INSERT INTO sign_in (account_id, token_digest, created_at, expires_at)"
            " SELECT account_id, $2, $3, $4 FROM sign_in WHERE token_digest = $1",
            *digests, now, now + timedelta(days=1),
        )  # fmt: skip
        await context.add_cookies([{"name": "esik_session", "value": token, "url": self.address}])


@asynccontextmanager
async def a_door(site: Site) -> AsyncIterator[Door]:
    """Open a door; at the end every phone is put away, and who chose a language has the one before."""
    door = Door(site, free_port())
    await door.open_up()
    pool = site.services.database.pool
    languages = await pool.fetch("SELECT id, language FROM account")
    try:
        yield door
    finally:
        for context in door.contexts:
            await context.close()
        await door.shut()
        back = [(each["id"], each["language"]) for each in languages]  # the sample's own read other tests' pages, too
        await pool.executemany("UPDATE account SET language = $2 WHERE id = $1 AND language <> $2", back)
