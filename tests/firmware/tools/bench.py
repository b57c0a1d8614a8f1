"""A bench for tests: a simulated board, MicroPython that passes for real, and our tool with little patience."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random

from firmware.tools.boardfiles import BoardFile, board_kinds
from firmware.tools.boardfiles_layout import MANIFEST, START, BoardSet
from firmware.tools.flash import Flashed, Flashing
from firmware.tools.flash_image import Image, read_image
from firmware.tools.flash_ports import Drive, Port
from firmware.tools.flash_programs import Programs
from simulators.board import Board
from simulators.esp_image import make_micropython
from tests.waiting import until_async

S3, C3 = 9, 5
CONTENT = Random(1).randbytes(60_000) + bytes(100_000)
MICROPYTHON = make_micropython(S3, CONTENT)


def image_of(content: bytes) -> Image:
    """Return a file's image, whose digest was given rightly."""
    return read_image(content, sha256(content).hexdigest())


def wanted_on(name: str) -> BoardSet:
    """Return few files for a kind of board, in the order of a real set."""
    kind = next(kind for kind in board_kinds() if kind.name == name)
    modules = [BoardFile(f"/a/package/{number}.mpy", Random(number).randbytes(700)) for number in range(4)]
    return BoardSet(kind, (*modules, BoardFile(MANIFEST, b'{"files": []}'), BoardFile(START, b"import package\n")))


GATE = wanted_on("gate-esp32s3")


@dataclass(slots=True)
class Bench:
    """Where a tool flashes boards. `found` is what it finds when it looks for boards; `told` what it said.

    A port may have the number of one that another test let go a moment ago, and looks after still.
    """

    folder: Path
    told: list[str] = field(default_factory=list)
    found: list[Port | Drive] = field(default_factory=list)
    busy_s: float = 10.0

    async def flash(self, path: str, image: Image | None = None, wanted: BoardSet = GATE) -> Flashed:
        """Flash the board at a port."""
        return await self.flash_at(Port(path, "named"), image, wanted)

    async def flash_at(self, place: Port | Drive, image: Image | None, wanted: BoardSet) -> Flashed:
        """Flash the board at a place, in a thread, as the command does."""
        self.folder.mkdir(exist_ok=True)
        programs = Programs(self.folder, attempts=1, busy_s=self.busy_s)
        flashing = Flashing(programs, wanted, self.told.append, find=self._find, comes_back_s=20.0)
        return await asyncio.to_thread(flashing.run, place, image)

    async def appears(self, board: Board, flashing: "asyncio.Task[Flashed]") -> Flashed:
        """Find a board's port as soon as it runs MicroPython; return how it was flashed."""
        await until_async(lambda: board.is_running or flashing.done())
        self.found.append(Port(board.path, "came back"))
        return await flashing

    def _find(self) -> Sequence[Port | Drive]:
        return list(self.found)
