"""A week's timetable from a spreadsheet: all of it into a draft, or nothing and what is wrong by cell."""

from collections.abc import Sequence
from typing import Any

import pytest

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.i18n import Language
from cloud.core.services import Services
from cloud.core.sheets import csv_of, xlsx_of
from cloud.imports.errors import FileRefused
from cloud.imports.lines import Deed
from cloud.imports.timetables import TimetableRead, import_timetable, rows_of_version
from cloud.timetable.kinds import Weeks
from cloud.timetable.rules import Slot
from cloud.timetable.versions import publish, slots_of_version
from tests.cloud.imports.factory import book, saved
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.timetable.factory import TODAY, Planned

HEAD = ["Класс", "День недели", "№ урока", "Предмет", "Группа", "Недели", "Кабинет"]
ROWS: list[list[Any]] = [
    HEAD,
    ["5А", "понедельник", 1, "Математика", None, None, "214"],
    ["5 а", "Вт", "2", "mathematics", None, "нечётная", None],
    ["5А", 2, 3.0, "Ағылшын тілі", "1", None, None],
    ["6ә", "Пн", 2, "Математика", None, None, None],
]


@pytest.fixture(name="planned")
async def _planned(services: Services) -> Planned:
    return await Planned.begun(services)


def workbook(*rows: Sequence[Any]) -> bytes:
    return saved(book({"Кесте": rows}))


async def taken(planned: Planned, draft: int, *rows: Sequence[Any], deed: Deed = Deed.TAKE) -> TimetableRead:
    return await import_timetable(
        planned.services, SYSTEM, planned.school_id, draft, workbook(*rows), TODAY, deed
    )  # fmt: skip


async def held(planned: Planned, draft: int) -> set[Slot]:
    return set((await slots_of_version(planned.services.database.pool, draft)).slots)


@pytest.mark.requirement("KZ456-27.8", part="lessons")
async def test_lessons_of_a_file_stand_in_the_place_of_the_drafts_own(planned: Planned) -> None:
    draft = await planned.draft(Slot(5, 1, planned.history))

    read = await taken(planned, draft, *ROWS)

    assert (read.count, read.before, read.problems, read.was_taken) == (4, 1, (), True)
    assert await held(planned, draft) == {
        Slot(1, 1, planned.mathematics, room="214"), Slot(2, 2, planned.mathematics, Weeks.ODD),
        Slot(2, 3, planned.studies.english[0]), Slot(1, 2, planned.elsewhere),
    }  # fmt: skip


async def test_a_check_says_the_same_and_changes_nothing(planned: Planned) -> None:
    draft = await planned.draft(Slot(5, 1, planned.history))

    read = await taken(planned, draft, *ROWS, deed=Deed.CHECK)

    assert (read.count, read.before, read.was_taken) == (4, 1, False)
    assert await held(planned, draft) == {Slot(5, 1, planned.history)}


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (["7Ж", 1, 1, "Математика"], "Класс"), (["5А", "завтра", 1, "Математика"], "День недели"),
        (["5А", 1, 13, "Математика"], "№ урока"), (["5А", 1, 1, "Химия"], "Предмет"),
        (["5А", 1, 1, "Английский язык"], "Группа"), (["5А", 1, 1, "Математика", "1"], "Группа"),
        (["5А", 1, 1, "Математика", None, "иногда"], "Недели"),
        (["5А", 1, 1, "Математика", None, None, "x" * 21], "Кабинет"),
        (["6Ә", 1, 2, "Математика"], "№ урока"), (["5А", 1, 2, "История Казахстана"], "№ урока"),
        (["5А", 6, 1, "Математика"], "№ урока"),
    ],
    ids=[
        "class", "weekday", "number", "subject", "no_group", "other_group", "weeks", "room", "teacher_twice",
        "class_twice", "no_bell",
    ],
)  # fmt: skip
async def test_a_cell_that_is_wrong_is_told_and_nothing_changes(
    planned: Planned, row: list[Any], column: str
) -> None:  # fmt: skip
    draft = await planned.draft(Slot(5, 1, planned.history))

    read = await taken(planned, draft, HEAD, ["5А", 1, 2, "Математика"], row)

    assert (read.count, read.was_taken) == (0, False)
    assert (3, column) in {(each.row, each.column) for each in read.problems}
    assert await held(planned, draft) == {Slot(5, 1, planned.history)}


async def test_a_lesson_that_stands_there_twice_is_told(planned: Planned) -> None:
    draft = await planned.draft()

    read = await taken(planned, draft, HEAD, *[["5А", 1, 1, "Математика"]] * 2)

    assert {each.row for each in read.problems} >= {3}
    assert await held(planned, draft) == set()


async def test_a_published_timetable_is_not_written_over_and_a_teacher_takes_nothing_in(planned: Planned) -> None:
    draft = await planned.draft(Slot(1, 1, planned.mathematics))
    teacher = Actor("Айгүл", 1, frozenset({Reach(Role.TEACHER, planned.school_id)}))

    with pytest.raises(NotAllowed):
        await import_timetable(
            planned.services, teacher, planned.school_id, draft, workbook(*ROWS), TODAY, Deed.TAKE
        )  # fmt: skip
    await publish(planned.services, SYSTEM, planned.school_id, draft, (TODAY, None), TODAY)
    with pytest.raises(NotFound):
        await taken(planned, draft, *ROWS)
    with pytest.raises(FileRefused):
        await taken(planned, await planned.draft(), HEAD)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_what_is_taken_out_can_be_taken_in_again(planned: Planned, language: Language, form: str) -> None:
    draft, other = await planned.draft(), await planned.draft(name="Көшірме")
    await taken(planned, draft, *ROWS)

    rows = await rows_of_version(planned.services, SYSTEM, planned.school_id, draft, TODAY, language)
    content = csv_of(rows) if form == "csv" else xlsx_of(rows, "1")
    read = await import_timetable(planned.services, SYSTEM, planned.school_id, other, content, TODAY, Deed.TAKE)

    assert read.problems == ()
    assert await held(planned, other) == await held(planned, draft)
