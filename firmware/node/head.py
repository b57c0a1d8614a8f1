"""A reader head: tells its agent what is shown to it and what its contacts say, and does what the agent orders.

Rule: the watchdog is fed in one place, and only while the loop that reads cards turns too.
"""

from firmware.drivers.chip import ChipTrouble
from firmware.drivers.field import Field, is_random
from firmware.drivers.pause import sleep_ms
from firmware.node.head_line import ALONE, APDU, OUTPUT, SHOW
from schemas import head

TURN_MS = 3
CARDS_PAUSE_MS = 50
CHIP_PAUSE_MS = 1_000
STUCK_MS = 10_000  # a card reader that has not turned for so long is stuck: the watchdog bites
ALONE_PULSE_MS = 300

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from firmware.drivers.given import Chip, Clock
    from firmware.node.contacts import Contacts
    from firmware.node.head_line import HeadLine, Order
    from firmware.node.lamp import Lamp

    class End(Protocol):
        """The wire to the agent; never waits."""

        is_served: bool

        def read(self) -> bytes: ...
        def write(self, content: bytes) -> None: ...

    class Source(Protocol):
        """Something else that credentials come from, as a scanner of codes."""

        def take(self) -> bytes | None: ...


class Head:
    """One head, put together. `serve` and `read_cards` run side by side for ever."""

    def __init__(
        self,
        line: "HeadLine",
        end: "End",
        chip: "Chip",
        lamp: "Lamp",
        contacts: "Contacts",
        clock: "Clock",
        feed: "Callable[[], object]",
        sources: "tuple[tuple[int, Source], ...]" = (),
    ) -> None:
        """`feed` is the watchdog's; `sources` are what credentials come from besides, each with its medium."""
        self._line = line
        self._end = end
        self._chip = chip
        self._lamp = lamp
        self._contacts = contacts
        self._clock = clock
        self._feed = feed
        self._sources = sources
        self._apdu: head.Apdu | None = None
        self._is_held = False
        self._field = Field()
        self._cards_at_ms = clock.monotonic_ms()

    # The agent, the contacts, the lights

    async def serve(self) -> None:
        """Carry bytes, look at contacts, end what is over; for ever."""
        while True:
            self.turn()
            await sleep_ms(TURN_MS)

    def turn(self) -> None:
        """Do what is due."""
        now_ms = self._clock.monotonic_ms()
        chunk = self._end.read()
        if chunk:
            self._obey(self._line.receive(chunk, now_ms), now_ms)
        if self._contacts.look(now_ms):
            self._line.input(self._contacts.settled, now_ms)
        self._take_others(now_ms)
        self._obey(self._line.tick(now_ms), now_ms)
        self._lamp.is_served = self._end.is_served = self._line.is_served(now_ms)
        self._lamp.tick(now_ms)
        output = self._line.take_output()
        if output:
            self._end.write(output)
        if now_ms - self._cards_at_ms < STUCK_MS:
            self._feed()

    def _obey(self, orders: "list[Order]", now_ms: int) -> None:
        for kind, what in orders:
            if kind == SHOW:
                light, sound, _ = what
                self._lamp.show(light, sound, now_ms)
            elif kind == ALONE:
                self._act_alone(what, now_ms)
            elif kind == APDU:
                self._apdu = what
            elif kind == OUTPUT:
                self._lamp.switch(what.output, what.is_on, what.ttl_ms, now_ms)
                self._line.done(what)

    def _act_alone(self, alone: int, now_ms: int) -> None:
        """Do with a card what the door is set to while its agent is silent."""
        if alone != head.OPEN_OUT:
            self._lamp.show(head.RED, head.LONG, now_ms)
            return
        self._lamp.switch(head.RELAY_OUT, 1, ALONE_PULSE_MS, now_ms)
        self._lamp.show(head.GREEN, head.SHORT, now_ms)

    def _take_others(self, now_ms: int) -> None:
        """Tell what a Wiegand reader or a scanner has read; what comes while a tap is under way is dropped."""
        for medium, source in self._sources:
            credential = source.take()
            if credential is not None and not self._line.is_waiting():
                self._obey(self._line.tap(medium, credential, now_ms), now_ms)

    # The card reader

    async def read_cards(self) -> None:
        """Read cards, and start the chip again when it is in trouble; for ever."""
        while True:
            try:
                await self._chip.start()
                self._line.ready(self._clock.monotonic_ms())
                await self._read()
            except ChipTrouble as trouble:
                self._line.trouble(str(trouble), self._clock.monotonic_ms())
            self._cards_at_ms = self._clock.monotonic_ms()
            await sleep_ms(CHIP_PAUSE_MS)

    async def _read(self) -> None:
        while True:
            self._cards_at_ms = self._clock.monotonic_ms()
            uid = self._field.look(await self._chip.sense(), self._clock.monotonic_ms())
            if uid is not None:
                await self._ask(uid)
            await sleep_ms(CARDS_PAUSE_MS)

    async def _ask(self, uid: bytes) -> None:
        """Tell a card and carry what is said to it, until the agent has answered or nobody waits any longer."""
        while self._line.is_waiting():  # for the answer to a Wiegand reader's card, or to a code
            await sleep_ms(TURN_MS)
        now_ms = self._clock.monotonic_ms()
        self._apdu = None
        self._obey(self._line.tap(head.UID, uid, now_ms), now_ms)
        self._end.write(self._line.take_output())
        try:
            while self._line.is_waiting():
                for apdu in self._take_apdu():
                    await self._carry(apdu, uid)
                await sleep_ms(TURN_MS)
        finally:
            if self._is_held:
                self._is_held = False
                await self._chip.release()

    def _take_apdu(self) -> "list[head.Apdu]":
        apdu, self._apdu = self._apdu, None
        return [] if apdu is None else [apdu]

    async def _carry(self, apdu: head.Apdu, uid: bytes) -> None:
        status, answer = head.CHIP_TROUBLE, b""
        try:
            status, answer = await (self._exchange(apdu.apdu) if apdu.apdu else self._hold(uid))
        except ChipTrouble:
            self._field.forget()  # the card that lies there has proved nothing yet
            raise
        finally:
            self._line.answer_apdu(apdu, status, answer, self._clock.monotonic_ms())
            self._end.write(self._line.take_output())

    async def _hold(self, uid: bytes) -> "tuple[int, bytes]":
        """Wake the card that was shown, and no other one."""
        if not self._chip.has_apdus:
            return head.NO_APDUS, b""
        self._is_held = True
        held = await self._chip.hold()
        if held is None:
            return head.NO_APDUS, b""
        is_same = held == uid or (is_random(held) and is_random(uid))
        return (head.OK, held) if is_same else (head.CARD_GONE, b"")

    async def _exchange(self, apdu: bytes) -> "tuple[int, bytes]":
        answer = await self._chip.exchange(apdu) if self._is_held else None
        return (head.CARD_GONE, b"") if answer is None else (head.OK, answer)
