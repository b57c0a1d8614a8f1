"""A PN532 on an UART (NXP UM0701-02, 6.2.2), as a `Wire` of `given.py`."""

from firmware.drivers.pn532 import WAKE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.drivers.given import Uart


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
