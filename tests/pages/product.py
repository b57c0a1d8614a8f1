"""Pictures of the product for docs: `python -m tests.pages.product` writes docs/pictures, small ones of few colours.

Each page on a phone in Kazakh and light, on a phone in Russian and dark, and on a desk in English.
"""

import asyncio
import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, Page

from cloud.core.migrating import migrate
from tests.edge_agent.guard.screen import STATES, pictured
from tests.pages.door import IS_KEPT, Door, a_door
from tests.pages.pictures import TEMPLATE
from tests.pages.site import Site, resize, running_site
from tests.pages.test_looks import PAGES, Look, addressed
from tests.servers.postgres import postgres

FOLDER = Path("docs/pictures")
LOOKS: tuple[tuple[str, Look, int], ...] = (("kk", "light", 390), ("ru", "dark", 390), ("en", "light", 1280))
SHOWN = {
    "home": "children", "day": "child_day", "calendar": "child_calendar", "notices": "notices", "message": "message",
    "morning": "morning", "alerts": "alerts",
}  # fmt: skip
OF_THE_DESK = ("in", "leaving", "alarm")
COLOURS = 64
BYTES_MAX = 60_000
TALLEST = 1_400


async def take(page: Page, name: str) -> None:
    """Write a picture of what a page shows, from its top."""
    height = min(TALLEST, await page.evaluate("document.documentElement.scrollHeight"))
    size = page.viewport_size or {"width": 390, "height": 900}
    shot = await page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": size["width"], "height": height})
    out = io.BytesIO()
    with Image.open(io.BytesIO(shot)) as picture:
        picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    if out.tell() > BYTES_MAX:
        raise SystemExit(f"{name} takes {out.tell():,} bytes: choose a page that shows less")
    (FOLDER / f"{name}.png").write_bytes(out.getvalue())
    sys.stdout.write(f"{FOLDER}/{name}.png {out.tell():,}\n")


async def offline(door: Door) -> None:
    """Take the page that is shown when the server is gone."""
    for language, look, width in LOOKS:
        await door.open_up()
        page = await door.phone(language=language, theme=look, width=width)
        await page.evaluate(IS_KEPT)
        await door.shut()
        await page.reload()
        await take(page, f"offline-{language}-{width}-{look}")


async def take_all(site: Site) -> None:
    """Take every picture."""
    for name, key in SHOWN.items():
        who, path = PAGES[key]
        for language, look, width in LOOKS:
            page = await site.open(addressed(site, path), who, language=language, theme=look, width=width)
            await resize(page, width)
            await take(page, f"{name}-{language}-{width}-{look}")
    async with a_door(site) as door:
        await door.shut()
        await offline(door)


async def desk(browser: Browser) -> None:
    """Take the guard's desk at a gate."""
    for name in OF_THE_DESK:
        for language, look, width in LOOKS:
            page = await browser.new_page(viewport={"width": width, "height": 800}, color_scheme=look)
            with tempfile.TemporaryDirectory() as folder:
                async with pictured(Path(folder)).serving() as shown:
                    await shown.show(page, language)
                    await STATES[name](shown, page)
                    await take(page, f"desk-{name}-{language}-{width}-{look}")
            await page.close()


async def take_from(folder: Path) -> None:
    """Run the site and take every picture."""
    with postgres() as server:
        await migrate(server.create(TEMPLATE))
        async with running_site(server, TEMPLATE, folder) as site:
            await take_all(site)
            await desk(site.browser)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(take_from(Path(folder)))


if __name__ == "__main__":
    main()
