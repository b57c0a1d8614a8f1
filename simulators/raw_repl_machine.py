"""A real MicroPython behind a simulated board's prompt: a process that runs one program after another."""

import asyncio
import contextlib
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).parents[1]
VM = _ROOT / "build/micropython/micropython"
_SERVE = Path(__file__).parent / "micropython/raw_repl_vm.py"
_CHUNK = 4_096
HEAP = "200k"


@dataclass(frozen=True, slots=True)
class Told:
    """What MicroPython says of itself on a board: sys.platform, and the machine in sys.implementation."""

    platform: str
    machine: str


class Vm:
    """MicroPython with the file system of a board, in a file. A program that never ends is ended by `interrupt`."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, files: Path, size: int, told: Told) -> "Vm":
        """Start it. Raises FileNotFoundError when `make setup` has not brought the VM."""
        words = ["-X", f"heapsize={HEAP}", str(_SERVE), str(files), str(size), told.platform, told.machine]
        return cls(await asyncio.create_subprocess_exec(VM, *words, stdin=PIPE, stdout=PIPE, env={}, limit=_CHUNK))

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

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)

    async def stop(self) -> None:
        """Cut the power: what was not written is lost, as on a board."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
