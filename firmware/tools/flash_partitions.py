"""Room for a gate's journal and rosters in the flash of an ESP32: two partitions behind the file system's.

MicroPython's own file leaves the rest of the flash to the file system: by the last entry of its partition table, `vfs`,
or, since 1.26, without any entry, and MicroPython makes that partition at its start where none is. Before the file is
written, its table gets a `vfs` that ends earlier, and our two behind it. The form is Espressif's ("Partition Tables" of
ESP-IDF's programming guide).
"""

import struct
from dataclasses import dataclass
from hashlib import md5

from firmware.tools.flash_errors import ImageRefused

TABLE_AT, TABLE_SIZE = 0x8000, 0x1000
SECTOR = 4_096
FILES, ROSTER, JOURNAL = "vfs", "roster", "journal"
ROSTER_SIZE = 144 * SECTOR  # 10,000 cards, twice, and some
JOURNAL_SIZES = ((16 << 20, 1_280 * SECTOR), (8 << 20, 512 * SECTOR), (4 << 20, 240 * SECTOR))  # from 50,000 to 10,000
FILES_SIZE_MIN = 320 * 1_024  # our files, and what a gate keeps
FILES_SIZE_TWICE = 768 * 1_024  # the same with a second slot, into which updates come
_ENTRY = struct.Struct("<2sBBII16sI")
_MAGIC = b"\xaa\x50"
_DIGEST_MARK = b"\xeb\xeb" + b"\xff" * 14
_DATA, _FAT, _OWN_KIND = 1, 0x81, 0x40
_ADVICE = "take MicroPython's plain file for this board from micropython.org"


@dataclass(frozen=True, slots=True)
class Partition:
    """A row of the table."""

    kind: int
    subkind: int
    at: int
    size: int
    label: str
    flags: int = 0

    def pack(self) -> bytes:
        """Return the row's 32 bytes."""
        return _ENTRY.pack(_MAGIC, self.kind, self.subkind, self.at, self.size, self.label.encode(), self.flags)


def read_table(table: bytes) -> list[Partition]:
    """Return the rows of a table; none when there is no table."""
    rows = []
    for at in range(0, min(len(table), TABLE_SIZE) - _ENTRY.size + 1, _ENTRY.size):
        magic, kind, subkind, place, size, label, flags = _ENTRY.unpack_from(table, at)
        if magic != _MAGIC:
            break
        rows.append(Partition(kind, subkind, place, size, label.rstrip(b"\0").decode("ascii", "replace"), flags))
    return rows


def pack_table(rows: list[Partition]) -> bytes:
    """Return a table of rows, with its digest, as long as its sector."""
    packed = b"".join(row.pack() for row in rows)
    digest = md5(packed, usedforsecurity=False).digest()
    return (packed + _DIGEST_MARK + digest).ljust(TABLE_SIZE, b"\xff")


def with_room(image: bytes, image_at: int, flash_size: int) -> bytes:
    """Return an image whose table has room for a gate's journal and rosters. Raises ImageRefused."""
    at = TABLE_AT - image_at
    rows = read_table(image[at : at + TABLE_SIZE])
    kept = [row for row in rows if row.label != FILES]
    begins = max((row.at + row.size for row in kept), default=0)
    if not rows or any(row.label == FILES and row.at < begins for row in rows):
        raise ImageRefused("the image has no partition table that ends with the file system", _ADVICE)
    table = pack_table([*kept, *_divided(-(-begins // SECTOR) * SECTOR, flash_size)])
    return image[:at] + table + image[at + TABLE_SIZE :]


def takes_updates(image: bytes, image_at: int) -> bool:
    """Tell whether the file system of an image has room for two slots."""
    rows = read_table(image[TABLE_AT - image_at :])
    return any(row.label == FILES and row.size >= FILES_SIZE_TWICE for row in rows)


def _divided(begins: int, flash_size: int) -> list[Partition]:
    """Return the file system, and the partitions behind it to the end of the flash."""
    journal_size = next((size for least, size in JOURNAL_SIZES if flash_size >= least), 0)
    journal_at = flash_size - journal_size
    roster_at = journal_at - ROSTER_SIZE
    if not journal_size or roster_at - begins < FILES_SIZE_MIN:
        raise ImageRefused(
            f"a flash of {flash_size >> 20} MB is too small for a gate: 4 MB are needed", "take a board with more"
        )
    return [
        Partition(_DATA, _FAT, begins, roster_at - begins, FILES),
        Partition(_DATA, _OWN_KIND, roster_at, ROSTER_SIZE, ROSTER),
        Partition(_DATA, _OWN_KIND, journal_at, journal_size, JOURNAL),
    ]
