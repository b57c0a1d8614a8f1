"""Tables as files: money adds up, days are days, and nothing that somebody typed becomes a formula."""

import csv
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO, StringIO

import pytest
from openpyxl import load_workbook

from cloud.core.sheets import BOM, Cell, Money, Row, csv_of, sheet_name, xlsx_of

EVIL = ('=HYPERLINK("http://x","y")', "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1")
ROWS: list[list[Cell]] = [
    ["Day", "Dish", "How many", "Cost"],
    [date(2026, 9, 1), "Шай 🍵", 2, Money(160_50)],
    [date(2026, 9, 2), "Нан", 1, Money(50_00)],
]


def read_csv(content: bytes) -> list[list[str]]:
    text = content.decode()
    assert text.startswith(BOM)
    return list(csv.reader(StringIO(text.removeprefix(BOM), newline="")))


def test_csv_says_days_and_money_as_any_program_reads_them() -> None:
    assert read_csv(csv_of(ROWS)) == [
        ["Day", "Dish", "How many", "Cost"],
        ["2026-09-01", "Шай 🍵", "2", "160.50"], ["2026-09-02", "Нан", "1", "50.00"],
    ]  # fmt: skip


def test_a_workbook_holds_numbers_and_days() -> None:
    sheet = load_workbook(BytesIO(xlsx_of(ROWS, "2026-09: [x]"))).active

    assert sheet is not None
    assert [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)] == [
        [datetime(2026, 9, 1), "Шай 🍵", 2, 160.5], [datetime(2026, 9, 2), "Нан", 1, 50],  # noqa: DTZ001
    ]  # fmt: skip
    assert "[" not in sheet.title


def test_a_figure_below_nothing_with_decimals_stays_a_figure() -> None:
    rows: list[Row] = [["Over"], [Decimal("-4.5")]]

    sheet = load_workbook(BytesIO(xlsx_of(rows, "x"))).worksheets[0]

    assert read_csv(csv_of(rows))[1] == ["-4.5"]
    assert sheet["A2"].value == -4.5


@pytest.mark.parametrize("typed", EVIL)
def test_what_somebody_typed_is_never_a_formula(typed: str) -> None:
    rows: list[list[Cell]] = [["Dish"], [typed]]

    (_, (told,)) = read_csv(csv_of(rows))
    sheet = load_workbook(BytesIO(xlsx_of(rows, "x"))).active

    assert told[0] == "'"
    assert sheet is not None
    assert sheet["A2"].data_type == "s"
    assert sheet["A2"].hyperlink is None


def test_what_a_program_that_splits_elsewhere_takes_for_a_cell_is_no_formula_either() -> None:
    assert b'"\xd0\xa1\xd1\x83\xd0\xbf;\'=1",' in csv_of([["Суп;=1", 1]])


def test_a_text_that_is_too_long_for_a_cell_is_cut_and_not_lost() -> None:
    sheet = load_workbook(BytesIO(xlsx_of([["Dish"], ["x" * 40_000]], "x"))).active

    assert sheet is not None
    assert sheet["A2"].value == "x" * 32_767


def test_no_two_sheets_of_a_workbook_have_one_name() -> None:
    taken: set[str] = set()

    assert [sheet_name(title, taken) for title in ("Days", "days", "[]", "")] == ["Days", "days 2", "1", "1 4"]


def test_a_table_of_nothing_is_a_file_all_the_same() -> None:
    assert csv_of([]) == BOM.encode()
    assert load_workbook(BytesIO(xlsx_of([], ""))).active is not None
