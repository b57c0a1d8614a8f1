"""Photos of dishes kept on this machine: fetched ahead, checked by their digest when they are shown, and cleared away.

Rule: a photo that is not there is never waited for; its dish is shown without one.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx2
import structlog

from edge_agent.clock import Clock
from edge_agent.till.book import Book

EVERY_S = 60.0
KEPT_MAX = 2_000
_DIGITS = frozenset("0123456789abcdef")
log = structlog.get_logger()


class Photos:
    """The photos that the roster's dishes name."""

    def __init__(self, folder: Path, clock: Clock, book: Callable[[], Book | None]) -> None:
        self.bring: Callable[[str], Awaitable[bytes]] | None = None  # how one is fetched; None where nothing is
        self._folder = folder
        self._clock = clock
        self._book = book
        self._here: frozenset[str] = frozenset()

    def has(self, digest: str) -> bool:
        """Tell whether a photo is here."""
        return digest in self._here

    def read(self, digest: str) -> bytes | None:
        """Return a photo; None when it is not here, or is not what it was."""
        if len(digest) != 64 or not _DIGITS.issuperset(digest):
            return None
        try:
            photo = (self._folder / digest).read_bytes()
        except OSError:
            return None
        return photo if hashlib.sha256(photo).hexdigest() == digest else None

    async def run(self) -> None:
        """Fetch what is lacking and clear away what no dish names, again and again, until cancelled."""
        while True:
            book = self._book()
            if book is not None:
                await self.keep(book.photos())
            await self._clock.sleep(EVERY_S)

    async def keep(self, wanted: frozenset[str]) -> None:
        """Fetch what is lacking of these, and forget all others."""
        self._here = await asyncio.to_thread(self._sorted_out, wanted)
        for digest in sorted(wanted - self._here)[:KEPT_MAX]:
            if self.bring is None:
                return
            try:
                photo = await self.bring(digest)
                await asyncio.to_thread(self._write, digest, photo)
                self._here |= {digest}
            except httpx2.HTTPStatusError as error:
                log.info("photo.refused", status=error.response.status_code)  # of this one; the next may come
            except (httpx2.HTTPError, OSError) as error:
                log.info("photo.unreachable", error=f"{type(error).__name__}: {error}")
                return

    def _sorted_out(self, wanted: frozenset[str]) -> frozenset[str]:
        """Delete what is not wanted or is damaged; return what is here."""
        try:
            names = {each.name for each in self._folder.iterdir()}
        except OSError:
            return frozenset()
        here = frozenset(name for name in names if name in wanted and self.read(name) is not None)
        for name in names - here:
            (self._folder / name).unlink(missing_ok=True)
        return here

    def _write(self, digest: str, photo: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        part = self._folder / f"{digest}.part"
        part.write_bytes(photo)
        part.replace(self._folder / digest)
