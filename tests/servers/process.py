"""One server process: started with its parent's life as a leash, waited for, killed or stopped, and started again."""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path
from typing import IO

from tests.waiting import Late, until

START_S = 60.0
STOP_S = 10.0
LOG_TAIL = 2000


class ServerMissing(AssertionError):
    """A server's program is not on this machine; the message holds the command that brings it."""


class ServerFailed(AssertionError):
    """A server ended before it was ready; the message holds the end of its log."""


# Below the ports that connections are given (from 32768 on): nobody's connection comes to stand on a server's port, and
# none is made to itself, which would look like an answer. Above 10080, which Chromium opens for nobody.
_PORTS = range(10_100, 32_000)
_turns = count(os.getpid() * 997)  # each process of a run begins elsewhere
_claims = Path(tempfile.gettempdir()) / f"esik-test-ports-{os.geteuid()}"  # byte n locked: a living process has port n
_locked: dict[int, IO[bytes]] = {}  # by process: locks are not inherited


def free_port() -> int:
    """Return a loopback TCP port that was free a moment ago, and that no test's process returned that lives still."""
    for turn in islice(_turns, len(_PORTS)):
        port = _PORTS[turn % len(_PORTS)]
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            fcntl.lockf(_locks(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
            return port
    raise OSError(f"no loopback port of {_PORTS.start} to {_PORTS.stop} is free")


def _locks() -> IO[bytes]:
    """Return this process's own open file of claims; closing it would let all its claims go."""
    return _locked.get(os.getpid()) or _locked.setdefault(os.getpid(), _claims.open("ab"))


def program(name: str, package: str, *folders: Path) -> Path:
    """Return the path of a program; raise ServerMissing with the command that installs its package."""
    places = [str(folder) for folder in folders] or ["/usr/sbin", "/usr/local/sbin", *os.get_exec_path()]
    found = shutil.which(name, path=os.pathsep.join(places))
    if found is None:
        raise ServerMissing(f"{name} is not installed: run `make setup`, or `sudo apt-get install {package}`.")
    return Path(found)


def answers(port: int) -> bool:
    """Tell whether something accepts TCP connections on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass(slots=True)
class Server:
    """A program that can be started, killed and started again on the same port and data.

    Start it from a thread that outlives it: the kernel ends the program when that thread ends, so that a test run which
    is itself killed leaves nothing behind.
    """

    command: Sequence[str]
    log: Path
    is_ready: Callable[[], bool]
    stop_signal: signal.Signals = signal.SIGTERM
    user: str | None = None
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        assert self._process is not None, "the server was not started"
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the program and return when it is ready; raise ServerFailed with the end of its log otherwise."""
        assert not self.is_running, "the server runs already"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*leash(self.user), *self.command], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            until(lambda: self.is_ready() or not self.is_running, START_S, f"{self.command[0]} to be ready")
        except Late as late:
            self.kill()
            raise ServerFailed(f"{late} Its log ends:\n{self.log_tail()}") from None
        if not self.is_running:
            raise ServerFailed(f"{self.command[0]} ended at once. Its log ends:\n{self.log_tail()}")

    def kill(self) -> None:
        """End the program as a power cut does: SIGKILL, nothing flushed."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End the program politely, and by SIGKILL when it does not listen."""
        if self.is_running:
            self._end(self.stop_signal)

    def log_tail(self) -> str:
        """Return the end of what the program printed."""
        return self.log.read_text(errors="replace")[-LOG_TAIL:] if self.log.exists() else ""

    def _end(self, how: signal.Signals) -> None:
        assert self._process is not None, "the server was not started"
        self._process.send_signal(how)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(STOP_S)


def others_enter(folder: Path) -> bool:
    """Tell whether other users of the machine reach a folder: a clone in root's home none does."""
    return all(each.stat().st_mode & 0o001 for each in (folder, *folder.parents))


def leash(user: str | None) -> list[str]:
    """Return the words before a command that tie it to its parent's life and, as root, run it as another user."""
    words = [str(program("setpriv", "util-linux")), "--pdeathsig", "INT"]
    if user is not None and os.geteuid() == 0:
        words += ["--reuid", user, "--regid", user, "--clear-groups"]
    return [*words, "--"]
