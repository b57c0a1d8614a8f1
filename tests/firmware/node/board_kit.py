"""A stand-alone gate on a simulated board: its program on a real MicroPython, its card reader, contacts and flash."""

import asyncio
import contextlib
import json
import os
import pty
import signal
import sys
import termios
import tty
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from tests.firmware.vm import ROOT, vm_command, vm_environment
from tests.servers.process import leash
from tests.waiting import Late, until_async

PROGRAM = ROOT / "tests/firmware/portable/node_program.py"
HEAP = "512k"  # the VM's words are twice a board's, and the code that a board has in flash is compiled into memory here
PASSED_IN_PIN, FIRE_PIN, RELAY_PIN = 1, 14, 4
CARD_STAYS_MS = 400


class ReaderProcess:
    """A simulated PN532 in a program of its own: a chip does not wait while the tests' own loop serves a page."""

    def __init__(self, link: Path) -> None:
        self._link = link
        self._process: asyncio.subprocess.Process | None = None

    async def plug(self) -> None:
        """Plug the reader in, once, and give its line the speed of the board's."""
        if self._process is not None:
            return
        command = [*leash(None), sys.executable, "-m", "simulators", "pn532", "--link", str(self._link)]
        pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        self._process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=pipe, stdout=nothing)
        await until_async(self._link.exists, 15.0, "the card reader to be plugged in")
        _set_speed(str(self._link.resolve()))

    def do(self, command: str) -> None:
        """Let something happen at the reader, by a line of its commands."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(command.encode() + b"\n")

    async def stop(self) -> None:
        """Pull the cable."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()


class ScannerLine:
    """The serial line of a scanner of codes."""

    def __init__(self, link: Path) -> None:
        self._ours, self._boards = pty.openpty()
        tty.setraw(self._boards)
        link.symlink_to(os.ttyname(self._boards))

    def scan(self, text: str) -> None:
        """Read a code, as a scanner does that ends each with a carriage return."""
        os.write(self._ours, text.encode() + b"\r")

    def close(self) -> None:
        """Pull the cable."""
        os.close(self._ours)
        os.close(self._boards)


class NodeBoard:
    """The board: what stands in its folder outlives every run, as flash does."""

    def __init__(self, folder: Path, bundle: Mapping[str, Any], **settings: object) -> None:
        self.folder = folder
        self.told: list[str] = []
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None
        self._reader = ReaderProcess(folder / "uart1")
        folder.mkdir()
        self._scanner = ScannerLine(folder / "uart2") if settings.get("has_scanner") else None
        (folder / "bundle.json").write_text(json.dumps(bundle))
        wanted = {"board": "gate_esp32s3", "gate": "main", "direction": "in", "reader": "pn532-uart"} | settings
        (folder / "node.json").write_text(json.dumps(wanted))
        (folder / "hands").touch()

    async def start(self) -> None:
        """Start the program, and wait until it runs."""
        await self._reader.plug()
        (self.folder / "hands").write_text("")
        command = vm_command(str(PROGRAM), str(self.folder), heap=HEAP)
        self._process = await asyncio.create_subprocess_exec(
            *command, env=vm_environment(self.folder), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        self.told.clear()
        self._listening = asyncio.create_task(self._listen(self._process))
        await self.until("free ")

    async def kill(self) -> None:
        """End the program as a power cut does."""
        if self._process is not None and self._listening is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
            await self._listening
        self._process = None

    async def until(self, begin: str, count: int = 1) -> str:
        """Wait until the program has told so many lines that begin so; return the last of them."""
        try:
            await until_async(lambda: len(self.lines(begin)) >= count, 15.0)
        except Late:
            told = list(self.told)
            raise Late(f"{begin!r} of the node, which told {told} and stood at {await self._place()}") from None
        return self.lines(begin)[count - 1]

    async def _place(self) -> list[str]:
        """Interrupt the program and return where it was, for whoever wonders why it is late."""
        assert self._process is not None
        told = len(self.told)
        self._process.send_signal(signal.SIGINT)
        await asyncio.sleep(1)
        return self.told[told:]

    def lines(self, begin: str) -> list[str]:
        """Return what the program has told since it started, of one kind."""
        return [line for line in self.told if line.startswith(begin)]

    async def tap(self, uid: bytes) -> str:
        """Show a card and take it away; return what the gate told of it."""
        count = len(self.lines("shown "))
        self._reader.do(f"present {uid.hex()}")
        told = await self.until("shown ", count + 1)
        self._reader.do("remove")
        await asyncio.sleep(0.35)  # the card is surely away, as the field sees it
        return told

    async def scan(self, text: str) -> str:
        """Hold a code to the scanner; return what the gate told of it."""
        assert self._scanner is not None, "this board was made without has_scanner"
        count = len(self.lines("shown "))
        self._scanner.scan(text)
        return await self.until("shown ", count + 1)

    async def unplug(self) -> None:
        """Take reader and scanner away."""
        await self._reader.stop()
        if self._scanner is not None:
            self._scanner.close()

    async def go_through(self) -> None:
        """Close the passage contact for a while, as somebody who goes through does."""
        for level in (0, 1):
            with (self.folder / "hands").open("a") as hands:
                hands.write(f"{PASSED_IN_PIN} {level}\n")
            await asyncio.sleep(0.1)

    def pulses(self) -> int:
        """Return how often the relay was pulled."""
        path = self.folder / "pins"
        return path.read_text().splitlines().count(f"{RELAY_PIN} 1") if path.exists() else 0

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            self.told.append(line.decode().rstrip())


@contextlib.asynccontextmanager
async def node_board(
    folder: Path, bundle: Mapping[str, Any], *, csr_pem: str = "", **settings: object
) -> AsyncIterator[NodeBoard]:
    """Run a board until the end of the block."""
    board = NodeBoard(folder, bundle, **settings)
    if csr_pem:
        (folder / "csr.pem").write_text(csr_pem)
    await board.start()
    try:
        yield board
    finally:
        await board.kill()
        await board.unplug()


def _set_speed(path: str) -> None:
    """Give the reader's line the speed of the board's, which a pseudo-terminal does not care for but its chip does."""
    line = os.open(path, os.O_RDWR | os.O_NOCTTY)
    try:
        attributes = termios.tcgetattr(line)
        attributes[4] = attributes[5] = termios.B115200
        termios.tcsetattr(line, termios.TCSANOW, attributes)
    finally:
        os.close(line)
