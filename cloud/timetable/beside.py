"""The solver runs beside the worker, in a program of its own: it holds up no tap, and gives way to all others.

Rule: the program knows no database and no secret, not even by its environment; what it solves comes by its input, its
memory has a limit, and it ends with whoever began it. The solver itself, which is large, is loaded nowhere else.
"""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable
from contextlib import suppress

import msgspec

from cloud.core.beside import end
from cloud.timetable.problem import LINE_MAX, Outcome, Problem, Progress, Told

MODULE = "cloud.timetable.program"
BEYOND_S = 120.0  # how much longer than it was told it may take: for building the model, and for explaining
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
        await end(program)


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
