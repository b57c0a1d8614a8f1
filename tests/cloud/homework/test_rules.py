"""Rules of homework as tables: how it stands, until when it is handed in, and how much a day bears."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from cloud.homework.errors import HomeworkClosed, HomeworkRefused
from cloud.homework.kinds import Answer, Homework, Load, Share, Stands, State
from cloud.homework.rules import (
    check_minutes,
    check_open,
    checked_task,
    is_open,
    loads_of,
    norm_of,
    standing,
)

NOON = datetime(2026, 9, 16, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)
MONDAY = date(2026, 9, 14)
OPEN = Homework(1, 1, 1, 1, MONDAY, date(2026, 9, 16), 2, NOON, 20, "№ 5", (), is_named=False, by="", at=NOON,
                closed_at=None)  # fmt: skip
CLOSED = replace(OPEN, closed_at=NOON)
HANDED = Answer(1, 1, 1, 1, State.HANDED, is_paper=False, is_late=False, words="", at=NOON, by="", checked_at=None,
                checked_by="", comment="", lesson_id=None)  # fmt: skip
LATE = replace(HANDED, is_late=True)
CHECKED, RETURNED = replace(HANDED, state=State.CHECKED), replace(HANDED, state=State.RETURNED)
BEFORE, AFTER = NOON - HOUR, NOON + HOUR


@pytest.mark.parametrize(
    ("homework", "last", "now", "stands", "can_hand_in"),
    [
        pytest.param(OPEN, None, BEFORE, Stands.OPEN, True, id="nothing yet"),
        pytest.param(OPEN, None, NOON, Stands.OPEN, True, id="at the last instant"),
        pytest.param(OPEN, None, AFTER, Stands.OVERDUE, True, id="late, and taken still"),
        pytest.param(CLOSED, None, BEFORE, Stands.CLOSED, False, id="closed"),
        pytest.param(OPEN, HANDED, BEFORE, Stands.HANDED, True, id="handed in, and again"),
        pytest.param(OPEN, HANDED, AFTER, Stands.HANDED, False, id="handed in, and its time is over"),
        pytest.param(OPEN, LATE, AFTER, Stands.HANDED_LATE, False, id="handed in late"),
        pytest.param(OPEN, CHECKED, BEFORE, Stands.CHECKED, False, id="checked"),
        pytest.param(OPEN, RETURNED, AFTER, Stands.RETURNED, True, id="returned, after its time too"),
        pytest.param(CLOSED, RETURNED, AFTER, Stands.RETURNED, False, id="returned, then closed"),
    ],
)
def test_how_homework_stands_and_whether_it_can_be_handed_in(
    homework: Homework, last: Answer | None, now: datetime, stands: Stands, can_hand_in: bool
) -> None:
    assert standing(homework, last, now) is stands
    assert is_open(homework, last, now) == can_hand_in
    if not can_hand_in:
        with pytest.raises(HomeworkClosed):
            check_open(homework, last, now)


@pytest.mark.parametrize(
    ("own", "grade", "minutes"),
    [
        pytest.param({}, 1, 0, id="the first grade has none"),
        pytest.param({}, 2, 50, id="the state's for grade 2"),
        pytest.param({}, 5, 90, id="the state's for grade 5"),
        pytest.param({}, 11, 130, id="the state's for grade 11"),
        pytest.param({5: 60}, 5, 60, id="the school's"),
        pytest.param({5: 60}, 6, 90, id="the school's is of its grade alone"),
        pytest.param({9: 0}, 9, 0, id="the school wants none"),
    ],
)
def test_a_grade_has_the_schools_norm_or_the_states(own: dict[int, int], grade: int, minutes: int) -> None:
    assert norm_of(own, grade) == minutes


def test_the_load_of_a_day_is_what_the_busiest_student_has() -> None:
    english, mathematics, first, second, third = 1, 2, 11, 12, 13
    rows = [
        (MONDAY, english, first, 30), (MONDAY, english, second, 10),  # two groups beside each other
        (MONDAY, mathematics, first, 25), (MONDAY, mathematics, second, 25), (MONDAY, mathematics, second, 15),
        (MONDAY + timedelta(days=1), english, third, 0),
    ]  # fmt: skip

    loads = loads_of(rows)
    of_third = loads_of(rows, {third})

    assert loads[MONDAY] == Load({english: Share(30, 1), mathematics: Share(40, 2)}, 55)
    assert loads[MONDAY].of_others(english) == [(mathematics, Share(40, 2))]
    assert of_third == {MONDAY + timedelta(days=1): Load({english: Share(0, 1)}, 0)}


@pytest.mark.parametrize("minutes", [-1, 301], ids=["below zero", "above five hours"])
def test_minutes_that_no_homework_takes_are_refused(minutes: int) -> None:
    with pytest.raises(HomeworkRefused):
        check_minutes(minutes)


def test_a_task_says_something() -> None:
    assert checked_task("  № 5\r\nа) ") == "№ 5\nа)"
    with pytest.raises(HomeworkRefused):
        checked_task(" \n ")
