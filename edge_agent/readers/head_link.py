"""An agent's end of the line to a reader head: a machine without wires or clock; `docs/head.md` tells what is said.

Give it what arrives (`receive`) and the time (`tick`, at `due_ms` at the latest); send what `take_output` holds.

Rule: what a head says again is taken once; an order is said again until the head has done it, or for a second.
"""

from dataclasses import dataclass, field

from schemas import head
from schemas.cobs import Frames

WHO_MS = 1_000
ORDER_AGAIN_MS, ORDER_TRIES = 60, 16
APDU_AGAIN_MS, APDU_TRIES = 500, 3
ANSWER_MS, SILENCE_MS = 500, 3_000
_NUMBER_MAX = 0xFFFF_FFFF


class HeadRefused(Exception):
    """The head speaks another version; the text says what to do."""


@dataclass(slots=True)
class _Order:
    """A frame that is said again until the head confirms its number."""

    number: int
    frame: bytes
    due_ms: int
    tries_left: int


@dataclass(slots=True)
class HeadLink:
    """One head. `hello` is the head's own, once it was welcomed; `inputs` are its contacts, None until it tells."""

    alone: int = head.CLOSED
    hello: head.Hello | None = None
    inputs: int | None = None
    refused: int = 0  # bodies that are no message
    heard_ms: int = 0
    _frames: Frames = field(default_factory=Frames)
    _output: bytes = b""
    _who_due_ms: int = 0
    _tap: int = 0  # the latest; numbers ascend in one life of a head
    _answer: bytes = b""  # to the latest, to say again
    _change: int = 0
    _last_order: int = 0
    _orders: dict[int, _Order] = field(default_factory=dict)  # by output: only the newest counts
    _apdu: _Order | None = None

    def start(self, now_ms: int) -> None:
        """Begin to listen: ask who is there. A head still knows the numbers of orders before; ours are others."""
        self.heard_ms = now_ms
        self._who_due_ms = now_ms
        self._last_order = now_ms & _NUMBER_MAX

    @property
    def broken(self) -> int:
        """How much of what was read was no message."""
        return self._frames.broken + self.refused

    def is_silent(self, now_ms: int) -> bool:
        """Tell whether nothing was heard for too long: a head says something every second."""
        return now_ms - self.heard_ms >= SILENCE_MS

    @property
    def due_ms(self) -> int:
        """When to call `tick` at the latest."""
        instants = [order.due_ms for order in self._orders.values()]
        if self._apdu is not None:
            instants.append(self._apdu.due_ms)
        if self.hello is None:
            instants.append(self._who_due_ms)
        return min([self.heard_ms + SILENCE_MS, *instants])

    def take_output(self) -> bytes:
        """Return what is to be sent now, once."""
        output, self._output = self._output, b""
        return output

    # What arrives

    def receive(self, chunk: bytes, now_ms: int) -> list[head.Message]:
        """Take bytes from the head; return what is new, without taps withdrawn meanwhile. Raises HeadRefused."""
        news: list[head.Message] = []
        for body in self._frames.feed(chunk):
            try:
                message = head.decode(body)
            except head.MessageRefused:
                self._check_version(body)
                self.refused += 1
                continue
            self.heard_ms = now_ms
            news += self._take(message)
        gone = {message.tap for message in news if isinstance(message, head.Withdrawn)}
        return [message for message in news if not (isinstance(message, head.Tap) and message.tap in gone)]

    def _take(self, message: head.Message) -> list[head.Message]:
        if isinstance(message, head.Hello):
            return self._welcome(message)
        return [] if self.hello is None else self._take_known(message)

    def _take_known(self, message: head.Message) -> list[head.Message]:
        match message:
            case head.Heartbeat():
                self._say(head.Alive())
                return [message, *self._changed(message.inputs)]
            case head.Tap():
                return self._take_tap(message)
            case head.Inputs():
                return self._take_inputs(message)
            case head.ApduAnswer():
                return self._take_apdu_answer(message)
            case head.Withdrawn() | head.Trouble():
                return [message]
            case head.Done(number=number):
                self._orders = {output: order for output, order in self._orders.items() if order.number != number}
            case _:
                pass
        return []

    def _welcome(self, hello: head.Hello) -> list[head.Message]:
        if hello.version != head.VERSION:
            self._refuse(hello.version)
        is_new = self.hello is None or (hello.unique, hello.boots) != (self.hello.unique, self.hello.boots)
        if is_new:
            self._tap = self._change = 0
            self._apdu = None
        self._orders.clear()
        self.hello = hello
        self._say(head.Welcome(head.VERSION, head.WELCOME, self.alone, ANSWER_MS, SILENCE_MS))
        return [hello] if is_new else []

    def _check_version(self, body: bytes) -> None:
        version = head.version_of(body)
        if body[0] == head.Hello.KIND and version not in {None, head.VERSION}:
            self._refuse(version)

    def _refuse(self, version: int | None) -> None:
        self.hello = None
        self._say(head.Welcome(head.VERSION, head.VERSION_REFUSED, head.CLOSED, ANSWER_MS, SILENCE_MS))
        raise HeadRefused(
            f"the head speaks version {version} of the line and this agent {head.VERSION}: "
            "write this release's firmware to it with `esik device flash`"
        )

    def _take_tap(self, tap: head.Tap) -> list[head.Message]:
        if tap.tap == self._tap:
            self._output += self._answer
        if tap.tap <= self._tap:
            return []
        self._tap, self._answer = tap.tap, b""
        return [tap]

    def _take_inputs(self, change: head.Inputs) -> list[head.Message]:
        self._say(head.Heard(change.number))
        if change.number <= self._change:
            return []
        self._change = change.number
        return self._changed(change.inputs)

    def _changed(self, inputs: int) -> list[head.Message]:
        """Return what is new about the contacts; what is said first is, for they may have changed on a lost line."""
        if inputs == self.inputs:
            return []
        self.inputs = inputs
        return [head.Inputs(self._change, inputs)]

    def _take_apdu_answer(self, answer: head.ApduAnswer) -> list[head.Message]:
        if self._apdu is None or (answer.tap, answer.number) != (self._tap, self._apdu.number):
            return []
        self._apdu = None
        return [answer]

    # What the agent says

    def answer(self, tap: int, outcome: int, light: int, sound: int) -> None:
        """Say what was decided about a tap; about any but the latest it is too late."""
        if tap != self._tap:
            return
        self._apdu = None
        self._answer = head.Answer(tap, outcome, light, sound).frame()
        self._output += self._answer

    def ask_card(self, tap: int, number: int, apdu: bytes, now_ms: int) -> None:
        """Say an APDU for the card of a tap; its answer comes from `receive`."""
        frame = head.Apdu(tap, number, apdu).frame()
        self._apdu = _Order(number, frame, now_ms + APDU_AGAIN_MS, APDU_TRIES - 1)
        self._output += frame

    def order(self, output: int, now_ms: int, *, is_on: bool, ttl_ms: int) -> None:
        """Switch an output; nothing without a head."""
        if self.hello is None:
            return
        self._last_order = self._last_order + 1 & _NUMBER_MAX
        frame = head.Output(self._last_order, output, int(is_on), ttl_ms).frame()
        self._orders[output] = _Order(self._last_order, frame, now_ms + ORDER_AGAIN_MS, ORDER_TRIES - 1)
        self._output += frame

    def tick(self, now_ms: int) -> None:
        """Say again what was not confirmed."""
        if self.hello is None and now_ms >= self._who_due_ms:
            self._who_due_ms = now_ms + WHO_MS
            self._say(head.Who(head.VERSION))
        self._orders = {
            output: order for output, order in self._orders.items() if self._again(order, ORDER_AGAIN_MS, now_ms)
        }
        if self._apdu is not None and not self._again(self._apdu, APDU_AGAIN_MS, now_ms):
            self._apdu = None

    def _again(self, order: _Order, pause_ms: int, now_ms: int) -> bool:
        """Say an order again if it is due; tell whether it is worth to go on."""
        if now_ms < order.due_ms:
            return True
        if not order.tries_left:
            return False
        order.tries_left -= 1
        order.due_ms = now_ms + pause_ms
        self._output += order.frame
        return True

    def _say(self, message: head.Message) -> None:
        self._output += message.frame()
