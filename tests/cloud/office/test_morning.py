"""Where a child is this morning, by register and gates, before and after the bell: a table of cases."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from cloud.office.morning import Where, morning_of, where_of
from cloud.office.offers import Offer, to_be_said, told_in
from cloud.register.kinds import Reason, Said, Says
from cloud.register.queries import ChildMarked, ClassDay
from cloud.schools.rules import DayPlan

ON = date(2026, 9, 1)
BELL = datetime(2026, 9, 1, 3, 0, tzinfo=UTC)
PLAN = DayPlan(ON, is_school_day=True, starts_at=BELL, ends_at=BELL + timedelta(hours=5))
BEFORE, AFTER, EVENING = BELL - timedelta(minutes=5), BELL + timedelta(minutes=10), BELL + timedelta(hours=6)
CHILD = ChildMarked(1, "student00001", "Әлия", 0, Said(), None, "", None, None, False, None, 0)
INSIDE = replace(CHILD, first_in_at=BEFORE, is_inside=True)
GONE = replace(CHILD, first_in_at=BEFORE, last_out_at=AFTER)
ILL, HERE, AWAY = Said(Says.ABSENT, Reason.ILL), Said(Says.PRESENT), Said(Says.AWAY)
WORD, DOUBTED, TRIP = (
    Offer(is_excused=True),
    Offer(is_excused=False),
    Offer(is_excused=True, trip=("Мұражай", "Алматы")),
)


@pytest.mark.parametrize(
    ("child", "offer", "now", "where"),
    [
        (CHILD, None, BEFORE, Where.EXPECTED),
        (CHILD, None, AFTER, Where.UNKNOWN),
        (CHILD, WORD, AFTER, Where.AWAY),
        (CHILD, TRIP, BEFORE, Where.AWAY),
        (CHILD, DOUBTED, AFTER, Where.UNKNOWN),
        (INSIDE, None, AFTER, Where.INSIDE),
        (INSIDE, WORD, AFTER, Where.INSIDE),
        (replace(INSIDE, late_min=7), None, AFTER, Where.LATE),
        (replace(INSIDE, late_min=7, said=HERE), None, AFTER, Where.LATE),
        (replace(INSIDE, said=HERE), None, AFTER, Where.HERE),
        (replace(INSIDE, said=ILL), None, AFTER, Where.NOT_IN_CLASS),
        (replace(INSIDE, said=AWAY), None, AFTER, Where.AWAY),
        (replace(CHILD, said=ILL), None, AFTER, Where.AWAY),
        (replace(CHILD, said=HERE), None, AFTER, Where.HERE),
        (GONE, None, AFTER, Where.GONE),
        (replace(GONE, said=HERE), None, AFTER, Where.GONE),
        (GONE, None, EVENING, Where.HERE),
    ],
)
def test_where_a_child_is(child: ChildMarked, offer: Offer | None, now: datetime, where: Where) -> None:
    assert where_of(child, offer, PLAN, now) is where


@pytest.mark.parametrize("plan", [DayPlan(ON, is_school_day=False), DayPlan(ON, is_school_day=True)])
def test_without_lessons_or_bells_nobody_is_missing(plan: DayPlan) -> None:
    assert where_of(CHILD, None, plan, EVENING) is Where.EXPECTED


def test_a_morning_has_groups_in_order_and_asks_once() -> None:
    day = ClassDay(1, "5А", [INSIDE, replace(CHILD, id=2, ref="b"), replace(INSIDE, id=3, ref="c", said=ILL)])

    morning = morning_of(day, {}, {2: BEFORE}, PLAN, AFTER)

    assert list(morning.groups) == [Where.NOT_IN_CLASS, Where.UNKNOWN, Where.INSIDE]
    assert morning.troubles == 2
    assert [line.may_ask for lines in morning.groups.values() for line in lines] == [True, False, False]


def test_one_touch_writes_what_was_offered_of_whom_no_gate_saw() -> None:
    marked = replace(CHILD, ref="d", said=HERE)
    day = ClassDay(1, "5А", [CHILD, replace(INSIDE, ref="b"), replace(CHILD, ref="c"), marked])
    offers = {CHILD.ref: TRIP, "b": TRIP, "c": WORD, "d": TRIP}  # of the word the reader may not know why

    assert to_be_said(day, offers) == {CHILD.ref: AWAY}


def test_a_form_sends_back_marks_and_nothing_else() -> None:
    form = ["a=absent_ill", "b=away", "c=gone", "d=unsaid", "e", "=", "f=absent"]

    assert told_in(form) == {"a": ILL, "b": AWAY}
