"""A report on paper: PDF/A-3 (ISO 19005-3) with the kept document inside, its checksum, and a code that leads to it.

Rule: a letter that the font does not have becomes an empty box; the workbook and the JSON hold the name whole.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

import segno
from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import DocumentCompliance, XPos, YPos
from typing_extensions import override

from cloud.core.formats import Formats
from cloud.core.i18n import N_
from cloud.core.sheets import Cell, Money
from cloud.reports.grid import Column, Grid
from cloud.reports.tables import Table
from cloud.reports.wording import Wording
from esik.assets import ASSETS

FONT, FONTS = "DejaVu", {"": ASSETS / "DejaVuSans.ttf", "B": ASSETS / "DejaVuSans-Bold.ttf"}
BOX = "\u25a1"
ROWS_MAX = 500  # of one table on paper
MARGIN_MM, FOOT_MM, CODE_MM, TABLE_MM_MIN = 14, 4, 26, 30
LINE_MM = 4.4
SIZE_PT, HEAD_PT, TITLE_PT, SMALL_PT = 8.0, 11.0, 16.0, 7.0
SOFT = (90, 90, 90)
MORE = N_("{count} more stand in the workbook and in the JSON file.")
PAGE = N_("page {page} of {pages}")


@dataclass(frozen=True, slots=True)
class Paper:
    """What a report's paper says: title, facts as lines, tables, and how it is signed or that it is not."""

    title: str
    subtitle: str
    facts: Sequence[tuple[str, str]]
    tables: Sequence[Table]
    notes: Sequence[str]  # printed after the tables, each a paragraph
    code: str  # what the QR code says; empty: none
    foot: str
    json_name: str
    kept: bytes  # the document itself, which goes into the file
    at: datetime


class _Sheet(FPDF):
    """A4 across, with a foot that counts pages."""

    def __init__(self, paper: Paper, words: Wording) -> None:
        super().__init__(orientation="landscape", format="A4", enforce_compliance=DocumentCompliance.PDFA_3U)
        self._paper, self._words = paper, words
        for style, path in FONTS.items():
            self.add_font(FONT, style, path)
        self.set_margin(MARGIN_MM)
        self.set_auto_page_break(True, MARGIN_MM + FOOT_MM)
        self.set_title(drawable(paper.title))
        self.set_lang(words.language.value)
        self.set_creator("Esik")
        self.set_producer("Esik")
        self.set_creation_date(paper.at)

    @override
    def footer(self) -> None:
        self.set_y(-MARGIN_MM)
        self.set_font(FONT, "", SMALL_PT)
        self.set_text_color(*SOFT)
        page = self._words.told(PAGE, page=self.page_no(), pages="{nb}")
        self.cell(0, 4, drawable(f"{self._paper.foot}    {page}"), align="R")
        self.set_text_color(0)


def pdf_of(paper: Paper, words: Wording) -> bytes:
    """Return the paper as a PDF for archives."""
    sheet = _Sheet(paper, words)
    sheet.embed_file(
        bytes=paper.kept, basename=paper.json_name, mime_type="application/json", associated_file_relationship="Source",
        modification_date=paper.at, compress=True,
    )  # fmt: skip
    sheet.add_page()
    _head(sheet, paper)
    for table in paper.tables:
        if table.rows:
            _table(sheet, table, words)
    for note in paper.notes:
        sheet.ln(2)
        sheet.set_font(FONT, "", SIZE_PT)
        sheet.multi_cell(0, LINE_MM, drawable(note), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    return bytes(sheet.output())


@cache
def _letters() -> frozenset[int]:
    with TTFont(FONTS["B"], lazy=True) as bold, TTFont(FONTS[""], lazy=True) as plain:
        return frozenset(plain.getBestCmap()) & frozenset(bold.getBestCmap())


def drawable(text: str) -> str:
    """Return a text with a box for each letter that the font lacks; of signs that only join others nothing is left."""
    shown = (each if ord(each) in _letters() else BOX for each in text if each not in "\ufe0e\ufe0f\u200d")
    return "".join(each if each.isprintable() or each == "\n" else " " for each in shown)


def _head(sheet: FPDF, paper: Paper) -> None:
    top, room = sheet.get_y(), sheet.epw - (CODE_MM + 6 if paper.code else 0)
    sheet.set_font(FONT, "B", TITLE_PT)
    sheet.multi_cell(room, 8, drawable(paper.title), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    sheet.set_font(FONT, "B", HEAD_PT)
    sheet.multi_cell(room, 6, drawable(paper.subtitle), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    sheet.ln(2)
    for name, value in paper.facts:
        sheet.set_font(FONT, "", SIZE_PT)
        sheet.set_text_color(*SOFT)
        sheet.cell(48, 4.6, drawable(name))
        sheet.set_text_color(0)
        sheet.multi_cell(room - 48, 4.6, drawable(value), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    if paper.code:
        _code(sheet, paper.code, sheet.w - MARGIN_MM - CODE_MM, top)
        sheet.set_y(max(sheet.get_y(), top + CODE_MM + 2))


def _code(sheet: FPDF, text: str, left: float, top: float) -> None:
    """Draw a QR code of squares, without a picture: it stays sharp at any size."""
    matrix = segno.make(text, error="m", micro=False).matrix
    side = CODE_MM / len(matrix)
    sheet.set_fill_color(0)
    for row, line in enumerate(matrix):
        for first, last in _runs(line):
            sheet.rect(left + first * side, top + row * side, (last - first) * side, side, style="F")


def _runs(line: bytearray) -> Iterator[tuple[int, int]]:
    """Yield where dark modules of a line begin and end."""
    begun = None
    for place, is_dark in enumerate((*line, 0)):
        if is_dark and begun is None:
            begun = place
        elif not is_dark and begun is not None:
            yield begun, place
            begun = None


def _table(sheet: FPDF, table: Table, words: Wording) -> None:
    bottom = sheet.h - MARGIN_MM - FOOT_MM
    if sheet.get_y() > bottom - TABLE_MM_MIN:
        sheet.add_page()
    sheet.ln(4)
    _choose(sheet, HEAD_PT, is_bold=True)
    sheet.cell(0, 6, drawable(table.title), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    whole = sum(table.widths)
    columns = [
        Column(drawable(head), sheet.epw * width / whole, not isinstance(cell, str | date))
        for head, width, cell in zip(table.head, table.widths, table.rows[0], strict=True)
    ]
    grid = Grid(sheet, columns, lambda is_bold: _choose(sheet, SIZE_PT, is_bold=is_bold), bottom)
    grid.head()
    for number, row in enumerate(table.rows[:ROWS_MAX], 1):
        grid.row([_text(cell, words.formats) for cell in row], is_sum=number > len(table.rows) - table.sums)
    if len(table.rows) > ROWS_MAX:
        _choose(sheet, SIZE_PT, is_bold=False)
        more = words.told(MORE, count=len(table.rows) - ROWS_MAX)
        sheet.cell(0, 6, drawable(more), new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _choose(sheet: FPDF, size: float, *, is_bold: bool) -> None:
    sheet.set_font(FONT, "B" if is_bold else "", size)


def _text(cell: Cell, formats: Formats) -> str:
    match cell:
        case Money():
            return formats.tenge(cell.tiyn) if cell.tiyn else "0"
        case date():
            return formats.typed(cell)
        case int():
            return formats.number(cell)
        case str():
            return drawable(cell)
