"""Tables as files: CSV that opens in a spreadsheet, and XLSX with numbers that add up.

Rule: what a person typed never becomes a formula.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import BytesIO

import xlsxwriter

from cloud.core.delimited import line_of, tamed

BOM = "\ufeff"  # without it spreadsheets take UTF-8 for an older encoding
CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TITLE_MAX, CELL_MAX = 31, 32_767  # letters
_NOT_IN_TITLES = str.maketrans("[]:*?/\\'", "        ")
WIDEST, NARROWEST = 60, 8


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in tiyn; a file says it in tenge."""

    tiyn: int

    @property
    def tenge(self) -> Decimal:
        return Decimal(self.tiyn) / 100


Cell = str | int | Money | date
Row = Sequence[Cell | Decimal]
Formats = Mapping[type, xlsxwriter.format.Format]  # of texts, numbers, amounts and days


def csv_of(rows: Sequence[Row]) -> bytes:
    """Return rows as CSV (RFC 4180), UTF-8 with a mark of it; money as 577.50, days as 2026-09-01."""
    return (BOM + "".join(line_of(map(_text, row)) for row in rows)).encode()


def xlsx_of(rows: Sequence[Row], title: str) -> bytes:
    """Return rows as a workbook with one sheet, its head and first column frozen, filterable."""
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet(sheet_name(title, set()))
        bold = workbook.add_format({"bold": True})
        formats = {
            Money: workbook.add_format({"num_format": "#,##0.00"}),
            date: workbook.add_format({"num_format": "yyyy-mm-dd"}),
        }
        for number, row in enumerate(rows):
            write_row(sheet, number, row, formats if number else {str: bold})
        for column, width in enumerate(_widths(rows)):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 1)
        if rows:
            sheet.autofilter(0, 0, max(1, len(rows) - 1), len(rows[0]) - 1)
    return file.getvalue()


def sheet_name(title: str, taken: set[str]) -> str:
    """Return a title as a sheet may be called, none twice; it is taken then."""
    name = title.translate(_NOT_IN_TITLES).strip()[:TITLE_MAX] or "1"
    while name.lower() in taken:
        name = f"{name[: TITLE_MAX - 3]} {len(taken) + 1}"
    taken.add(name.lower())
    return name


def write_row(sheet: xlsxwriter.worksheet.Worksheet, number: int, row: Row, formats: Formats) -> None:
    """Write a row of a sheet, each cell as what it is; a text never is a formula or a link, however long it is."""
    for column, cell in enumerate(row):
        match cell:
            case Money():
                sheet.write_number(number, column, float(cell.tenge), formats.get(Money))
            case date():
                sheet.write_datetime(number, column, cell, formats.get(date))
            case Decimal():
                sheet.write_number(number, column, float(cell), formats.get(Decimal))
            case int():
                sheet.write_number(number, column, cell, formats.get(int))
            case str():
                sheet.write_string(number, column, cell[:CELL_MAX], formats.get(str))


def _text(cell: Cell | Decimal) -> str:
    match cell:
        case Money():
            return f"{cell.tenge:.2f}"
        case date():
            return cell.isoformat()
        case int() | Decimal():
            return str(cell)
        case str():
            return tamed(cell)


def _widths(rows: Sequence[Row]) -> list[int]:
    columns = zip(*rows, strict=True)
    return [max(NARROWEST, min(WIDEST, max(len(_text(cell)) for cell in column) + 2)) for column in columns]
