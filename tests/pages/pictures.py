"""Pictures of every page for people to look at: `python -m tests.pages.pictures [page ...]` fills build/screens.

In every language, light and dark, on a phone and on a desk, with everything open that can be opened.
"""

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cloud.core.i18n import Language
from cloud.core.migrating import migrate
from tests.pages.site import Site, resize, running_site
from tests.pages.test_looks import PAGES, Look, opened
from tests.servers.postgres import Postgres, postgres

SCREENS = Path("build/screens")
TEMPLATE = "esik_pictures"
LOOKS: tuple[Look, ...] = ("light", "dark")
WIDTHS = (390, 1280)


async def take(site: Site, name: str) -> None:
    """Take all pictures of a page."""
    for language in Language:
        for look in LOOKS:
            page = await opened(site, name, language, look)
            for width in WIDTHS:
                await resize(page, width)
                await page.screenshot(path=SCREENS / f"{name}-{language}-{width}-{look}.png", full_page=True)


async def take_all(server: Postgres, names: Sequence[str], folder: Path) -> None:
    """Run the site and take the pictures of the pages of these names."""
    async with running_site(server, TEMPLATE, folder) as site:
        for name in names:
            await take(site, name)
            sys.stdout.write(f"{SCREENS}/{name}-*\n")


def main(words: Sequence[str]) -> int:
    names = list(words) or list(PAGES)
    if unknown := set(names) - set(PAGES):
        sys.stderr.write(f"no page is called {', '.join(sorted(unknown))}; there are {', '.join(PAGES)}\n")
        return 2
    SCREENS.mkdir(parents=True, exist_ok=True)
    with postgres() as server, tempfile.TemporaryDirectory() as folder:
        asyncio.run(migrate(server.create(TEMPLATE)))
        asyncio.run(take_all(server, names, Path(folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
