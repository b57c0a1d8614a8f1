"""A reader head: a microcontroller on a serial line that reads cards, moves relays and hears contacts for an agent."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from functools import partial

import structlog
from typing_extensions import override

from edge_agent.clock import Clock
from edge_agent.readers.chip import CardGone, ChipTrouble
from edge_agent.readers.credentials import ByteOrder
from edge_agent.readers.head_card import HeadCard
from edge_agent.readers.head_link import HeadLink
from edge_agent.readers.head_port import HeadPort
from edge_agent.readers.osdp_card import CardBits
from edge_agent.readers.proving import Prover
from edge_agent.readers.supervised import DeviceLost, SupervisedReader
from edge_agent.readers.tap import UID_LENGTHS, Health, Medium, Tap, Verdict
from schemas import head

TAPS_MAX = 8
LOCATE_MS = 3_000  # is told again while somebody looks
_SHOWN = {
    Verdict.GRANTED: (head.GRANTED, head.GREEN, head.SHORT),
    Verdict.UNKNOWN: (head.UNKNOWN, head.RED, head.LONG),
    Verdict.REFUSED: (head.REFUSED, head.RED, head.LONG),
    Verdict.REPEAT: (head.REPEAT, head.AMBER, head.SILENT),
}
_WHOLE_BYTES, _PART_BYTES = 4, 3  # of 34 and of 26 bits
log = structlog.get_logger()


class Alone(Enum):
    """What a head does with a card while its agent is silent; the values stand in the agent's settings."""

    CLOSED = "closed"
    OPEN_OUT = "open_out"


@dataclass(frozen=True, slots=True)
class Wall:
    """How a Wiegand reader that hangs on a head is read."""

    byte_order: ByteOrder = ByteOrder.CARD
    bits: CardBits = CardBits.WHOLE

    def read(self, number: bytes) -> bytes | None:
        """Return the credential in a number; None for one that is only part of a UID, unless these are taken."""
        if len(number) != _WHOLE_BYTES and (len(number) != _PART_BYTES or self.bits is not CardBits.WIEGAND26):
            return None
        return number[::-1] if self.byte_order is ByteOrder.REVERSED else number


class HeadReader(SupervisedReader):
    """Yields the taps of a head, and gives orders to it."""

    def __init__(
        self,
        name: str,
        path: str,
        clock: Clock,
        *,
        alone: Alone = Alone.CLOSED,
        wall: Wall | None = None,
        prover: Prover | None = None,
    ) -> None:
        """`wall` is for a Wiegand reader on the head; `prover` asks cards that can to prove themselves."""
        super().__init__(name, path, clock)
        self._alone = head.OPEN_OUT if alone is Alone.OPEN_OUT else head.CLOSED
        self._wall = wall or Wall()
        self._prover = prover
        self._link = HeadLink(self._alone)
        self._port: HeadPort | None = None
        self._coming: asyncio.Queue[head.Tap | DeviceLost] = asyncio.Queue(TAPS_MAX)
        self._listeners: list[Callable[[int], None]] = []
        self._number: tuple[Tap, int] | None = None  # of the tap that was yielded last
        self._apdus = 0
        self._told: asyncio.Future[head.ApduAnswer] | None = None  # what the card is waited for to say

    @override
    async def _session(self) -> AsyncGenerator[Tap, None]:
        self._coming = asyncio.Queue(TAPS_MAX)
        self._link = HeadLink(self._alone)
        self._port = HeadPort(self._path, self._link, self._clock, self._hear, self._drop)
        try:
            while True:
                coming = await self._coming.get()
                if isinstance(coming, DeviceLost):
                    raise coming
                if tap := await self._read(coming):
                    self._number = (tap, coming.tap)
                    yield tap
        finally:
            self._port.close()
            self._port = None
            self._end_talk()

    # What the gate says

    def answer(self, tap: Tap, verdict: Verdict) -> None:
        """Show at the head what was decided about a tap."""
        if self._number is None or self._number[0] is not tap:
            return
        self._show(self._number[1], verdict)

    def switch(self, output: int, *, is_on: bool, ttl_ms: int) -> None:
        """Switch an output of the head, on for at most so long; nothing while there is no head."""
        if self._port is None or self._link.hello is None:
            log.warning("head.unreachable", reader=self._name)
            return
        self._link.order(output, self._clock.monotonic_ms(), is_on=is_on, ttl_ms=ttl_ms)
        self._port.flush()

    def locate(self) -> None:
        """Let the head blink for a while, so that a person finds it."""
        self.switch(head.LOCATE, is_on=True, ttl_ms=LOCATE_MS)

    @contextmanager
    def listening(self, hear: Callable[[int], None]) -> Iterator[None]:
        """Call `hear` with the head's inputs: now, if they are known, and whenever they change or may have.

        Nothing is told of a line that is lost: a fire does not end because a cable was pulled.
        """
        self._listeners.append(hear)
        try:
            if self._link.inputs is not None:
                hear(self._link.inputs)
            yield
        finally:
            self._listeners.remove(hear)

    def _show(self, number: int, verdict: Verdict) -> None:
        outcome, light, sound = _SHOWN[verdict]
        self._link.answer(number, outcome, light, sound)
        if self._port is not None:
            self._port.flush()

    # What the head says

    def _hear(self, message: head.Message) -> None:
        match message:
            case head.Hello():
                log.info("head.hello", reader=self._name, board=message.board, firmware=message.firmware,
                         unique=message.unique, boots=message.boots)  # fmt: skip
            case head.Heartbeat():
                self._note(message)
            case head.Tap():
                self._put(message)
            case head.Withdrawn():
                self._withdraw(message.tap)
            case head.ApduAnswer():
                if self._told is not None and not self._told.done():
                    self._told.set_result(message)
            case head.Inputs():
                for hear in self._listeners:
                    hear(message.inputs)
            case head.Trouble():
                self.reason = message.reason
            case _:
                pass

    def _note(self, beat: head.Heartbeat) -> None:
        """Take over how the head is; a head whose card reader fails is lost, but its relays are not."""
        if beat.is_reader_ready:
            self._found()
        elif beat.troubles or self.health is Health.READY:  # else it only begins
            self._lose(self.reason or "the head's card reader does not answer")

    def _put(self, tap: head.Tap) -> None:
        try:
            self._coming.put_nowait(tap)
        except asyncio.QueueFull:
            log.warning("tap.dropped", reader=self._name, waiting=TAPS_MAX)

    def _withdraw(self, number: int) -> None:
        """Forget a tap that waits here; the head has shown red."""
        self._end_talk()
        waiting = [self._coming.get_nowait() for _ in range(self._coming.qsize())]
        for one in waiting:
            if not (isinstance(one, head.Tap) and one.tap == number):
                self._coming.put_nowait(one)

    def _drop(self, lost: DeviceLost) -> None:
        while self._coming.full():
            self._coming.get_nowait()
        self._coming.put_nowait(lost)

    async def _read(self, told: head.Tap) -> Tap | None:
        """Return the tap that a head tells; None for what is no credential, or a card that left while it was asked."""
        match told.medium:
            case head.UID if len(told.credential) in UID_LENGTHS:
                return await self._proved(told)
            case head.WIEGAND if number := self._wall.read(told.credential):
                return self._tap(number, Medium.UID)
            case head.QR if told.credential:
                return self._tap(told.credential, Medium.QR)
            case _:
                self._refuse()
                return None

    # Cards that prove themselves

    async def _proved(self, told: head.Tap) -> Tap | None:
        """Return the tap of a card, after it has proved itself where it can."""
        hello = self._link.hello
        if self._prover is None or hello is None or not hello.features & head.HAS_APDUS:
            return self._tap(told.credential, Medium.UID)
        self._apdus = 0
        card = HeadCard(told.credential, partial(self._carry, told.tap), asyncio.get_running_loop())
        try:
            proof = await asyncio.to_thread(self._prover.prove, card)
        except (CardGone, ChipTrouble, TimeoutError):
            self.counts.troubles += 1
            self._show(told.tap, Verdict.REFUSED)
            return None
        if proof is None:
            return self._tap(told.credential, Medium.UID)
        return self._tap(proof.credential, proof.medium, proof.flaw)

    async def _carry(self, tap: int, apdu: bytes) -> head.ApduAnswer:
        """Say an APDU to the card of a tap and wait for what it says. Raises CardGone."""
        if self._port is None:
            raise CardGone("the head is gone")
        self._told = asyncio.get_running_loop().create_future()
        self._link.ask_card(tap, self._apdus & 0xFF, apdu, self._clock.monotonic_ms())
        self._apdus += 1
        self._port.flush()
        return await self._told

    def _end_talk(self) -> None:
        if self._told is not None and not self._told.done():
            self._told.set_exception(CardGone("nobody waits for this card any more"))
