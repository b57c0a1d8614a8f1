"""The journal as it is drawn: cells as texts, the figures behind each row, rows of sheets for spreadsheets. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from cloud.core.formats import Formats
from cloud.core.i18n import N_
from cloud.core.sheets import Cell
from cloud.journal.grading import Part, Result, YearMark
from cloud.journal.grid import Grid, Row
from cloud.journal.kinds import LETTERS, Here, Lesson, Standing, written
from cloud.journal.missed import AttendanceSheet
from cloud.journal.sheets import Sheet

Translate = Callable[[str], str]
NONE = "—"
MISSED_HEADS = (
    N_("Name"), N_("Lessons"), N_("Lessons missed"), N_("of these, for a good reason"), N_("Away for the school"),
    N_("Late"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """A row of the grid: each cell as its text and its entry's number, None where the student was not there to be."""

    ref: str
    name: str
    is_here: bool  # still in the course
    cells: Sequence[tuple[str, int, str, bool] | None]  # text, number, what is offered, whether the gates contradict
    is_inside: bool
    figures: Sequence[str]
    is_final: bool


def rows_of_grid(grid: Grid, formats: Formats, today: date) -> list[Shown]:
    """Return the rows of a grid; what is offered stands in cells of today of which nothing was said."""
    return [_row(grid, row, formats, today) for row in grid.rows]


def figures_of(result: Result | None, formats: Formats) -> list[str]:
    """Return what stands behind a row: mean of formative marks, SOR, SOCH, percent, mark."""
    if result is None:
        return []
    formative = result.line(Part.FORMATIVE)
    mean = NONE
    if formative is not None and formative.got.works:
        mean = formats.tenths(formative.got.points / formative.got.works)
    percent = NONE if result.percent is None else f"{result.percent} %"
    return [mean, _points(result, Part.SOR), _points(result, Part.SOCH), percent, mark_of(result)]


def mark_of(result: Result | YearMark | None) -> str:
    """Return a mark as it is written: one that is not final in brackets."""
    if result is None or result.mark is None:
        return NONE
    return str(result.mark) if result.is_final else f"({result.mark})"


def letters_of(language: str) -> Mapping[Here, str]:
    """Return the letters by which somebody who reads a language writes who was there."""
    return LETTERS.get(language, LETTERS["en"])


def sheet_rows(sheet: Sheet, language: str, translate: Translate) -> list[list[Cell]]:
    """Return the sheet of a class for a spreadsheet: marks of the quarter and of the year by subject."""
    subjects = [subject.name(language) for subject in sheet.subjects]
    year = translate(N_("Year"))
    heads: list[Cell] = [translate(N_("Name")), *subjects, *(f"{name}: {year}" for name in subjects)]
    rows = [heads]
    for row in sheet.rows:
        marks = [_cell(row.results.get(each.id)) for each in sheet.subjects]
        years = [_cell(row.years.get(each.id)) for each in sheet.subjects]
        rows.append([row.learner.name, *marks, *years])
    return rows


def missed_rows(sheet: AttendanceSheet, language: str, translate: Translate) -> list[list[Cell]]:
    """Return the sheet of missed lessons for a spreadsheet."""
    heads: list[Cell] = [*map(translate, MISSED_HEADS), *(subject.name(language) for subject in sheet.subjects)]
    return [heads] + [
        [each.learner.name, each.lessons, each.absent, each.excused, each.away, each.late,
         *(each.by_subject.get(subject.id, 0) for subject in sheet.subjects)]
        for each in sheet.rows
    ]  # fmt: skip


def _row(grid: Grid, row: Row, formats: Formats, today: date) -> Shown:
    language, offer = formats.language.value, grid.offers.get(row.learner.id)
    letters = letters_of(language)

    def beside(lesson: Lesson, stands: Standing) -> tuple[str, bool]:
        if offer is None or lesson.on != today:
            return "", False
        hours = grid.hours.get(lesson.number)
        return "" if stands.number else letters.get(offer.at(hours), ""), offer.clashes(stands.cell.here, hours)

    cells = [
        None if each is None else (written(each.cell, language), each.number, *beside(lesson, each))
        for lesson, each in zip(grid.lessons, row.cells, strict=True)
    ]  # fmt: skip
    return Shown(
        row.learner.ref, row.learner.name, row.learner.is_in(today), cells,
        offer is not None and offer.is_inside, figures_of(row.result, formats),
        row.result is not None and row.result.is_final,
    )  # fmt: skip


def _points(result: Result, part: Part) -> str:
    line = result.line(part)
    return NONE if line is None or not line.got.most else f"{line.got.points}/{line.got.most}"


def _cell(result: Result | YearMark | None) -> Cell:
    """Return a mark as a spreadsheet counts with it: a number once it is final."""
    if result is None or result.mark is None:
        return ""
    return result.mark if result.is_final else f"({result.mark})"
