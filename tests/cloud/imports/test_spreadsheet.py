"""Files that somebody sent: damaged, huge, hostile, or with what a person does not see."""

import zipfile
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.styles import Font

from cloud.core.zips import ENTRIES_MAX
from cloud.imports.columns import Column
from cloud.imports.errors import FileRefused
from cloud.imports.onesheet import MARKS_MAX, read_one
from cloud.imports.spreadsheet import COLUMNS_MAX, ROWS_MAX, SHEETS_MAX, read_spreadsheet
from cloud.imports.zips import opened
from tests.cloud.imports.factory import AIGERIM, SCHOOL, STUDENTS, book, file, saved, with_sheets

STUDENT = ["Әліби", "Айгерім", None, AIGERIM, "1", "5А"]


def only_students(*rows: list[object]) -> dict[str, list[list[object]]]:
    return {"Students": [list(STUDENTS), *rows]}


def test_merged_cells_are_told_with_their_place() -> None:
    made = book(only_students(list(STUDENT), list(STUDENT)))
    made["Students"].merge_cells("F2:F3")

    (problem,) = read_spreadsheet(saved(made)).problems

    assert (problem.sheet, problem.row) == ("Students", 2)
    assert "F2:F3" in str(problem.message)


def test_a_merged_title_above_the_headings_is_no_matter() -> None:
    made = book({"Students": [["Школа № 5"], [None], list(STUDENTS), list(STUDENT)]})
    made["Students"].merge_cells("A1:F1")

    found = read_spreadsheet(saved(made))

    assert found.problems == []
    assert [row.number for row in found.tables[0].rows] == [4]


def test_hidden_rows_are_told_and_not_guessed_about() -> None:
    made = book(only_students(list(STUDENT), list(STUDENT), list(STUDENT)))
    made["Students"].row_dimensions[3].hidden = True

    (problem,) = read_spreadsheet(saved(made)).problems

    assert (problem.row, "1 rows are hidden" in str(problem.message)) == (3, True)


def test_empty_sheets_and_empty_rows_are_no_matter() -> None:
    made = book({**only_students([None] * 6, list(STUDENT), [" "] * 6), "Cards": [], "Sheet of notes": []})

    found = read_spreadsheet(saved(made))

    assert found.problems == []
    assert [[row.number for row in table.rows] for table in found.tables] == [[3]]


def test_a_sheet_and_a_column_that_are_not_known_are_told() -> None:
    made = book({"Ученики": [[*STUDENTS, "Любимый цвет"], [*STUDENT, "синий"]], "Карточка": [["x", "y"], [1, 2]]})

    found = read_spreadsheet(saved(made))

    assert [(each.sheet, each.row) for each in found.problems] == [("Карточка", None)]
    assert found.ignored == ["Ученики: Любимый цвет"]


def test_a_missing_and_a_double_column_are_told() -> None:
    found = read_spreadsheet(saved(book({"Students": [["Surname", "Surname", "Given name"], ["a", "b", "c"]]})))

    assert [(each.row, each.column) for each in found.problems] == [(1, "Surname"), (1, "Сыныбы / Класс / Class")]


def test_a_file_without_any_known_sheet_names_the_known_ones() -> None:
    with pytest.raises(FileRefused, match="Оқушылар / Ученики / Students"):
        read_spreadsheet(saved(book({"Лист1": []})))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no .xlsx file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "old .xls file"),
        (b"Surname;Name\n", "no .xlsx file"),
        (b"PK\x03\x04" + bytes(100), "no .xlsx file"),
        (bytes(10 * 1024 * 1024 + 1), "too big"),
    ],
)
def test_what_is_no_spreadsheet_is_refused_with_what_to_do(content: bytes, told: str) -> None:
    with pytest.raises(FileRefused, match=told):
        read_spreadsheet(content)


def test_a_zip_bomb_is_weighed_and_not_unpacked() -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bomb:
        for number in range(4):
            bomb.writestr(f"xl/worksheets/sheet{number}.xml", bytes(20 * 1024 * 1024))

    with pytest.raises(FileRefused, match="Unpacked"):
        read_spreadsheet(out.getvalue())


def test_a_zip_that_lists_hundred_thousands_of_parts_is_not_opened() -> None:
    """Each becomes an object of half a kilobyte before anything can be counted."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as many:
        for number in range(ENTRIES_MAX + 1):
            many.writestr(str(number), b"")

    with pytest.raises(zipfile.BadZipFile):
        opened(out.getvalue())
    with pytest.raises(FileRefused, match=r"no \.xlsx file"):
        read_spreadsheet(out.getvalue())


def test_a_small_file_of_millions_of_elements_is_not_made_into_objects() -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/workbook.xml", b"<a/>" * 2_000_000)
    assert len(out.getvalue()) < 100_000

    with pytest.raises(FileRefused, match="too big"):
        read_spreadsheet(out.getvalue())


def test_one_table_is_given_less_than_a_whole_school() -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/workbook.xml", b"<a/>" * (MARKS_MAX + 1))

    with pytest.raises(FileRefused, match="too big"):
        read_one(out.getvalue(), (), 10)
    with pytest.raises(FileRefused, match="damaged"):  # it was opened
        read_spreadsheet(out.getvalue())


def test_a_part_packed_as_no_spreadsheet_program_packs_is_not_unpacked() -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_BZIP2) as odd:
        odd.writestr("xl/workbook.xml", b"<a/>")

    with pytest.raises(FileRefused, match=r"no \.xlsx file"):
        read_spreadsheet(out.getvalue())


def test_a_zip_without_a_workbook_is_refused() -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("readme.txt", "hello")

    with pytest.raises(FileRefused, match="damaged"):
        read_spreadsheet(out.getvalue())


@pytest.mark.parametrize(("count", "is_shared", "told"), [(SHEETS_MAX + 1, False, "too many"), (2, True, "same one")])
def test_a_file_whose_sheets_are_many_or_one_part_read_over_and_over_is_refused(
    count: int, is_shared: bool, told: str
) -> None:
    content = with_sheets(saved(book(only_students(list(STUDENT)))), count, is_shared=is_shared)

    with pytest.raises(FileRefused, match=told):
        read_spreadsheet(content)
    with pytest.raises(FileRefused, match=told):
        read_one(content, (Column("title", ("Тегі",), ""),), 10)


def test_as_many_sheets_as_may_be_are_read() -> None:
    content = with_sheets(saved(book(only_students(list(STUDENT)))), SHEETS_MAX, is_shared=False)

    assert [table.sheet for table in read_spreadsheet(content).tables] == ["Students"]


def test_a_row_number_far_down_costs_nothing_and_is_told() -> None:
    made = book(only_students(list(STUDENT)))
    made["Students"].cell(1_000_000, 1, "Соңғы")

    found = read_spreadsheet(saved(made))

    assert [row.number for row in found.tables[0].rows] == [2], "what stands beyond the limit is not read"
    assert ROWS_MAX < 1_000_000


def test_too_many_rows_are_told() -> None:
    made = book(only_students(list(STUDENT)))
    made["Students"].cell(ROWS_MAX + 1, 1, "Соңғы")

    (problem,) = read_spreadsheet(saved(made)).problems

    assert problem.row == ROWS_MAX + 1


def test_rows_beyond_the_limit_are_told_where_blank_lines_stand_between_too() -> None:
    made = book(only_students(list(STUDENT)))
    made["Students"].cell(ROWS_MAX + 5, 1, "Соңғы")

    (problem,) = read_spreadsheet(saved(made)).problems

    assert (problem.row, "too many rows" in str(problem.message)) == (ROWS_MAX + 5, True)


def test_columns_beyond_the_limit_are_told_with_the_last_one() -> None:
    made = book(only_students(list(STUDENT)))
    made["Students"].cell(2, COLUMNS_MAX, "x")
    assert read_spreadsheet(saved(made)).problems == []
    made["Students"].cell(2, COLUMNS_MAX + 3, "x")
    made["Students"].cell(1, COLUMNS_MAX + 9).font = Font(bold=True)  # nothing stands there

    (problem,) = read_spreadsheet(saved(made)).problems

    assert (problem.row, problem.column, "too many columns" in str(problem.message)) == (2, "BK", True)


@pytest.mark.parametrize("form", ["xlsx", "csv"])
@pytest.mark.parametrize(("blank", "rows", "told"), [
    (0, 10, []), (0, 11, [12]), (5, 5, []), (18, 1, []), (19, 1, [21]), (40, 1, [42]),
], ids=["as_many", "too_many", "below", "as_far", "too_far", "far_beyond"])  # fmt: skip
def test_of_one_table_no_row_is_left_out_untold(form: str, blank: int, rows: int, told: list[int]) -> None:
    lines = [["Тегі"], *([""] for _ in range(blank)), *(["Ким"] for _ in range(rows))]
    text = "\n".join(cell for (cell,) in lines).encode()
    content = text if form == "csv" else saved(book({"x": [[cell or None] for (cell,) in lines]}))

    read = read_one(content, (Column("title", ("Тегі",), ""),), 10)

    assert [each.row for each in read.problems] == told
    assert told or len(read.rows) == rows


def test_of_one_table_columns_beyond_the_limit_are_told() -> None:
    content = saved(book({"x": [["Тегі", *[None] * 6, "х"], ["Ким"]]}))
    columns = (Column("title", ("Тегі",), ""),)

    (problem,) = read_one(content, columns, 10, 7).problems

    assert (problem.row, problem.column) == (1, "H")
    assert read_one(content, columns, 10, 8).problems == []


WHOLE = file()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_file_with_any_part_changed_is_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(WHOLE) - 1))
    length = data.draw(st.integers(1, 60))
    damaged = WHOLE[:place] + data.draw(st.binary(min_size=0, max_size=60)) + WHOLE[place + length :]

    try:
        found = read_spreadsheet(damaged)
    except FileRefused:
        return
    assert len(found.tables) <= len(SCHOOL)
