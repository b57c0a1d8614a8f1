"""The programs that a demonstration starts: each has a log, is started again, is ended in order, is never left behind.

Rule: a child belongs to the demonstration's life. It ends when it is told, and the kernel ends it when the
demonstration is killed and can tell nobody.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

STOP_S = 15.0
AGAIN_S = 1.0
SOON_S, SOON_MAX = 20.0, 5  # who ended so many times, each so soon after its start, will not do better
REFUSES = 78  # a setting is wrong: starting again does not mend that
LOG_TAIL = 1_500
_PR_SET_PDEATHSIG = 1
_ESIK = "import sys; from esik.cli import main; sys.exit(main(sys.argv[1:]))"


class ChildEnded(Exception):
    """A program of the demonstration ended by itself; the message has the end of its log."""


@dataclass(slots=True)
class Child:
    """One program `esik ...`."""

    name: str
    words: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    keeps: Sequence[int] = ()  # descriptors that stay open in it
    _process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it, in a session of its own so that Ctrl-C reaches only us."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
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

    async def keep(self, tell: Callable[[str], None]) -> None:
        """Start it again whenever it ends or is killed, as systemd would. Raises ChildEnded when that does not help."""
        loop = asyncio.get_running_loop()
        soon = 0
        while soon < SOON_MAX:
            began_s = loop.time()
            if await self._ended() == REFUSES:
                break
            soon = soon + 1 if loop.time() - began_s < SOON_S else 0
            tell(f"{self.name} ended{self._why()} and is started again.")
            await asyncio.sleep(AGAIN_S)
            await self.start()
        await self._ended()
        self.check()

    async def _ended(self) -> int:
        assert self._process is not None, "it was not started"  # noqa: S101
        return await self._process.wait()

    def _why(self) -> str:
        """Return the signal that ended it, or its status."""
        status = self._process.returncode if self._process is not None else None
        if status is None or status >= 0:
            return f" with status {status}"
        return f" by {signal.Signals(-status).name}"

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
