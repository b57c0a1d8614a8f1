"""The `rp2` module of a simulated board: its flash, which is programmed in pages of 256 bytes."""

import board
from flash_file import SECTOR, FlashFile

PAGE = 256
FLASH_BYTES = 704 * SECTOR


class Flash(FlashFile):
    """A stretch of the board's storage area."""

    def __init__(self, start=0, len=FLASH_BYTES):
        if start % SECTOR or len % SECTOR or start + len > FLASH_BYTES:
            raise ValueError
        super().__init__(board.path("flash-rp2"), FLASH_BYTES // SECTOR)
        self._first = start // SECTOR
        self._count = len // SECTOR

    def readblocks(self, block, buffer, offset=0):
        super().readblocks(self._first + block, buffer, offset)

    def writeblocks(self, block, buffer, offset=None):
        if (offset or 0) % PAGE or len(buffer) % PAGE:
            raise ValueError("a program of flash is whole pages of 256 bytes")
        super().writeblocks(self._first + block, buffer, offset)

    def ioctl(self, command, argument):
        if command == 4:
            return self._count
        return super().ioctl(command, argument + self._first if command == 6 else argument)
