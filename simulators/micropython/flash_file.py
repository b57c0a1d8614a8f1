"""Flash in a file, as flash is: a sector is erased to ones whole, and writing can only make zeros of ones.

The stand-ins for `esp32.Partition` and `rp2.Flash` are made of it.
"""

SECTOR = 4_096
PIECE = 256  # at once: a board's flash takes none of its memory
ERASED = b"\xff" * PIECE


class FlashFile:
    """One area; a file that is not there yet is erased flash. It speaks MicroPython's block device protocol."""

    def __init__(self, path, sectors):
        self.path, self.sectors = path, sectors
        try:
            self._file = open(path, "r+b")
        except OSError:
            self._file = open(path, "w+b")
            for _ in range(sectors * SECTOR // PIECE):
                self._file.write(ERASED)
            self._file.flush()

    def readblocks(self, block, buffer, offset=0):
        self._file.seek(block * SECTOR + offset)
        self._file.readinto(buffer)

    def writeblocks(self, block, buffer, offset=None):
        """Write; without an offset the block is erased before, as on the boards."""
        if offset is None:
            for number in range(len(buffer) // SECTOR):
                self.ioctl(6, block + number)
        at, done = block * SECTOR + (offset or 0), 0
        while done < len(buffer):
            piece = bytearray(buffer[done : done + PIECE // 4])
            self._file.seek(at + done)
            for place, stands in enumerate(self._file.read(len(piece))):
                piece[place] &= stands
            self._file.seek(at + done)
            self._file.write(piece)
            done += len(piece)
        self._file.flush()

    def ioctl(self, command, argument):
        if command == 4:
            return self.sectors
        if command == 5:
            return SECTOR
        if command == 6:
            self._file.seek(argument * SECTOR)
            for _ in range(SECTOR // PIECE):
                self._file.write(ERASED)
            self._file.flush()
        return 0
