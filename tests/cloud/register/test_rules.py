"""The rules of the class register, as tables."""

from datetime import date, timedelta

import pytest

from cloud.register.errors import RegisterClosed
from cloud.register.kinds import BY_CODE, CHOICES, Says
from cloud.register.rules import OPEN, Clash, Hand, check_day, clash_of, is_taken

TODAY = date(2026, 9, 30)
ONE = timedelta(days=1)


@pytest.mark.parametrize(
    ("hand", "on", "taught", "told"),
    [
        (Hand.TEACHER, TODAY, True, ""),
        (Hand.SCHOOL, TODAY, True, ""),
        (Hand.TEACHER, TODAY - ONE, True, "Ask the office"),
        (Hand.SCHOOL, TODAY - ONE, True, ""),
        (Hand.SCHOOL, TODAY - OPEN, True, ""),
        (Hand.SCHOOL, TODAY - OPEN - ONE, True, "stay as they are"),
        (Hand.SCHOOL, TODAY, False, "no lessons"),
        (Hand.SCHOOL, TODAY + ONE, True, "has not come yet"),
    ],
)
def test_a_teacher_marks_the_same_day_and_the_office_the_last_weeks(
    hand: Hand, on: date, taught: bool, told: str
) -> None:
    if not told:
        check_day(hand, on, TODAY, is_taught=taught)
        return

    with pytest.raises(RegisterClosed, match=told):
        check_day(hand, on, TODAY, is_taught=taught)


@pytest.mark.parametrize(
    ("says", "came", "heard", "clash"),
    [
        (Says.ABSENT, True, True, Clash.ABSENT_BUT_CAME),
        (Says.ABSENT, False, True, None),
        (Says.PRESENT, False, True, Clash.PRESENT_BUT_UNSEEN),
        (Says.PRESENT, False, False, None),  # a school without gates, or whose gates are silent
        (Says.PRESENT, True, True, None),
        (Says.AWAY, True, True, None),  # the bus leaves from the school's yard
        (Says.AWAY, False, True, None),
        (Says.UNSAID, False, True, None),
        (Says.UNSAID, True, True, None),
    ],
)
def test_a_mark_contradicts_the_gates_or_not(says: Says, came: bool, heard: bool, clash: Clash | None) -> None:
    assert clash_of(says, came=came, heard=heard) is clash


def test_a_register_is_taken_when_nobody_is_left_of_whom_nothing_was_said() -> None:
    assert is_taken([Says.PRESENT, Says.ABSENT, Says.AWAY])
    assert not is_taken([Says.PRESENT, Says.UNSAID])
    assert not is_taken([])


def test_every_choice_has_a_code_of_its_own_that_forms_name() -> None:
    assert len(BY_CODE) == len(CHOICES)
    assert set(BY_CODE) == {"present", "absent_ill", "absent_family", "absent_other", "away", "unsaid"}
