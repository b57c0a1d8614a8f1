"""A PN532 on SPI and on I2C, a transaction at a time (NXP UM0701-02, 6.2.3 and 6.2.4; PN532/C1 data sheet, 8.3).

Rule: the chip says that a frame is ready before it gives it, gives one frame in one transaction, and knows no second
part of it: what was not read in that transaction is lost.
"""

from collections import deque

from simulators.pn532_chip import BAUD, Chip
from simulators.pn532_frames import ACK
from simulators.rf_field import RfField

ADDRESS = 0x24
READY, BUSY = 0x01, 0x00


class _Frames:
    """The chip behind a bus: frames in, and those that wait to be read."""

    def __init__(self, rf: RfField) -> None:
        self.chip = Chip(rf)
        self.is_present = True
        self._waiting: deque[bytes] = deque(maxlen=8)

    def take(self, written: bytes) -> None:
        if written.strip(b"\x00"):
            self._waiting.clear()
        answer = self.chip.receive(written, BAUD, 0)
        first = ACK if answer.startswith(ACK) else b""
        self._waiting.extend(part for part in (first, answer[len(first) :]) if part)

    @property
    def status(self) -> int:
        return READY if self._waiting else BUSY

    def give(self, length: int) -> bytes:
        """Return as much as is clocked out: the frame, then what floats on the bus."""
        frame = self._waiting.popleft() if self._waiting else b""
        return frame[:length].ljust(length, b"\xaa")


class SpiPn532:
    """The peer of an SPI bus: `transfer` is one transaction, while NSS is low."""

    def __init__(self, rf: RfField) -> None:
        self.behind = _Frames(rf)

    def transfer(self, sent: bytes) -> bytes:
        """Answer a transaction; the chip speaks and hears the lowest bit first."""
        if not self.behind.is_present or not sent:
            return b"\xff" * len(sent)
        return _turned(self._answer(_turned(sent)))

    def _answer(self, sent: bytes) -> bytes:
        match sent[0]:
            case 0x01:
                self.behind.take(sent[1:])
                return bytes(len(sent))
            case 0x02:
                return bytes([0]) + bytes([self.behind.status]) * (len(sent) - 1)
            case 0x03:
                return b"\x00" + self.behind.give(len(sent) - 1)
            case _:
                return bytes(len(sent))


class I2cPn532:
    """A device on an I2C bus, at ADDRESS. A chip that sleeps does not answer to its address the first time."""

    def __init__(self, rf: RfField) -> None:
        self.behind = _Frames(rf)
        self._is_asleep = True

    def write(self, content: bytes) -> int:
        self._wake()
        self.behind.take(content)
        return len(content)

    def read(self, length: int) -> bytes:
        self._wake()
        if self.behind.status != READY or length == 1:
            return bytes([self.behind.status]).ljust(length, b"\x00")
        return bytes([READY]) + self.behind.give(length - 1)

    def _wake(self) -> None:
        was_asleep, self._is_asleep = self._is_asleep, False
        if was_asleep or not self.behind.is_present:
            raise OSError(19, "no such device")


def _turned(content: bytes) -> bytes:
    return bytes(int(f"{byte:08b}"[::-1], 2) for byte in content)
