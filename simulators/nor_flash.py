"""The memory chip beside a microcontroller: NOR flash, which is erased by sectors and otherwise only clears bits."""

from hashlib import md5

SECTOR = 4_096
ERASED = 0xFF
# JEDEC: manufacturer (Winbond), kind, and the size as a power of two in bytes.
_MANUFACTURER, _KIND = 0xEF, 0x40


class FlashRefused(ValueError):
    """What was asked for lies outside the chip."""


class NorFlash:
    """Flash of a size that is a power of two, erased at first."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.worn: set[int] = set()  # places that hold nothing but zero any more
        self._cells = bytearray([ERASED]) * size

    @property
    def jedec_id(self) -> int:
        """Return what the chip answers to Read JEDEC ID (9F), its first byte lowest."""
        return _MANUFACTURER | _KIND << 8 | (self.size.bit_length() - 1) << 16

    def erase(self, at: int, size: int) -> None:
        """Erase every sector that a region touches."""
        self._check(at, size)
        first, last = at - at % SECTOR, -(-(at + size) // SECTOR) * SECTOR
        self._cells[first:last] = bytes([ERASED]) * (last - first)

    def write(self, at: int, written: bytes) -> None:
        """Clear the bits that are clear in what is written; set none."""
        self._check(at, len(written))
        span = slice(at, at + len(written))
        cells = int.from_bytes(self._cells[span]) & int.from_bytes(written)
        self._cells[span] = cells.to_bytes(len(written))
        for cell in self.worn:
            self._cells[cell] = 0

    def read(self, at: int, size: int) -> bytes:
        """Return what stands there."""
        self._check(at, size)
        return bytes(self._cells[at : at + size])

    def md5(self, at: int, size: int) -> bytes:
        """Return the digest that the boot loader makes of a region; it is against accidents only."""
        self._check(at, size)
        return md5(memoryview(self._cells)[at : at + size], usedforsecurity=False).digest()

    def _check(self, at: int, size: int) -> None:
        if not 0 <= at <= at + size <= self.size:
            raise FlashRefused(f"{at:#x}+{size:#x} lies outside {self.size:#x}")
