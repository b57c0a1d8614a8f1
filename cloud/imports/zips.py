"""A zip that somebody sent, whatever it may be: opened once, and weighed before anything is made of it.

Rule: nothing is unpacked beyond what we read, whatever the zip says of itself.
"""

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from io import BytesIO
from lzma import LZMAError
from xml.etree.ElementTree import ParseError

from openpyxl.utils.exceptions import InvalidFileException

from cloud.core.messages import message
from cloud.imports.errors import FileRefused

FILE_MAX = 10 * 1024 * 1024
UNPACKED_MAX = 48 * 1024 * 1024
PARTS_MAX = 500
ENTRY, ENTRIES_MAX = b"PK\x01\x02", 5_000  # of its list of parts: each becomes an object when it is opened
CHUNK = 1024 * 1024
CONTENT_TYPES = "[Content_Types].xml"  # every .xlsx file has it
# What openpyxl and the parts below it were seen to raise over files with changed bytes, and their kin.
DAMAGED = (
    InvalidFileException, zipfile.BadZipFile, zlib.error, LZMAError, ParseError, EOFError, OSError, LookupError,
    ValueError, TypeError, AttributeError, ArithmeticError, NotImplementedError, RuntimeError, AssertionError,
)  # fmt: skip


class TooMuch(Exception):
    """More parts, bytes or elements than we read."""


def check_size(content: bytes) -> None:
    """Raise FileRefused for a file that is too big."""
    if len(content) > FILE_MAX:
        raise FileRefused(
            message("The file is too big: {size} MB at most. Send the school in parts.", size=FILE_MAX >> 20)
        )


def opened(content: bytes) -> zipfile.ZipFile:
    """Open a file. Raises what a damaged one raises, or FileRefused."""
    check_size(content)
    if content.count(ENTRY) > ENTRIES_MAX:
        raise zipfile.BadZipFile
    return zipfile.ZipFile(BytesIO(content))


def is_spreadsheet(archive: zipfile.ZipFile) -> bool:
    """Tell whether a zip is an .xlsx file, or means to be one."""
    return CONTENT_TYPES in archive.NameToInfo


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
