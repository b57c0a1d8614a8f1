"""The programs that a demonstration starts: each with a log of its own, ended in order, and never left behind.

Rule: a child belongs to the demonstration's life. It ends when it is told, and the kernel ends it when the
demonstration is killed and can tell nobody.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

STOP_S = 15.0
LOG_TAIL = 1_500
_PR_SET_PDEATHSIG = 1
_ESIK = "import sys; from esik.cli import main; sys.exit(main(sys.argv[1:]))"


class ChildEnded(Exception):
    """A program of the demonstration ended by itself; the message has the end of its log."""


@dataclass(slots=True)
class Child:
    """One program `esik ...`, started again by nobody: a demonstration shows what is there."""

    name: str
    words: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    keeps: Sequence[int] = ()  # descriptors that stay open in it
    _process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it, in a session of its own so that Ctrl-C reaches only us."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", _ESIK, *self.words,
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={**_inherited(), **self.environment}, pass_fds=self.keeps, preexec_fn=_end_with_parent,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        assert self._process is not None, "it was not started"  # noqa: S101
        return self._process.pid

    def check(self) -> None:
        """Raise ChildEnded if it is there no more."""
        if self._process is not None and self._process.returncode is not None:
            raise ChildEnded(
                f"{self.name} ended with status {self._process.returncode}. {self.log} ends:\n{self.tail()}"
            )

    def tail(self) -> str:
        """Return the end of its log."""
        with contextlib.suppress(OSError):
            return self.log.read_text(errors="replace")[-LOG_TAIL:]
        return ""

    async def watch(self) -> None:
        """Wait until it ends by itself, which it should not. Raises ChildEnded."""
        assert self._process is not None, "it was not started"  # noqa: S101
        await self._process.wait()
        self.check()

    async def stop(self) -> None:
        """End it politely, and by force when it does not listen."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_S):
                await process.wait()
        if process.returncode is None:
            process.kill()
            await process.wait()


def _inherited() -> dict[str, str]:
    """Return our environment without settings of other installations of the product."""
    given = os.environ  # noqa: TID251 # what children inherit, not a setting
    return {name: value for name, value in given.items() if not name.startswith("ESIK_")}


def _end_with_parent() -> None:
    """In the child, before its program: have the kernel end it when its parent ends."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
