"""The solver: what it finds breaks no rule, and what it cannot place it explains by rules that do clash."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud.timetable.kinds import RuleKind, Weeks
from cloud.timetable.problem import Outcome, Problem, Progress, Rule
from cloud.timetable.rules import Frame, Off, Room, Slot, Taught, conflicts
from cloud.timetable.solving import solve
from cloud.timetable.units import units_of
from tests.cloud.timetable.frames import FIRST, SECOND, course, school, week

PATIENCE, EFFORT = 300.0, 1.5  # seconds that are not needed, and the work after which a search ends


def solved(frame: Frame, *fixed: Slot) -> Outcome:
    """Solve, and let the rules judge what was found: nothing that is placed clashes."""
    outcome = solve(Problem(frame, fixed, PATIENCE, effort=EFFORT))
    assert conflicts(frame, outcome.slots) == []
    return outcome


@pytest.mark.requirement("KZ456-27.8", part="lessons")
def test_a_school_of_two_shifts_with_groups_labs_and_doubles_is_solved() -> None:
    frame = school(4)

    outcome = solved(frame)

    assert outcome.missing == {}
    assert outcome.clashes == ()
    assert outcome.quality.placed == outcome.quality.wanted
    kinds = {room.name: room.kind for room in frame.rooms}
    for slot in outcome.slots:
        wanted = next(each.room_kind for each in frame.courses if each.id == slot.course_id)
        assert kinds[slot.room] == (wanted or "class")


def test_a_teacher_with_more_lessons_than_free_hours_is_told_by_counting() -> None:
    off = [Off(1, day, 0, 1440) for day in (1, 2, 3, 4)]
    frame = Frame([week(1), week(2)], [course(1, 1, 1, 5), course(2, 2, 1, 5)], off)

    outcome = solved(frame)

    (clash,) = outcome.clashes
    assert clash.rules == (Rule(RuleKind.TEACHER, 1), Rule(RuleKind.OFF, 1))
    assert (clash.need, clash.have) == (10, 7)
    assert sum(outcome.missing.values()) > 0


def test_a_class_with_more_lessons_than_bells_is_told_by_counting() -> None:
    frame = Frame([week(1, count=2)], [course(number, 1, number, 4) for number in (1, 2, 3)])

    outcome = solved(frame)

    assert [(each.rules, each.need, each.have) for each in outcome.clashes] == [
        ((Rule(RuleKind.CLASS, 1),), 12, 10)
    ]  # fmt: skip
    assert sum(outcome.missing.values()) == 4


def test_rules_that_clash_are_named_where_counting_finds_nothing() -> None:
    """Two teachers can on Monday morning alone, both need the only laboratory, and there is one hour of it."""
    morning = [Off(teacher, day, 0, 1440) for teacher in (1, 2) for day in (2, 3, 4, 5)]
    morning += [Off(teacher, 1, FIRST + 45, 1440) for teacher in (1, 2)]
    courses = [course(number, number, number, room="12") for number in (1, 2)]
    frame = Frame([week(1), week(2)], courses, morning, [Room("12", "lab")])

    outcome = solved(frame)

    (clash,) = outcome.clashes
    assert set(clash.rules) == {
        Rule(RuleKind.ROOM, name="12"), Rule(RuleKind.OFF, 1), Rule(RuleKind.OFF, 2),
    }  # fmt: skip
    assert sum(outcome.missing.values()) == 2
    assert set(clash.course_ids) == set(outcome.missing)


def test_lessons_every_other_week_share_a_cell_and_a_lone_one_is_the_last() -> None:
    frame = Frame([week(1)], [course(1, 1, 1, 2), *(course(number, 1, number, 0.5) for number in (2, 3, 4))])

    outcome = solved(frame)

    assert outcome.missing == {}
    halves = [slot for slot in outcome.slots if slot.weeks is not Weeks.EACH]
    assert len({(slot.weekday, slot.number) for slot in halves}) == 2
    assert sorted(slot.weeks for slot in halves) == [Weeks.ODD, Weeks.ODD, Weeks.EVEN]


def test_what_was_put_by_hand_stays_where_it_is() -> None:
    frame = school(2)
    fixed = [Slot(5, 3, 1), Slot(4, 1, 1)]

    outcome = solved(frame, *fixed)

    places = {(slot.weekday, slot.number) for slot in outcome.slots if slot.course_id == 1}
    assert {(5, 3), (4, 1)} <= places
    assert outcome.missing == {}


def test_rooms_and_odd_and_even_weeks_that_were_put_by_hand_stay() -> None:
    """By itself the solver gives the first room of the kind, and odd weeks to the first of two halves."""
    courses = [course(1, 1, 1), course(2, 1, 2, 0.5), course(3, 1, 3, 0.5), course(4, 2, 4)]
    frame = Frame([week(1), week(2)], courses, (), [Room(name, "class") for name in ("11", "12", "13")])
    fixed = [Slot(2, 1, 1, room="13"), Slot(2, 2, 2, Weeks.EVEN, "12"), Slot(2, 1, 4, room="13")]

    slots = {slot.course_id: slot for slot in solved(frame, *fixed).slots}

    assert (slots[1], slots[2]) == (fixed[0], fixed[1])
    assert slots[3].weeks is Weeks.ODD
    assert slots[4] == Slot(2, 1, 4, room="11")  # two cannot be in one room


def test_groups_of_one_teacher_are_not_beside_each_other() -> None:
    groups = [replace(course(number, 1, 1, 1, 9), group=str(number)) for number in (1, 2)]

    assert [len(unit.courses) for unit in units_of(Frame([week(1)], groups))] == [1, 1]
    assert solved(Frame([week(1)], groups)).missing == {}


def test_a_vacancy_is_placed_and_asks_no_teacher() -> None:
    outcome = solved(Frame([week(1), week(2)], [course(1, 1, None, 5), course(2, 2, None, 5)]))

    assert outcome.missing == {}


def test_progress_is_told() -> None:
    heard: list[Progress] = []

    solve(Problem(school(2), seconds=PATIENCE, effort=EFFORT), heard.append)

    assert [each.step for each in heard][:2] == ["finding", "bettering"]
    assert heard[-1].finds > 0
    assert heard[-1].cost is not None


@st.composite
def small_schools(draw: st.DrawFn) -> Frame:
    """Draw two or three classes in two shifts with few teachers, who cannot always: often more than can be."""
    classes = draw(st.integers(2, 3))
    weeks = [week(number, FIRST if number % 2 else SECOND - 60, days=2, count=3) for number in range(1, classes + 1)]
    courses: list[Taught] = []
    for number in range(draw(st.integers(3, 8))):
        hours = draw(st.sampled_from((0.5, 1, 1.5, 2)))
        one = course(number + 1, number % classes + 1, draw(st.integers(1, 3)), hours, draw(st.integers(1, 3)))
        courses.append(replace(one, group=draw(st.sampled_from(("", f"{number}"))), is_double=draw(st.booleans())))
    offs = [
        Off(draw(st.integers(1, 3)), draw(st.integers(1, 2)), start, start + 120, draw(st.booleans()))
        for start in draw(st.lists(st.sampled_from((FIRST, SECOND)), max_size=3))
    ]
    return Frame(weeks, courses, offs, [Room("1", "class"), Room("2", "class")], points_max=20)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(small_schools())
def test_nothing_that_is_placed_breaks_a_rule_whatever_the_school(frame: Frame) -> None:
    outcome = solve(Problem(frame, seconds=PATIENCE, effort=EFFORT))

    assert conflicts(frame, outcome.slots) == []
