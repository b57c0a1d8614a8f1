"""A whole head without its board, on CPython and on MicroPython: what goes over its line for what happens at it."""

# mypy: ignore-errors

import asyncio

from firmware.drivers.chip import ChipTrouble
from firmware.drivers.pause import sleep_ms
from firmware.drivers.wiegand import GAP_MS, Wiegand
from firmware.node import head as module
from firmware.node.contacts import STILL_MS, Contacts
from firmware.node.head import ALONE_PULSE_MS, STUCK_MS, Head
from firmware.node.head_line import SILENCE_MS, HeadLine
from firmware.node.lamp import Lamp
from schemas import head
from schemas.cobs import Frames

UID = b"\x04\xa1\xb2\xc3\xd4\xe5\xf6"
OUTPUTS = ("relay_in", "relay_out", "red", "green", "buzzer")


class Pin:
    def __init__(self, level):
        self.level = level

    def __call__(self, level):
        self.level = level

    def value(self):
        return self.level


class StillClock:
    now_ms = 0

    def monotonic_ms(self):
        return self.now_ms


class End:
    """The agent's side of the line, in memory."""

    def __init__(self):
        self.is_served = False
        self.frames = Frames()
        self.said = []
        self.coming = b""

    def read(self):
        coming, self.coming = self.coming, b""
        return coming

    def write(self, content):
        self.said += [head.decode(body) for body in self.frames.feed(content)]


class Chip:
    """A card reader that does what a test tells it. `held` is the card that is found again when it is held."""

    has_apdus = True

    def __init__(self, uid=None, held=None, trouble=""):
        self.uid, self.held, self.trouble = uid, held or uid, trouble
        self.heard = []
        self.released = 0
        self.starts = 0

    async def start(self):
        self.starts += 1

    async def sense(self):
        if self.trouble:
            raise ChipTrouble(self.trouble)
        return self.uid

    async def hold(self):
        return self.held

    async def exchange(self, apdu):
        self.heard.append(apdu)
        return apdu + b"\x90\x00"

    async def release(self):
        self.released += 1


class Bench:
    """One head with everything in reach."""

    def __init__(self, chip=None):
        self.clock = StillClock()
        self.pins = {name: Pin(1) for name in OUTPUTS}
        self.inputs = {"passed_in": Pin(1), "passed_out": Pin(1), "fire": Pin(0)}
        self.end = End()
        self.wiegand = Wiegand(self.clock)
        self.fed = 0
        line = HeadLine(head.Hello(1, 1, 3, "e51c", "head-pico", "0.1.0"))
        self.head = Head(
            line, self.end, chip or Chip(), Lamp(self.pins), Contacts(self.inputs), self.clock, self.feed,
            ((head.WIEGAND, self.wiegand),),
        )  # fmt: skip

    def feed(self):
        self.fed += 1

    def turn(self, later_ms=0):
        self.clock.now_ms += later_ms
        self.head.turn()

    def tell(self, message):
        self.end.coming += message.frame()
        self.turn()

    def welcome(self, alone=head.CLOSED):
        self.tell(head.Welcome(1, head.WELCOME, alone, 500, SILENCE_MS))

    def on(self):
        return [name for name in OUTPUTS if self.pins[name].level]

    def said(self, kind):
        return [message for message in self.end.said if type(message) is kind]

    def wave(self, number):
        """Hold a card to the Wiegand reader."""
        plain = [byte >> at & 1 for byte in number for at in range(7, -1, -1)]
        half = len(plain) // 2
        for bit in [sum(plain[:half]) % 2] + plain + [1 - sum(plain[half:]) % 2]:  # noqa: RUF005  MicroPython's words
            (self.wiegand.one if bit else self.wiegand.zero)()
        self.turn()
        self.turn(GAP_MS)

    async def until(self, happened):
        """Let the loop that reads cards run beside the other until something has happened."""
        reading = asyncio.create_task(self.head.read_cards())
        for _ in range(400):
            if happened():
                break
            self.turn()
            await sleep_ms(1)
        reading.cancel()
        assert happened()


def test_a_wiegand_readers_card_is_told_and_its_answer_is_lit() -> None:
    bench = Bench()
    bench.welcome()
    bench.wave(b"\x04\xa1\xb2\xc3")

    assert bench.said(head.Tap) == [head.Tap(1, head.WIEGAND, b"\x04\xa1\xb2\xc3")]
    bench.tell(head.Answer(1, head.GRANTED, head.GREEN, head.SHORT))
    assert bench.on() == ["green", "buzzer"]


def test_a_contact_is_told_once_it_stands_still() -> None:
    bench = Bench()
    bench.welcome()
    bench.inputs["passed_in"].level = 0
    bench.turn()
    bench.turn(STILL_MS)

    assert bench.said(head.Inputs) == [head.Inputs(1, head.PASSED_IN)]


def test_an_order_moves_the_relay_and_ends_by_itself() -> None:
    bench = Bench()
    bench.welcome()
    bench.tell(head.Output(7, head.RELAY_IN, 1, 200))

    assert bench.on() == ["relay_in"]
    assert bench.said(head.Done) == [head.Done(7)]
    bench.turn(200)
    assert bench.on() == []


def test_a_head_whose_agent_fell_silent_glows_and_does_as_its_door_is_set() -> None:
    for alone, lit in ((head.CLOSED, ["red", "buzzer"]), (head.OPEN_OUT, ["relay_out", "green", "buzzer"])):
        bench = Bench()
        bench.welcome(alone)
        bench.turn(SILENCE_MS)
        assert bench.on() == ["red", "green"]

        bench.wave(b"\x04\xa1\xb2\xc3")
        assert bench.on() == lit
        bench.turn(ALONE_PULSE_MS)
        assert "relay_out" not in bench.on()


def test_the_watchdog_is_fed_only_while_cards_are_read_too() -> None:
    bench = Bench()
    bench.turn(STUCK_MS - 1)
    assert bench.fed == 1

    bench.turn(1)
    bench.turn(1)

    assert bench.fed == 1


def test_a_card_is_told_and_its_apdus_are_carried_until_the_answer() -> None:
    chip = Chip(UID)
    bench = Bench(chip)
    bench.welcome()

    async def whole():
        reading = asyncio.create_task(bench.head.read_cards())
        for step in range(400):
            bench.turn()
            await sleep_ms(1)
            if step == 20:
                bench.tell(head.Apdu(1, 0, b""))
            if step == 60:
                bench.tell(head.Apdu(1, 1, b"\x00\xa4"))
            if step == 100:
                bench.tell(head.Answer(1, head.GRANTED, head.GREEN, head.SHORT))
            if chip.released:
                break
        reading.cancel()

    asyncio.run(whole())

    assert bench.said(head.Tap)[0] == head.Tap(1, head.UID, UID)
    assert [(told.status, told.answer) for told in bench.said(head.ApduAnswer)] == [
        (head.OK, UID), (head.OK, b"\x00\xa4\x90\x00"),
    ]  # fmt: skip
    assert chip.heard == [b"\x00\xa4"]
    assert chip.released == 1


def test_another_card_than_the_one_that_was_shown_is_not_talked_to() -> None:
    bench = Bench(Chip(UID, held=b"\x01\x02\x03\x04"))
    bench.welcome()

    async def whole():
        await bench.until(lambda: bench.said(head.Tap))
        bench.head._apdu = head.Apdu(1, 0, b"")
        await bench.head._carry(head.Apdu(1, 0, b""), UID)

    asyncio.run(whole())

    assert [told.status for told in bench.said(head.ApduAnswer)] == [head.CARD_GONE]


def test_a_chip_in_trouble_is_told_and_the_head_goes_on() -> None:
    bench = Bench(Chip(trouble="the PN532 gave no answer"))
    bench.welcome()

    asyncio.run(bench.until(lambda: bench.said(head.Trouble)))
    bench.turn()

    assert bench.said(head.Trouble)[0].reason == "the PN532 gave no answer"
    assert bench.said(head.Heartbeat)[-1].is_reader_ready == 0


def test_a_card_that_lies_there_while_its_chip_is_started_again_is_one_tap() -> None:
    chip = Chip(UID)
    bench = Bench(chip)
    bench.welcome()
    pause_ms, module.CHIP_PAUSE_MS = module.CHIP_PAUSE_MS, 1

    async def whole():
        reading = asyncio.create_task(bench.head.read_cards())
        for _ in range(400):
            bench.turn(1)
            await sleep_ms(1)
            if bench.said(head.Tap) and not chip.trouble and chip.starts == 1:
                bench.tell(head.Answer(1, head.GRANTED, head.GREEN, head.SHORT))
                chip.trouble = "the PN532 gave no answer"
            if bench.said(head.Trouble):
                chip.trouble = ""
        reading.cancel()

    try:
        asyncio.run(whole())
    finally:
        module.CHIP_PAUSE_MS = pause_ms

    assert chip.starts > 1
    assert bench.said(head.Tap) == [head.Tap(1, head.UID, UID)]
