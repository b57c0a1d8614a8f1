"""A PN532 asked for Type A cards: a machine without wires or clock, the same file on CPython and MicroPython.

Give it what arrives (`receive`) and the time (`tick`, when `due_ms` has come); send what `take_output` holds. Both
return events: (READY, None) after `start`, (SEEN, uid or None) after `look`, (HELD, uid or None) after `hold`,
(ANSWERED, answer or None) after `exchange`, (RELEASED, None) after `release`, and (FAILED, reason) when the chip does
not answer as it should; then only `start` helps. Frames and commands: NXP UM0701-02, 6.2.1 and 7.

Rule: one command is under way at a time; each is tried three times, but an APDU is sent once, since a card counts what
it hears; the field is off between two looks, so that a card starts anew and one that was selected answers again.
"""

READY = "ready"
SEEN = "seen"
HELD = "held"
ANSWERED = "answered"
RELEASED = "released"
FAILED = "failed"

ACK = b"\x00\x00\xff\x00\xff\x00"
NACK = b"\x00\x00\xff\xff\x00\x00"
WAKE = b"\x55\x55" + b"\x00" * 14
ACK_MS = 50  # the chip takes 15
ANSWER_MS = 500
CARD_MS = 1_000  # a card may take its time over an APDU
TRIES = 3
APDU_MAX = 261
BODY_MAX = 265
UID_LENGTHS = (4, 7, 10)

_START = b"\x00\xff"
_FRAME_MAX = BODY_MAX + 11
_SHORT_MAX = 64  # what comes for all but an APDU
_FROM_HOST = 0xD4
_FROM_CHIP = 0xD5
_SAM_NORMAL = b"\x14\x01\x00\x00"
_NO_AUTOMATIC_RATS = b"\x12\x00"
_FEW_RETRIES = b"\x32\x05\x01\x00\x01"
_FIELD_OFF = b"\x32\x01\x02"
_LIST_ONE = b"\x4a\x01\x00"
_SETUP = (_SAM_NORMAL, _NO_AUTOMATIC_RATS, _FEW_RETRIES, _FIELD_OFF)
_LOOK = (_LIST_ONE, _FIELD_OFF)
_HOLD = (b"\x12\x10", _LIST_ONE)  # with automatic RATS
_RELEASE = (_NO_AUTOMATIC_RATS, _FIELD_OFF)
_DATA_EXCHANGE = b"\x40\x01"
_TAKES_APDUS = 0x20  # in SEL_RES

_IDLE = 0
_WAITS_ACK = 1
_WAITS_ANSWER = 2


def encode(body: bytes) -> bytes:
    """Return the frame around TFI and data, at most BODY_MAX bytes: a normal one up to 255, an extended one above."""
    length = len(body)
    head = bytes([length & 0xFF, -length & 0xFF])
    if length > 255:
        head = bytes([0xFF, 0xFF, length >> 8, length & 0xFF, -(length >> 8) - length & 0xFF])
    return b"\x00" + _START + head + body + bytes([-sum(body) & 0xFF, 0])


def first_frame(read: bytes) -> bytes:
    """Return the frame in what was read in one go, without whatever a chip gives beyond its end."""
    begin = read.find(_START)
    taken = _first(read[begin:])[0] if begin >= 0 else 0
    return read[begin : begin + taken] if taken else b""


class Frames:
    """Finds frames in bytes that are cut anywhere."""

    def __init__(self) -> None:
        self._unread = b""

    def feed(self, chunk: bytes) -> "list[bytes | None]":
        """Return what is whole now: ACK, NACK, a body with its TFI, or None for a frame that is broken."""
        self._unread += chunk
        found: list[bytes | None] = []
        while True:
            begin = self._unread.find(_START)
            if begin < 0:
                self._unread = self._unread[-1:]
                return found
            self._unread = self._unread[begin:]
            taken, frame = _first(self._unread)
            if taken == 0:
                return found
            self._unread = self._unread[taken:]
            found.append(frame)

    def forget(self) -> None:
        self._unread = b""


def _first(unread: bytes) -> "tuple[int, bytes | None]":
    """Return how many bytes the first frame takes (0: more are needed) and what it is."""
    head = unread[2:4]
    if len(head) < 2:
        return 0, None
    if head == b"\x00\xff":
        return 4, ACK
    if head == b"\xff\x00":
        return 4, NACK
    if head != b"\xff\xff":
        return _body(unread, 4, head, head[0])
    head = unread[4:7]
    return _body(unread, 7, head, head[0] << 8 | head[1]) if len(head) == 3 else (0, None)


def _body(unread: bytes, begin: int, head: bytes, length: int) -> "tuple[int, bytes | None]":
    """Return the body that begins at `begin`; its head is the length and its checksum."""
    if sum(head) & 0xFF or not 0 < length <= BODY_MAX:
        return 2, None
    end = begin + length + 1
    if len(unread) < end:
        return 0, None
    return end, None if sum(unread[begin:end]) & 0xFF else unread[begin : end - 1]


class Pn532:
    """One chip. `wake` goes out before the first frame; on a serial line it takes long to wake."""

    def __init__(self, wake: bytes = WAKE) -> None:
        self.due_ms: int | None = None
        self._wake = wake
        self._frames = Frames()
        self._steps: tuple[bytes, ...] = ()
        self._after = READY
        self._told: bytes | None = None
        self._tries = 0
        self._phase = _IDLE
        self._output = b""

    @property
    def is_busy(self) -> bool:
        return self._phase != _IDLE

    @property
    def expects(self) -> int:
        """How many bytes the next frame has at most, where a whole one must be read in one go."""
        if self._phase == _WAITS_ACK:
            return len(ACK)
        return _FRAME_MAX if self._after == ANSWERED else _SHORT_MAX

    def start(self, now_ms: int) -> None:
        """Wake the chip and set it up, whatever it was doing."""
        self._frames.forget()
        self._output = b""
        self._told = None
        self._begin(_SETUP, READY, now_ms)

    def look(self, now_ms: int) -> None:
        """Look once for a card."""
        self._ask(_LOOK, SEEN, now_ms)

    def hold(self, now_ms: int) -> None:
        """Wake the card in the field for APDUs, and leave the field on."""
        self._ask(_HOLD, HELD, now_ms)

    def exchange(self, apdu: bytes, now_ms: int) -> None:
        """Send an APDU, at most APDU_MAX bytes, to the card that is held; no answer is one of None."""
        assert 0 < len(apdu) <= APDU_MAX, "an APDU has 1 to 261 bytes"  # noqa: S101  a programmer's error
        self._ask((_DATA_EXCHANGE + apdu,), ANSWERED, now_ms)

    def release(self, now_ms: int) -> None:
        """Let the card that is held go."""
        self._ask(_RELEASE, RELEASED, now_ms)

    def forget(self) -> None:
        """Give up what is under way, after the wire itself failed."""
        self._frames.forget()
        self._output = b""
        self._rest()

    def take_output(self) -> bytes:
        """Return what is to be sent now, once."""
        output, self._output = self._output, b""
        return output

    def receive(self, chunk: bytes, now_ms: int) -> "list[tuple[str, object]]":
        """Take bytes from the chip; return events."""
        events: list[tuple[str, object]] = []
        for frame in self._frames.feed(chunk):
            if self._phase != _IDLE:
                events += self._take(frame, now_ms)
        return events

    def tick(self, now_ms: int) -> "list[tuple[str, object]]":
        """Try again, or give up, what was not answered in time; return events."""
        if self.due_ms is None or now_ms < self.due_ms:
            return []
        reason = "no acknowledgement" if self._phase == _WAITS_ACK else "no answer"
        return self._fail(reason) if self._after == ANSWERED else self._again(reason, now_ms)

    def _ask(self, steps: "tuple[bytes, ...]", after: str, now_ms: int) -> None:
        assert self._phase == _IDLE, "something is under way"  # noqa: S101  a programmer's error
        self._told = None
        self._begin(steps, after, now_ms)

    def _begin(self, steps: "tuple[bytes, ...]", after: str, now_ms: int) -> None:
        self._steps = steps
        self._after = after
        self._tries = 0
        self._send(self._wake if after == READY else b"", now_ms)

    def _send(self, before: bytes, now_ms: int) -> None:
        self._output += before + encode(bytes([_FROM_HOST]) + self._steps[0])
        self._phase = _WAITS_ACK
        self.due_ms = now_ms + ACK_MS

    def _take(self, frame: "bytes | None", now_ms: int) -> "list[tuple[str, object]]":
        if frame is ACK:
            self._phase = _WAITS_ANSWER
            self.due_ms = now_ms + (CARD_MS if self._after == ANSWERED else ANSWER_MS)
            return []
        if frame is None:
            return self._unclear(now_ms)
        if frame is NACK:
            return self._again("a NACK", now_ms)
        if len(frame) < 2 or frame[0] != _FROM_CHIP:
            return self._again("a syntax error", now_ms)
        if frame[1] != self._steps[0][0] + 1:
            return []  # the answer to a command that was given up
        return self._finish(frame[2:], now_ms)

    def _finish(self, answer: bytes, now_ms: int) -> "list[tuple[str, object]]":
        if self._steps[0] is _LIST_ONE:
            if not _is_listing(answer):
                return self._again("a listing that makes no sense", now_ms)
            self._told = _listed(answer, is_for_apdus=self._after == HELD)
        if self._after == ANSWERED and answer[:1] == b"\x00":
            self._told = answer[1:]
        self._steps = self._steps[1:]
        self._tries = 0
        if self._steps:
            self._send(b"", now_ms)
            return []
        self._rest()
        return [(self._after, self._told)]

    def _unclear(self, now_ms: int) -> "list[tuple[str, object]]":
        """Ask again after a broken frame; after an APDU only for the answer, which the chip still has (6.2.1.6)."""
        if self._after != ANSWERED:
            return self._again("a broken frame", now_ms)
        self._tries += 1
        if self._tries >= TRIES:
            return self._fail("broken frames")
        if self._phase == _WAITS_ANSWER:
            self._output += NACK
        return []

    def _again(self, reason: str, now_ms: int) -> "list[tuple[str, object]]":
        """Abort what is under way with an ACK, and send the command again, or give up."""
        self._tries += 1
        self._frames.forget()
        if self._tries >= TRIES:
            return self._fail(reason)
        self._send(ACK + self._wake, now_ms)
        return []

    def _fail(self, reason: str) -> "list[tuple[str, object]]":
        self._frames.forget()
        self._rest()
        return [(FAILED, reason)]

    def _rest(self) -> None:
        self._phase = _IDLE
        self.due_ms = None


def _is_listing(answer: bytes) -> bool:
    """Tell whether an answer lists no card, or one with a UID that is whole."""
    if answer[:1] == b"\x00":
        return True
    return len(answer) >= 6 and answer[0] == 1 and answer[5] in UID_LENGTHS and len(answer) >= 6 + answer[5]


def _listed(answer: bytes, is_for_apdus: bool) -> "bytes | None":
    """Return the UID of the card that is listed; None when there is none, or none that takes APDUs where it must."""
    if not answer[0]:
        return None
    end = 6 + answer[5]
    if is_for_apdus and not (answer[4] & _TAKES_APDUS and len(answer) > end):
        return None
    return answer[6:end]
