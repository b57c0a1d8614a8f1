"""A head's end of the line to its agent: a machine without wires or clock; `docs/head.md` tells what is said.

Give it what arrives (`receive`), what happens at the head (`tap`, `input`, `answer_apdu`, `done`) and the time (`tick`,
at `due_ms` at the latest); send what `take_output` holds. `receive` and `tick` return orders, tuples that begin with
one of the words below.

Rule: nothing outlives a tap: one is under way at a time, and it ends with the agent's answer or a red light.
"""

from schemas import head
from schemas.cobs import Frames

# Orders
SHOW = "show"  # light, sound, outcome: the answer to the tap that is under way
ALONE = "alone"  # outcome of `alone`, for a card while the agent is silent
APDU = "apdu"  # an Apdu for the card of the tap that is under way
OUTPUT = "output"  # an Output

HELLO_MS = 1_000
HEARTBEAT_MS = 1_000
TAP_AGAIN_MS = 150
INPUT_AGAIN_MS = 100
INPUT_TRIES = 10
INPUTS_MAX = 8
OUTPUTS_MAX = 16
APDU_MS = 1_000  # how long a tap may go on after each APDU
APDUS_MAX = 64  # of one tap
ANSWER_MS = 500
SILENCE_MS = 3_000
_U32 = 0xFFFFFFFF

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Order = tuple[str, Any]


class HeadLine:
    """One head's end. `alone` is what it does without an agent until one says otherwise."""

    def __init__(self, hello: head.Hello, alone: int = head.CLOSED) -> None:
        self.inputs = 0
        self.taps = 0
        self.unanswered = 0
        self.troubles = 0
        self.is_reader_ready = False
        self.alone = alone
        self.is_refused = False  # the agent speaks another version
        self._hello = hello
        self._frames = Frames()
        self._refused = 0
        self._output = b""
        self._answer_ms = ANSWER_MS
        self._silence_ms = SILENCE_MS
        self._heard_ms: int | None = None  # None: not welcomed
        self._hello_due_ms = 0
        self._heartbeat_due_ms = HEARTBEAT_MS
        self._tap: head.Tap | None = None
        self._tap_again_ms = 0
        self._tap_ends_ms = 0
        self._apdus = 0
        self._last_apdu: head.ApduAnswer | None = None
        self._changes: list[head.Inputs] = []
        self._change = 0
        self._change_again_ms = 0
        self._change_tries = 0
        self._outputs: list[int] = []  # numbers of those that were ordered last

    def is_waiting(self) -> bool:
        """Tell whether a tap is under way."""
        return self._tap is not None

    def is_served(self, now_ms: int) -> bool:
        """Tell whether the agent is there."""
        return self._heard_ms is not None and now_ms - self._heard_ms < self._silence_ms

    @property
    def due_ms(self) -> int:
        """When to call `tick` at the latest."""
        due_ms = min(self._heartbeat_due_ms, self._hello_due_ms if self._heard_ms is None else self._heartbeat_due_ms)
        if self._tap is not None:
            due_ms = min(due_ms, self._tap_ends_ms, self._tap_ends_ms if self._apdus else self._tap_again_ms)
        return min(due_ms, self._change_again_ms) if self._changes else due_ms

    def take_output(self) -> bytes:
        """Return what is to be sent now, once."""
        output, self._output = self._output, b""
        return output

    # What happens at the head

    def tap(self, medium: int, credential: bytes, now_ms: int) -> "list[Order]":
        """Tell a credential that was shown; while the agent is silent nobody is asked."""
        assert self._tap is None, "a tap is under way"  # noqa: S101  a programmer's error
        self.taps += 1
        if not self.is_served(now_ms):
            self.unanswered += 1
            return [(ALONE, self.alone)]
        self._tap = head.Tap(self.taps & _U32, medium, credential)
        self._tap_ends_ms = now_ms + self._answer_ms
        self._apdus = 0
        self._last_apdu = None
        self._say_tap(now_ms)
        return []

    def input(self, inputs: int, now_ms: int) -> None:
        """Tell that the contacts have changed; those nobody hears in time are forgotten, the oldest first."""
        self.inputs = inputs
        self._change += 1
        if len(self._changes) >= INPUTS_MAX:
            self._changes.pop(0)
            self._change_tries = 0
        self._changes.append(head.Inputs(self._change & _U32, inputs))
        if len(self._changes) == 1:
            self._change_tries = 0
            self._say_change(now_ms)

    def answer_apdu(self, apdu: head.Apdu, status: int, answer: bytes, now_ms: int) -> None:
        """Tell what the card said."""
        if self._tap is None or apdu.tap != self._tap.tap:
            return
        self._last_apdu = head.ApduAnswer(apdu.tap, apdu.number, status, answer)
        self._tap_ends_ms = now_ms + APDU_MS
        self._say(self._last_apdu)

    def done(self, output: head.Output) -> None:
        """Tell that an output is as it was ordered."""
        self._say(head.Done(output.number))

    def ready(self, now_ms: int) -> None:
        """Tell that the reader's chip does as it should."""
        self.is_reader_ready = True
        self._heartbeat_due_ms = now_ms

    def trouble(self, reason: str, now_ms: int) -> None:
        """Tell that the reader's chip does not do as it should."""
        self.is_reader_ready = False
        self.troubles += 1
        self._say(head.Trouble(reason))
        self._heartbeat_due_ms = now_ms

    # What arrives

    def receive(self, chunk: bytes, now_ms: int) -> "list[Order]":
        """Take bytes from the agent."""
        orders: list[Order] = []
        for body in self._frames.feed(chunk):
            try:
                orders += self._take(head.decode(body), now_ms)
            except head.MessageRefused:
                self._refused += 1
                self._greet_if_asked(body)
        return orders

    def _take(self, message: head.Message, now_ms: int) -> "list[Order]":
        if isinstance(message, head.Who):
            self._heard_ms = None
            self._hello_due_ms = now_ms + HELLO_MS
            self._say(self._hello)
        elif isinstance(message, head.Welcome):
            self._welcome(message, now_ms)
        elif self._heard_ms is None:
            return []  # of an agent that took us for another
        else:
            self._heard_ms = now_ms
        if isinstance(message, head.Answer):
            return self._end(message)
        if isinstance(message, head.Apdu):
            return self._order_apdu(message, now_ms)
        if isinstance(message, head.Output):
            return self._order_output(message)
        if isinstance(message, head.Heard):
            self._hear(message.number, now_ms)
        return []

    def _greet_if_asked(self, body: bytes) -> None:
        """Say hello to an agent of another version, so that it can tell a person what we speak."""
        if head.version_of(body) not in (None, head.VERSION):
            self.is_refused = True
            self._heard_ms = None
            if body[0] == head.Who.KIND:
                self._say(self._hello)

    def _welcome(self, welcome: head.Welcome, now_ms: int) -> None:
        self.is_refused = welcome.verdict != head.WELCOME or welcome.version != head.VERSION
        if self.is_refused:
            self._heard_ms = None
            return
        self._heard_ms = now_ms
        self._heartbeat_due_ms = now_ms  # tell at once how the head is
        self.alone = welcome.alone
        self._answer_ms = welcome.answer_ms
        self._silence_ms = welcome.silence_ms

    def _end(self, answer: head.Answer) -> "list[Order]":
        if self._tap is None or answer.tap != self._tap.tap:
            return []  # too late, or said twice
        self._tap = None
        return [(SHOW, (answer.light, answer.sound, answer.outcome))]

    def _order_apdu(self, apdu: head.Apdu, now_ms: int) -> "list[Order]":
        """Carry an APDU once; asked again, say again what the card said."""
        if self._tap is None or apdu.tap != self._tap.tap:
            return []
        if self._last_apdu is not None and self._last_apdu.number == apdu.number:
            self._say(self._last_apdu)
            return []
        if self._apdus >= APDUS_MAX:
            return []
        self._apdus += 1
        self._tap_ends_ms = now_ms + APDU_MS
        return [(APDU, apdu)]

    def _order_output(self, output: head.Output) -> "list[Order]":
        if output.number in self._outputs:
            self._say(head.Done(output.number))
            return []
        self._outputs.append(output.number)
        del self._outputs[:-OUTPUTS_MAX]
        return [(OUTPUT, output)]

    def _hear(self, number: int, now_ms: int) -> None:
        if self._changes and self._changes[0].number == number:
            self._next_change(now_ms)

    # Time

    def tick(self, now_ms: int) -> "list[Order]":
        """Say again what was not heard, and give up what must not wait any longer."""
        if self._heard_ms is not None and not self.is_served(now_ms):
            self._heard_ms = None
            self._hello_due_ms = now_ms
        if self._heard_ms is None and now_ms >= self._hello_due_ms:
            self._hello_due_ms = now_ms + HELLO_MS
            self._say(self._hello)
        if now_ms >= self._heartbeat_due_ms:
            self._heartbeat_due_ms = now_ms + HEARTBEAT_MS
            self._say(self._heartbeat(now_ms))
        if self._changes and now_ms >= self._change_again_ms:
            self._change_again(now_ms)
        return self._tick_tap(now_ms) if self._tap is not None else []

    def _tick_tap(self, now_ms: int) -> "list[Order]":
        assert self._tap is not None, "only a tap ends"  # noqa: S101
        if now_ms >= self._tap_ends_ms:
            self.unanswered += 1
            self._say(head.Withdrawn(self._tap.tap))
            self._tap = None
            return [(SHOW, (head.RED, head.LONG, head.REFUSED))]
        if now_ms >= self._tap_again_ms and self._apdus == 0:
            self._say_tap(now_ms)
        return []

    def _say_tap(self, now_ms: int) -> None:
        assert self._tap is not None, "there is a tap to tell"  # noqa: S101
        self._tap_again_ms = now_ms + TAP_AGAIN_MS
        self._say(self._tap)

    def _say_change(self, now_ms: int) -> None:
        self._change_again_ms = now_ms + INPUT_AGAIN_MS
        self._change_tries += 1
        self._say(self._changes[0])

    def _change_again(self, now_ms: int) -> None:
        if self._change_tries >= INPUT_TRIES:
            self._next_change(now_ms)
        else:
            self._say_change(now_ms)

    def _next_change(self, now_ms: int) -> None:
        self._changes.pop(0)
        self._change_tries = 0
        if self._changes:
            self._say_change(now_ms)

    def _heartbeat(self, now_ms: int) -> head.Heartbeat:
        return head.Heartbeat(
            now_ms // 1_000 & _U32, self.taps & _U32, self.unanswered & _U32,
            self._frames.broken + self._refused & _U32, self.troubles & _U32, int(self.is_reader_ready), self.inputs,
        )  # fmt: skip

    def _say(self, message: head.Message) -> None:
        self._output += message.frame()
