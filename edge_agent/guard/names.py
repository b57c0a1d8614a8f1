"""What visitors are called: kept sealed at this desk alone until the day after they have left.

Rule: no name of a visitor stands in a record, a log, or on another machine.
"""

import asyncio
import json
from collections.abc import Collection
from pathlib import Path

import structlog

from edge_agent.sealed import Sealed, SealedBroken

NAMES_MAX = 2_000
NAME_MAX = 60
_KIND = "visitors"
log = structlog.get_logger()


class VisitorNames:
    """The names of visitors by visit."""

    def __init__(self, folder: Path, sealed: Sealed) -> None:
        self._file = folder / "visitors"
        self._sealed = sealed
        self._names: dict[str, str] = {}
        self._turn = asyncio.Lock()

    def load(self) -> None:
        """Read what is kept; what cannot be read is gone."""
        try:
            kept = json.loads(self._sealed.opened(self._file.read_bytes(), _KIND))
        except (OSError, SealedBroken, ValueError):
            return
        self._names = {str(key): str(name) for key, name in kept.items()} | self._names

    def name(self, visit: str) -> str:
        """Return a visitor's name; empty where this desk knows none."""
        return self._names.get(visit, "")

    async def put(self, visit: str, name: str, still: Collection[str]) -> None:
        """Keep a name beside those of the visits `still` wanted. A disk that takes nothing keeps it until a restart."""
        async with self._turn:
            kept = {key: each for key, each in self._names.items() if key in still}
            self._names = dict(list((kept | {visit: name[:NAME_MAX]}).items())[-NAMES_MAX:])
            try:
                await asyncio.to_thread(self._write, json.dumps(self._names).encode())
            except OSError as error:
                log.error("visitors.unkept", error=str(error))  # noqa: TRY400 # its words say all

    def _write(self, content: bytes) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        part = self._file.with_suffix(".part")
        part.write_bytes(self._sealed.sealed(content, _KIND))
        part.replace(self._file)
