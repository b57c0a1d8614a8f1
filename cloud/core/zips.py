"""A zip that somebody sent, whatever it may be: opened once, and weighed while it is read.

Rule: nothing is unpacked beyond what we read, whatever the zip says of itself, and nothing of it becomes a file.
"""

import zipfile
from collections.abc import Iterator, Sequence
from io import BytesIO

UNPACKED_MAX = 48 * 1024 * 1024
PARTS_MAX = 500
ENTRY, ENTRIES_MAX = b"PK\x01\x02", 5_000  # of its list of parts: each becomes an object when it is opened
CHUNK = 1024 * 1024


class TooMuch(Exception):
    """More parts, bytes or elements than we read."""


def opened_zip(content: bytes) -> zipfile.ZipFile:
    """Open a zip. Raises what a damaged one raises."""
    if content.count(ENTRY) > ENTRIES_MAX:
        raise zipfile.BadZipFile
    return zipfile.ZipFile(BytesIO(content))


def unpacked(
    archive: zipfile.ZipFile, parts: Sequence[zipfile.ZipInfo], marks: Sequence[bytes], marks_max: int
) -> Iterator[tuple[str, bytes]]:
    """Yield the names of parts with one piece after another; `marks` are counted: each may become an object.

    Raises TooMuch, or what a damaged file raises. Packed as no spreadsheet program packs, a part unpacks without
    measure: such a one is damaged.
    """
    if len(archive.filelist) > PARTS_MAX or sum(part.file_size for part in parts) > UNPACKED_MAX:
        raise TooMuch
    if any(part.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED} for part in parts):
        raise zipfile.BadZipFile
    size, marked = 0, 0
    for part in parts:
        with archive.open(part) as file:
            while piece := file.read(CHUNK):
                size, marked = size + len(piece), marked + sum(map(piece.count, marks))
                if size > UNPACKED_MAX or marked > marks_max:
                    raise TooMuch
                yield part.filename, piece
