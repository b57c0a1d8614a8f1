"""A real MicroPython behind a simulated board's prompt: a process that runs one program after another."""

import asyncio
import contextlib
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).parents[1]
VM = _ROOT / "build/micropython/micropython"
_SERVE = Path(__file__).parent / "micropython/raw_repl_vm.py"
_CHUNK = 4_096
HEAP = "400k"  # words are twice as long here as on a chip
_TO_LOADER = 3  # what raw_repl_vm.py ends with


@dataclass(frozen=True, slots=True)
class Told:
    """What MicroPython says of itself on a board: sys.platform, and sys.implementation's machine and version.

    Without a version it says its own, whatever it is.
    """

    platform: str
    machine: str
    version: str = ""


class Vm:
    """MicroPython with the file system of a board, in a file. A program that never ends is ended by `interrupt`."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, files: Path, size: int, told: Told, partitions: Sequence[str] = ()) -> "Vm":
        """Start it. Raises FileNotFoundError when `make setup` has not brought the VM."""
        board = [str(files), str(size), told.platform, told.machine, told.version, *partitions]
        words: list[str | Path] = [VM, "-X", f"heapsize={HEAP}", _SERVE, *board]
        return cls(await asyncio.create_subprocess_exec(*words, stdin=PIPE, stdout=PIPE, env={}, limit=_CHUNK))

    async def run(self, program: bytes, send: Callable[[bytes], None]) -> None:
        """Run a program; what it prints is sent at once, then 04, what went wrong, and 04."""
        asked, answered = self._process.stdin, self._process.stdout
        assert asked is not None  # noqa: S101 # both are pipes
        assert answered is not None  # noqa: S101
        asked.write(b"%d\n" % len(program) + program)
        ends = 0
        while ends < 2 and (chunk := await answered.read(_CHUNK)):
            ends += chunk.count(b"\x04")
            send(chunk)
        if ends < 2:
            await self._process.wait()

    @property
    def is_loader_asked(self) -> bool:
        """Tell whether a program asked for the boot loader."""
        return self._process.returncode == _TO_LOADER

    @property
    def has_ended(self) -> bool:
        """Tell whether it is gone: a program reset the board."""
        return self._process.returncode is not None

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """Cut the power: what was not written is lost, as on a board."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def stop(self) -> None:
        """Cut the power, and wait until nothing runs."""
        self.kill()
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()
