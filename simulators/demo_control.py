"""How another command finds a running demonstration, and what it may ask of it."""

import asyncio
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from simulators.control import command

STATE = "demo.json"
LOCK = ".lock"
ANSWER_S = 5.0
ENDING_S = 40.0  # a killed demonstration's database may still write
PAUSE_S = 0.1
COMMANDS = "plug, unplug, status"


class NoDemo(Exception):
    """There is no demonstration to ask."""


class DemoRuns(Exception):
    """A demonstration runs in this folder already."""


@dataclass(frozen=True, slots=True)
class State:
    """What stands in demo.json while a demonstration runs."""

    pid: int
    control_port: int
    url: str


def write_state(folder: Path, state: State) -> None:
    """Let others find us, all at once."""
    new = folder / f"{STATE}.new"
    new.write_text(json.dumps(asdict(state)))
    new.replace(folder / STATE)


def ask(folder: Path, line: str) -> str:
    """Give a running demonstration one command and return its answer. Raises NoDemo."""
    try:
        state = State(**json.loads((folder / STATE).read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise NoDemo(f"no demonstration runs here ({folder / STATE}): start one by `esik demo`") from error
    try:
        return asyncio.run(asyncio.wait_for(command(state.control_port, line), ANSWER_S))
    except (OSError, TimeoutError) as error:
        raise NoDemo("the demonstration does not answer: it may have been killed; start one by `esik demo`") from error


@dataclass(frozen=True, slots=True)
class Held:
    """A folder that is ours, and the lock that says so: for as long as anybody has it open."""

    folder: Path
    lock: int


@contextmanager
def fresh_folder(folder: Path) -> Iterator[Held]:
    """Hold a folder of our own, empty at first. Raises DemoRuns while another demonstration has it.

    The programs of a demonstration hold the lock too: after it was killed they need a moment to end, and are given it.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder.with_name(folder.name + LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _take(lock, folder)
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(exist_ok=True)
        yield Held(folder, lock)
        (folder / STATE).unlink(missing_ok=True)
    finally:
        os.close(lock)


def _take(lock: int, folder: Path) -> None:
    deadline_s = time.monotonic() + ENDING_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if _is_held_by_somebody_alive(lock):
                raise DemoRuns(f"a demonstration runs in {folder} already; end it there with Ctrl-C") from error
            if time.monotonic() >= deadline_s:
                raise DemoRuns(
                    f"programs of a demonstration that was killed do not end: `fuser {folder}{LOCK}` names them"
                ) from error
        else:
            return
        time.sleep(PAUSE_S)


def _is_held_by_somebody_alive(lock: int) -> bool:
    pid = os.pread(lock, 20, 0).decode(errors="replace")
    try:
        return pid.isdigit() and psutil.Process(int(pid)).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
