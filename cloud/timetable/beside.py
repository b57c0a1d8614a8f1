"""The solver runs beside the worker, in a program of its own: it holds up no tap, and gives way to all others.

Rule: the program knows no database and no secret, not even by its environment; what it solves comes by its input, its
memory has a limit, and it ends with whoever began it.

`python -m cloud.timetable.beside` reads one line of JSON, tells of its progress in lines, and of the outcome in the
last one; its exit status is 1 when it has found none.
"""

import asyncio
import os
import resource
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable
from contextlib import suppress
from threading import Thread

import msgspec

from cloud.timetable.solving import Outcome, Problem, Progress, solve

MODULE = "cloud.timetable.beside"
NICE = 10
LINE_MAX = 16 << 20  # bytes of a line that is read
BEYOND_S = 120.0  # how much longer than it was told it may take: for building the model, and for explaining
STOP_S = 5.0
# Of addresses: a school of 40 classes was seen to take 0.4 GB. Without a limit, a problem that nobody foresaw would
# take the memory of the worker beside it.
MEMORY_MAX = 4 << 30
# What Python needs to find itself and its modules, and to write in UTF-8; settings with their secrets stay outside.
INHERITED = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "PYTHONUTF8")
Listening = Callable[[Progress], Awaitable[None]]


class NotSolved(Exception):
    """The program ended without an outcome."""


async def solve_beside(problem: Problem, listening: Listening) -> Outcome:
    """Let a program of its own solve a problem, and end it when this is cancelled. Raises NotSolved."""
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", MODULE, stdin=PIPE, stdout=PIPE, limit=LINE_MAX, start_new_session=True,
        env={name: os.environ[name] for name in INHERITED if name in os.environ},  # noqa: TID251 (no settings)
    )  # fmt: skip
    try:
        async with asyncio.timeout(problem.seconds + BEYOND_S):
            return await _heard(program, problem, listening)
    except TimeoutError:
        raise NotSolved("it took too long") from None
    finally:
        await _end(program)


async def _heard(program: Process, problem: Problem, listening: Listening) -> Outcome:
    assert program.stdin is not None  # noqa: S101 (a pipe)
    assert program.stdout is not None  # noqa: S101 (a pipe)
    program.stdin.write(msgspec.json.encode(problem) + b"\n")
    with suppress(ConnectionError):  # it has ended already, and its status says so
        await program.stdin.drain()
    while line := await program.stdout.readline():
        told = msgspec.json.decode(line, type=Told)
        if told.outcome is not None:
            return told.outcome
        if told.progress is not None:
            await listening(told.progress)
    raise NotSolved(f"exit status {await program.wait()}")


async def _end(program: Process) -> None:
    assert program.stdin is not None  # noqa: S101 (a pipe)
    program.stdin.close()
    if program.returncode is not None:
        return
    with suppress(ProcessLookupError):
        program.terminate()
    with suppress(TimeoutError):
        async with asyncio.timeout(STOP_S):
            await program.wait()
            return
    with suppress(ProcessLookupError):
        program.kill()
    await program.wait()


# The program


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line that the program tells."""

    progress: Progress | None = None
    outcome: Outcome | None = None


def main() -> int:
    """Solve what the input asks for; return the exit status."""
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    problem = msgspec.json.decode(sys.stdin.buffer.readline(LINE_MAX), type=Problem)
    Thread(target=_leave_with_beginner, daemon=True).start()
    outcome = solve(problem, lambda progress: _tell(Told(progress=progress)))
    _tell(Told(outcome=outcome))
    return 0


def _leave_with_beginner() -> None:
    """End when whoever began this is no more: the input ends then."""
    sys.stdin.buffer.read(1)
    os._exit(1)


def _tell(told: Told) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(told) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
