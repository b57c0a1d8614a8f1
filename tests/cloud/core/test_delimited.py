"""CSV that goes out is no formula wherever a spreadsheet program splits it, and comes back as it was."""

import csv
from io import StringIO

import pytest

from cloud.core.delimited import MARK, csv_of, line_of, rows_in, tamed

EVIL = "=cmd|'/c calc'!A1"
HIDDEN = (
    f"Суп;{EVIL};x", f"Суп\t{EVIL}", f"Суп\n{EVIL}", f"Суп\r{EVIL}", f"Суп; {EVIL}", f'Суп;"{EVIL}', f"Суп;;\xa0{EVIL}",
    "Суп;+1", "Суп;-1", "Суп;@SUM(A1)", f"\t{EVIL}", f"\n{EVIL}", f" {EVIL}", EVIL,
)  # fmt: skip


def written(rows: list[list[str]]) -> str:
    return csv_of(rows).decode().removeprefix(MARK)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("typed", HIDDEN)
def test_no_cell_is_a_formula_whatever_the_file_is_split_at(typed: str, separator: str) -> None:
    text = written([["Dish", "Note"], [typed, "x"], ["1", typed]])

    cells = [cell for line in csv.reader(StringIO(text, newline=""), delimiter=separator) for cell in line]

    assert [cell for cell in cells if cell.lstrip(' \t\r\n\xa0"').startswith(("=", "+", "-", "@"))] == []


@pytest.mark.parametrize("typed", HIDDEN)
def test_what_was_typed_comes_back_from_a_file_as_it_was(typed: str) -> None:
    assert list(rows_in(written([["x", typed]]), ",")) == [["x", typed]]


def test_a_cell_that_a_program_may_split_stands_in_quotes() -> None:
    assert line_of(["a;b", "c\td", "e", 'f"g']) == '"a;b","c\td",e,"f""g"\r\n'


@pytest.mark.parametrize("typed", ["Ет-2", "a; b", "Нан × 1; Шай × 2", "577.50", "O'Нил", ""])
def test_what_is_no_formula_stays_as_it_is(typed: str) -> None:
    assert tamed(typed) == typed
