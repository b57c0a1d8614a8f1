"""The form of a homework, and who comes next when homework is checked."""

from datetime import UTC, date, datetime

import pytest

from cloud.homework.checking import Markable
from cloud.homework.errors import HomeworkRefused
from cloud.homework.kinds import Answer, Given, Homework, Recipient, Stands, State
from cloud.homework.sheet import Row
from cloud.journal.kinds import Cell, Here, Kind, Lesson, Standing
from cloud.office.homework import HomeworkForm
from cloud.office.homework_check_pages import next_of, offered_of

NOON = datetime(2026, 9, 16, 7, tzinfo=UTC)
DUE_ON = date(2026, 9, 16)
HOMEWORK = Homework(1, 1, 1, 1, DUE_ON, DUE_ON, 2, NOON, 20, "№ 5", (), is_named=False, by="", at=NOON, closed_at=None)


def a_row(ref: str, stands: Stands, lesson_id: int | None = None) -> Row:
    answer = Answer(1, 1, 1, 1, State.HANDED, is_paper=False, is_late=False, words="", at=NOON, by="", checked_at=None,
                    checked_by="", comment="", lesson_id=lesson_id)  # fmt: skip
    return Row(Recipient(1, ref, ref), [answer], stands, None)


def a_lesson(lesson_id: int, on: date, number: int, here: Here = Here.UNSAID) -> Markable:
    lesson = Lesson(lesson_id, 1, on, number, 1, Kind.LESSON, is_off=False, theme="", note="", room="")
    return Markable(lesson, Standing(Cell(here)))


@pytest.mark.parametrize(
    ("form", "refs", "given"),
    [
        pytest.param(HomeworkForm("№ 5", "2026-09-16.2", "2026-09-20", "15"), [],
                     Given("№ 5", DUE_ON, 2, 15), id="by a lesson"),
        pytest.param(HomeworkForm("№ 5", "", "2026-09-20"), [], Given("№ 5", date(2026, 9, 20)), id="by a day"),
        pytest.param(HomeworkForm("№ 5", "", "20.09.2026", "0", "https://a.example", ""), ["a"],
                     Given("№ 5", date(2026, 9, 20), None, 0, "https://a.example"), id="for all, whoever is ticked"),
        pytest.param(HomeworkForm("№ 5", "2026-09-16.2", "", "", "", "yes"), ["a", "b"],
                     Given("№ 5", DUE_ON, 2, 0, "", frozenset({"a", "b"})), id="for some"),
    ],
)  # fmt: skip
def test_a_form_says_what_is_given_by_when_and_to_whom(form: HomeworkForm, refs: list[str], given: Given) -> None:
    assert form.given(refs) == given


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(HomeworkForm("№ 5"), id="no day"),
        pytest.param(HomeworkForm("№ 5", "tomorrow"), id="a word for a day"),
        pytest.param(HomeworkForm("№ 5", "2026-09-16.x"), id="a word for a lesson"),
        pytest.param(HomeworkForm("№ 5", "2026-09-16.²"), id="a number of no digits"),
        pytest.param(HomeworkForm("№ 5", "2026-09-16.2", "", "half an hour"), id="words for minutes"),
        pytest.param(HomeworkForm("№ 5", "2026-09-16.2", "", "", "", "yes"), id="for some, of whom there are none"),
    ],
)
def test_a_form_that_says_nothing_that_can_be_is_refused(form: HomeworkForm) -> None:
    with pytest.raises(HomeworkRefused):
        form.given([])


@pytest.mark.parametrize(
    ("ref", "following"),
    [
        pytest.param("a", "c", id="the next that waits"),
        pytest.param("c", "d", id="handed in late"),
        pytest.param("d", "c", id="from the beginning again"),
        pytest.param("nobody", "c", id="of nobody"),
    ],
)
def test_the_next_student_is_the_next_whose_homework_waits(ref: str, following: str) -> None:
    stands = (Stands.OPEN, Stands.CHECKED, Stands.HANDED, Stands.HANDED_LATE)
    rows = [a_row(name, each) for name, each in zip("abcd", stands, strict=True)]

    assert next_of(rows, ref) == following
    assert next_of(rows[:2], ref) == ""


@pytest.mark.parametrize(
    ("lessons", "put", "chosen"),
    [
        pytest.param([a_lesson(3, DUE_ON, 5), a_lesson(2, DUE_ON, 2)], None, 2, id="the one it is due by"),
        pytest.param([a_lesson(9, date(2026, 9, 17), 1), a_lesson(3, DUE_ON, 5)], None, 3, id="one of that day"),
        pytest.param([a_lesson(9, date(2026, 9, 17), 1), a_lesson(8, date(2026, 9, 15), 1)], None, 9, id="the last"),
        pytest.param([a_lesson(2, DUE_ON, 2), a_lesson(8, date(2026, 9, 15), 1)], 8, 8, id="where it was put"),
        pytest.param([a_lesson(2, DUE_ON, 2, Here.ABSENT), a_lesson(8, date(2026, 9, 15), 1)], None, 8,
                     id="not where the student was absent"),
        pytest.param([], None, 0, id="none"),
    ],
)  # fmt: skip
def test_a_mark_is_offered_at_the_lesson_that_fits(lessons: list[Markable], put: int | None, chosen: int) -> None:
    assert offered_of(HOMEWORK, a_row("a", Stands.HANDED, put), lessons) == chosen
