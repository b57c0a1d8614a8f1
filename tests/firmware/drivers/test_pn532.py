"""Our own PN532 core, against the simulated chip, without wires and on a clock that jumps."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.drivers import pn532
from firmware.drivers.pn532 import ANSWERED, FAILED, HELD, READY, RELEASED, SEEN, Pn532
from simulators import pn532_frames
from simulators.cards import Card, Make, card_make
from simulators.pn532_chip import BAUD, Chip
from simulators.pn532_faults import Fault
from simulators.rf_field import RfField
from tests.firmware.drivers import core_replay
from tests.servers.node import run_node

HERE = Path(__file__).parent

BODIES = st.binary(min_size=1, max_size=265)
ISO_DEP = card_make("04A1B2C3D4E5F6", "iso-dep")
APDU = bytes.fromhex("00A4040007D276000085010100")


class Table:
    """The core and a chip, with a wire between."""

    def __init__(self) -> None:
        self.field = RfField()
        self.chip = Chip(self.field)
        self.core = Pn532()
        self.now_ms = 0

    def run(self) -> list[tuple[str, object]]:
        """Carry bytes and let time pass until there is an event."""
        events: list[tuple[str, object]] = []
        while not events:
            answer = self.chip.receive(self.core.take_output(), BAUD, self.now_ms)
            events = self.core.receive(answer, self.now_ms)
            if not events and not answer:
                assert self.core.due_ms is not None
                self.now_ms = self.core.due_ms
                events = self.core.tick(self.now_ms)
        return events

    def look(self) -> list[tuple[str, object]]:
        self.core.look(self.now_ms)
        return self.run()

    def hold(self) -> list[tuple[str, object]]:
        self.core.hold(self.now_ms)
        return self.run()

    def exchange(self, apdu: bytes) -> list[tuple[str, object]]:
        self.core.exchange(apdu, self.now_ms)
        return self.run()

    def release(self) -> list[tuple[str, object]]:
        self.core.release(self.now_ms)
        return self.run()

    def put(self, make: Make, heard: list[bytes] | None = None) -> None:
        """Put a card on the table that says backwards what it hears, and notes it in `heard`."""

        def applet(apdu: bytes) -> bytes:
            (heard if heard is not None else []).append(apdu)
            return apdu[::-1][:256] + b"\x90\x00"

        self.field.put(Card(make, Random(1), applet))


@pytest.fixture
def table() -> Table:
    table = Table()
    table.core.start(0)
    assert table.run() == [(READY, None)]
    return table


@given(st.lists(BODIES, max_size=4), st.lists(st.integers(1, 40), max_size=20))
def test_two_programs_agree_on_frames(bodies: list[bytes], cuts: list[int]) -> None:
    line = b"".join(pn532.encode(body) for body in bodies)
    assert line == b"".join(pn532_frames.encode(body) for body in bodies)

    frames, found = pn532.Frames(), []
    for cut in cuts:
        found += frames.feed(line[:cut])
        line = line[cut:]
    assert found + frames.feed(line) == bodies


@given(st.lists(st.binary(max_size=400), max_size=4))
def test_two_programs_agree_on_noise(chunks: list[bytes]) -> None:
    mine, theirs = pn532.Frames(), pn532_frames.Decoder()
    for chunk in chunks:
        whole = [frame for frame in mine.feed(chunk) if frame is not None]
        expected = [frame for frame in theirs.feed(chunk) if not isinstance(frame, pn532_frames.Broken)]

        assert whole == [_bytes_of(frame) for frame in expected]


def _bytes_of(frame: pn532_frames.Frame) -> bytes:
    match frame:
        case pn532_frames.Body(content):
            return content
        case pn532_frames.Signal.ACK:
            return pn532.ACK
        case _:
            return pn532.NACK


@pytest.mark.parametrize("uid", ["01020304", "04A1B2C3D4E5F6", "04A1B2C3D4E5F6071829"])
def test_a_card_is_seen_at_every_look_and_no_more_when_it_is_gone(table: Table, uid: str) -> None:
    table.field.put(Card(card_make(uid), Random(1)))

    assert table.look() == table.look() == [(SEEN, bytes.fromhex(uid))]
    table.field.clear()
    assert table.look() == [(SEEN, None)]
    assert not table.field.is_on


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("times", [1, 2])
def test_a_spoilt_frame_is_asked_for_again(table: Table, fault: Fault, times: int) -> None:
    table.field.put(Card(card_make("01020304"), Random(1)))
    table.chip.faults.arm(fault, times)

    assert table.look() == [(SEEN, bytes.fromhex("01020304"))]


def test_a_chip_that_stays_silent_is_given_up_in_time_and_can_be_started_again(table: Table) -> None:
    table.chip.faults.arm(Fault.STALL, 99)
    began_ms = table.now_ms

    assert table.look() == [(FAILED, "no acknowledgement")]
    assert table.now_ms - began_ms == 3 * pn532.ACK_MS
    table.chip.faults.clear()
    table.core.start(table.now_ms)
    assert table.run() == [(READY, None)]


def test_a_card_that_is_held_answers_apdus_in_order_until_it_is_released(table: Table) -> None:
    heard: list[bytes] = []
    table.put(ISO_DEP, heard)
    longest = bytes(range(256)) + b"12345"

    assert table.hold() == [(HELD, ISO_DEP.uid)]
    assert [table.exchange(apdu) for apdu in (APDU, b"\x01", longest)] == [
        [(ANSWERED, APDU[::-1] + b"\x90\x00")],
        [(ANSWERED, b"\x01\x90\x00")],
        [(ANSWERED, longest[::-1][:256] + b"\x90\x00")],
    ]
    assert heard == [APDU, b"\x01", longest]
    assert table.release() == [(RELEASED, None)]
    assert not table.field.is_on
    assert table.look() == [(SEEN, ISO_DEP.uid)]


@pytest.mark.parametrize("family", ["ultralight", "classic", ""])
def test_no_card_or_one_that_takes_no_apdus_is_not_held(table: Table, family: str) -> None:
    if family:
        table.put(card_make("04A1B2C3D4E5F6", family))

    assert table.hold() == [(HELD, None)]
    assert table.release() == [(RELEASED, None)]


@pytest.mark.parametrize("fault", [Fault.DROP_ACK, Fault.NACK, Fault.CHECKSUM, Fault.NOISE, Fault.SYNTAX])
def test_a_spoilt_frame_never_makes_a_card_hear_an_apdu_twice(table: Table, fault: Fault) -> None:
    heard: list[bytes] = []
    table.put(ISO_DEP, heard)
    table.hold()
    table.chip.faults.arm(fault, 1)

    answers = [event for apdu in (APDU, b"\x02") for event in table.exchange(apdu)]

    assert answers == [(ANSWERED, APDU[::-1] + b"\x90\x00"), (ANSWERED, b"\x02\x90\x00")]
    assert heard == [APDU, b"\x02"]


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.STALL])
def test_an_answer_that_never_comes_is_told_and_the_card_can_be_held_anew(table: Table, fault: Fault) -> None:
    heard: list[bytes] = []
    table.put(ISO_DEP, heard)
    table.hold()
    table.chip.faults.arm(fault, 1)

    assert [kind for kind, _ in table.exchange(APDU)] == [FAILED]
    assert len(heard) <= 1
    table.core.start(table.now_ms)
    assert table.run() == [(READY, None)]
    assert table.hold() == [(HELD, ISO_DEP.uid)]


def test_a_card_pulled_away_between_apdus_is_told_apart_from_a_chip_in_trouble(table: Table) -> None:
    table.put(ISO_DEP)
    table.hold()
    table.field.clear()

    assert table.exchange(APDU) == [(ANSWERED, None)]
    assert table.release() == [(RELEASED, None)]


@pytest.mark.parametrize("answer", ["", "02", "01 01 00 04 08 05 0102030405", "01 01 00 04 08 07 010203"])
def test_a_listing_that_makes_no_sense_is_not_believed(answer: str) -> None:
    core = Pn532()
    core.look(0)
    frame = pn532.ACK + pn532.encode(b"\xd5\x4b" + bytes.fromhex(answer))

    events = [core.receive(frame, 0) for _ in range(3)]

    assert events == [[], [], [(FAILED, "a listing that makes no sense")]]


@given(st.lists(st.binary(max_size=60), max_size=30))
def test_whatever_comes_the_core_ends_in_time(chunks: list[bytes]) -> None:
    core, now_ms = Pn532(), 0
    core.start(now_ms)
    for chunk in chunks:
        core.receive(chunk, now_ms)
    while core.due_ms is not None:
        now_ms = core.due_ms
        core.tick(now_ms)

    assert now_ms <= 3 * pn532.ANSWER_MS


def test_micropython_does_the_same(tmp_path: Path) -> None:
    steps = _transcript()
    path = tmp_path / "transcript.json"
    path.write_text(json.dumps(steps))

    told = run_node(HERE / "micropython.mjs", pn532.__file__, str(HERE / "core_replay.py"), str(path))

    replay: Any = core_replay.replay  # untyped, since it runs there
    assert json.loads(told) == replay(pn532, steps)


def _transcript() -> list[tuple[str, str, int]]:
    """Return what a core is given in a conversation in which everything goes wrong once."""
    field = RfField(cards=[Card(ISO_DEP, Random(1))])
    chip, core, now_ms = Chip(field), Pn532(), 0
    steps: list[tuple[str, str, int]] = []
    verbs = [(verb, fault) for fault in (None, *Fault) for verb in ("start", "look", "hold", "exchange", "release")]
    for verb, fault in verbs:
        if fault is not None:
            chip.faults.arm(fault, 1)
        given = [APDU] if verb == "exchange" else []
        getattr(core, verb)(*given, now_ms)
        steps.append((verb, APDU.hex() if given else "", now_ms))
        while core.due_ms is not None:
            answer = chip.receive(core.take_output(), BAUD, now_ms)
            if not answer:
                now_ms = core.due_ms
            steps.append(("receive", answer.hex(), now_ms) if answer else ("tick", "", now_ms))
            core.receive(answer, now_ms) if answer else core.tick(now_ms)
    return steps
