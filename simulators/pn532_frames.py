"""The frames between a host and a PN532: bytes to frames and back (NXP UM0701-02, 6.2.1); pure."""

from dataclasses import dataclass
from enum import Enum

START = b"\x00\xff"
ACK = bytes.fromhex("0000ff00ff00")
NACK = bytes.fromhex("0000ffff0000")
SYNTAX_ERROR = bytes.fromhex("0000ff01ff7f8100")
FROM_HOST, FROM_CHIP = 0xD4, 0xD5
NORMAL_MAX = 255
BODY_MAX = 265  # TFI included; what a PN532 takes and gives


class Signal(Enum):
    """A frame that says all by being one."""

    ACK = "ack"
    NACK = "nack"


@dataclass(frozen=True, slots=True)
class Broken:
    """Bytes that began like a frame and were none."""

    reason: str


@dataclass(frozen=True, slots=True)
class Body:
    """A frame's TFI and what follows it, up to the checksum."""

    content: bytes


Frame = Signal | Broken | Body


def encode(body: bytes) -> bytes:
    """Return the frame around TFI and data: a normal one up to 255 bytes, an extended one above."""
    if not 0 < len(body) <= BODY_MAX:
        raise ValueError(f"a PN532 frame holds 1 to {BODY_MAX} bytes, not {len(body)}")
    tail = body + bytes([-sum(body) & 0xFF, 0x00])
    if len(body) <= NORMAL_MAX:
        return b"\x00" + START + bytes([len(body), -len(body) & 0xFF]) + tail
    length = len(body).to_bytes(2)
    return b"\x00" + START + b"\xff\xff" + length + bytes([-sum(length) & 0xFF]) + tail


class Decoder:
    """Takes bytes cut anywhere, gives frames; passes over preambles, wake-up bytes and noise."""

    def __init__(self) -> None:
        self._unread = b""

    def feed(self, chunk: bytes) -> list[Frame]:
        """Return the frames that are whole now."""
        self._unread += chunk
        frames: list[Frame] = []
        while (begin := self._unread.find(START)) >= 0:
            self._unread = self._unread[begin:]
            frame, length = _first(self._unread)
            if length == 0:
                return frames
            self._unread = self._unread[length:]
            if frame is not None:
                frames.append(frame)
        self._unread = self._unread[-1:]  # half a start code, perhaps
        return frames

    def forget(self) -> None:
        """Drop what was begun, as a chip does that falls asleep."""
        self._unread = b""


def _first(unread: bytes) -> tuple[Frame | None, int]:
    """Return the frame at the start code and how many bytes it took; 0 when more bytes are needed."""
    head = unread[2:4]
    if len(head) < 2:
        return None, 0
    if head == b"\x00\xff":
        return Signal.ACK, 4
    if head == b"\xff\x00":
        return Signal.NACK, 4
    if head == b"\xff\xff":
        return _extended(unread)
    if sum(head) & 0xFF:
        return Broken("length checksum"), len(START)
    return _body(unread, 4, head[0])


def _extended(unread: bytes) -> tuple[Frame | None, int]:
    if len(unread) < 7:
        return None, 0
    if sum(unread[4:7]) & 0xFF:
        return Broken("length checksum"), len(START)
    return _body(unread, 7, int.from_bytes(unread[4:6]))


def _body(unread: bytes, begin: int, length: int) -> tuple[Frame | None, int]:
    if not 0 < length <= BODY_MAX:
        return Broken(f"length {length}"), len(START)
    end = begin + length + 1
    if len(unread) < end:
        return None, 0
    if sum(unread[begin:end]) & 0xFF:
        return Broken("data checksum"), end
    return Body(unread[begin : end - 1]), end
