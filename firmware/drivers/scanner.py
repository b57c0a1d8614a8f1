"""A scanner of codes on a serial line: each code is a line of text.

Rule: what is no text, too short or without an end is thrown away; an open pin hears nothing but noise.
"""

CODE_MIN, CODE_MAX = 4, 512
BAUD = 9_600  # as scanners come from their makers
_CHUNK = 64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.drivers.given import Uart


class Scanner:
    """One scanner. `uart` never waits."""

    def __init__(self, uart: "Uart") -> None:
        self.garbage = 0
        self._uart = uart
        self._line = bytearray()
        self._is_spoilt = False

    def take(self) -> "bytes | None":
        """Return the text of a code that has been read to its end, once; ask at least every 30 ms."""
        for _ in range(_CHUNK):
            read = self._uart.read(1)
            if not read:
                break
            byte = read[0]
            if byte in b"\r\n":
                code = self._end()
                if code is not None:
                    return code
            elif len(self._line) >= CODE_MAX or not 0x20 <= byte < 0x7F:
                self._is_spoilt = True
            else:
                self._line.append(byte)
        return None

    def _end(self) -> "bytes | None":
        code = bytes(self._line)
        is_good = not self._is_spoilt and len(code) >= CODE_MIN
        self.garbage += not is_good and bool(code or self._is_spoilt)
        self._line = bytearray()
        self._is_spoilt = False
        return code if is_good else None
