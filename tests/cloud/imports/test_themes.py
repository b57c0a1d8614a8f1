"""Thematic plans from spreadsheets: .xlsx and .csv, in three languages, with what is wrong told by cell."""

import threading
from collections.abc import Sequence
from typing import Any

import pytest
from typing_extensions import override

from cloud.core.delimited import csv_of as text_csv_of
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.core.sheets import csv_of, xlsx_of
from cloud.curriculum.kinds import ThemeKind
from cloud.curriculum.queries import themes_of
from cloud.curriculum.rules import THEMES_MAX, Theme
from cloud.curriculum.themes import set_themes
from cloud.imports.errors import FileRefused
from cloud.imports.onesheet import read_one
from cloud.imports.themes import COLUMNS, import_themes, read_themes, rows_of
from tests.cloud.curriculum.factory import THEMES, planned
from tests.cloud.imports.factory import book, saved
from tests.cloud.schools.factory import SYSTEM

HEAD = ["№", "Раздел", "Тема урока", "Часы", "Учебная неделя", "Вид"]
ROWS: list[list[Any]] = [
    HEAD,
    [1, "Натуральные числа", "Натуральные числа и нуль", 3, 1, None],
    [2, None, "Сложение и вычитание", 2.0, "2", "урок"],
    [3, None, "СОР № 1", 1, 2, "сор"],
    [None, "Дроби"],
    [4, None, "Обыкновенные дроби", 4, None, None],
    [5, None, "СОЧ за первую четверть", 1, 8, "СОЧ"],
]


class Watched(bytes):
    """A file that knows which threads looked at how it begins."""

    def __init__(self, _: bytes) -> None:
        self.threads: set[int] = set()

    @override
    def startswith(self, *asked: Any) -> bool:
        self.threads.add(threading.get_ident())
        return super().startswith(*asked)


def workbook(*rows: Sequence[Any]) -> bytes:
    return saved(book({"КТП": rows}))


def told(content: bytes) -> list[tuple[int | None, str, str]]:
    """Return what is wrong: row, column and the first words."""
    _, problems = read_themes(read_one(content, COLUMNS, THEMES_MAX))
    return [(each.row, each.column, " ".join(str(each.message).split(" ")[:3])) for each in problems]


@pytest.mark.requirement("KZ456-27.6")
@pytest.mark.parametrize("form", ["xlsx", "csv"])
async def test_a_thematic_plan_is_taken_in(services: Services, form: str) -> None:
    school = (await planned(services)).school
    texts = [["" if cell is None else str(cell).removesuffix(".0") for cell in row] for row in ROWS]
    content = workbook(["План по математике, 5 класс"], [], *ROWS) if form == "xlsx" else text_csv_of(texts)

    read = await import_themes(services, school.teachers[0], school.school_id, school.mathematics, content)

    assert (read.count, read.problems) == (5, ())
    plan = await themes_of(services, SYSTEM, school.school_id, school.mathematics)
    assert [(each.unit, each.hours, each.week, each.kind) for each in plan.themes] == [
        ("Натуральные числа", 3, 1, ThemeKind.LESSON), ("Натуральные числа", 2, 2, ThemeKind.LESSON),
        ("Натуральные числа", 1, 2, ThemeKind.SOR), ("Дроби", 4, None, ThemeKind.LESSON),
        ("Дроби", 1, 8, ThemeKind.SOCH),
    ]  # fmt: skip
    assert plan.themes[-1].title == "СОЧ за первую четверть"


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
async def test_what_is_taken_out_can_be_taken_in_again(services: Services, language: str) -> None:
    school = (await planned(services)).school
    sly = (*THEMES, Theme("=1+1", "-2 + @x; «тырнақша»", 1, None, ThemeKind.SOCH))
    await set_themes(services, SYSTEM, school.school_id, school.mathematics, sly)
    rows = rows_of(await themes_of(services, SYSTEM, school.school_id, school.mathematics), language)

    for content in (csv_of(rows), xlsx_of(rows, "5А")):
        await set_themes(services, SYSTEM, school.school_id, school.mathematics, [])
        await import_themes(services, SYSTEM, school.school_id, school.mathematics, content)

        plan = await themes_of(services, SYSTEM, school.school_id, school.mathematics)
        assert tuple(plan.themes) == sly


async def test_what_is_wrong_is_told_by_cell_and_nothing_changes(services: Services) -> None:
    school = (await planned(services)).school
    await set_themes(services, SYSTEM, school.school_id, school.mathematics, THEMES)
    content = workbook(HEAD, [1, "Р", "Тема", "много", 1, None], [2, "Р", "Тема", 2, 99, None])

    read = await import_themes(services, SYSTEM, school.school_id, school.mathematics, content)

    assert [(each.row, each.column) for each in read.problems] == [(2, "Часы"), (3, "")]
    plan = await themes_of(services, SYSTEM, school.school_id, school.mathematics)
    assert tuple(plan.themes) == THEMES


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ([1, "Р", "Тема", None], "Часы", "Write how many"),
        ([1, "Р", None, 2], "Тема урока", "Write the theme."),
        ([1, "Р", "Тема", 1.5], "Часы", "Write a whole"),
        ([1, "Р", "Тема", 0], "", "Hours of a"),
        ([1, "Р", "Тема", 2, "первая"], "Учебная неделя", "Write a whole"),
        ([1, "Р", "Тема", 2, 1, "экзамен"], "Вид", "Write SOR, SOCH,"),
        ([1, "Р", "т" * 201, 2], "Тема урока", "The text is"),
        ([1, "Р", "=A1", 2], "Тема урока", "A formula stands"),
    ],
)
def test_a_cell_that_cannot_be_meant_is_told(row: list[Any], column: str, words: str) -> None:
    assert (2, column, words) in told(workbook(HEAD, row))


def test_merged_and_hidden_cells_are_told() -> None:
    made = book({"КТП": ROWS})
    made.worksheets[0].merge_cells("B2:B4")
    made.worksheets[0].row_dimensions[6].hidden = True

    assert [words for _, _, words in told(saved(made))] == ["The cells B2:B4", "1 rows are"]


def test_a_column_twice_and_too_many_rows_are_told() -> None:
    many = [[number, "Р", "Тема", 1] for number in range(THEMES_MAX + 1)]

    assert told(workbook([*HEAD, "Часы"], ROWS[1])) == [(1, "Часы", "This column is")]
    assert told(workbook(HEAD, *many)) == [(THEMES_MAX + 2, "", "The sheet has")]


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04 nothing", b"\xd0\xcf\x11\xe0 old", b"\x00\x01\x02", "бір, екі\n1,2".encode(),
     workbook(["Тема", "Кому"], ["x", "y"])],
    ids=("nothing", "no_archive", "old_excel", "bytes", "no_columns", "other_columns"),
)  # fmt: skip
def test_a_file_that_is_no_thematic_plan_is_refused(content: bytes) -> None:
    with pytest.raises(FileRefused):
        read_one(content, COLUMNS, THEMES_MAX)


async def test_headings_alone_change_nothing(services: Services) -> None:
    school = (await planned(services)).school

    with pytest.raises(FileRefused):
        await import_themes(services, SYSTEM, school.school_id, school.mathematics, workbook(HEAD))


async def test_another_teachers_plan_is_not_taken_in(services: Services) -> None:
    school = (await planned(services)).school

    with pytest.raises(NotAllowed):
        await import_themes(services, school.teachers[1], school.school_id, school.mathematics, workbook(*ROWS))


async def test_no_file_is_looked_at_of_who_may_not_keep_the_plan_or_of_a_course_that_is_not_there(
    services: Services,
) -> None:
    school, content = (await planned(services)).school, Watched(workbook(*ROWS))

    with pytest.raises(NotAllowed):
        await import_themes(services, school.teachers[1], school.school_id, school.mathematics, content)
    with pytest.raises(NotFound):
        await import_themes(services, SYSTEM, school.school_id, 10**9, content)

    assert content.threads == set()


async def test_a_file_is_read_beside_the_pages(services: Services) -> None:
    school, content = (await planned(services)).school, Watched(workbook(*ROWS))

    await import_themes(services, school.teachers[0], school.school_id, school.mathematics, content)

    assert content.threads
    assert threading.get_ident() not in content.threads
