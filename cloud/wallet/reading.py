"""Reads a file of vouchers or a tabel: CSV in any encoding, with any separator, or JSON Lines.

Rule: each row of the file is either read or told of; none is passed over but an empty one.
"""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from typing import Any, TypeVar

from cloud.core.delimited import SEPARATORS, rows_in, text_of
from cloud.core.messages import Message, message
from cloud.wallet.columns import COLUMNS, KNOWN, OF_REJECTED, WHO, plain
from cloud.wallet.errors import FileRefused
from cloud.wallet.kinds import FileKind

FILE_MAX = 8 * 1024 * 1024
ROWS_MAX = 100_000
CELLS_MAX = 40
CELL_MAX = 200
HEADING_WITHIN = 10  # rows from the top, below titles
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class GivenRow:
    """A row: its number in the file, its cells by column, all cells as they came, and why it cannot be read, if so."""

    number: int
    cells: Mapping[str, str]
    raw: Sequence[str]
    wrong: Message | None = None


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A file: its headings, its rows, and the headings that are not known."""

    headings: Sequence[str]
    rows: Sequence[GivenRow]
    ignored: Sequence[str]


def read_file(kind: FileKind, content: bytes) -> GivenFile:
    """Return what stands in a file. Raises FileRefused."""
    if len(content) > FILE_MAX:
        raise FileRefused(message("The file is too big: {size} MB at most.", size=FILE_MAX >> 20))
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise FileRefused(message("This is a workbook, not CSV. In Excel choose “Save as”, then CSV."))
    text = text_of(content)
    if text is None:
        raise _unreadable()
    is_json = text.lstrip().startswith("{")
    found = _read_lines(kind, text) if is_json else _read_table(kind, text)
    if not found.rows:
        raise FileRefused(message("There is no row below the headings. Write one row a voucher, or a child and day."))
    return found


def _read_table(kind: FileKind, text: str) -> GivenFile:
    try:
        for separator in SEPARATORS:
            top = list(islice(rows_in(text, separator), HEADING_WITHIN))
            if (place := _heading_in(kind, top)) is not None:
                below = islice(enumerate(rows_in(text, separator), 1), place + 1, None)
                return _table(kind, top[place], below)
    except csv.Error:
        raise _unreadable() from None
    needed = ", ".join(" / ".join(column.names[:3]) for column in COLUMNS[kind] if column.is_needed)
    raise FileRefused(
        message(
            "The headings are not known. Needed are {names}, and whose the row is. Load the empty file and fill it in.",
            names=needed,
        )
    )


def _heading_in(kind: FileKind, rows: Sequence[Sequence[str]]) -> int | None:
    """Return the place of the row of headings, if there is one that says enough."""
    needed = {column.key for column in COLUMNS[kind] if column.is_needed}
    for place, cells in enumerate(rows):
        keys = {KNOWN[kind].get(plain(cell)) for cell in cells}
        if needed <= keys and _says_who(kind, keys):
            return place
    return None


def _says_who(kind: FileKind, keys: set[str | None]) -> bool:
    ways = WHO if kind is FileKind.TABEL else WHO[1:]
    return any(keys.issuperset(way) for way in ways)


def _table(kind: FileKind, heads: Sequence[str], below: Iterable[tuple[int, Sequence[str]]]) -> GivenFile:
    keys = [KNOWN[kind].get(plain(head)) for head in heads]
    if len(known := [key for key in keys if key]) != len(set(known)):
        raise FileRefused(message("A heading stands twice. Take one of the columns out."))
    body = _bounded((number, cells) for number, cells in below if any(cells))
    ignored = [head for head, key in zip(heads, keys, strict=True) if head and not key and head not in OF_REJECTED]
    return GivenFile(heads, [_row(number, cells, keys) for number, cells in body], ignored)


def _row(number: int, cells: Sequence[str], keys: Sequence[str | None]) -> GivenRow:
    found = {key: cell for key, cell in zip(keys, cells, strict=False) if key and cell}
    wrong = None
    if any(cells[len(keys) :]):
        wrong = message("The row has more cells than there are headings. Put texts with a separator into quotes.")
    return _checked(number, found, cells, wrong)


def _checked(number: int, cells: Mapping[str, str], raw: Sequence[str], wrong: Message | None = None) -> GivenRow:
    if any(len(cell) > CELL_MAX for cell in cells.values()) or len(raw) > CELLS_MAX:
        wrong = message("A cell is too long: {count} characters at most.", count=CELL_MAX)
    return GivenRow(number, cells, raw, wrong)


def _read_lines(kind: FileKind, text: str) -> GivenFile:
    keys = [column.key for column in COLUMNS[kind]]
    lines = _bounded((number, line) for number, line in enumerate(StringIO(text), 1) if line.strip())
    ignored: dict[str, None] = {}
    rows = [_object(number, line, keys, ignored) for number, line in lines]
    return GivenFile(keys, rows, list(ignored)[:CELLS_MAX])


def _object(number: int, line: str, keys: Sequence[str], ignored: dict[str, None]) -> GivenRow:
    try:
        given: Any = json.loads(line, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict) or not all(each is None or isinstance(each, str) for each in given.values()):
        wrong = message("This line is no JSON object of texts and numbers. Write one object a line.")
        return GivenRow(number, {}, [line], wrong)
    ignored.update(dict.fromkeys(key for key in given if key not in keys))
    cells = {key: given[key].strip() for key in keys if given.get(key)}
    return _checked(number, cells, [cells.get(key, "") for key in keys])


def _bounded(rows: Iterable[T]) -> list[T]:
    """Return all rows of a file; no more than one too many is ever held. Raises FileRefused."""
    held = list(islice(rows, ROWS_MAX + 1))
    if len(held) > ROWS_MAX:
        raise FileRefused(message("The list has more than {count} rows. Send it in parts.", count=ROWS_MAX))
    return held


def _unreadable() -> FileRefused:
    return FileRefused(message("This is no CSV that can be read. In Excel choose “Save as”, then CSV UTF-8."))
