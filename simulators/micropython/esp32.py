"""The `esp32` module of a simulated board: partitions of flash that are files of the board's folder."""

import board
from flash_file import SECTOR, FlashFile

SECTORS = {"journal": 256, "roster": 160}  # of a board of 4 MB; a test may add its own


class Partition(FlashFile):
    """A data partition, found by its label."""

    TYPE_APP, TYPE_DATA = 0, 1
    BOOT, RUNNING = 0, 1

    def __init__(self, label):
        if label not in SECTORS:
            raise OSError(2)  # ENOENT
        super().__init__(board.path("flash-" + label), SECTORS[label])
        self.label = label

    @classmethod
    def find(cls, type=TYPE_APP, subtype=0xFF, label=None):
        if type != cls.TYPE_DATA:
            return []
        return [cls(name) for name in sorted(SECTORS) if label in (None, name)]

    def info(self):
        return (self.TYPE_DATA, 0x40, 0, self.sectors * SECTOR, self.label, False)


def raw_temperature():
    return 104


def mcu_temperature():
    return 40
