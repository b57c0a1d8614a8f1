"""Both ends of a head's line against each other, over a wire that loses, doubles and garbles, on a clock that jumps."""

import contextlib
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.readers.head_link import ORDER_AGAIN_MS, HeadLink, HeadRefused
from firmware.node.head_line import ALONE, APDU, OUTPUT, SHOW, HeadLine
from schemas import head
from schemas.cobs import Frames
from tests.schemas.head_strategies import messages

HELLO = head.Hello(1, 1, head.HAS_APDUS | head.HAS_RELAYS, "e51c", "head-pico", "0.1.0")
UID = bytes.fromhex("04A1B2C3D4E5F6")
GREEN = (head.GRANTED, head.GREEN, head.SHORT)


@dataclass
class Wire:
    """Both ends, and what came of it. `harm` spoils what goes over, with a chance of one in `harm`; 0: never."""

    rng: Random = field(default_factory=lambda: Random(1))
    harm: int = 0
    now_ms: int = 0
    link: HeadLink = field(default_factory=HeadLink)
    line: HeadLine = field(default_factory=lambda: HeadLine(HELLO))
    news: list[head.Message] = field(default_factory=list)
    shown: list[tuple[int, int, int]] = field(default_factory=list)
    alone: int = 0
    done: list[tuple[int, int]] = field(default_factory=list)
    carried: list[bytes] = field(default_factory=list)

    def run(self, until_ms: int) -> None:
        """Let time pass in steps of 5 ms, the line carrying what is said."""
        while self.now_ms < until_ms:
            self.now_ms += 5
            self.link.tick(self.now_ms)
            self._obey(self.line.tick(self.now_ms))
            self._obey(self.line.receive(self._over(self.link.take_output()), self.now_ms))
            self.news += self.link.receive(self._over(self.line.take_output()), self.now_ms)

    def _over(self, sent: bytes) -> bytes:
        if not sent or not self.harm or self.rng.randrange(self.harm):
            return sent
        match self.rng.randrange(4):
            case 0:
                return b""
            case 1:
                return sent + sent
            case 2:
                return sent[self.rng.randrange(len(sent)) :]
            case _:
                at = self.rng.randrange(len(sent))
                return sent[:at] + self.rng.randbytes(3) + sent[at + 1 :]

    def _obey(self, orders: list[tuple[str, object]]) -> None:
        for kind, what in orders:
            match kind, what:
                case "show", tuple():
                    assert kind == SHOW
                    self.shown.append(what)
                case "alone", int():
                    assert kind == ALONE
                    self.alone += 1
                case "apdu", head.Apdu():
                    assert kind == APDU
                    self.carried.append(what.apdu)
                    self.line.answer_apdu(what, head.OK, what.apdu[::-1][:256] + b"\x90\x00", self.now_ms)
                case "output", head.Output():
                    assert kind == OUTPUT
                    self.done.append((what.output, what.is_on))
                    self.line.done(what)
                case _:
                    raise AssertionError(f"an order that nobody knows: {kind}")

    def told(self, kind: type[head.Message]) -> list[head.Message]:
        return [message for message in self.news if type(message) is kind]


@pytest.fixture
def wire() -> Wire:
    wire = Wire()
    wire.link.start(0)
    wire.run(50)
    assert wire.line.is_served(wire.now_ms)
    return wire


def test_a_tap_is_told_once_and_answered(wire: Wire) -> None:
    wire.line.tap(head.UID, UID, wire.now_ms)
    wire.run(100)
    assert wire.told(head.Tap) == [head.Tap(1, head.UID, UID)]

    wire.link.answer(1, *GREEN)
    wire.run(150)

    assert wire.shown == [(head.GREEN, head.SHORT, head.GRANTED)]


def test_a_tap_that_was_withdrawn_before_it_was_read_is_not_told(wire: Wire) -> None:
    stalled = HeadLink()
    stalled.start(wire.now_ms)
    stalled.receive(HELLO.frame(), wire.now_ms)
    late = head.Tap(1, head.UID, UID).frame() + head.Withdrawn(1).frame() + head.Tap(2, head.UID, UID).frame()

    news = stalled.receive(late, wire.now_ms)

    assert news == [head.Withdrawn(1), head.Tap(2, head.UID, UID)]


def test_a_lost_answer_is_said_again_when_the_tap_is(wire: Wire) -> None:
    wire.line.tap(head.UID, UID, wire.now_ms)
    wire.run(60)
    wire.link.answer(1, *GREEN)
    wire.link.take_output()  # lost

    wire.run(300)

    assert wire.shown == [(head.GREEN, head.SHORT, head.GRANTED)]
    assert len(wire.told(head.Tap)) == 1


def test_an_agent_that_stops_is_noticed_and_one_that_comes_back_is_welcomed(wire: Wire) -> None:
    wire.now_ms += 3_500
    wire._obey(wire.line.tap(head.UID, UID, wire.now_ms))
    assert wire.alone == 1

    wire.link = HeadLink()
    wire.link.start(wire.now_ms)
    wire.run(wire.now_ms + 50)
    wire.line.tap(head.UID, UID, wire.now_ms)
    wire.run(wire.now_ms + 50)

    assert len(wire.told(head.Tap)) == 1


def test_a_head_that_started_again_counts_its_taps_anew(wire: Wire) -> None:
    wire.line.tap(head.UID, UID, wire.now_ms)
    wire.run(100)
    wire.link.answer(1, *GREEN)
    wire.line = HeadLine(head.Hello(1, 2, 3, "e51c", "head-pico", "0.1.0"))
    wire.run(200)

    wire.line.tap(head.UID, UID, wire.now_ms)
    wire.run(300)

    assert len(wire.told(head.Tap)) == 2


def test_apdus_go_to_the_card_one_after_the_other(wire: Wire) -> None:
    wire.line.tap(head.UID, UID, wire.now_ms)
    wire.run(100)
    for number, apdu in enumerate([b"", b"\x00\xa4", bytes(261)]):
        wire.link.ask_card(1, number, apdu, wire.now_ms)
        wire.run(wire.now_ms + 20)

    assert wire.carried == [b"", b"\x00\xa4", bytes(261)]
    assert [message.fields()[1] for message in wire.told(head.ApduAnswer)] == [0, 1, 2]


def test_contacts_are_told_in_their_order_also_while_the_line_is_bad() -> None:
    wire = Wire(Random(3), harm=3)
    wire.link.start(0)
    wire.run(5_000)
    told = []
    for inputs in (1, 0, 1, 0, 2, 0, 4):
        wire.line.input(inputs, wire.now_ms)
        wire.run(wire.now_ms + 700)
    told = [message.fields()[1] for message in wire.told(head.Inputs)]

    assert told == [0, 1, 0, 1, 0, 2, 0, 4]


@pytest.mark.parametrize("inputs", [0, head.FIRE])
def test_each_session_tells_once_how_the_contacts_stand_also_when_they_are_open(inputs: int) -> None:
    wire = Wire()
    wire.line.inputs = inputs
    for _session in range(2):
        wire.link, wire.news = HeadLink(), []
        assert wire.link.inputs is None
        wire.link.start(wire.now_ms)
        wire.run(wire.now_ms + 5_000)

        assert [message.fields()[1] for message in wire.told(head.Inputs)] == [inputs]
        assert len(wire.told(head.Heartbeat)) >= 4


def test_an_order_that_was_taken_back_is_not_said_any_more(wire: Wire) -> None:
    wire.link.order(head.RELAY_IN, wire.now_ms, is_on=True, ttl_ms=700)
    wire.link.take_output()  # lost
    wire.link.order(head.RELAY_IN, wire.now_ms + 5, is_on=False, ttl_ms=0)

    wire.run(1_000)

    assert wire.done == [(head.RELAY_IN, 0)]


def test_an_order_that_nobody_confirms_is_given_up_after_a_second(wire: Wire) -> None:
    wire.link.order(head.RELAY_IN, wire.now_ms, is_on=True, ttl_ms=700)
    said = 0
    for now_ms in range(wire.now_ms, wire.now_ms + 5_000, ORDER_AGAIN_MS):
        wire.link.tick(now_ms)
        said += len(Frames().feed(wire.link.take_output()))

    assert said == 16


@pytest.mark.parametrize("version", [0, 2, 200])
def test_a_head_of_another_version_is_refused_and_told_so(version: int) -> None:
    link = HeadLink()
    link.start(0)
    hello = head.Hello(version, 1, 0, "e51c", "head-pico", "9.9")

    with pytest.raises(HeadRefused, match=f"version {version} .*esik device flash"):
        link.receive(hello.frame(), 0)

    [body] = Frames().feed(link.take_output())
    assert head.decode(body) == head.Welcome(1, head.VERSION_REFUSED, head.CLOSED, 500, 3_000)


def test_a_line_that_says_nothing_is_silent_and_one_with_a_head_is_not(wire: Wire) -> None:
    wire.run(20_000)
    assert not wire.link.is_silent(wire.now_ms)

    assert wire.link.is_silent(wire.now_ms + 3_000)


HEARD = st.lists(st.binary(max_size=40) | messages().map(lambda message: message.frame()), max_size=20)


@given(HEARD)
def test_whatever_a_head_says_the_agents_end_lives_and_keeps_within_its_limits(heard: list[bytes]) -> None:
    link, now_ms = HeadLink(), 0
    link.start(now_ms)
    for chunk in heard:
        now_ms = max(now_ms + 1, min(link.due_ms, now_ms + 100))
        with contextlib.suppress(HeadRefused):
            link.receive(chunk, now_ms)
        link.order(head.RELAY_IN, now_ms, is_on=True, ttl_ms=200)
        link.tick(now_ms)
        link.take_output()

    assert len(link._orders) <= 1
    assert link.due_ms <= link.heard_ms + 3_000


@given(HEARD)
def test_whatever_an_agent_says_a_head_lives_and_ends_every_tap(heard: list[bytes]) -> None:
    line, now_ms = HeadLine(HELLO), 0
    for chunk in heard:
        now_ms += 10
        line.receive(chunk, now_ms)
        if not line.is_waiting():
            line.tap(head.UID, UID, now_ms)
        line.tick(now_ms)
        line.take_output()
    longest_ms = 70_000  # what a welcome may allow for an answer

    line.tick(now_ms + longest_ms)

    assert not line.is_waiting()


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32), harm=st.integers(2, 8))
def test_however_bad_the_line_nothing_happens_twice(seed: int, harm: int) -> None:
    wire = Wire(Random(seed), harm=harm)
    wire.link.start(0)
    numbers: list[int] = []
    for step in range(20):
        if not wire.line.is_waiting():
            wire._obey(wire.line.tap(head.UID, UID, wire.now_ms))
        wire.link.order(head.RELAY_IN, wire.now_ms, is_on=step % 2 == 0, ttl_ms=700)
        wire.run(wire.now_ms + 300)
        for tap in wire.told(head.Tap)[len(numbers) :]:
            numbers.append(int(str(tap.fields()[0])))
            wire.link.answer(numbers[-1], *GREEN)
        wire.run(wire.now_ms + 300)

    assert numbers == sorted(set(numbers))
    assert wire.line.taps == 20 or wire.line.is_waiting()
    assert len(wire.shown) + wire.alone <= wire.line.taps
    assert len(wire.done) <= 20
