"""Flash that can be cut off: a block device as MicroPython knows it, whose power fails at any byte, whose bits flip.

Rule: bits go from one to zero, and back only by erasing a sector; whoever asks for a one where a zero stands is told.
Runs on CPython and MicroPython.
"""

SECTOR = 4096
PAGE = 256  # held apart, so that a board's small memory has room for some sectors of it
_ERASED = b"\xff" * PAGE


class PowerCut(Exception):
    """The power failed in the middle of what was asked; the flash keeps what had happened by then."""


class FlashMisused(Exception):
    """No flash can do what was asked: write a one where a zero stands (it would say nothing), or more than a block."""


class Chance:
    """Small random numbers that a seed repeats, the same on both interpreters (xorshift)."""

    def __init__(self, seed: int) -> None:
        self._state = (seed * 2654435761 + 88172645463325252) & 0xFFFFFFFF or 1

    def below(self, limit: int) -> int:
        """Return a number from 0 to below `limit`."""
        state = self._state
        state ^= state << 13 & 0xFFFFFFFF
        state ^= state >> 17
        state ^= state << 5 & 0xFFFFFFFF
        self._state = state
        return state % limit

    def bytes(self, count: int) -> bytes:
        """Return so many random bytes."""
        return bytes([self.below(256) for _ in range(count)])


class Flash:
    """One flash area in memory. It outlives the programs that use it, as flash does."""

    def __init__(self, sectors: int, seed: int = 1) -> None:
        self.sectors = sectors
        self._pages = [bytearray(_ERASED) for _ in range(sectors * SECTOR // PAGE)]
        self.erasures = [0] * sectors  # of each sector, since it was made
        self.programmed = 0  # bytes, since it was made
        self.chance = Chance(seed)
        self.is_failing = False  # every write fails with an error
        self.fails_one_in = 0  # of so many writes one is cut short: half of them say so
        self._steps_left = -1

    def cut_after(self, steps: int) -> None:
        """Let the power fail after so many steps: a byte that is programmed is one, the erasure of a sector too."""
        self._steps_left = steps

    def restore(self) -> None:
        """Let the power stay."""
        self._steps_left = -1

    def flip(self, at: int) -> None:
        """Flip one bit, as age and radiation do; bits are counted from the begin of the area."""
        self._pages[at // 8 // PAGE][at // 8 % PAGE] ^= 1 << at % 8

    # The block device protocol

    def readblocks(self, block: int, buffer: bytearray, offset: int = 0) -> None:
        if offset + len(buffer) > SECTOR:
            raise FlashMisused("a read ends behind its block")
        at, end, place = block * SECTOR + offset, block * SECTOR + offset + len(buffer), 0
        while at < end:
            piece = self._pages[at // PAGE][at % PAGE : min(PAGE, end - at // PAGE * PAGE)]
            buffer[place : place + len(piece)] = piece
            at, place = at + len(piece), place + len(piece)

    def writeblocks(self, block: int, buffer: bytes, offset: "int | None" = None) -> None:
        if self.is_failing:
            raise OSError(5)
        if offset is None:
            self._erase(block)
        if (offset or 0) + len(buffer) > SECTOR:
            raise FlashMisused("a write ends behind its block")
        is_short = self.fails_one_in and not self.chance.below(self.fails_one_in)
        if is_short:
            buffer = buffer[: self.chance.below(len(buffer) + 1)]
        for at, wanted in enumerate(buffer, block * SECTOR + (offset or 0)):
            self._program(self._pages[at // PAGE], at % PAGE, wanted)
        if is_short and self.chance.below(2):
            raise OSError(5)

    def ioctl(self, command: int, argument: int) -> int:
        if command == 4:
            return self.sectors
        if command == 5:
            return SECTOR
        if command == 6:
            if self.is_failing:
                raise OSError(5)
            self._erase(argument)
        return 0

    def _program(self, cells: bytearray, at: int, wanted: int) -> None:
        stands = cells[at]
        if wanted == 0xFF:  # what pads a page changes nothing
            return
        if wanted & ~stands:
            raise FlashMisused(f"a one was to be written where a zero stands, at {at}")
        if self._is_cut():
            cells[at] = stands & (wanted | self.chance.below(256))  # some of its bits
            raise PowerCut
        cells[at] = wanted
        self.programmed += 1

    def _erase(self, sector: int) -> None:
        self.erasures[sector] += 1
        is_cut = self._is_cut()
        for cells in self._pages[sector * SECTOR // PAGE : (sector + 1) * SECTOR // PAGE]:
            cells[:] = bytes([cell | self.chance.below(256) for cell in cells]) if is_cut else _ERASED
        if is_cut:
            raise PowerCut

    def _is_cut(self) -> bool:
        if self._steps_left > 0:
            self._steps_left -= 1
            return False
        return self._steps_left == 0
