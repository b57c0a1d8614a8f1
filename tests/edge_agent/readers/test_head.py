"""The agent's reader for a head: taps in, answers and orders out, and what goes wrong between."""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from edge_agent.actuators.actuator import FireChanged, PassageOutcome, Passed
from edge_agent.actuators.head import Wired, head_turnstile
from edge_agent.actuators.lane import Timing
from edge_agent.cards.counters import Counters
from edge_agent.cards.link import Link
from edge_agent.cards.making import Maker
from edge_agent.cards.master import Master
from edge_agent.cards.proving import CardProver
from edge_agent.clock import SystemClock
from edge_agent.readers.credentials import ByteOrder
from edge_agent.readers.head import Alone, HeadReader, Wall
from edge_agent.readers.osdp_card import CardBits
from edge_agent.readers.tap import Health, Medium, Tap, Verdict
from firmware.node.head_line import APDU, OUTPUT, SHOW, HeadLine
from schemas import head
from simulators.cards import card_make
from simulators.head import SimulatedHead
from simulators.head_board import Terminal
from tests.edge_agent.cards.bench import OnReader
from tests.edge_agent.readers.listening import listening
from tests.waiting import until_async

UID = bytes.fromhex("04A1B2C3D4E5F6")
HELLO = head.Hello(head.VERSION, 1, head.HAS_RELAYS, "e51c", "head-pico", "0.1.0")


class Stub:
    """A head's end of the line at a terminal, on this computer's clock; what it was told to do is kept."""

    def __init__(self, link: Path, hello: head.Hello = HELLO) -> None:
        self.line = HeadLine(hello)
        self.shown: list[tuple[int, int, int]] = []
        self.outputs: list[head.Output] = []
        self._link = link
        self._terminal: Terminal | None = Terminal(link, self._take)
        self.line.ready(self._now_ms())

    async def run(self) -> None:
        while True:
            self._obey(self.line.tick(self._now_ms()))
            self.send(self.line.take_output())
            await asyncio.sleep(0.005)

    def send(self, content: bytes) -> None:
        if self._terminal is not None:
            self._terminal.send(content)

    def tap(self, medium: int, credential: bytes) -> None:
        self._obey(self.line.tap(medium, credential, self._now_ms()))

    def input(self, inputs: int) -> None:
        self.line.input(inputs, self._now_ms())

    def is_served(self) -> bool:
        return self.line.is_served(self._now_ms())

    def unplug(self) -> None:
        if self._terminal is not None:
            self._terminal.close()
            self._terminal = None

    def plug(self) -> None:
        self._terminal = Terminal(self._link, self._take)

    def _take(self, said: bytes) -> bytes:
        self._obey(self.line.receive(said, self._now_ms()))
        return self.line.take_output()

    def _obey(self, orders: list[tuple[str, object]]) -> None:
        for kind, what in orders:
            if kind == SHOW and isinstance(what, tuple):
                self.shown.append(what)
            if kind == OUTPUT and isinstance(what, head.Output):
                self.outputs.append(what)
                self.line.done(what)
            assert kind != APDU, "nobody asks this card"

    @staticmethod
    def _now_ms() -> int:
        return round(asyncio.get_running_loop().time() * 1_000)


@pytest.fixture
async def stub(tmp_path: Path) -> AsyncIterator[Stub]:
    stub = Stub(tmp_path / "line")
    running = asyncio.create_task(stub.run())
    yield stub
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    stub.unplug()


@pytest.fixture
def reader(tmp_path: Path) -> HeadReader:
    return HeadReader("in", str(tmp_path / "line"), SystemClock())


async def ready(reader: HeadReader) -> None:
    await until_async(lambda: reader.health is Health.READY)


async def one(taps: list[Tap]) -> Tap:
    await until_async(lambda: taps)
    return taps.pop()


async def test_a_tap_is_answered_where_it_was_made(stub: Stub, reader: HeadReader) -> None:
    async with listening(reader) as taps:
        await ready(reader)
        for verdict in Verdict:
            stub.tap(head.UID, UID)
            reader.answer(await one(taps), verdict)
            await until_async(lambda: not stub.line.is_waiting())

    assert [(light, sound, outcome) for light, sound, outcome in stub.shown] == [
        (head.GREEN, head.SHORT, head.GRANTED),
        (head.RED, head.LONG, head.UNKNOWN),
        (head.RED, head.LONG, head.REFUSED),
        (head.AMBER, head.SILENT, head.REPEAT),
    ]


@pytest.mark.parametrize(
    ("medium", "sent", "credential", "told"),
    [
        (head.UID, UID, UID, Medium.UID),
        (head.UID, UID[:4], UID[:4], Medium.UID),
        (head.WIEGAND, b"\x01\x02\x03\x04", b"\x01\x02\x03\x04", Medium.UID),
        (head.QR, b"ESIK:ABC", b"ESIK:ABC", Medium.QR),
    ],
)
async def test_what_a_head_reads_is_a_credential_of_its_kind(
    stub: Stub, reader: HeadReader, medium: int, sent: bytes, credential: bytes, told: Medium
) -> None:
    async with listening(reader) as taps:
        await ready(reader)
        stub.tap(medium, sent)
        tap = await one(taps)

    assert (tap.credential, tap.medium, tap.reader) == (credential, told, "in")


@pytest.mark.parametrize(
    ("medium", "sent"),
    [(head.UID, UID[:5]), (head.UID, b""), (head.WIEGAND, UID), (head.WIEGAND, UID[:3]), (head.QR, b""), (9, UID)],
)
async def test_what_is_no_credential_is_counted_and_shown_red(
    stub: Stub, reader: HeadReader, medium: int, sent: bytes
) -> None:
    async with listening(reader) as taps:
        await ready(reader)
        stub.tap(medium, sent)
        await until_async(lambda: reader.counts.garbage == 1)
        await until_async(lambda: stub.shown)

        assert taps == []
    assert stub.shown == [(head.RED, head.LONG, head.REFUSED)]


async def test_a_wiegand_readers_bytes_are_turned_round_if_it_is_set_so(stub: Stub, tmp_path: Path) -> None:
    wall = Wall(ByteOrder.REVERSED, CardBits.WIEGAND26)
    reader = HeadReader("in", str(tmp_path / "line"), SystemClock(), wall=wall)
    async with listening(reader) as taps:
        await ready(reader)
        for number in (b"\x01\x02\x03\x04", b"\x01\x02\x03"):
            stub.tap(head.WIEGAND, number)
            tap = await one(taps)
            reader.answer(tap, Verdict.GRANTED)
            await until_async(lambda: not stub.line.is_waiting())

            assert tap.credential == number[::-1]


async def test_a_pulled_cable_is_noticed_and_the_head_comes_back_with_it(stub: Stub, reader: HeadReader) -> None:
    async with listening(reader) as taps:
        await ready(reader)
        stub.unplug()
        await until_async(lambda: reader.health is Health.LOST)
        assert reader.reason
        reader.switch(head.RELAY_IN, is_on=True, ttl_ms=200)  # there is nothing to switch, and nothing fails
        stub.plug()
        await ready(reader)
        await until_async(stub.is_served)
        stub.tap(head.UID, UID)
        await one(taps)

    assert reader.counts.losses == 1


async def test_a_head_of_another_version_is_refused_with_what_to_do(tmp_path: Path, reader: HeadReader) -> None:
    stub = Stub(tmp_path / "line", head.Hello(2, 1, 0, "e51c", "head-pico", "9.0"))
    running = asyncio.create_task(stub.run())
    async with listening(reader):
        await until_async(lambda: reader.health is Health.LOST)

        assert reader.reason.endswith("write this release's firmware to it with `esik device flash`")
        await until_async(lambda: stub.line.is_refused)
    running.cancel()
    await asyncio.wait({running})
    stub.unplug()


async def test_a_line_with_nobody_at_its_end_says_what_to_look_at(tmp_path: Path, reader: HeadReader) -> None:
    silent = Terminal(tmp_path / "line", lambda _said: b"")
    async with listening(reader):
        await until_async(lambda: reader.health is Health.LOST)

    assert "does its program run?" in reader.reason
    silent.close()


async def test_a_line_that_another_program_has_is_left_to_it_and_had_when_it_ends(
    stub: Stub, tmp_path: Path, reader: HeadReader
) -> None:
    other = os.open(tmp_path / "line", os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(other, fcntl.LOCK_EX)
    async with listening(reader):
        await until_async(lambda: reader.health is Health.LOST)
        assert reader.reason.startswith("another program has it")
        os.close(other)
        await ready(reader)

    assert stub.is_served()


@pytest.mark.parametrize("kind", ["nothing", "file"])
async def test_what_is_no_line_is_told(tmp_path: Path, reader: HeadReader, kind: str) -> None:
    if kind == "file":
        (tmp_path / "line").write_text("")
    async with listening(reader):
        await until_async(lambda: reader.health is Health.LOST)

    assert reader.reason in {"cannot be opened: No such file or directory", "is no serial line"}


async def test_a_heads_card_reader_that_fails_is_told_while_its_relays_work(stub: Stub, reader: HeadReader) -> None:
    async with listening(reader):
        await ready(reader)
        stub.line.trouble("the PN532 gave no answer", stub._now_ms())
        await until_async(lambda: reader.health is Health.LOST)
        assert reader.reason == "the PN532 gave no answer"
        reader.switch(head.RELAY_IN, is_on=True, ttl_ms=200)
        await until_async(lambda: stub.outputs)
        stub.line.ready(stub._now_ms())
        await ready(reader)


async def test_a_head_that_is_looked_for_blinks(stub: Stub, reader: HeadReader) -> None:
    async with listening(reader):
        await ready(reader)
        reader.locate()
        await until_async(lambda: stub.outputs)

    assert (stub.outputs[0].output, stub.outputs[0].is_on) == (head.LOCATE, 1)


async def test_what_the_door_is_set_to_is_told_to_the_head(stub: Stub, tmp_path: Path) -> None:
    reader = HeadReader("out", str(tmp_path / "line"), SystemClock(), alone=Alone.OPEN_OUT)
    async with listening(reader):
        await ready(reader)

    assert stub.line.alone == head.OPEN_OUT


async def test_a_gate_on_a_head_opens_passes_burns_and_rests(stub: Stub, reader: HeadReader) -> None:
    gate = head_turnstile(reader, Timing(pulse_ms=150), Wired(has_sensor=True, has_fire=True), SystemClock())
    seen: list[object] = []

    async def hear() -> None:
        async for event in gate.events():
            seen.append(event)  # noqa: PERF401  a list that grows while the test looks at it

    async with listening(reader):
        await ready(reader)
        hearing = asyncio.create_task(hear())
        await until_async(lambda: stub.outputs or not hearing.done())
        gate.open("in", 7)
        await until_async(lambda: stub.outputs)
        stub.input(head.PASSED_IN)
        stub.input(0)
        await until_async(lambda: seen)
        stub.input(head.FIRE)
        await until_async(lambda: len(seen) == 2)
        await until_async(lambda: len(stub.outputs) == 2)
        hearing.cancel()
        await asyncio.wait({hearing})

    passed, fire = seen
    assert isinstance(passed, Passed)
    assert (passed.outcome, passed.direction, passed.grant) == (PassageOutcome.PASSED, "in", 7)
    assert isinstance(fire, FireChanged)
    assert fire.burning
    assert [(order.output, order.is_on) for order in stub.outputs[:2]] == [(head.RELAY_IN, 1), (head.RELAY_IN, 0)]
    assert 150 < stub.outputs[0].ttl_ms <= 1_000


async def test_a_fire_that_ends_while_the_line_is_lost_ends_when_it_is_back_and_one_that_lasts_is_told_once(
    stub: Stub, reader: HeadReader
) -> None:
    gate = head_turnstile(reader, Timing(), Wired(has_fire=True), SystemClock())
    seen: list[object] = []

    async def hear() -> None:
        async for event in gate.events():
            seen.append(event)  # noqa: PERF401  a list that grows while the test looks at it

    async def again(inputs: int) -> None:
        """Pull the cable, let the contacts change, and put it back."""
        losses = reader.counts.losses
        stub.unplug()
        await until_async(lambda: reader.counts.losses == losses + 1)
        if inputs != stub.line.inputs:
            stub.input(inputs)
        stub.plug()
        await ready(reader)

    async with listening(reader):
        await ready(reader)
        hearing = asyncio.create_task(hear())
        await until_async(lambda: reader._listeners)
        stub.input(head.FIRE)
        await until_async(lambda: seen, what="the fire")
        await again(head.FIRE)
        await again(0)
        await until_async(lambda: len(seen) == 2, what="its end")
        hearing.cancel()
        await asyncio.wait({hearing})

    assert [event.burning for event in seen if isinstance(event, FireChanged)] == [True, False]


async def test_a_gate_that_begins_to_listen_hears_nothing_of_contacts_that_are_not_known(
    stub: Stub, reader: HeadReader
) -> None:
    heard: list[int] = []
    with reader.listening(heard.append):
        assert heard == []
        async with listening(reader):
            await ready(reader)
            await until_async(lambda: heard)
            with reader.listening(heard.append):
                assert heard == [0, 0]

    assert stub.line.inputs == 0


async def test_inputs_that_are_not_wired_are_not_believed(stub: Stub, reader: HeadReader) -> None:
    gate = head_turnstile(reader, Timing(), Wired(), SystemClock())
    async with listening(reader):
        await ready(reader)
        events = aiter(gate.events())
        coming = asyncio.ensure_future(anext(events))
        stub.input(head.FIRE | head.PASSED_IN)
        await until_async(lambda: reader._link.inputs)

        assert gate._lane.wake_at_ms is None
        assert not coming.done()
        coming.cancel()
        await asyncio.wait({coming})


@pytest.mark.parametrize("family", ["desfire", "ntag424"])
async def test_a_card_proves_itself_through_a_head_which_only_carries(tmp_path: Path, family: str) -> None:
    board = tmp_path / "board"
    board.mkdir()
    simulated = SimulatedHead(board, Random(1), tmp_path / "line")
    chip = simulated.drawer.chip_of(card_make(UID.hex(), family))
    master = Master(b"m" * 32)
    assert Maker(master, "school1", Link(), SystemClock(), Random(3)).make(OnReader(chip)) is not None
    counters = Counters(tmp_path)
    prover = CardProver(master.ring("school1"), counters, bytes.hex, SystemClock(), Random(2))
    reader = HeadReader("in", str(tmp_path / "line"), SystemClock(), prover=prover)
    simulated.start()
    async with listening(reader) as taps:
        await ready(reader)
        simulated.obey(f"present {UID.hex()} {family}")
        tap = await one(taps)
        reader.answer(tap, Verdict.GRANTED)
        await until_async(lambda: simulated.lit.get("green"))
        simulated.obey("present 0a0b0c0d classic")
        copy = await one(taps)
    await simulated.stop()
    counters.close()

    wanted = Medium.DESFIRE if family == "desfire" else Medium.SUN
    assert (tap.credential, tap.medium, tap.flaw) == (UID, wanted, "")
    assert (copy.credential.hex(), copy.medium) == ("0a0b0c0d", Medium.UID)


@pytest.mark.parametrize("kind", ["pn532-spi", "pn532-i2c", "rc522"])
async def test_every_kind_of_card_reader_on_a_head_is_read_by_its_firmware(
    tmp_path: Path, reader: HeadReader, kind: str
) -> None:
    board = tmp_path / "board"
    board.mkdir()
    simulated = SimulatedHead(board, Random(1), tmp_path / "line", kind)
    simulated.start()
    async with listening(reader) as taps:
        await ready(reader)
        for uid in (UID.hex(), UID.hex()[:8]):
            simulated.obey(f"present {uid}")
            tap = await one(taps)
            reader.answer(tap, Verdict.GRANTED)
            await until_async(lambda: simulated.lit.get("green"))

            assert tap.credential.hex() == uid
    await simulated.stop()
