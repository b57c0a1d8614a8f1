"""Photos kept on this machine: fetched ahead, checked by their digest when they are shown, and cleared away.

Rule: a photo that is not there is never waited for; what it would show is shown without one. What the roster does not
name any more is deleted. Photos of people lie on the disk sealed, so that a stolen disk shows nobody.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx2
import structlog

from edge_agent.clock import Clock
from edge_agent.sealed import Sealed, SealedBroken

EVERY_S = 60.0
KEPT_MAX = 5_000  # of at most 20 kB each
_DIGITS = frozenset("0123456789abcdef")
log = structlog.get_logger()


class Photos:
    """The photos that a roster names, of dishes or of people."""

    def __init__(
        self, folder: Path, clock: Clock, wanted: Callable[[], frozenset[str] | None], sealed: Sealed | None = None
    ) -> None:
        """`wanted` gives the digests that the roster of now names, None without one; `sealed` keeps them secret."""
        self.bring: Callable[[str], Awaitable[bytes]] | None = None  # how one is fetched; None where nothing is
        self._folder = folder
        self._clock = clock
        self._wanted = wanted
        self._sealed = sealed
        self._here: frozenset[str] = frozenset()

    def has(self, digest: str) -> bool:
        """Tell whether a photo is here."""
        return digest in self._here

    def read(self, digest: str) -> bytes | None:
        """Return a photo; None when it is not here, or is not what it was."""
        if len(digest) != 64 or not _DIGITS.issuperset(digest):
            return None
        try:
            file = (self._folder / digest).read_bytes()
            photo = self._sealed.opened(file, digest) if self._sealed is not None else file
        except (OSError, SealedBroken):
            return None
        return photo if hashlib.sha256(photo).hexdigest() == digest else None

    async def run(self) -> None:
        """Fetch what is lacking and clear away what nothing names, again and again, until cancelled."""
        while True:
            wanted = self._wanted()
            if wanted is not None:
                await self.keep(wanted)
            await self._clock.sleep(EVERY_S)

    async def keep(self, wanted: frozenset[str]) -> None:
        """Fetch what is lacking of these, and forget all others."""
        wanted = frozenset(sorted(wanted)[:KEPT_MAX])
        self._here = await asyncio.to_thread(self._sorted_out, wanted)
        for digest in sorted(wanted - self._here):
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
        part.write_bytes(self._sealed.sealed(photo, digest) if self._sealed is not None else photo)
        part.replace(self._folder / digest)
