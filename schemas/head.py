"""What a reader head and its agent say to each other on a serial line; runs on MicroPython too.

Rule: a body is one byte of kind and the fields of its layout, little-endian, nothing after them. HELLO, WHO and WELCOME
keep their kind and the place of `version` for ever, so that any two versions can tell that they differ.
`docs/head.md` tells who says what when.
"""

from schemas import signals
from schemas.cobs import frame

VERSION = 1
BAUD = 115_200
CREDENTIAL_MAX = 512
APDU_MAX = 261
APDU_ANSWER_MAX = 258

U8, U16, U32 = 1, 2, 4  # a field's bytes
TEXT = "text"  # a byte of length and as much UTF-8
REST = "rest"  # bytes up to the end of the body
TEXT_MAX = 64

# Tap.medium
UID, QR, WIEGAND = 0, 1, 2
# Bits of Inputs.inputs and Heartbeat.inputs: a contact that is closed, a fire panel that speaks
PASSED_IN, PASSED_OUT, FIRE = signals.PASSED_IN, signals.PASSED_OUT, signals.FIRE
# Bits of Hello.features
HAS_APDUS, HAS_RELAYS = 1, 2
# ApduAnswer.status
OK, CARD_GONE, CHIP_TROUBLE, NO_APDUS = 0, 1, 2, 3
# Welcome.verdict
WELCOME, VERSION_REFUSED = 0, 1
# Welcome.alone: what a head does with a card while its agent is silent
CLOSED, OPEN_OUT = 0, 1
# Answer.outcome
GRANTED, UNKNOWN, REFUSED, REPEAT = 0, 1, 2, 3
# Answer.light and Answer.sound
DARK, GREEN, RED, AMBER = signals.DARK, signals.GREEN, signals.RED, signals.AMBER
SILENT, SHORT, LONG = signals.SILENT, signals.SHORT, signals.LONG
# Output.output: the relays, the red light, and light and sound by which a person finds the head
RELAY_IN, RELAY_OUT, RED_LIGHT, LOCATE = signals.RELAY_IN, signals.RELAY_OUT, signals.RED_LIGHT, signals.LOCATE


class MessageRefused(ValueError):
    """The body is no message of this version; the text says why."""


class Message:
    """One message. Its repr tells no card's bytes, so that a log may hold it."""

    KIND = 0
    LAYOUT: "tuple[tuple[str, object], ...]" = ()

    def fields(self) -> "list[object]":
        """Return the values in the order of the layout."""
        return [getattr(self, name) for name, _ in self.LAYOUT]

    def frame(self) -> bytes:
        """Return the message as it goes over the line."""
        return frame(bytes([self.KIND]) + b"".join(_packed(getattr(self, name), kind) for name, kind in self.LAYOUT))

    def __eq__(self, other: object) -> bool:  # type: ignore[explicit-override] # MicroPython has no `typing`
        return isinstance(other, Message) and self.KIND == other.KIND and self.fields() == other.fields()

    def __hash__(self) -> int:  # type: ignore[explicit-override]
        return hash((self.KIND, tuple(self.fields())))

    def __repr__(self) -> str:  # type: ignore[explicit-override]
        told = ", ".join([f"{name}={_told(getattr(self, name))}" for name, _ in self.LAYOUT])
        return f"{type(self).__name__}({told})"


# From the head


class Hello(Message):
    """First message of a head, said until it is welcomed. `boots` tells one life of the head from the next."""

    KIND = 0x01
    LAYOUT = (
        ("version", U8), ("boots", U32), ("features", U8), ("unique", TEXT), ("board", TEXT), ("firmware", TEXT),
    )  # fmt: skip

    def __init__(self, version: int, boots: int, features: int, unique: str, board: str, firmware: str) -> None:
        self.version = version
        self.boots = boots
        self.features = features
        self.unique = unique
        self.board = board
        self.firmware = firmware


class Heartbeat(Message):
    """How the head is, once a second: seconds since it started, and what it has counted since then."""

    KIND = 0x02
    LAYOUT = (
        ("uptime_s", U32), ("taps", U32), ("unanswered", U32), ("broken", U32), ("troubles", U32),
        ("is_reader_ready", U8), ("inputs", U8),
    )  # fmt: skip

    def __init__(
        self, uptime_s: int, taps: int, unanswered: int, broken: int, troubles: int, is_reader_ready: int, inputs: int
    ) -> None:
        self.uptime_s = uptime_s
        self.taps = taps
        self.unanswered = unanswered
        self.broken = broken
        self.troubles = troubles
        self.is_reader_ready = is_reader_ready
        self.inputs = inputs


class Tap(Message):
    """A credential was shown; said again under the same number until it is answered."""

    KIND = 0x03
    LAYOUT = (("tap", U32), ("medium", U8), ("credential", REST))

    def __init__(self, tap: int, medium: int, credential: bytes) -> None:
        self.tap = tap
        self.medium = medium
        self.credential = credential


class Withdrawn(Message):
    """The head waited long enough and showed red; the tap must not be decided any more."""

    KIND = 0x04
    LAYOUT = (("tap", U32),)

    def __init__(self, tap: int) -> None:
        self.tap = tap


class Inputs(Message):
    """The contacts have changed and stood still since; said again under the same number until it is heard."""

    KIND = 0x05
    LAYOUT = (("number", U32), ("inputs", U8))

    def __init__(self, number: int, inputs: int) -> None:
        self.number = number
        self.inputs = inputs


class ApduAnswer(Message):
    """What the card said to an APDU, with its status word; its UID to an empty one. Empty unless the status is OK."""

    KIND = 0x06
    LAYOUT = (("tap", U32), ("number", U8), ("status", U8), ("answer", REST))

    def __init__(self, tap: int, number: int, status: int, answer: bytes) -> None:
        self.tap = tap
        self.number = number
        self.status = status
        self.answer = answer


class Done(Message):
    """An output is as it was ordered."""

    KIND = 0x07
    LAYOUT = (("number", U32),)

    def __init__(self, number: int) -> None:
        self.number = number


class Trouble(Message):
    """The card reader's chip does not do as it should; in English, for the page of the agent's status."""

    KIND = 0x08
    LAYOUT = (("reason", TEXT),)

    def __init__(self, reason: str) -> None:
        self.reason = reason


# From the agent


class Who(Message):
    """Say hello: the agent has begun to listen."""

    KIND = 0x81
    LAYOUT = (("version", U8),)

    def __init__(self, version: int) -> None:
        self.version = version


class Welcome(Message):
    """The answer to hello. `alone` is kept until the next one; both times are limits for the agent's answers."""

    KIND = 0x82
    LAYOUT = (("version", U8), ("verdict", U8), ("alone", U8), ("answer_ms", U16), ("silence_ms", U16))

    def __init__(self, version: int, verdict: int, alone: int, answer_ms: int, silence_ms: int) -> None:
        self.version = version
        self.verdict = verdict
        self.alone = alone
        self.answer_ms = answer_ms
        self.silence_ms = silence_ms


class Answer(Message):
    """What was decided about a tap, and what its person sees and hears; it moves no relay."""

    KIND = 0x83
    LAYOUT = (("tap", U32), ("outcome", U8), ("light", U8), ("sound", U8))

    def __init__(self, tap: int, outcome: int, light: int, sound: int) -> None:
        self.tap = tap
        self.outcome = outcome
        self.light = light
        self.sound = sound


class Apdu(Message):
    """For the card of a tap that is not answered yet; the first is empty and wakes the card for those that follow.

    The head carries what it is given, and never looks into it.
    """

    KIND = 0x84
    LAYOUT = (("tap", U32), ("number", U8), ("apdu", REST))

    def __init__(self, tap: int, number: int, apdu: bytes) -> None:
        self.tap = tap
        self.number = number
        self.apdu = apdu


class Output(Message):
    """Switch an output on for at most `ttl_ms`, or off; said again under the same number until it is done."""

    KIND = 0x85
    LAYOUT = (("number", U32), ("output", U8), ("is_on", U8), ("ttl_ms", U16))

    def __init__(self, number: int, output: int, is_on: int, ttl_ms: int) -> None:
        self.number = number
        self.output = output
        self.is_on = is_on
        self.ttl_ms = ttl_ms


class Heard(Message):
    """A change of the inputs was taken."""

    KIND = 0x86
    LAYOUT = (("number", U32),)

    def __init__(self, number: int) -> None:
        self.number = number


class Alive(Message):
    """The agent is there; the answer to every heartbeat."""

    KIND = 0x87


FROM_HEAD = (Hello, Heartbeat, Tap, Withdrawn, Inputs, ApduAnswer, Done, Trouble)
FROM_AGENT = (Who, Welcome, Answer, Apdu, Output, Heard, Alive)
_BY_KIND = {kind.KIND: kind for kind in FROM_HEAD + FROM_AGENT}
_REST_MAX = {"credential": CREDENTIAL_MAX, "apdu": APDU_MAX, "answer": APDU_ANSWER_MAX}


def decode(body: bytes) -> Message:
    """Return the message in a frame's body. Raises MessageRefused."""
    kind = _BY_KIND.get(body[0]) if body else None
    if kind is None:
        raise MessageRefused(f"not a kind of version {VERSION}: {body[0] if body else 'nothing'}")
    values = []
    at = 1
    for name, field in kind.LAYOUT:
        value, at = _unpacked(body, at, name, field)
        values.append(value)
    if at != len(body):
        raise MessageRefused(f"{kind.__name__}: {len(body) - at} bytes too many")
    return kind(*values)  # type: ignore[arg-type] # what each layout says


def version_of(body: bytes) -> "int | None":
    """Return the version that a body of any version speaks for its sender, None when it tells none."""
    return body[1] if len(body) > 1 and body[0] in (Hello.KIND, Who.KIND, Welcome.KIND) else None


def _packed(value: object, field: object) -> bytes:
    if isinstance(value, int) and isinstance(field, int):
        return value.to_bytes(field, "little")
    if isinstance(value, bytes):
        return value
    text = _cut(str(value))
    return bytes([len(text)]) + text


def _cut(text: str) -> bytes:
    """Return as much UTF-8 as a field takes, no letter cut in two."""
    while len(text.encode()) > TEXT_MAX:
        text = text[:-1]
    return text.encode()


def _unpacked(body: bytes, at: int, name: str, field: object) -> "tuple[int | str | bytes, int]":
    """Return the field at a place and the place after it. Raises MessageRefused."""
    if field == REST:
        if len(body) - at > _REST_MAX[name]:
            raise MessageRefused(f"{name}: longer than {_REST_MAX[name]} bytes")
        return body[at:], len(body)
    length = field if isinstance(field, int) else _length(body, at, name)
    at += 0 if isinstance(field, int) else 1
    if len(body) < at + length:
        raise MessageRefused(f"{name}: cut short")
    part = body[at : at + length]
    if isinstance(field, int):
        return int.from_bytes(part, "little"), at + length
    try:
        return part.decode(), at + length
    except UnicodeError:
        raise MessageRefused(f"{name}: not UTF-8") from None


def _length(body: bytes, at: int, name: str) -> int:
    length = body[at] if at < len(body) else 0
    if at >= len(body):
        raise MessageRefused(f"{name}: cut short")
    if length > TEXT_MAX:
        raise MessageRefused(f"{name}: longer than {TEXT_MAX} bytes")
    return length


def _told(value: object) -> str:
    return f"<{len(value)} bytes>" if isinstance(value, bytes) else repr(value)
