"""What clashes in a timetable, judged without the solver: each kind of conflict, and figures of how good it is."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.timetable.kinds import ConflictKind, Weeks
from cloud.timetable.rules import Bell, ClassWeek, Frame, Off, Slot, conflicts, quality, unplaced, weeks_of
from tests.cloud.timetable.frames import FIRST, SECOND, bells, course, week

ONE, TWO = week(1), week(2)
MATHS = course(1, 1, 7, 2)
OTHERS = course(2, 2, 7, 2)  # by the same teacher, in another class
HISTORY = course(3, 1, 8, 2)
ENGLISH = [replace(course(number, 1, number, 1, 9), group=str(number)) for number in (4, 5)]
FRAME = Frame([ONE, TWO], [MATHS, OTHERS, HISTORY, *ENGLISH])


def kinds(frame: Frame, *slots: Slot) -> list[ConflictKind]:
    """Return what is wrong, each kind once, in the order of the week."""
    return list(dict.fromkeys(each.kind for each in conflicts(frame, slots)))


@pytest.mark.parametrize(
    ("slots", "expected"),
    [
        ([Slot(1, 1, 1), Slot(1, 2, 3)], []),
        ([Slot(1, 1, 1), Slot(1, 1, 3)], [ConflictKind.CLASS]),
        ([Slot(1, 1, 1), Slot(1, 1, 2)], [ConflictKind.TEACHER]),
        ([Slot(1, 1, 1), Slot(2, 1, 2)], []),
        ([Slot(1, 1, 4), Slot(1, 1, 5)], []),  # groups beside each other
        ([Slot(1, 1, 4), Slot(1, 1, 4)], [ConflictKind.CLASS, ConflictKind.MORE, ConflictKind.TEACHER]),
        ([Slot(1, 1, 1, room="7"), Slot(1, 1, 2, room="7")], [ConflictKind.ROOM, ConflictKind.TEACHER]),
        ([Slot(1, 1, 3, room="7"), Slot(1, 1, 2, room="7")], [ConflictKind.ROOM]),
        ([Slot(6, 1, 1)], [ConflictKind.BELL]),
        ([Slot(1, 9, 1)], [ConflictKind.BELL]),
        ([Slot(1, 2, 1)], [ConflictKind.GAP]),
        ([Slot(1, 1, 1), Slot(1, 2, 1)], [ConflictKind.TWICE]),
        ([Slot(1, 1, 1), Slot(2, 1, 1), Slot(3, 1, 1)], [ConflictKind.MORE]),
        ([Slot(1, 1, 1, Weeks.ODD), Slot(1, 1, 3, Weeks.EVEN)], []),
        ([Slot(1, 1, 1, Weeks.ODD), Slot(1, 1, 3)], [ConflictKind.CLASS]),
        ([Slot(1, 1, 1, Weeks.ODD), Slot(1, 2, 3)], [ConflictKind.GAP]),  # in even weeks
        ([Slot(1, 1, 3), Slot(1, 2, 1, Weeks.ODD)], []),  # the last one may be every other week
        ([Slot(1, 1, 77)], []),  # of a course that is taught no more
    ],
)
def test_conflicts_of_a_week(slots: list[Slot], expected: list[ConflictKind]) -> None:
    assert kinds(FRAME, *slots) == expected


def test_a_teacher_of_two_shifts_is_nowhere_twice_at_once() -> None:
    late = ClassWeek(2, {1: bells(SECOND - 60)})  # its first lesson begins while the first shift's seventh goes on
    frame = Frame([ONE, late], [MATHS, OTHERS])

    assert ConflictKind.TEACHER in kinds(frame, Slot(1, 7, 1), Slot(1, 1, 2))
    assert ConflictKind.TEACHER not in kinds(frame, Slot(1, 6, 1), Slot(1, 2, 2))


def test_a_teacher_who_cannot_is_told_and_a_wish_only_counts() -> None:
    morning = Off(7, 1, FIRST, FIRST + 40)

    assert kinds(replace(FRAME, offs=[morning]), Slot(1, 1, 1)) == [ConflictKind.OFF]
    wished = replace(FRAME, offs=[replace(morning, is_wish=True)])
    assert kinds(wished, Slot(1, 1, 1)) == []
    assert quality(wished, [Slot(1, 1, 1)]).unmet == 1
    assert quality(wished, [Slot(1, 2, 1)]).unmet == 0


def test_double_lessons_stand_in_a_row() -> None:
    frame = Frame([ONE], [replace(MATHS, is_double=True)])

    assert kinds(frame, Slot(1, 1, 1), Slot(1, 2, 1)) == []
    assert quality(frame, [Slot(1, 1, 1), Slot(1, 2, 1)]).doubles == 1
    assert ConflictKind.TWICE in kinds(frame, Slot(1, 1, 1), Slot(1, 3, 1))


def test_free_lessons_of_teachers_hard_edges_and_heavy_days_are_counted() -> None:
    hard = replace(HISTORY, difficulty=11)
    frame = Frame([ONE, TWO], [MATHS, OTHERS, hard], points_max=10)
    slots = [Slot(1, 1, 1), Slot(1, 2, 3), Slot(1, 4, 2)]

    told = quality(frame, slots)

    assert (told.gaps, told.edges, told.heavy) == (2, 1, 1)
    assert (told.placed, told.wanted) == (6, 12)
    assert unplaced(frame, slots) == {1: 2, 2: 2, 3: 2}


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2026, 8, 31), Weeks.ODD),  # the Monday of 1 September's week
        (date(2026, 9, 6), Weeks.ODD),
        (date(2026, 9, 7), Weeks.EVEN),
        (date(2027, 1, 4), Weeks.ODD),  # a year of 53 weeks changes nothing
        (date(2026, 8, 24), Weeks.EVEN),
    ],
)
def test_weeks_are_counted_from_september(on: date, expected: Weeks) -> None:
    assert weeks_of(2026, on) is expected


slots_of_two = st.lists(
    st.builds(Slot, st.integers(1, 5), st.integers(1, 7), st.sampled_from((1, 2, 3)), st.sampled_from(Weeks)),
    max_size=14, unique=True,
)  # fmt: skip


@given(slots_of_two)
def test_who_is_twice_at_one_time_is_found_as_by_looking_at_every_minute(slots: list[Slot]) -> None:
    found = {each.teacher_id for each in conflicts(FRAME, slots) if each.kind is ConflictKind.TEACHER}

    taken: dict[tuple[int, Weeks, int, int], int] = {}
    for slot in slots:
        bell: Bell = bells(FIRST)[slot.number - 1]
        teacher = {1: 7, 2: 7, 3: 8}[slot.course_id]
        for weeks in (Weeks.ODD, Weeks.EVEN):
            if slot.weeks in (Weeks.EACH, weeks):
                for minute in range(bell.starts_min, bell.ends_min):
                    key = (slot.weekday, weeks, minute, teacher)
                    taken[key] = taken.get(key, 0) + 1
    assert found == {teacher for (*_, teacher), count in taken.items() if count > 1}
