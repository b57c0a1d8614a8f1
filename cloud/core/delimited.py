"""Tables as text: CSV of any spreadsheet program comes in, and what goes out no such program takes for a formula."""

import csv
import io
from collections.abc import Sequence

FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r")
SEPARATORS = ";,\t"
MARK = "\ufeff"  # without it spreadsheet programs take UTF-8 for an older encoding
_MARKED = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def text_of(content: bytes) -> str | None:
    """Return a file's text: UTF-8 or UTF-16 where it says so, else UTF-8, else cp1251; None where it is no text."""
    marked = next((encoding for mark, encoding in _MARKED if content.startswith(mark)), "")
    for encoding in (marked,) if marked else ("utf-8", "cp1251"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    return None


def rows_in(text: str, separator: str) -> list[list[str]] | None:
    """Return the cells of each line, without blanks around them; None where it is no CSV."""
    try:
        return [
            [_untamed(cell.strip()) for cell in cells] for cells in csv.reader(io.StringIO(text), delimiter=separator)
        ]
    except csv.Error:
        return None


def csv_of(rows: Sequence[Sequence[str]]) -> bytes:
    """Return rows as CSV (RFC 4180), UTF-8 with a mark of it; what somebody typed is no formula in it."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([[tamed(cell) for cell in row] for row in rows])
    return (MARK + text.getvalue()).encode()


def tamed(cell: str) -> str:
    """Return a cell that no spreadsheet program takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA_BEGINS) else cell


def _untamed(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_BEGINS) else cell
