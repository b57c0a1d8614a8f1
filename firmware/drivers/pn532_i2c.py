"""A PN532 on I2C, as a `Wire` of `given.py` (NXP UM0701-02, 6.2.4; PN532/C1, 8.3.2).

The chip says when a frame is ready, which is then read in one go.
"""

from firmware.drivers.pause import sleep_ms
from firmware.drivers.pn532 import first_frame

ADDRESS = 0x24
_ROUSE_MS = 2

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.drivers.given import I2c


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
