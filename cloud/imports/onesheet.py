"""One table out of a file that somebody sent, .xlsx or .csv: the rows below its headings, by column.

Rule: as in a school's spreadsheet, what a person does not see (hidden rows), or what stands in one cell for many
(merged ones), is told and never guessed.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cloud.core.delimited import SEPARATORS, rows_in, text_of
from cloud.core.messages import message
from cloud.imports.columns import Column, plain
from cloud.imports.errors import FileRefused
from cloud.imports.report import Problem
from cloud.imports.spreadsheet import (
    COLUMNS_MAX,
    HEADING_WITHIN,
    OLD_EXCEL,
    Cell,
    SheetRow,
    check_shape,
    sheet_rows,
    sheets_of,
    weigh,
)
from cloud.imports.zips import DAMAGED, check_size

ZIP = b"PK"
MARKS_MAX = 500_000  # "<": of a table there is less than of a whole school, and more people may send one
Rows = Sequence[tuple[int, Mapping[int, Cell]]]


@dataclass(frozen=True, slots=True)
class OneSheet:
    """The rows that were found, the headings as they stand in the file by column key, and what is wrong with it."""

    name: str  # of the sheet; empty for CSV
    headings: Mapping[str, str]
    rows: Sequence[SheetRow]
    problems: Sequence[Problem]
    heading_row: int = 0
    unknown: Sequence[str] = ()  # headings of columns that nobody asked for


def read_one(content: bytes, columns: Sequence[Column], rows_max: int, columns_max: int = COLUMNS_MAX) -> OneSheet:
    """Return the first table whose headings are these. Raises FileRefused with what to do."""
    check_size(content)
    if content.startswith((ZIP, OLD_EXCEL)):
        return _of_workbook(content, columns, rows_max, columns_max)
    return _of_text(content, columns, rows_max)


def _of_workbook(content: bytes, columns: Sequence[Column], rows_max: int, columns_max: int) -> OneSheet:
    weigh(content, MARKS_MAX)
    try:
        for sheet in sheets_of(content):
            rows = list(sheet_rows(sheet, rows_max + HEADING_WITHIN, columns_max))
            if (place := _heading(rows, columns)) is not None:
                problems: list[Problem] = []
                size = check_shape(sheet, str(sheet.title), rows[place][0], problems, columns_max)
                _check_rows(str(sheet.title), rows[place + 1 :], size.rows, rows_max, problems)
                return _table(str(sheet.title), rows, place, columns, rows_max, problems)
    except DAMAGED:
        raise FileRefused(
            message("The file is damaged. Open it in a spreadsheet program, save it as .xlsx again, and send that.")
        ) from None
    raise _no_headings(columns)


def _of_text(content: bytes, columns: Sequence[Column], rows_max: int) -> OneSheet:
    text = text_of(content)
    if text is None:
        raise FileRefused(message("This is neither .xlsx nor CSV. Save the spreadsheet as one of these and send that."))
    for separator in SEPARATORS:
        try:
            rows = _text_rows(text, separator, rows_max + HEADING_WITHIN)
        except csv.Error:
            continue
        if (place := _heading(rows, columns)) is not None:
            problems: list[Problem] = []
            _check_rows("", rows[place + 1 :], rows[-1][0], rows_max, problems)
            return _table("", rows, place, columns, rows_max, problems)
    raise _no_headings(columns)


def _text_rows(text: str, separator: str, last: int) -> list[tuple[int, dict[int, Cell]]]:
    """Return the rows that are not empty, up to the first beyond the last one. Raises csv.Error."""
    rows = []
    for number, cells in enumerate(rows_in(text, separator), 1):
        if any(cells):
            rows.append((number, {place: Cell(cell) for place, cell in enumerate(cells) if cell}))
        if rows and rows[-1][0] > last:
            break
    return rows


def _check_rows(name: str, body: Rows, last: int, rows_max: int, problems: list[Problem]) -> None:
    """Note what stands beyond the limit, blank lines between counted too."""
    if len(body) > rows_max or last > rows_max + HEADING_WITHIN:
        told = message("The sheet has too many rows: {count} at most.", count=rows_max)
        problems.append(Problem(name, body[rows_max][0] if len(body) > rows_max else last, "", told))


def _heading(rows: Rows, columns: Sequence[Column]) -> int | None:
    """Return which of the rows is the headings': it has every column that must be there."""
    wanted = [{plain(name) for name in column.names} for column in columns if column.required]
    for place, (_, cells) in enumerate(rows[:HEADING_WITHIN]):
        found = {plain(cell.value) for cell in cells.values()}
        if all(found & names for names in wanted):
            return place
    return None


def _table(
    name: str, rows: Rows, place: int, columns: Sequence[Column], rows_max: int, problems: list[Problem]
) -> OneSheet:
    number, heading = rows[place]
    known = {plain(each): column.key for column in columns for each in column.names}
    places: dict[int, str] = {}
    for at, cell in heading.items():
        key = known.get(plain(cell.value))
        if key in places.values():
            told = message("This column is there twice. Take one of them out.")
            problems.append(Problem(name, number, str(cell.value), told))
        elif key is not None:
            places[at] = key
    body = rows[place + 1 :]
    read = [
        SheetRow(row, {places[at]: cell for at, cell in cells.items() if at in places})
        for row, cells in body[:rows_max]
    ]
    headings = {key: str(heading[at].value) for at, key in places.items()}
    unknown = [str(cell.value) for at, cell in heading.items() if at not in places and plain(cell.value)]
    return OneSheet(name, headings, [row for row in read if row.cells], problems, number, unknown)


def _no_headings(columns: Sequence[Column]) -> FileRefused:
    names = ", ".join(" / ".join(column.names[:3]) for column in columns if column.required)
    return FileRefused(
        message("The headings were not found among the first {count} rows. There must be: {names}.",
                count=HEADING_WITHIN, names=names)
    )  # fmt: skip
