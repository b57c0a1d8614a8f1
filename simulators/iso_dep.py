"""The card's side of ISO/IEC 14443-4: RATS and the half-duplex blocks that carry APDUs; pure."""

from collections.abc import Callable

RATS = 0xE0
ATS = bytes.fromhex("067577810280")  # frames of 64 bytes, historical byte 80: what a DESFire says
DESELECT = 0xC2
_FRAME_SIZES = (16, 24, 32, 40, 48, 64, 96, 128, 256)
_APDU_MAX = 4_096

Applet = Callable[[bytes], bytes]


def empty_applet(apdu: bytes) -> bytes:
    """Answer as a card with no application: nothing to select, no instruction known (ISO/IEC 7816-4)."""
    is_select = apdu[1:2] == b"\xa4"
    return bytes.fromhex("6a82" if is_select else "6d00")


class IsoDep:
    """One activation: from RATS until DESELECT or the end of the field."""

    def __init__(self, applet: Applet = empty_applet) -> None:
        self._applet = applet
        self._frame_size = _FRAME_SIZES[0]
        self._number = 1  # rule C: toggled before the first answer
        self._command = b""
        self._answer = b""
        self._last = b""

    def activate(self, rats: bytes) -> bytes:
        """Answer RATS; its parameter says how long a frame the reader takes."""
        self._frame_size = _FRAME_SIZES[min(rats[1] >> 4, len(_FRAME_SIZES) - 1)]
        return ATS

    def exchange(self, block: bytes) -> bytes | None:
        """Answer one block without its CRC; None for what a card stays silent to."""
        kind = block[0] & 0xE2
        if kind == 0x02:
            return self._information(block)
        if kind == 0xA2:
            return self._acknowledged(block[0])
        return block[:1] if block[0] == DESELECT else None

    def transmit(self, apdu: bytes) -> bytes:
        """Answer an APDU whose blocks the reader's chip has put together by itself."""
        return self._applet(apdu)

    def _information(self, block: bytes) -> bytes | None:
        self._number ^= 1  # rule D
        self._command += block[1:]
        if len(self._command) > _APDU_MAX:
            return None
        if block[0] & 0x10:
            return self._say(bytes([0xA2 | self._number]))
        command, self._command = self._command, b""
        self._answer = self._applet(command)
        return self._next_part()

    def _acknowledged(self, control: int) -> bytes | None:
        if control & 1 == self._number:
            return self._last or None  # rule 11: it was not heard, say it again
        if control & 0x10:
            return bytes([0xA2 | self._number])  # rule 12: the reader asks whether we are there
        self._number ^= 1  # rule E
        return self._next_part()

    def _next_part(self) -> bytes:
        room = self._frame_size - 3
        part, self._answer = self._answer[:room], self._answer[room:]
        return self._say(bytes([(0x12 if self._answer else 0x02) | self._number]) + part)

    def _say(self, block: bytes) -> bytes:
        self._last = block
        return block
