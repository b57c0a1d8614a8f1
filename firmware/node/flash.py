"""A region of flash: erased by sectors of 4 KiB, and between two erasures bits only go from one to zero.

Over whatever speaks MicroPython's block device protocol with offsets: `esp32.Partition`, `rp2.Flash`.
"""

SECTOR = 4096
_ERASE = 6  # of ioctl
_COUNT = 4

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class BlockDevice(Protocol):
        """What MicroPython's partitions are."""

        def readblocks(self, block: int, buffer: bytearray, offset: int = 0) -> None: ...
        def writeblocks(self, block: int, buffer: bytes, offset: int = 0) -> None: ...
        def ioctl(self, command: int, argument: int) -> int: ...


class Region:
    """Some sectors of a device. `page` is what it programs at once: 1 for an ESP32, 256 for an RP2040 or RP2350."""

    def __init__(self, device: "BlockDevice", first: int = 0, sectors: int = 0, page: int = 1) -> None:
        """Take `sectors` sectors from number `first` on; 0 takes all that follow."""
        self.sectors = sectors or device.ioctl(_COUNT, 0) - first
        self.programmed = 0  # bytes, since the start
        self.erased = 0  # sectors, since the start
        self._device = device
        self._first = first
        self._page = page

    def read(self, sector: int, offset: int, length: int) -> bytes:
        """Return `length` bytes of a sector."""
        found = bytearray(length)
        self._device.readblocks(self._first + sector, found, offset)
        return bytes(found)

    def program(self, sector: int, offset: int, content: bytes) -> None:
        """Write into erased cells. Raises OSError when the flash does not hold what was written."""
        before = offset % self._page
        after = -(offset + len(content)) % self._page
        # Ones change nothing: they fill the pages.
        padded = b"\xff" * before + content + b"\xff" * after if before or after else content
        self._device.writeblocks(self._first + sector, padded, offset - before)
        self.programmed += len(content)
        if self.read(sector, offset, len(content)) != content:
            raise OSError("the flash does not hold what was written into sector %d" % sector)

    def erase(self, sector: int) -> None:
        """Set every bit of a sector."""
        self._device.ioctl(_ERASE, self._first + sector)
        self.erased += 1

    def is_blank(self, sector: int, offset: int = 0) -> bool:
        """Tell whether a sector is erased from an offset to its end."""
        while offset < SECTOR:
            piece = self.read(sector, offset, min(256, SECTOR - offset))
            if piece != b"\xff" * len(piece):
                return False
            offset += len(piece)
        return True
