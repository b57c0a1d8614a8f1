"""The roll as files: CSV that opens in a spreadsheet, and XLSX.

Rule: what a person typed never becomes a formula.
"""

from collections.abc import Callable, Sequence
from io import BytesIO

import xlsxwriter

from cloud.attendance.queries import PersonToday
from cloud.core.formats import Formats
from cloud.core.i18n import N_
from cloud.core.words import sign

HEADS = (N_("Name"), N_("Class"), N_("State"), N_("Came"), N_("Went"), N_("Minutes late"), N_("Without card"))
WIDTHS = (40, 8, 16, 8, 8, 14, 14)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Translate = Callable[[str], str]


def rows_of(people: Sequence[PersonToday], formats: Formats, translate: Translate) -> list[list[str]]:
    """Return the head and a row a person, as texts in the reader's language."""
    return [[translate(head) for head in HEADS], *(_row(person, formats, translate) for person in people)]


def xlsx_of(rows: Sequence[Sequence[str]], title: str) -> bytes:
    """Return rows as a workbook with one sheet, its head frozen and filterable."""
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet(title[:31])
        bold = workbook.add_format({"bold": True})
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, cell, bold if number == 0 else None)
        for column, width in enumerate(WIDTHS):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, max(1, len(rows) - 1), len(WIDTHS) - 1)
    return file.getvalue()


def _row(person: PersonToday, formats: Formats, translate: Translate) -> list[str]:
    return [
        person.name,
        person.class_name,
        translate(sign(person.standing.value).word),
        formats.hour(person.first_in_at) if person.first_in_at else "",
        formats.hour(person.last_out_at) if person.last_out_at else "",
        str(person.late_min or ""),
        translate(N_("yes")) if person.without_card else "",
    ]
