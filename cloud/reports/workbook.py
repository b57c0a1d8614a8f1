"""A report as a workbook: one sheet a table, figures as figures.

Rule: what somebody typed, or called a dish, never becomes a formula or a link.
"""

from collections.abc import Sequence
from datetime import date, datetime
from io import BytesIO

import xlsxwriter

from cloud.reports.tables import Cell, Money, Table

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TITLE_MAX = 31
CELL_MAX = 32_767
NOT_IN_TITLES = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
WIDTH_ALL = 150  # of a sheet's columns together, in letters
Formats = dict[str, xlsxwriter.format.Format]


def workbook_of(tables: Sequence[Table], about: Sequence[tuple[str, str]], at: datetime) -> bytes:
    """Return a workbook of tables; the first sheet begins with what the report is. `at` is when it was made."""
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as workbook:
        workbook.set_properties({"created": at.replace(tzinfo=None), "title": about[0][1] if about else ""})
        formats = _formats(workbook)
        names: set[str] = set()
        for number, table in enumerate(tables):
            sheet = workbook.add_worksheet(_name(table.title, names))
            top = _write_about(sheet, about, formats) if number == 0 else 0
            _write_table(sheet, table, formats, top)
    return file.getvalue()


def _formats(workbook: xlsxwriter.Workbook) -> Formats:
    shared = {"text_wrap": True, "valign": "top"}
    money = {"num_format": "#,##0.00", "valign": "top"}
    return {
        "head": workbook.add_format({"bold": True, "bottom": 1, **shared}),
        "text": workbook.add_format(shared),
        "count": workbook.add_format({"num_format": "#,##0", "valign": "top"}),
        "money": workbook.add_format(money),
        "day": workbook.add_format({"num_format": "dd.mm.yyyy", "align": "left", "valign": "top"}),
    }


def _name(title: str, taken: set[str]) -> str:
    name = title.translate(NOT_IN_TITLES).strip()[:TITLE_MAX] or "1"
    while name.lower() in taken:
        name = f"{name[: TITLE_MAX - 3]} {len(taken) + 1}"
    taken.add(name.lower())
    return name


def _write_about(sheet: xlsxwriter.worksheet.Worksheet, about: Sequence[tuple[str, str]], formats: Formats) -> int:
    for row, (name, value) in enumerate(about):
        sheet.write_string(row, 0, name, formats["head"])
        sheet.write_string(row, 1, value)
    return len(about) + 1


def _write_table(sheet: xlsxwriter.worksheet.Worksheet, table: Table, formats: Formats, top: int) -> None:
    for column, head in enumerate(table.head):
        sheet.write_string(top, column, head, formats["head"])
    for number, row in enumerate(table.rows, top + 1):
        for column, cell in enumerate(row):
            _write(sheet, number, column, cell, formats)
    whole = sum(table.widths)
    for column, width in enumerate(table.widths):
        sheet.set_column(column, column, max(10, WIDTH_ALL * width // whole))
    if top == 0:
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, max(1, len(table.rows)), len(table.head) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(top)


def _write(sheet: xlsxwriter.worksheet.Worksheet, number: int, column: int, cell: Cell, formats: Formats) -> None:
    match cell:
        case Money():
            sheet.write_number(number, column, float(cell.tenge), formats["money"])
        case date():
            sheet.write_datetime(number, column, cell, formats["day"])
        case int():
            sheet.write_number(number, column, cell, formats["count"])
        case str():
            sheet.write_string(number, column, cell[:CELL_MAX], formats["text"])
