"""Images as an ESP32 starts them: made for trials, and judged as the chip's loader judges them before it starts one.

The form is Espressif's ("Firmware Image Format" of esptool's documentation): a header with the chip's number,
segments, a checksum and a SHA-256. MicroPython's file has two: a second-stage loader, and 64 KiB further the program.
"""

import struct
from hashlib import sha256

_HEADER = struct.Struct("<BBBBIB3xH9xB")  # magic, segments, mode, size, entry, pin, chip, ..., is the hash there
_SEGMENT = struct.Struct("<II")
_MAGIC, _SEED = 0xE9, 0xEF
_ENTRY = 0x4037_4000
TABLE_AT, PROGRAM_AT = 0x8000, 0x1_0000
_ROW = struct.Struct("<2sBBII16sI")
_PARTITIONS = {  # kind, its own kind, place, size; as in MicroPython's file for 4 MB
    b"nvs": (1, 2, 0x9000, 0x6000),
    b"phy_init": (1, 1, 0xF000, 0x1000),
    b"factory": (0, 0, 0x1_0000, 0x1F_0000),
}
_FILES = {b"vfs": (1, 0x81, 0x20_0000, 0x20_0000)}
SEGMENTS_MAX = 16


def make_image(chip_id: int, content: bytes) -> bytes:
    """Return an image of one segment; what is in it nobody can run."""
    content += bytes(-len(content) % 4)
    body = _HEADER.pack(_MAGIC, 1, 0, 0, _ENTRY, 0, chip_id, 1) + _SEGMENT.pack(_ENTRY, len(content)) + content
    body += bytes(-(len(body) + 1) % 16) + bytes([_checksum(content)])
    return body + sha256(body).digest()


def make_micropython(chip_id: int, content: bytes, *, has_files: bool = False) -> bytes:
    """Return what a MicroPython file for a chip looks like from outside: a loader, a partition table, and a program.

    Up to 1.25 the table has an entry for the file system; later ones make that partition at their start.
    """
    loader = make_image(chip_id, b"second stage loader").ljust(TABLE_AT, b"\xff")
    table = _PARTITIONS | (_FILES if has_files else {})
    rows = [_ROW.pack(b"\xaa\x50", *row, label, 0) for label, row in table.items()]
    return (loader + b"".join(rows)).ljust(PROGRAM_AT, b"\xff") + make_image(chip_id, content)


def partitions(flash: bytes) -> dict[str, tuple[int, int]]:
    """Return where each data partition of a flash begins, and its size, by its label."""
    found = {}
    for at in range(TABLE_AT, TABLE_AT + 0x1000, _ROW.size):
        magic, kind, _, place, size, label, _ = _ROW.unpack_from(flash, at)
        if magic != b"\xaa\x50":
            break
        if kind == 1:
            found[label.rstrip(b"\0").decode()] = (place, size)
    return found


def is_whole(flash: bytes, at: int, chip_id: int) -> bool:
    """Tell whether a chip would start the image that stands at a place of its flash."""
    if len(flash) < at + _HEADER.size:
        return False
    magic, segments, _, _, _, _, chip, _ = _HEADER.unpack_from(flash, at)
    if magic != _MAGIC or chip != chip_id or segments > SEGMENTS_MAX:
        return False
    end, seen = at + _HEADER.size, _SEED
    for _ in range(segments):
        _, size = _SEGMENT.unpack_from(flash, end)
        content = flash[end + _SEGMENT.size : end + _SEGMENT.size + size]
        if len(content) != size:
            return False
        seen ^= _checksum(content) ^ _SEED
        end += _SEGMENT.size + size
    end += 16 - (end - at) % 16
    return flash[end - 1] == seen and flash[end : end + 32] == sha256(flash[at:end]).digest()


def _checksum(content: bytes) -> int:
    """XOR all bytes, half upon half: a loop over a megabyte takes a second."""
    folded, size = int.from_bytes(content), len(content)
    while size > 1:
        low = size - size // 2
        folded = (folded >> 8 * low) ^ (folded & ((1 << 8 * low) - 1))
        size = low
    return folded ^ _SEED
