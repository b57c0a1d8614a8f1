"""Marks from a spreadsheet: through the journal's own rules, all of them or none, each wrong cell told."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import pytest

from cloud.core.errors import NotAllowed
from cloud.core.formats import Formats
from cloud.core.i18n import Language
from cloud.core.pages import DEFAULT_ZONE
from cloud.core.services import Services
from cloud.core.sheets import csv_of, xlsx_of
from cloud.imports.lines import Deed
from cloud.imports.marks import COLUMNS_MAX, MarksRead, import_marks
from cloud.journal.kinds import Cell, Here, Kind
from cloud.office.journal_likes import Like, rows_like
from tests.cloud.imports.factory import book, saved
from tests.cloud.journal.factory import Journal, journal
from tests.cloud.studies.factory import STUDENTS

MONDAY, TUESDAY = date(2026, 9, 14), date(2026, 9, 15)
NAMES = [" ".join(each) for each in STUDENTS]
HEAD = ["№", "Ученик", "14.09.2026", "15.09.2026"]


@pytest.fixture(name="opened")
async def _opened(services: Services) -> Journal:
    return await journal(services)


def workbook(*rows: Sequence[Any]) -> bytes:
    return saved(book({"Журнал": rows}))


async def taken(
    opened: Journal, content: bytes, deed: Deed = Deed.TAKE, course: int | None = None
) -> MarksRead:  # fmt: skip
    return await import_marks(
        opened.services, opened.teacher, opened.school, course or opened.studies.mathematics, content, deed
    )  # fmt: skip


async def two_lessons(opened: Journal) -> tuple[int, int]:
    """Add a lesson of Monday and a SOR of Tuesday, of 20 points."""
    return await opened.lesson(MONDAY), await opened.lesson(TUESDAY, kind=Kind.SOR, most=20)


async def cells(opened: Journal, lesson_id: int) -> list[Cell]:
    return [(await opened.stands(lesson_id, number)).cell for number in range(len(NAMES))]


@pytest.mark.requirement("KZ456-27.12")
@pytest.mark.parametrize("form", ["xlsx", "csv", "dates"])
async def test_marks_come_in_as_if_their_teacher_typed_them(opened: Journal, form: str) -> None:
    lesson, sor = await two_lessons(opened)
    rows: list[list[Any]] = [
        HEAD, [1, NAMES[0], 9, 18], [2, NAMES[1].upper(), "н", None], [3, NAMES[2], "о 7", "н"],
    ]  # fmt: skip
    if form == "dates":
        rows[0] = ["№", "Ученик", datetime(2026, 9, 14), datetime(2026, 9, 15)]  # noqa: DTZ001 (as a sheet has it)
    texts = [["" if cell is None else cell for cell in row] for row in rows]

    read = await taken(opened, csv_of(texts) if form == "csv" else workbook(*rows))

    assert (read.count, read.problems, read.was_taken) == (5, (), True)
    assert await cells(opened, lesson) == [
        Cell(Here.PRESENT, 9), Cell(Here.ABSENT), Cell(Here.LATE, 7), Cell(),
    ]  # fmt: skip
    assert await cells(opened, sor) == [Cell(Here.PRESENT, 18), Cell(), Cell(Here.ABSENT), Cell()]
    assert (await opened.stands(lesson, 0)).by == opened.teacher.name


async def test_a_check_changes_nothing_and_a_file_that_comes_again_writes_nothing(opened: Journal) -> None:
    lesson, _ = await two_lessons(opened)
    content = workbook(HEAD, [1, NAMES[0], 9, None])

    checked = await taken(opened, content, Deed.CHECK)
    untouched = await cells(opened, lesson)
    first, again = await taken(opened, content), await taken(opened, content)

    assert (checked.count, checked.was_taken, untouched[0]) == (1, False, Cell())
    assert (first.count, first.same, again.count, again.same) == (1, 0, 0, 1)


@pytest.mark.parametrize(
    ("row", "row_number", "column"),
    [
        ([2, NAMES[1], 11, None], 3, "14.09.2026"), ([2, NAMES[1], None, 21], 3, "15.09.2026"),
        ([2, NAMES[1], "отл", None], 3, "14.09.2026"), ([2, "Ким Никто", 7, None], 3, "Ученик"),
        ([2, NAMES[0], 7, None], 3, "Ученик"), ([2, None, 7, None], 3, "Ученик"),
        ([2, NAMES[3], 7, None], 3, "14.09.2026"),
    ],
    ids=["too_many", "too_many_for_sor", "unreadable", "stranger", "twice", "nameless", "other_mark"],
)  # fmt: skip
async def test_a_cell_that_is_wrong_is_told_and_nothing_is_written(
    opened: Journal, row: list[Any], row_number: int, column: str
) -> None:
    lesson, _ = await two_lessons(opened)
    await opened.type(lesson, 3, "8")
    before = await cells(opened, lesson)

    read = await taken(opened, workbook(HEAD, [1, NAMES[0], 9, 18], row))

    assert [(each.row, each.column) for each in read.problems] == [(row_number, column)]
    assert (read.count, read.was_taken, await cells(opened, lesson)) == (0, False, before)


async def test_a_day_without_a_lesson_is_told_at_its_heading_and_figures_beside_are_not(opened: Journal) -> None:
    await two_lessons(opened)

    read = await taken(
        opened, workbook([*HEAD, "16.09.2026", "Средний балл", "Отметка"], [1, NAMES[0], 9, 18, 5, 9, 5])
    )

    assert [(each.row, each.column) for each in read.problems] == [(1, "16.09.2026")]


async def test_a_year_of_columns_is_read_and_what_stands_beyond_the_limit_is_told(opened: Journal) -> None:
    lesson, _ = await two_lessons(opened)
    within = [None] * (COLUMNS_MAX - 2)

    read = await taken(opened, workbook(["Ученик", *within, "14.09.2026"], [NAMES[0], *within, 9]), Deed.CHECK)
    beyond = await taken(opened, workbook([*HEAD[1:], *within, "16.09.2026"], [NAMES[0], 9, 18, *within, 9]))

    assert (read.count, read.problems) == (1, ())
    assert len(beyond.problems) == 1
    assert (beyond.was_taken, (await cells(opened, lesson))[0]) == (False, Cell())


async def test_two_lessons_of_a_day_are_told_apart_by_their_numbers(opened: Journal) -> None:
    first, second = await opened.lesson(MONDAY, 1), await opened.lesson(MONDAY, 2)

    unclear = await taken(opened, workbook(HEAD[:3], [1, NAMES[0], 9]))
    clear = await taken(opened, workbook(["Ученик", "14.09.2026 (2)"], [NAMES[0], 9]))

    assert len(unclear.problems) == 1
    assert clear.count == 1
    assert ((await cells(opened, first))[0], (await cells(opened, second))[0].points) == (Cell(), 9)


async def test_only_who_teaches_takes_marks_in(opened: Journal) -> None:
    await two_lessons(opened)
    content = workbook(HEAD, [1, NAMES[0], 9, None])

    for actor in (opened.deputy, opened.class_teacher):
        with pytest.raises(NotAllowed):
            await import_marks(
                opened.services, actor, opened.school, opened.studies.mathematics, content, Deed.TAKE
            )  # fmt: skip


@pytest.mark.parametrize("like", Like)
@pytest.mark.parametrize("language", Language)
async def test_what_is_taken_out_like_another_diarys_says_what_the_journal_says_and_comes_in_again(
    opened: Journal, like: Like, language: Language
) -> None:
    await two_lessons(opened)
    await taken(opened, workbook(HEAD, [1, NAMES[0], 9, 18], [2, NAMES[1], "н", None]))

    rows = rows_like(await opened.grid(), like, Formats(language, DEFAULT_ZONE))
    read = await taken(opened, xlsx_of(rows, "5А"), Deed.CHECK)

    assert list(rows[1][:4]) == [1, NAMES[0], 9, 18]
    assert [len(row) for row in rows] == [4 + (5 if like is Like.KUNDELIK else 4)] * 5
    assert (read.problems, read.count, read.same) == ((), 0, 3)
