"""When alerts of absence fall due, and when too many at once are held until a person has looked."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.alerts.errors import AlertRuleRefused
from cloud.alerts.kinds import Counted, Part, Round, State, Why
from cloud.alerts.rules import (
    FEW_OF_CLASS,
    GRACE,
    LOOK_AGAIN,
    LOOK_AT_WAITING,
    AlertRules,
    due_at,
    gates_held,
    held,
    next_look,
)
from cloud.schools.rules import DayPlan

ON = date(2026, 9, 1)
EIGHT = datetime(2026, 9, 1, 3, 0, tzinfo=UTC)
ONE = EIGHT + timedelta(hours=5)
RULES = AlertRules()


def judged(state: State, absent: int, expected: int, why: Why = Why.NONE, class_id: int = 9) -> Round:
    parts = (Part(0, absent, expected, state is not State.TOLD),)
    return Round(class_id, ON, EIGHT + timedelta(minutes=20), ONE, state, why, absent, expected, parts=parts)


@pytest.mark.parametrize(
    ("plan", "after_min"),
    [
        (DayPlan(ON, True, EIGHT, ONE), 20),
        (DayPlan(ON, True, EIGHT, EIGHT + timedelta(minutes=15)), None),  # over before anybody is missed
        (DayPlan(ON, is_school_day=False), None),
        (DayPlan(ON, is_school_day=True), None),  # no bells
    ],
)
def test_alerts_fall_due_some_minutes_after_the_classs_own_first_lesson(plan: DayPlan, after_min: int | None) -> None:
    assert due_at(plan, RULES) == (None if after_min is None else EIGHT + timedelta(minutes=after_min))


@pytest.mark.parametrize(
    ("due", "why"),
    [
        ({1: Counted(0, 25)}, {}),
        ({1: Counted(2, 25)}, {}),
        ({1: Counted(2, 3)}, {}),  # few are always told of: a class of three
        ({1: Counted(4, 25), 2: Counted(0, 400)}, {}),
        ({1: Counted(8, 25), 2: Counted(0, 400)}, {1: Why.CLASS}),
        ({1: Counted(7, 24), 2: Counted(0, 400)}, {}),  # 29 %
        ({1: Counted(25, 25), 2: Counted(1, 25), 3: Counted(0, 25)}, {1: Why.SCHOOL, 2: Why.SCHOOL}),
        ({1: Counted(4, 20)}, {}),  # few of a school
        ({1: Counted(5, 20)}, {1: Why.SCHOOL}),
        ({each: Counted(2, 25) for each in range(20)}, {}),  # 8 %
        ({each: Counted(3, 25) for each in range(20)}, dict.fromkeys(range(20), Why.SCHOOL)),  # 12 %
        ({1: Counted(0, 0)}, {}),
    ],
)
def test_the_brake_holds(due: Mapping[int, Counted], why: Mapping[int, Why]) -> None:
    assert held(due, [], RULES) == why


def test_what_was_told_since_morning_counts_for_the_school_and_what_a_person_decided_does_not() -> None:
    due = {1: Counted(3, 25)}

    assert held(due, [judged(State.TOLD, 2, 25)], RULES) == {}
    assert held(due, [judged(State.TOLD, 4, 25)], RULES) == {1: Why.SCHOOL}
    assert held(due, [judged(State.RELEASED, 40, 100)], RULES) == {}


@given(
    st.dictionaries(st.integers(1, 30), st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=30),
    st.integers(5, 100), st.integers(5, 100),
)  # fmt: skip
def test_whatever_falls_due_no_more_are_told_of_at_once_than_the_school_allows(
    counts: dict[int, tuple[int, int]], class_share: int, school_share: int
) -> None:
    due = {each: Counted(min(absent, of), of) for each, (absent, of) in counts.items()}

    stopped = held(due, [], AlertRules(class_share=class_share, school_share=school_share))

    told = sum(each.absent for class_id, each in due.items() if class_id not in stopped)
    of = sum(each.expected for each in due.values())
    assert told <= 4 or 100 * told <= school_share * of
    for class_id, each in due.items():
        assert class_id in stopped or each.absent <= FEW_OF_CLASS or 100 * each.absent <= class_share * each.expected
        assert class_id not in stopped or each.absent > 0


@pytest.mark.parametrize(
    ("dues", "rounds", "after"),
    [
        ([], [], LOOK_AGAIN),
        ([EIGHT + timedelta(minutes=20)], [], timedelta(minutes=20) + GRACE),
        ([EIGHT - timedelta(minutes=20)], [], LOOK_AGAIN),
        ([EIGHT + timedelta(hours=3)], [], LOOK_AGAIN),
        ([], [judged(State.WAITING, 1, 2, Why.GATE)], LOOK_AT_WAITING),
        ([], [judged(State.HELD, 9, 9, Why.CLASS)], LOOK_AGAIN),
        ([], [judged(State.TOLD, 0, 9)], LOOK_AGAIN),
    ],
)
def test_a_school_is_looked_at_again(dues: list[datetime], rounds: list[Round], after: timedelta) -> None:
    assert next_look(dues, rounds, EIGHT) == EIGHT + after


def test_what_is_held_is_looked_at_when_the_lessons_are_over() -> None:
    assert next_look([], [judged(State.HELD, 9, 9)], ONE - timedelta(minutes=1)) == ONE


@pytest.mark.parametrize(
    ("due", "told", "held_gates"),
    [
        (Counted(38, 40), Counted(), {1}),
        (Counted(4, 4), Counted(), set()),  # few are always told of
        (Counted(12, 40), Counted(), set()),  # 30 %
        (Counted(13, 40), Counted(), {1}),
        (Counted(13, 40), Counted(0, 60), set()),  # with those who were judged before, 13 %
        (Counted(2, 40), Counted(30, 60), {1}),
    ],
)
def test_too_many_who_usually_come_through_one_gate_are_held(due: Counted, told: Counted, held_gates: set[int]) -> None:
    before = Round(9, ON, EIGHT, ONE, State.TOLD, Why.NONE, 0, 0, parts=(Part(1, told.absent, told.expected, False),))

    assert gates_held({1: due, 2: Counted(1, 80)}, [before], RULES) == held_gates


def test_what_was_held_of_a_gate_does_not_count_as_told() -> None:
    before = Round(9, ON, EIGHT, ONE, State.HELD, Why.GATE_SHARE, 38, 40, parts=(Part(1, 38, 40, True),))

    assert gates_held({1: Counted(2, 40)}, [before], RULES) == frozenset()


@pytest.mark.parametrize(
    "wrong", [(4, 30, 10, 30), (181, 30, 10, 30), (20, 4, 10, 30), (20, 101, 10, 30), (20, 30, 0, 30), (20, 30, 10, 4)]
)
def test_a_rule_that_no_school_can_mean_is_refused(wrong: tuple[int, int, int, int]) -> None:
    with pytest.raises(AlertRuleRefused):
        AlertRules(*wrong)
