"""Tables drawn on the pages of a PDF: heads repeated, long texts wrapped, figures to the right, quick for many rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fpdf import FPDF

LINE_MM, PAD_MM, BASE_MM = 3.9, 0.9, 2.9  # of a line of text: its height, the room around, and where letters stand
HEAD_GREY, RULE_GREY = (236, 238, 241), (190, 190, 190)
RULE_MM = 0.15
LINES_MAX = 30  # of one cell
PT_MM = 72 / 25.4


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its head, how wide it is, and whether its cells stand to the right."""

    head: str
    width_mm: float
    is_figure: bool


@dataclass(slots=True)
class Grid:
    """A table while it is drawn; `choose` sets the sheet's font to plain or bold."""

    sheet: FPDF
    columns: Sequence[Column]
    choose: Callable[[bool], None]
    bottom_mm: float

    def head(self) -> None:
        """Draw the heads of the columns."""
        self.choose(True)
        wrapped = self._wrapped([column.head for column in self.columns])
        height = self._height(wrapped)
        self.sheet.set_fill_color(*HEAD_GREY)
        self.sheet.rect(self.sheet.l_margin, self.sheet.get_y(), self._width, height, style="F")
        self._draw(wrapped, height)

    def row(self, cells: Sequence[str], *, is_sum: bool = False) -> None:
        """Draw a row, on the next page below the heads where this one is full."""
        self.choose(is_sum)
        wrapped = self._wrapped(cells)
        height = self._height(wrapped)
        if self.sheet.get_y() + height > self.bottom_mm:
            self.sheet.add_page()
            self.head()
            self.choose(is_sum)
        self._draw(wrapped, height)

    @property
    def _width(self) -> float:
        return sum(column.width_mm for column in self.columns)

    def _wrapped(self, cells: Sequence[str]) -> list[list[str]]:
        pairs = zip(cells, self.columns, strict=True)
        return [wrapped(text, column.width_mm - 2 * PAD_MM, self._measure) for text, column in pairs]

    def _measure(self, text: str) -> float:
        return float(self.sheet.get_string_width(text))

    def _height(self, cells: Sequence[Sequence[str]]) -> float:
        return max(1, *(len(lines) for lines in cells)) * LINE_MM + 2 * PAD_MM

    def _draw(self, cells: Sequence[Sequence[str]], height: float) -> None:
        left, top = float(self.sheet.l_margin), float(self.sheet.get_y())
        for lines, column in zip(cells, self.columns, strict=True):
            for number, line in enumerate(lines):
                room = column.width_mm - 2 * PAD_MM - self._measure(line) if column.is_figure else 0
                self.sheet.text(left + PAD_MM + room, top + PAD_MM + number * LINE_MM + BASE_MM, line)
            left += column.width_mm
        self.sheet.set_draw_color(*RULE_GREY)
        self.sheet.set_line_width(RULE_MM)
        self.sheet.line(self.sheet.l_margin, top + height, left, top + height)
        self.sheet.set_y(top + height)


def wrapped(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Return the lines of a text that fit a width; a word that does not is broken wherever it must be."""
    if measure(text) <= width:
        return [text]
    lines, line = list[str](), ""
    for word in text.split():
        if measure(longer := f"{line} {word}".strip()) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        line = word
        while measure(line) > width and len(line) > 1:
            fits = next(upto for upto in range(len(line) - 1, 0, -1) if upto == 1 or measure(line[:upto]) <= width)
            lines.append(line[:fits])
            line = line[fits:]
    return [*lines, line][:LINES_MAX]
