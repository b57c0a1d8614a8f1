"""A PN532 on SPI, as a `Wire` of `given.py` (NXP UM0701-02, 6.2.5; PN532/C1, 8.3.5).

The chip says when a frame is ready, which is then read in one go.
"""

from firmware.drivers.pause import sleep_ms
from firmware.drivers.pn532 import first_frame

_WRITE, _STATUS, _READ = 0x01, 0x02, 0x03
_ROUSE_MS = 2

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.drivers.given import Output, Spi


class SpiWire:
    """Mode 0, at most 5 MHz. The chip sends the lowest bit first, which not every port can: they are turned round here.

    `select` is the pin of the chip's NSS, driven high.
    """

    wake = b""

    def __init__(self, spi: "Spi", select: "Output") -> None:
        self._spi = spi
        self._select = select

    async def rouse(self) -> None:
        """Wake the chip, which sleeps until NSS has been low for a while."""
        self._select(0)
        await sleep_ms(_ROUSE_MS)
        self._select(1)

    def write(self, frame: bytes) -> None:
        self._transfer(bytes([_WRITE]) + frame)

    def read(self, length: int) -> bytes:
        if not self._transfer(bytes([_STATUS, 0]))[1] & 1:
            return b""
        return first_frame(self._transfer(bytes([_READ]) + bytes(length))[1:])

    def _transfer(self, out: bytes) -> bytes:
        turned = bytearray(_TURNED[byte] for byte in out)
        self._select(0)
        self._spi.write_readinto(turned, turned)
        self._select(1)
        return bytes(_TURNED[byte] for byte in turned)


def _turn(byte: int) -> int:
    turned = 0
    for bit in range(8):
        turned |= (byte >> bit & 1) << 7 - bit
    return turned


_TURNED = bytes(_turn(byte) for byte in range(256))
