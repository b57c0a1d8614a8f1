"""Opens a spreadsheet that somebody sent, whatever it may be, and returns the rows of the sheets that are known.

Rule: nothing is read that was not weighed first. What a person does not see (hidden rows), or what stands in one cell
for many (merged ones), is told and never guessed.
"""

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO
from operator import attrgetter
from typing import cast
from xml.etree.ElementTree import Element, iterparse

from openpyxl.cell.read_only import ReadOnlyCell
from openpyxl.reader.excel import ExcelReader
from openpyxl.utils import column_index_from_string, get_column_letter, range_boundaries
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from typing_extensions import override

from cloud.core.messages import Message, message
from cloud.core.zips import TooMuch, unpacked
from cloud.imports.columns import COLUMNS, IGNORED_SHEETS, KINDS, LAYOUTS, Kind, plain
from cloud.imports.errors import FileRefused
from cloud.imports.report import Problem
from cloud.imports.zips import DAMAGED, check_size, opened

MARKS_MAX = 1_500_000  # "<" in all parts: each may become an object, and 11 million fit into a file of 80 KB
ROWS_MAX = 20_000
SHEETS_MAX = 50
COLUMNS_MAX = 60
HEADING_WITHIN = 10  # rows from the top, below titles and logos
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
OPENED = attrgetter("parent._archive", "_worksheet_path")  # openpyxl has them open; their size was weighed
Value = str | int | float | bool | date | datetime | None


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that is not empty, and whether a formula stands in it."""

    value: Value
    is_formula: bool = False
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row with its number as the program shows it, and its cells by column key."""

    number: int
    cells: dict[str, Cell]


@dataclass(frozen=True, slots=True)
class Table:
    """A known sheet: its name and headings as they stand in the file. A partial one does not know all of a person."""

    kind: Kind
    sheet: str
    headings: dict[str, str]
    rows: list[SheetRow]
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class Spreadsheet:
    """Everything that was found."""

    tables: list[Table]
    problems: list[Problem]
    ignored: list[str]
    notes: list[Message] = field(default_factory=list)  # what was left out on purpose


@dataclass(frozen=True, slots=True)
class Size:
    """How far a sheet reaches: its last row that holds something, and the first with its last column."""

    rows: int
    columns: int
    widest_row: int


@dataclass(frozen=True, slots=True)
class _Shape:
    merged: list[str]
    hidden: list[int]
    size: Size


def read_spreadsheet(content: bytes) -> Spreadsheet:
    """Return the known sheets of an .xlsx file. Raises FileRefused with what to do."""
    weigh(content)
    try:
        found = Spreadsheet([], [], [])
        for sheet in sheets_of(content):
            _read_sheet(sheet, found)
    except DAMAGED:
        raise FileRefused(
            message("The file is damaged. Open it in a spreadsheet program, save it as .xlsx again, and send that.")
        ) from None
    if not found.tables and not found.problems:
        names = ", ".join(f"{layout.names[0]} / {layout.names[1]} / {layout.names[2]}" for layout in LAYOUTS.values())
        raise FileRefused(message("The file has no sheet that is known. Name its sheets: {names}.", names=names))
    return found


def weigh(content: bytes, marks_max: int = MARKS_MAX) -> None:
    """Raise FileRefused for what is no .xlsx file, or more of one than we read."""
    check_size(content)
    if content.startswith(OLD_EXCEL):
        raise FileRefused(
            message("This is an old .xls file, or one with a password. Save it as .xlsx without a password.")
        )
    try:
        with opened(content) as archive:
            for _ in unpacked(archive, archive.filelist, (b"<",), marks_max):
                pass
    except TooMuch:
        raise FileRefused(
            message(
                "Unpacked, the file is too big. Copy the rows into a new spreadsheet, without pictures and formats."
            )
        ) from None
    except DAMAGED:
        raise FileRefused(message("This is no .xlsx file. Save the spreadsheet as .xlsx and send that.")) from None


def sheets_of(content: bytes) -> list[ReadOnlyWorksheet]:
    """Return the sheets of a file that was weighed. Raises what a damaged one raises, or FileRefused."""
    reader = _Reader(BytesIO(content), read_only=True, data_only=False, keep_links=False)
    reader.read()
    return cast(list[ReadOnlyWorksheet], reader.wb.worksheets)


class _Reader(ExcelReader):
    """Looks at which parts of the file its sheets are, before any is opened.

    What was weighed is read once: a workbook may name one part thousands of times, and each would be read anew.
    """

    @override
    def read_worksheets(self) -> None:
        parts = [part.target for _, part in self.parser.find_sheets()]
        if len(parts) > SHEETS_MAX:
            raise FileRefused(
                message("The file has too many sheets: {count} at most. Take out those that are not wanted.",
                        count=SHEETS_MAX)
            )  # fmt: skip
        if len(set(parts)) < len(parts):
            raise FileRefused(
                message("Two sheets of the file are the same one. Copy the rows into a new spreadsheet, and send that.")
            )
        super().read_worksheets()


def _read_sheet(sheet: ReadOnlyWorksheet, found: Spreadsheet) -> None:
    name = str(sheet.title)
    kind = KINDS.get(plain(name))
    if kind is None:
        if plain(name) not in IGNORED_SHEETS and any(True for _ in sheet_rows(sheet, HEADING_WITHIN)):
            told = message("There is no such sheet. Give it the name of a known one, or take it out of the file.")
            found.problems.append(Problem(name, None, "", told))
        return
    rows = list(sheet_rows(sheet, ROWS_MAX))
    if not rows:
        return
    heading = next((row for row in rows[:HEADING_WITHIN] if _known_in(row, kind) >= 2), None)
    if heading is None:
        told = message("No row with headings was found among the first {count}.", count=HEADING_WITHIN)
        found.problems.append(Problem(name, None, "", told))
        return
    number, cells = heading
    body = [row for row in rows if row[0] > number]
    places = _places(name, number, cells, kind, found)
    problems: list[Problem] = []
    size = check_shape(sheet, name, number, problems)
    if size.rows > ROWS_MAX:
        told = message("The sheet has too many rows: {count} at most. Send the school in parts.", count=ROWS_MAX)
        found.problems.append(Problem(name, size.rows, "", told))
    if body:
        found.problems.extend(problems)
    found.tables.append(_table(kind, name, places, cells, body))


def _table(
    kind: Kind, name: str, places: dict[int, str], heading: dict[int, Cell], body: list[tuple[int, dict[int, Cell]]]
) -> Table:
    rows = [
        SheetRow(number, {places[place]: cell for place, cell in cells.items() if place in places})
        for number, cells in body
    ]
    headings = {key: str(heading[place].value) for place, key in places.items()}
    return Table(kind, name, headings, [row for row in rows if row.cells])


def sheet_rows(
    sheet: ReadOnlyWorksheet, last: int, columns: int = COLUMNS_MAX
) -> Iterator[tuple[int, dict[int, Cell]]]:
    """Yield the rows that are not empty: number, and cells by column; what stands beyond, `check_shape` tells."""
    sheet.reset_dimensions()  # what a sheet says of its own size is not believed
    lines = cast(Iterator[Sequence[ReadOnlyCell]], sheet.iter_rows(max_row=last, max_col=columns))  # type: ignore[misc] # the stubs bind it to another class
    for number, row in enumerate(lines, 1):
        cells = {
            place: Cell(cast(Value, cell.value), cell.data_type == "f", cell.data_type == "e")
            for place, cell in enumerate(row)
            if cell.value is not None and str(cell.value).strip()
        }
        if cells:
            yield number, cells


def _known_in(row: tuple[int, dict[int, Cell]], kind: Kind) -> int:
    return sum(plain(cell.value) in COLUMNS[kind] for cell in row[1].values())


def _places(sheet: str, number: int, heading: dict[int, Cell], kind: Kind, found: Spreadsheet) -> dict[int, str]:
    """Return column keys by place; note columns that are missing, twice there, or not known."""
    places: dict[int, str] = {}
    for place, cell in heading.items():
        key = COLUMNS[kind].get(plain(cell.value))
        if key is None:
            found.ignored.append(f"{sheet}: {cell.value}")
        elif key in places.values():
            told = message("This column is there twice. Take one of them out.")
            found.problems.append(Problem(sheet, number, str(cell.value), told))
        else:
            places[place] = key
    for column in LAYOUTS[kind].columns:
        if column.required and column.key not in places.values():
            told = message("This column is missing. Add it, with this heading in row {row}.", row=number)
            found.problems.append(Problem(sheet, number, " / ".join(column.names[:3]), told))
    return places


def check_shape(
    sheet: ReadOnlyWorksheet, name: str, heading: int, problems: list[Problem], columns: int = COLUMNS_MAX
) -> Size:
    """Note, below the headings, merged cells and hidden rows that hold something, and columns beyond the limit.

    Return how far the sheet reaches.
    """
    shape = _shape_of(sheet)
    if shape.size.columns > columns:
        told = message("The sheet has too many columns: {count} at most. Take out those that are not wanted.",
                       count=columns)  # fmt: skip
        problems.append(Problem(name, shape.size.widest_row, get_column_letter(shape.size.columns), told))
    for merged in shape.merged:
        _, first, _, last = range_boundaries(merged)
        if last is not None and last >= heading:
            told = message("The cells {cells} are merged. Unmerge them and fill in each.", cells=merged)
            problems.append(Problem(name, max(first or 1, heading), "", told))
    hidden = [number for number in shape.hidden if number > heading]
    if hidden:
        told = message(
            "{count} rows are hidden. Show all rows (take filters off), and delete those that are not wanted.",
            count=len(hidden),
        )
        problems.append(Problem(name, hidden[0], "", told))
    return shape.size


def _shape_of(sheet: ReadOnlyWorksheet) -> _Shape:
    """Return what reading row by row does not tell: merged ranges, hidden rows that hold something, how far it goes."""
    merged: list[str] = []
    hidden: list[int] = []
    number, size = 0, Size(0, 0, 0)
    archive, path = cast(tuple[zipfile.ZipFile, str], OPENED(sheet))
    with archive.open(path) as file:
        for _, element in iterparse(file, events=("end",)):  # noqa: S314 (expat 2.4.1 and newer limit entities)
            tag = element.tag.rpartition("}")[2]
            if tag == "mergeCell":
                merged.append(re.sub(r"[^A-Z0-9:]", "", element.get("ref", "A1")))
            elif tag == "row":
                if element.get("hidden") in {"1", "true"} and len(element):
                    hidden.append(int(element.get("r", "0")))
                number = int(element.get("r", number + 1))
                if last := _last_column(element):
                    wider = max((size.columns, size.widest_row), (last, number), key=lambda each: each[0])
                    size = Size(max(size.rows, number), *wider)
                element.clear()
    return _Shape(merged, hidden, size)


def _last_column(row: Element) -> int:
    """Return the last column of a row in which something stands; 0 where there is none."""
    for place in range(len(row), 0, -1):
        cell = row[place - 1]
        if "".join(cell.itertext()).strip():
            letters = re.sub(r"[^A-Z]", "", cell.get("r", ""))
            return column_index_from_string(letters) if letters else place
    return 0
