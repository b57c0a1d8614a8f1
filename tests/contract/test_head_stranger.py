"""A head in another language, written from docs/head.md alone, at our agent's reader."""

import asyncio
from contextlib import aclosing
from pathlib import Path

from edge_agent.clock import SystemClock
from edge_agent.readers.chip import Conversing
from edge_agent.readers.head import HeadReader
from edge_agent.readers.proving import Proof
from edge_agent.readers.tap import Medium, Tap, Verdict
from schemas import head
from simulators.head_board import Terminal
from tests.servers.node import node_command

STRANGER = Path(__file__).with_name("head.mjs")
SELECT = bytes.fromhex("00a4040007d276000085010100")


class Asking:
    """Believes a card that says backwards what it is told."""

    def prove(self, chip: Conversing) -> Proof | None:
        uid = chip.hold()
        if uid is None or chip.exchange(SELECT) != SELECT[::-1] + b"\x90\x00":
            return None
        return Proof(uid, Medium.DESFIRE)


async def test_a_head_written_from_the_page_alone_serves_a_gate(tmp_path: Path) -> None:
    ends: dict[str, Terminal] = {}

    def over(to: str, said: bytes) -> bytes:
        ends[to].send(said)
        return b""

    ends["agent"] = Terminal(tmp_path / "line", lambda said: over("head", said))
    ends["head"] = Terminal(tmp_path / "board", lambda said: over("agent", said))
    reader = HeadReader("in", str(tmp_path / "line"), SystemClock(), prover=Asking())
    stranger = await asyncio.create_subprocess_exec(
        *node_command(STRANGER, str(tmp_path / "board")), stdout=asyncio.subprocess.PIPE
    )
    taps: list[Tap] = []

    async def serve() -> None:
        async with aclosing(reader.taps()) as coming:
            async for tap in coming:
                taps.append(tap)
                reader.switch(head.RELAY_IN, is_on=True, ttl_ms=700)
                reader.answer(tap, Verdict.GRANTED)

    serving = asyncio.create_task(serve())
    async with asyncio.timeout(30):
        told, _ = await stranger.communicate()
    serving.cancel()
    await asyncio.wait({serving})
    for end in ends.values():
        end.close()

    assert told.decode().splitlines() == [
        "welcome alone=0 answer_ms=500 silence_ms=3000",
        f"apdu {SELECT.hex()}",
        "output 1 on=1 ttl=700",
        "answer tap=1 outcome=0 light=1 sound=1",
        "heard",
    ]
    assert [(tap.credential.hex(), tap.medium) for tap in taps] == [("04a1b2c3d4e5f6", Medium.DESFIRE)]
