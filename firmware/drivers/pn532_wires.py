"""The three ways to wire a PN532 to a microcontroller: UART, SPI and I2C (NXP UM0701-02, 6.2; PN532/C1, 8.3).

Each is a `Wire` (see `given.py`). On SPI and I2C the chip says when a frame is ready, which is then read in one go.
"""

from firmware.drivers.pause import sleep_ms
from firmware.drivers.pn532 import WAKE, first_frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.drivers.given import I2c, Output, Spi, Uart

ADDRESS = 0x24
_WRITE, _STATUS, _READ = 0x01, 0x02, 0x03
_ROUSE_MS = 2


class UartWire:
    """Both switches of the board off; 115,200 baud."""

    wake = WAKE

    def __init__(self, uart: "Uart") -> None:
        self._uart = uart

    async def rouse(self) -> None:
        """Nothing: the bytes before the first frame do it."""

    def write(self, frame: bytes) -> None:
        self._uart.write(frame)

    def read(self, length: int) -> bytes:
        return self._uart.read(length) or b""


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


class I2cWire:
    """Address 0x24, 400 kHz; the bus must allow the chip to stretch its clock."""

    wake = b""

    def __init__(self, i2c: "I2c") -> None:
        self._i2c = i2c

    async def rouse(self) -> None:
        """Call the chip once; asleep it does not answer to its address, and wakes of it."""
        try:
            self._i2c.writeto(ADDRESS, b"\x00")
        except OSError:
            await sleep_ms(_ROUSE_MS)

    def write(self, frame: bytes) -> None:
        self._i2c.writeto(ADDRESS, frame)

    def read(self, length: int) -> bytes:
        if not self._i2c.readfrom(ADDRESS, 1)[0] & 1:
            return b""
        return first_frame(self._i2c.readfrom(ADDRESS, length + 1)[1:])


def _turn(byte: int) -> int:
    turned = 0
    for bit in range(8):
        turned |= (byte >> bit & 1) << 7 - bit
    return turned


_TURNED = bytes(_turn(byte) for byte in range(256))
