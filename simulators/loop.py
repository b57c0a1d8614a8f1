"""An event loop on a jumping clock: when nobody has anything to do, it is at once as late as the next timer.

Rule: no threads, no sockets, no time of day; the same coroutines and the same seed give the same run, step by step.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from itertools import count
from typing import Any, TypeVar

from typing_extensions import override

T = TypeVar("T")
STEPS_MAX = 50_000  # of the loop in one instant
_ROUNDS_MAX = 3


class NothingLeftToHappen(RuntimeError):
    """Everybody waits for somebody else, and no timer runs: the world has stopped before its story was over."""


class TimeStandsStill(RuntimeError):
    """Somebody acts again and again in one instant: on a real machine it would burn the processor."""


class _Jumper:
    """Stands where a loop has its selector: instead of waiting for sockets it lets time pass."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._steps = 0

    def select(self, timeout: float | None) -> list[object]:
        if timeout is None:
            raise NothingLeftToHappen("no task can go on and no timer runs")
        self._steps = 0 if timeout > 0 else self._steps + 1
        if self._steps > STEPS_MAX:
            self._steps = 0  # so that the tasks can still be cancelled
            raise TimeStandsStill(f"{STEPS_MAX} steps in one instant: a timer that is due but does nothing?")
        self.now_s += timeout
        return []


class _Numbered(asyncio.Task[Any]):
    """A task that stands in a set by its number, not by its address: a group's tasks are cancelled in one order."""

    def __init__(self, coro: Coroutine[Any, Any, Any], *, loop: "JumpingLoop", **given: Any) -> None:
        self.number = next(loop.numbers)  # before anybody puts it in a set
        super().__init__(coro, loop=loop, **given)

    @override
    def __hash__(self) -> int:
        return self.number

    @override
    def __eq__(self, other: object) -> bool:
        return self is other


class JumpingLoop(asyncio.BaseEventLoop):
    """Runs coroutines in simulated time; `time` begins at 0."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers = count(1)
        self.set_task_factory(_make_task)
        self._jumper = _Jumper()
        self._selector = self._jumper  # the name that BaseEventLoop looks for

    @override
    def time(self) -> float:
        """Return simulated seconds since the loop was made."""
        return self._jumper.now_s

    @property
    def now_ms(self) -> int:
        """Return simulated milliseconds since the loop was made."""
        return int(self._jumper.now_s * 1000 + 1e-6)

    @override
    def run_in_executor(self, executor: object, func: Callable[..., Any], *_args: object) -> Any:
        """Refuse: a thread would make the run differ from its twin."""
        raise AssertionError(f"a simulated world has no threads, but {func!r} wants one")

    def _process_events(self, event_list: list[object]) -> None:
        assert not event_list, "a simulated world has no sockets"  # noqa: S101 (programmer error)

    def _write_to_self(self) -> None:
        """Wake nobody: there is no other thread that could have called."""


def _make_task(loop: asyncio.AbstractEventLoop, coro: Any, **given: Any) -> asyncio.Task[Any]:
    assert isinstance(loop, JumpingLoop), "it is set on those only"  # noqa: S101 (programmer error)
    return _Numbered(coro, loop=loop, **given)


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on a new jumping loop; whatever it left behind is cancelled, however it ended."""
    loop = JumpingLoop()
    try:
        return loop.run_until_complete(main)
    finally:
        try:
            _cancel_rest(loop)
        finally:
            loop.close()


def _cancel_rest(loop: JumpingLoop) -> None:
    """Cancel every task; who does not go even then is closed where it stands, so that no later run hears of it."""
    for _ in range(_ROUNDS_MAX):
        if not (left := sorted(asyncio.all_tasks(loop), key=hash)):
            return
        for task in left:
            task.cancel()
        with contextlib.suppress(NothingLeftToHappen, TimeStandsStill):
            loop.run_until_complete(asyncio.wait(left))
    for task in asyncio.all_tasks(loop):
        if (coroutine := task.get_coro()) is not None:
            with contextlib.suppress(RuntimeError):  # it holds on to its life
                coroutine.close()


def running() -> JumpingLoop:
    """Return the jumping loop that runs now."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, JumpingLoop), "this belongs into a simulated world"  # noqa: S101 (programmer error)
    return loop
