"""How programs beside a worker are ended."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process

import pytest

from cloud.core import beside

_DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(600)"
_POLITE = "import sys; print(1, flush=True); sys.stdin.read()"


async def _running(program: str) -> Process:
    running = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdin=PIPE, stdout=PIPE)
    assert running.stdout is not None
    await running.stdout.readline()
    return running


async def test_a_program_is_ended_politely() -> None:
    program = await _running(_POLITE)

    await beside.end(program)

    assert program.returncode in {0, -15}  # its input ended, or it was told to


async def test_a_program_that_does_not_listen_is_ended_by_force(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "POLITE_S", 0.1)
    program = await _running(_DEAF)

    await beside.end(program)

    assert program.returncode == -9


async def test_who_is_cancelled_while_ending_a_program_leaves_none_behind() -> None:
    program = await _running(_DEAF)
    ending = asyncio.create_task(beside.end(program))
    await asyncio.sleep(0)

    ending.cancel()
    await asyncio.wait({ending})

    assert ending.cancelled()
    assert program.returncode == -9
