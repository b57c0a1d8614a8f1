"""Linux input events (struct input_event) turned into the lines that a keyboard-wedge reader types; pure.

The layout is a US keyboard's, which is what such readers pretend to be whatever the machine's own layout is.
"""

import struct
from dataclasses import dataclass, field

from edge_agent.readers.lines import Lines

EVENT = struct.Struct("@llHHi")  # seconds, microseconds, type, code, value; linux/input.h
_SYNC, _KEY = 0, 1
_SYNC_DROPPED = 3
_PRESSED = 1
_SHIFTS = {42, 54}
_ENTERS = {28, 96}
_ROWS = (  # first key code, without shift, with shift
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    (55, "*", "*"),
    (57, " ", " "),
    (71, "789-456+1230.", "789-456+1230."),
    (98, "/", "/"),
)
PLAIN = {first + at: key for first, keys, _ in _ROWS for at, key in enumerate(keys)}
SHIFTED = {first + at: key for first, _, keys in _ROWS for at, key in enumerate(keys)}


@dataclass(slots=True)
class Typist:
    """Follows one keyboard."""

    lines: Lines = field(default_factory=Lines)
    _unread: bytes = b""
    _shifts: set[int] = field(default_factory=set)

    def feed(self, chunk: bytes) -> list[str]:
        """Take bytes of the input device, cut anywhere; return the lines that were ended by Enter."""
        self._unread += chunk
        whole = len(self._unread) - len(self._unread) % EVENT.size
        events, self._unread = self._unread[:whole], self._unread[whole:]
        lines = (self._take(*event) for event in EVENT.iter_unpack(events))
        return [line for line in lines if line is not None]

    def _take(self, seconds: int, microseconds: int, kind: int, code: int, value: int) -> str | None:
        if kind == _SYNC and code == _SYNC_DROPPED:
            self.lines.drop()  # the kernel's queue ran over: some keys are missing
            return None
        if kind != _KEY:
            return None
        if code in _SHIFTS:
            (self._shifts.add if value else self._shifts.discard)(code)
            return None
        if value != _PRESSED:
            return None
        character = "\n" if code in _ENTERS else (SHIFTED if self._shifts else PLAIN).get(code)
        return None if character is None else self.lines.add(character, seconds * 1_000 + microseconds // 1_000)
