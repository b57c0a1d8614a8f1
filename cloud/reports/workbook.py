"""A report as a workbook: one sheet a table, figures as figures.

Rule: what somebody typed, or called a dish, never becomes a formula or a link.
"""

from collections.abc import Sequence
from datetime import date, datetime
from io import BytesIO

import xlsxwriter

from cloud.core.sheets import Formats, Money, sheet_name, write_row
from cloud.reports.tables import Table

WIDTH_ALL = 150  # of a sheet's columns together, in letters


def workbook_of(tables: Sequence[Table], about: Sequence[tuple[str, str]], at: datetime) -> bytes:
    """Return a workbook of tables; the first sheet begins with what the report is. `at` is when it was made."""
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as workbook:
        workbook.set_properties({"created": at.replace(tzinfo=None), "title": about[0][1] if about else ""})
        formats, names = _formats(workbook), set[str]()
        head: Formats = {str: workbook.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})}
        for number, table in enumerate(tables):
            sheet = workbook.add_worksheet(sheet_name(table.title, names))
            top = _write_about(sheet, about, head) if number == 0 else 0
            write_row(sheet, top, table.head, head)
            for place, row in enumerate(table.rows, top + 1):
                write_row(sheet, place, row, formats)
            _lay_out(sheet, table, top)
    return file.getvalue()


def _formats(workbook: xlsxwriter.Workbook) -> Formats:
    return {
        str: workbook.add_format({"text_wrap": True, "valign": "top"}),
        int: workbook.add_format({"num_format": "#,##0", "valign": "top"}),
        Money: workbook.add_format({"num_format": "#,##0.00", "valign": "top"}),
        date: workbook.add_format({"num_format": "dd.mm.yyyy", "align": "left", "valign": "top"}),
    }


def _write_about(sheet: xlsxwriter.worksheet.Worksheet, about: Sequence[tuple[str, str]], head: Formats) -> int:
    for number, (name, value) in enumerate(about):
        write_row(sheet, number, [name], head)
        sheet.write_string(number, 1, value)
    return len(about) + 1


def _lay_out(sheet: xlsxwriter.worksheet.Worksheet, table: Table, top: int) -> None:
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
