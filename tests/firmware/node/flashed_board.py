"""A board as it leaves the bench: `/boot.py`, `/main.py` and two slots on LittleFS; a reset really starts it anew.

Nothing of the program is replaced: it is watched at its pins and on its console. The half hour that a program on trial
is given passes when the test says so.
"""

import asyncio
import contextlib
import json
import re
import shutil
import signal
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from firmware.tools.boardfiles import board_kinds
from firmware.tools.boardfiles_layout import BOOT, MANIFEST, RELEASE_KEY, SLOT, board_set
from tests.firmware.node.board_kit import ReaderProcess
from tests.firmware.vm import STAND_INS, run_vm, vm_command, vm_environment
from tests.waiting import Late, until_async

START = str(STAND_INS / "start_board.py")
PATH = f"{STAND_INS}:.frozen"
FILES_BYTES = 1_280 * 1024  # what it has of 4 MB beside MicroPython, journal and roster
HEAP = "384k"
BOARD = "gate-esp32s3"
RESTARTED = 75
STARTS_MAX = 16
BUZZER, FIRE = 15, 14
SLOW_S = 60.0


@cache
def bench_files() -> dict[str, bytes]:
    """Return what `esik device flash` writes onto a gate, by its path."""
    kind = next(kind for kind in board_kinds() if kind.name == BOARD)
    return {file.path: file.content for file in board_set(kind).files}


def slot_files() -> dict[str, bytes]:
    """Return the program alone, by its paths within a slot."""
    found = bench_files().items()
    return {
        path.removeprefix(f"{SLOT}/"): content
        for path, content in found
        if path.startswith(f"{SLOT}/") and path != MANIFEST
    }


def as_enrolled(bundle: Mapping[str, Any], release_key: bytes, **constants: int) -> dict[str, bytes]:
    """Return all files of a board after the bench and its enrolment; numbers of the boot file may be others."""
    settings = {"board": BOARD, "gate": "main", "direction": "in", "reader": "pn532-uart", "has_sensor": False}
    enrolled = {"/bundle.json": json.dumps(bundle).encode(), "/node.json": json.dumps(settings).encode()}
    enrolled[RELEASE_KEY] = release_key.hex().encode()
    return bench_files() | enrolled | {BOOT: _changed(bench_files()[BOOT], constants)}


@dataclass(slots=True)
class FlashedBoard:
    """The board; what stands in its folder outlives every start."""

    folder: Path
    starts: int = 0
    told: list[str] = field(default_factory=list)  # since the last start
    history: list[str] = field(default_factory=list)  # which slot ran, at each start
    _process: asyncio.subprocess.Process | None = None
    _running: asyncio.Task[None] | None = None

    def flash(self, files: Mapping[str, bytes]) -> None:
        """Write files onto it, by their paths."""
        source = self.folder / "source"
        for path, content in files.items():
            place = source / path.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        with (self.folder / "files").open("wb") as flash:
            flash.truncate(FILES_BYTES)
        run_vm(START, str(self.folder), str(FILES_BYTES), str(source), path=PATH, heap="1m")
        shutil.rmtree(source)
        (self.folder / f"in{FIRE}").write_text("0")  # the panel's contact is closed

    def start(self) -> None:
        """Switch the power on."""
        self._running = asyncio.create_task(self._run(), name="board")

    async def stop(self) -> None:
        """Cut the power. Raises what the board was found in trouble with."""
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running

    def half_an_hour_passes(self) -> None:
        """Let the timer that guards a trial have its time."""
        assert self._process is not None
        self._process.send_signal(signal.SIGALRM)

    async def has_started(self, slot: str, start: int) -> None:
        """Wait until a start, the first is 1, has run a slot's program."""
        try:
            await until_async(lambda: len(self.history) >= start, SLOW_S)
        except Late:
            raise Late(f"start {start} of a board that ran {self.history} and told {self.told}") from None
        assert self.history[start - 1] == f"/{slot}"

    def told_by_pins(self, line: str) -> int:
        """Return how often an output was put so."""
        path = self.folder / "pins"
        return path.read_text().splitlines().count(line) if path.exists() else 0

    async def _run(self) -> None:
        while self.starts < STARTS_MAX:
            command = vm_command(START, str(self.folder), str(FILES_BYTES), heap=HEAP)
            self._process = await asyncio.create_subprocess_exec(
                *command, env=vm_environment(self.folder, PATH), stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
            self.starts += 1
            self.told.clear()
            try:
                await self._listen(self._process)
            except asyncio.CancelledError:  # only now: who signals a process that has ended takes its status away
                self._process.kill()
                await self._process.wait()
                raise
            await self._process.wait()
            assert self._process.returncode == RESTARTED, (self._process.returncode, self.told)
        raise AssertionError(f"the board starts again and again: {self.told}")

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            self.told.append(line.decode().rstrip())
            if self.told[-1].startswith("runs "):
                self.history.append(self.told[-1].split()[1])


@contextlib.asynccontextmanager
async def flashed_board(folder: Path, files: Mapping[str, bytes]) -> AsyncIterator[tuple[FlashedBoard, "Hand"]]:
    """Flash a board, and run it until the end of the block; a hand holds cards to its reader."""
    board, reader = FlashedBoard(folder), ReaderProcess(folder / "uart1")
    await asyncio.to_thread(board.flash, files)
    await reader.plug()
    board.start()
    try:
        yield board, Hand(board, reader)
    finally:
        await board.stop()
        await reader.stop()


@dataclass(slots=True)
class Hand:
    """Holds cards to the reader, and hears what the gate makes of them."""

    board: FlashedBoard
    reader: ReaderProcess
    taps: int = 0

    async def tap(self, uid: bytes) -> None:
        """Show a card until the buzzer has sounded, and take it away."""
        sounded, silent = f"{BUZZER} 1", f"{BUZZER} 0"
        count, before = self.board.told_by_pins(sounded), self.board.told_by_pins(silent)
        self.reader.do(f"present {uid.hex()}")
        await until_async(lambda: self.board.told_by_pins(sounded) > count, SLOW_S, f"a tap: {self.board.told}")
        self.reader.do("remove")
        await until_async(lambda: self.board.told_by_pins(silent) > before, SLOW_S, "the buzzer to be silent")
        await asyncio.sleep(0.35)  # the card is surely away, as the field sees it
        self.taps += 1


def _changed(boot: bytes, constants: Mapping[str, int]) -> bytes:
    text = boot.decode()
    for name, value in constants.items():
        text, count = re.subn(rf"^{name} = [0-9_]+\b", f"{name} = {value}", text, flags=re.MULTILINE)
        assert count == 1, name
    return text.encode()
