"""The journal of a course as spreadsheets like those of other diaries: what is asked for where such ones are kept too.

Their makers publish no format. These layouts were made from memory of what such systems print, and no file of theirs
was at hand: they are alike, and nobody's own. What is taken out here can be taken in again.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum

from cloud.core.formats import Formats
from cloud.core.sheets import Cell
from cloud.imports.marks import STUDENT, heading_of
from cloud.journal.grading import Part, Result
from cloud.journal.grid import Grid
from cloud.journal.kinds import Standing, written

LANGUAGES = ("kk", "ru", "en")


class Like(StrEnum):
    """Like whose sheets."""

    KUNDELIK = "kundelik"
    BILIMCLASS = "bilimclass"


NAMES = {Like.KUNDELIK: "Kundelik", Like.BILIMCLASS: "BilimClass"}
HEADS: Mapping[str, tuple[str, str, str]] = {
    "number": ("№", "№", "No."),
    "mean": ("Орташа", "Средний балл", "Mean"),
    "sor": ("БЖБ, %", "СОР, %", "SOR, %"),
    "soch": ("ТЖБ, %", "СОЧ, %", "SOCH, %"),
    "percent": ("%", "%", "%"),
    "mark": ("Баға", "Отметка", "Mark"),
}
# Kundelik: the mean behind the days, then the parts and the mark. BilimClass: parts in percent before the mark.
BEHIND = {
    Like.KUNDELIK: ("mean", "sor", "soch", "percent", "mark"),
    Like.BILIMCLASS: ("sor", "soch", "percent", "mark"),
}


def rows_like(grid: Grid, like: Like, formats: Formats) -> list[list[Cell]]:
    """Return the journal of a quarter as rows: number, student, a column a lesson, what the mark comes of."""
    language = formats.language.value
    place = LANGUAGES.index(language)
    behind = BEHIND[like] if grid.has_marks else ()
    heads: list[Cell] = [HEADS["number"][place], STUDENT.names[place]]
    heads += [heading_of(lesson, grid.lessons) for lesson in grid.lessons]
    heads += [HEADS[key][place] for key in behind]
    rows = [heads]
    for number, row in enumerate(grid.rows, 1):
        cells: list[Cell] = [number, row.learner.name, *(_cell(each, language) for each in row.cells)]
        rows.append(cells + [FIGURES[key](row.result, formats) for key in behind])
    return rows


def _cell(stands: Standing | None, language: str) -> Cell:
    """Return a cell as a spreadsheet counts with it: a number where points stand alone."""
    text = "" if stands is None else written(stands.cell, language)
    return int(text) if text.isdecimal() else text


def _mean(result: Result | None, formats: Formats) -> Cell:
    line = None if result is None else result.line(Part.FORMATIVE)
    return "" if line is None or not line.got.works else formats.tenths(line.got.points / line.got.works)


def _share(part: Part) -> Callable[[Result | None, Formats], Cell]:
    def share(result: Result | None, _formats: Formats) -> Cell:
        line = None if result is None else result.line(part)
        return "" if line is None or line.share is None else round(line.share)

    return share


def _percent(result: Result | None, _formats: Formats) -> Cell:
    return "" if result is None or result.percent is None else result.percent


def _mark(result: Result | None, _formats: Formats) -> Cell:
    if result is None or result.mark is None:
        return ""
    return result.mark if result.is_final else f"({result.mark})"


FIGURES: Mapping[str, Callable[[Result | None, Formats], Cell]] = {
    "mean": _mean, "sor": _share(Part.SOR), "soch": _share(Part.SOCH), "percent": _percent, "mark": _mark,
}  # fmt: skip
