"""Wait for a condition with a deadline, for tests that watch another process or thread."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

T = TypeVar("T")
PAUSE_S, PAUSE_MAX_S = 0.01, 0.1  # many looks at another process start a program: who waits long looks less often
PATIENCE_S = 30.0  # a machine with other work is slow; who waits goes on as soon as it is so
_never = threading.Event()


class Late(AssertionError):
    """The condition did not come true in time."""


def until(predicate: Callable[[], T], timeout_s: float = PATIENCE_S, what: str = "") -> T:
    """Return the predicate's first true value; raise Late when timeout_s seconds have passed."""
    deadline = time.monotonic() + timeout_s
    pauses = _pauses()
    while not (value := predicate()):
        _check(deadline, predicate, what)
        _never.wait(next(pauses))
    return value


async def until_async(predicate: Callable[[], T], timeout_s: float = PATIENCE_S, what: str = "") -> T:
    """Like until, but let the event loop run between two looks, which see what is so for a moment only, too."""
    deadline = time.monotonic() + timeout_s
    while not (value := predicate()):
        _check(deadline, predicate, what)
        await asyncio.sleep(PAUSE_S)
    return value


def _pauses() -> Iterator[float]:
    pause_s = PAUSE_S
    while True:
        yield pause_s
        pause_s = min(pause_s * 1.2, PAUSE_MAX_S)


def _check(deadline: float, predicate: Callable[[], object], what: str) -> None:
    if time.monotonic() >= deadline:
        raise Late(f"Still waiting for: {what or getattr(predicate, '__qualname__', repr(predicate))}")
