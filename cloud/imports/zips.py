"""A spreadsheet or a roster that somebody sent, opened: both are zips, and both may be damaged in many ways."""

import zipfile
import zlib
from lzma import LZMAError
from xml.etree.ElementTree import ParseError

from openpyxl.utils.exceptions import InvalidFileException

from cloud.core.messages import message
from cloud.core.zips import opened_zip
from cloud.imports.errors import FileRefused

FILE_MAX = 10 * 1024 * 1024
CONTENT_TYPES = "[Content_Types].xml"  # every .xlsx file has it
# What openpyxl and the parts below it were seen to raise over files with changed bytes, and their kin.
DAMAGED = (
    InvalidFileException, zipfile.BadZipFile, zlib.error, LZMAError, ParseError, EOFError, OSError, LookupError,
    ValueError, TypeError, AttributeError, ArithmeticError, NotImplementedError, RuntimeError, AssertionError,
)  # fmt: skip


def check_size(content: bytes) -> None:
    """Raise FileRefused for a file that is too big."""
    if len(content) > FILE_MAX:
        raise FileRefused(
            message("The file is too big: {size} MB at most. Send the school in parts.", size=FILE_MAX >> 20)
        )


def opened(content: bytes) -> zipfile.ZipFile:
    """Open a file. Raises what a damaged one raises, or FileRefused."""
    check_size(content)
    return opened_zip(content)


def is_spreadsheet(archive: zipfile.ZipFile) -> bool:
    """Tell whether a zip is an .xlsx file, or means to be one."""
    return CONTENT_TYPES in archive.NameToInfo
