"""Tables as text: CSV of any spreadsheet program comes in, and what goes out no such program takes for a formula."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

SEPARATORS = ";,\t"
MARK = "\ufeff"  # without it spreadsheet programs take UTF-8 for an older encoding
# A formula begins a cell, or what is one to a program that splits at tabs, lines or ; (as many an Excel does).
_BEGINS = re.compile(r"""^(?=[\t\r\n])|(^|[;\t\r\n])(?=[ "\u00a0]*[=+@-])""")
_TAMED = re.compile(r"""(^|[;\t\r\n])'(?=[ "\u00a0]*[=+@-])|^'(?=[\t\r\n])""")
_SPLITS = re.compile(r'[;,\t\r\n"]')
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


def rows_in(text: str, separator: str) -> Iterator[list[str]]:
    """Yield the cells of each line, without blanks around them, as far as is asked. Raises csv.Error."""
    for cells in csv.reader(io.StringIO(text), delimiter=separator):
        yield [_untamed(cell.strip()) for cell in cells]


def csv_of(rows: Sequence[Sequence[str]]) -> bytes:
    """Return rows as CSV (RFC 4180), UTF-8 with a mark of it; what somebody typed is no formula in it."""
    return (MARK + "".join(line_of(map(tamed, row)) for row in rows)).encode()


def tamed(cell: str) -> str:
    """Return a cell that no spreadsheet program takes for a formula, nor a part of it, wherever it splits."""
    return _BEGINS.sub(r"\1'", cell)


def line_of(cells: Iterable[str]) -> str:
    """Return a line of CSV; what any program may split at stands in quotes."""
    return ",".join(_quoted(cell) for cell in cells) + "\r\n"


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if _SPLITS.search(cell) else cell


def _untamed(cell: str) -> str:
    return _TAMED.sub(r"\1", cell)
