"""What is measured of a reader head: from a card told by its firmware, on MicroPython, to the light that answers it."""

import asyncio
import json
import os
import tempfile
from contextlib import aclosing
from pathlib import Path

from edge_agent.clock import SystemClock
from edge_agent.readers.head import HeadReader
from edge_agent.readers.tap import Verdict
from simulators.head_board import Terminal
from tests.bench.table import Figure, at_most, percentile
from tests.firmware.vm import vm_command, vm_environment

TAPS = 500
PROGRAM = Path(__file__).parents[1] / "firmware/portable/head_rounds.py"
METHOD = (
    f"{TAPS} cards one after another, firmware on the MicroPython VM, the agent's own reader at the other end of a "
    "pseudo-terminal, answered at once; no radio, and not the 4 ms that both frames take at 115,200 baud"
)


def round_trips() -> list[Figure]:
    """Time from a card's frame to the light of its answer, as the head's program sees it."""
    samples_ms = asyncio.run(_samples_ms())
    return [
        Figure("head to agent and back, p50", percentile(samples_ms, 0.50), "ms", METHOD),
        at_most("head to agent and back, p99", percentile(samples_ms, 0.99), "ms", METHOD, ceiling=20.0),
    ]


async def _samples_ms() -> list[float]:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        ends: dict[str, Terminal] = {}
        ends["agent"] = Terminal(folder / "line", lambda said: _pass(ends["board"], said))
        ends["board"] = Terminal(folder / "uart0", lambda said: _pass(ends["agent"], said))
        answering = asyncio.create_task(_answer(HeadReader("head", str(folder / "line"), SystemClock())))
        try:
            return await _run(folder)
        finally:
            answering.cancel()
            await asyncio.wait({answering})
            for end in ends.values():
                end.close()


def _pass(end: Terminal, said: bytes) -> bytes:
    end.send(said)
    return b""


async def _answer(reader: HeadReader) -> None:
    async with aclosing(reader.taps()) as taps:
        async for tap in taps:
            reader.answer(tap, Verdict.GRANTED)


async def _run(folder: Path) -> list[float]:
    program = await asyncio.create_subprocess_exec(
        *vm_command(str(PROGRAM), str(TAPS), heap="190k"),
        env=vm_environment(folder), cwd=folder, stdout=asyncio.subprocess.PIPE, limit=1 << 20,
    )  # fmt: skip
    async with asyncio.timeout(120):
        told, _ = await program.communicate()
    assert program.returncode == os.EX_OK, "the head's program ended with an error"
    return [sample / 1_000 for sample in json.loads(told)]


MEASUREMENTS = (round_trips,)
