"""Frames on a serial line: bytes in, bytes out, found again after any noise; runs on MicroPython too.

Rule: a frame is a zero, the body and its CRC-32 (IEEE, little-endian) in consistent overhead byte stuffing (Cheshire
and Baker, 1999), and a zero. No other byte is ever zero, so that who joins in the middle loses one frame at most.
"""

from binascii import crc32

BODY_MAX = 520
# A body with its checksum, a byte of overhead in 254 and the one at the head.
_STUFFED_MAX = BODY_MAX + 4 + (BODY_MAX + 4) // 254 + 1


class FrameBroken(ValueError):
    """The bytes between two zeros are no frame."""


def frame(body: bytes) -> bytes:
    """Return the frame of a body of 1 to BODY_MAX bytes."""
    assert 0 < len(body) <= BODY_MAX, "a frame holds 1 to 520 bytes"  # noqa: S101  a programmer's error
    return b"\x00" + stuff(body + crc32(body).to_bytes(4, "little")) + b"\x00"


def unframe(stuffed: bytes) -> bytes:
    """Return the body of what stood between two zeros. Raises FrameBroken."""
    checked = unstuff(stuffed)
    body = checked[:-4]
    if not body or crc32(body).to_bytes(4, "little") != checked[-4:]:
        raise FrameBroken("the checksum does not fit")
    return body


def stuff(plain: bytes) -> bytes:
    """Return bytes without a zero that stand for any bytes."""
    stuffed = b"".join(_run(run) for run in plain.split(b"\x00"))
    last = len(plain) - 1 - plain.rfind(b"\x00")
    return stuffed[:-1] if last and last % 254 == 0 else stuffed  # a full part at the end needs nothing after it


def _run(run: bytes) -> bytes:
    """Return bytes without a zero, in parts of 254 that no zero stands after, and the last, which one does."""
    whole = len(run) // 254 * 254
    parts = b"".join(b"\xff" + run[at : at + 254] for at in range(0, whole, 254))
    return parts + bytes([len(run) - whole + 1]) + run[whole:]


def unstuff(stuffed: bytes) -> bytes:
    """Return what was stuffed. Raises FrameBroken."""
    plain = b""
    at = 0
    while at < len(stuffed):
        step = stuffed[at]
        run = stuffed[at + 1 : at + step]
        if not step or len(run) != step - 1:
            raise FrameBroken("a run goes past the end")
        at += step
        plain += run
        if step < 255 and at < len(stuffed):
            plain += b"\x00"
    return plain


class Frames:
    """Finds bodies in bytes that are cut anywhere. `broken` counts what was none."""

    def __init__(self) -> None:
        self.broken = 0
        self._unread = b""
        self._is_lost = False  # what is being read is too long to be a frame

    def feed(self, chunk: bytes) -> "list[bytes]":
        """Return the bodies that are whole now."""
        *whole, self._unread = (self._unread + chunk).split(b"\x00")
        found = [body for body in map(self._body, whole) if body]
        if len(self._unread) > _STUFFED_MAX:
            self._is_lost = True
            self._unread = b""
        return found

    def _body(self, stuffed: bytes) -> bytes:
        """Return a body, empty when there was none."""
        is_long = self._is_lost or len(stuffed) > _STUFFED_MAX
        self._is_lost = False
        try:
            if stuffed and not is_long:
                return unframe(stuffed)
        except FrameBroken:
            self.broken += 1
        self.broken += is_long
        return b""
