"""Stays by whatever comes: any order of moves, leavings and returns leaves a line of days without overlap or doubt."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.core.services import Services
from cloud.people.moving import leave
from cloud.people.stays import Change, Kind, Step, leavers_of, note_missed, step_of
from cloud.schools.actions import add_class
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import SYSTEM, a_school

FIRST = date(2026, 9, 1)
DAY = timedelta(days=1)


@dataclass(slots=True)
class Stay:
    id: int
    class_id: int | None
    first_on: date
    last_on: date | None


class Line:
    """A student's stays as the table would hold them."""

    def __init__(self) -> None:
        self.stays: list[Stay] = []
        self.next_id = 1

    def change(self, class_id: int | None, *, is_here: bool) -> Change | None:
        """Return what the table says of a row that says this; None where they agree."""
        here = next((each for each in self.stays if each.last_on is None), None)
        ended = [each for each in self.stays if each.last_on is not None]
        before = max(ended, key=lambda each: each.first_on, default=None)
        if not is_here if here is None else is_here and here.class_id == class_id:
            return None
        return Change(
            1, is_here, class_id, here.id if here else 0, here.class_id if here else None,
            here.first_on if here else date.min, before.id if before else 0, before.class_id if before else None,
            before.last_on or date.min if before else date.min,
        )  # fmt: skip

    def take(self, step: Step) -> None:
        """Do to the stays what a step says, in the order in which it is written."""
        self.stays = [each for each in self.stays if each.id != step.dropped]
        for each in self.stays:
            if step.ended and each.id == step.ended[0]:
                each.last_on = step.ended[1]
            if step.amended and each.id == step.amended[0]:
                each.class_id = step.amended[1]
            if each.id == step.reopened:
                each.last_on = None
        if step.begun:
            self.stays.append(Stay(self.next_id, step.begun[0], step.begun[1], None))
            self.next_id += 1


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from([None, 1, 2, 3]), st.booleans()), max_size=30))
def test_whatever_happens_stays_are_one_line_of_days(happens: list[tuple[int, int | None, bool]]) -> None:
    line, on = Line(), FIRST
    for days, class_id, is_here in happens:
        on += days * DAY
        change = line.change(class_id, is_here=is_here)
        if change is None:
            continue

        line.take(step_of(change, on))

        ordered = sorted(line.stays, key=lambda each: each.first_on)
        assert all(each.last_on is None or each.first_on <= each.last_on for each in ordered)
        assert all(one.last_on is not None and one.last_on < other.first_on for one, other in pairwise(ordered))
        opened = [each.class_id for each in ordered if each.last_on is None]
        assert opened == ([class_id] if is_here else [])


@pytest.mark.parametrize(
    ("change", "step"),
    [
        (Change(1, True, 5, 0, None, date.min, 0, None, date.min), Step(Kind.ARRIVED, FIRST, begun=(5, FIRST))),
        (
            Change(1, True, 6, 9, 5, FIRST - 30 * DAY, 0, None, date.min),
            Step(Kind.MOVED, FIRST, ended=(9, FIRST - DAY), begun=(6, FIRST)),
        ),
        (Change(1, True, 6, 9, 5, FIRST, 0, None, date.min), Step(Kind.MOVED, FIRST, amended=(9, 6))),
        (
            Change(1, True, 5, 9, 6, FIRST, 8, 5, FIRST - DAY),
            Step(Kind.MOVED, FIRST, dropped=9, reopened=8),
        ),
        (Change(1, False, 5, 9, 5, FIRST - DAY, 0, None, date.min), Step(Kind.LEFT, FIRST, ended=(9, FIRST))),
        (Change(1, True, 5, 0, None, date.min, 9, 5, FIRST), Step(Kind.ARRIVED, FIRST, reopened=9)),
    ],
    ids=["came", "moved", "moved on the first day", "moved back the same day", "left", "never left"],
)  # fmt: skip
def test_a_change_becomes(change: Change, step: Step) -> None:
    assert step_of(change, FIRST) == step


async def test_what_changed_without_a_word_is_noted_afterwards(services: Services) -> None:
    school_id = await a_school(services)
    fifth, sixth = [await add_class(services, SYSTEM, school_id, grade, "А") for grade in (5, 6)]
    moved = await a_student(services, school_id, "1", fifth)
    gone = await a_student(services, school_id, "2", fifth)
    pool = services.database.pool
    await pool.execute("UPDATE person SET school_class_id = $2 WHERE id = $1", moved, sixth)
    await pool.execute("UPDATE person SET is_active = false WHERE id = $1", gone)

    assert await note_missed(pool, services.clock.now()) == 2

    assert await note_missed(pool, services.clock.now()) == 0
    rows = await pool.fetch("SELECT person_id, school_class_id FROM stay WHERE last_on IS NULL")
    assert [tuple(row) for row in rows] == [(moved, sixth)]
    assert set(await leavers_of(pool, school_id)) == {gone}


async def test_who_left_is_known_by_the_last_day(services: Services) -> None:
    school_id = await a_school(services)
    student_id = await a_student(services, school_id)

    await leave(services, SYSTEM, student_id)

    today = services.clock.now().date()
    assert await leavers_of(services.database.pool, school_id) == {student_id: today}
