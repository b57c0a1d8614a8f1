"""A PN532 on a serial line, driven by our own core at 115,200 baud."""

import contextlib
import termios

import serial

from edge_agent.clock import Clock
from edge_agent.readers.chip import CardGone, ChipTrouble, line_trouble
from edge_agent.readers.pn532_speed import call_back
from firmware.drivers.pn532 import FAILED, Pn532

BAUD = 115_200
_CHUNK = 300
_LINE_TROUBLES = (OSError, termios.error)


class DirectChip:
    """An opened chip."""

    def __init__(self, line: serial.Serial, clock: Clock) -> None:
        self._line = line
        self._clock = clock
        self._core = Pn532()

    def start(self) -> None:
        """Wake the chip and set it up; raise ChipTrouble."""
        self._core.start(self._clock.monotonic_ms())
        self._converse()

    def sense(self) -> bytes | None:
        if self._core.is_busy:  # the last look ended in the middle, when the line failed
            self.start()
        self._core.look(self._clock.monotonic_ms())
        return self._converse()

    def hold(self) -> bytes | None:
        self._core.hold(self._clock.monotonic_ms())
        return self._converse()

    def exchange(self, apdu: bytes) -> bytes:
        self._core.exchange(apdu, self._clock.monotonic_ms())
        answer = self._converse()
        if answer is None:
            raise CardGone("the card fell silent")
        return answer

    def release(self) -> None:
        if self._core.is_busy:
            self.start()
        self._core.release(self._clock.monotonic_ms())
        self._converse()

    def close(self) -> None:
        with contextlib.suppress(*_LINE_TROUBLES):
            self._line.close()

    def _converse(self) -> bytes | None:
        """Carry bytes both ways until the core has an event; return what it is about."""
        try:
            while True:
                if output := self._core.take_output():
                    self._line.write(output)
                events = self._core.receive(self._read(), self._clock.monotonic_ms())
                for kind, value in events or self._core.tick(self._clock.monotonic_ms()):
                    if kind == FAILED:
                        raise ChipTrouble(f"the PN532 gave {value}")
                    assert value is None or isinstance(value, bytes)  # noqa: S101  what the core gives
                    return value
        except _LINE_TROUBLES as error:
            raise ChipTrouble(line_trouble(error)) from None

    def _read(self) -> bytes:
        """Wait for a byte, no longer than the core wants to; return what has come."""
        due_ms = self._core.due_ms
        assert due_ms is not None  # noqa: S101  something is under way
        self._line.timeout = max(0.001, (due_ms - self._clock.monotonic_ms()) / 1_000)
        first = self._line.read(1)
        return first + self._line.read(min(self._line.in_waiting, _CHUNK)) if first else b""


def open_direct(path: str, clock: Clock) -> DirectChip:
    """Open the PN532 on a serial line; raise ChipTrouble when there is none that answers."""
    try:
        return _open(path, clock)
    except ChipTrouble:
        if not call_back(path):
            raise
    return _open(path, clock)


def _open(path: str, clock: Clock) -> DirectChip:
    try:
        line = serial.Serial(path, BAUD)
    except _LINE_TROUBLES as error:
        raise ChipTrouble(line_trouble(error)) from None
    chip = DirectChip(line, clock)
    try:
        chip.start()
    except ChipTrouble:
        chip.close()
        raise
    return chip
