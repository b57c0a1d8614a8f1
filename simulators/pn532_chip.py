"""A PN532's link to its host: bytes in, bytes out (NXP UM0701-02, 6); no I/O and no clock.

The host's speed is given with its bytes: at another speed than the chip's they are noise, as on a real line.
"""

from simulators.pn532_commands import Commands, Outcome, Sleep, Speed, Wait
from simulators.pn532_faults import Fault, Faults
from simulators.pn532_frames import ACK, FROM_CHIP, FROM_HOST, NACK, SYNTAX_ERROR, Body, Decoder, Frame, Signal, encode
from simulators.rf_field import RfField

BAUD = 115_200  # after power-on
WAKING_BYTES = 5  # lost while the oscillator starts
_NOISE = bytes.fromhex("55aa00")


class Chip:
    """One PN532. `receive`, `field_changed` and `tick` return what it sends."""

    def __init__(self, field: RfField) -> None:
        self.faults = Faults()
        self.baud = BAUD
        self.handled = 0
        self._commands = Commands(field)
        self._decoder = Decoder()
        self._last_answer = b""
        self._next_baud: int | None = None
        self._waiting: tuple[int, Wait] | None = None
        self._due_ms: int | None = None
        self._sleeps_through = 0

    @property
    def due_ms(self) -> int | None:
        """When `tick` has something to do, or None."""
        return self._due_ms

    def receive(self, chunk: bytes, baud: int, now_ms: int) -> bytes:
        """Take bytes that the host sent at a speed."""
        if baud not in {self.baud, self._next_baud}:
            return b""
        lost = min(self._sleeps_through, len(chunk))
        self._sleeps_through -= lost
        return b"".join(self._take(frame, now_ms) for frame in self._decoder.feed(chunk[lost:]))

    def field_changed(self) -> bytes:
        """Look again for what a command waits for."""
        if self._waiting is None:
            return b""
        code, wait = self._waiting
        answer = wait.again()
        return b"" if answer is None else self._finish(code, answer)

    def tick(self, now_ms: int) -> bytes:
        """Give up waiting when it is time."""
        if self._waiting is None or self._due_ms is None or now_ms < self._due_ms:
            return b""
        code, wait = self._waiting
        return self._finish(code, wait.given_up)

    def _take(self, frame: Frame, now_ms: int) -> bytes:
        match frame:
            case Signal.ACK:
                self._abort()
            case Signal.NACK:
                return self._last_answer
            case Body(content) if len(content) >= 2 and content[0] == FROM_HOST:
                self._abort()
                return self._obey(content[1], content[2:], now_ms)
            case _:  # a chip keeps silent to what is no frame
                pass
        return b""

    def _abort(self) -> None:
        """End what is under way; after a change of speed, the host's ACK is what confirms it."""
        self._waiting = None
        self._due_ms = None
        if self._next_baud is not None:
            self.baud, self._next_baud = self._next_baud, None

    def _obey(self, code: int, parameters: bytes, now_ms: int) -> bytes:
        self.handled += 1
        if self.faults.strikes(Fault.STALL):
            return b""
        if self.faults.strikes(Fault.NACK):
            return NACK
        before = _NOISE if self.faults.strikes(Fault.NOISE) else b""
        before += b"" if self.faults.strikes(Fault.DROP_ACK) else ACK
        if self.faults.strikes(Fault.SYNTAX):
            return before + SYNTAX_ERROR
        return before + self._outcome(code, self._commands.obey(code, parameters), now_ms)

    def _outcome(self, code: int, outcome: Outcome, now_ms: int) -> bytes:
        match outcome:
            case None:
                return SYNTAX_ERROR
            case Wait(limit_ms=limit_ms):
                self._waiting = (code, outcome)
                self._due_ms = None if limit_ms is None else now_ms + limit_ms
                return b""
            case Speed(baud):
                self._next_baud = baud
                return self._finish(code, b"")
            case Sleep():
                self._sleeps_through = WAKING_BYTES
                return self._finish(code, b"\x00")
            case bytes():
                return self._finish(code, outcome)

    def _finish(self, code: int, answer: bytes) -> bytes:
        self._waiting = None
        self._due_ms = None
        self._last_answer = encode(bytes([FROM_CHIP, code + 1]) + answer)
        if self.faults.strikes(Fault.CHECKSUM):
            return self._last_answer[:-2] + bytes([self._last_answer[-2] ^ 0x55, 0])
        if self.faults.strikes(Fault.CUT):
            return self._last_answer[:-3]
        return self._last_answer
