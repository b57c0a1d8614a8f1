"""What a month of coming and going adds up to: each day of each person once, and what should be known beside it."""

import random
from datetime import timedelta

import pytest

from cloud.reports.attendance_content import Correction, Heads, PersonDay
from cloud.reports.attendance_rules import Listed, content_of, corrected, order_of
from cloud.reports.content import canonical
from tests.cloud.reports.attending import day, facts_of
from tests.cloud.reports.factory import FIRST
from tests.cloud.reports.sample import days

ALIYA, BOLAT, TEACHER = (
    Listed("a" * 12, "students", "5А"),
    Listed("b" * 12, "students", "5А"),
    Listed("t" * 12, "staff"),
)
SECOND = FIRST + timedelta(days=1)
SUNDAY = FIRST + timedelta(days=5)


def test_a_class_is_counted_by_day_and_its_members_by_their_times() -> None:
    seen = {
        (ALIYA.person, FIRST): day(), (BOLAT.person, FIRST): day(arrived="08:11:00", late_min=11),
        (ALIYA.person, SECOND): day(SECOND, left="", by_hand=True), (TEACHER.person, FIRST): day(arrived="07:30:00"),
    }  # fmt: skip

    content = content_of(facts_of([TEACHER, BOLAT, ALIYA], seen))

    (line,) = content.classes
    assert (line.name, line.group.people, line.group.seen) == ("5А", 2, 2)
    first, second = content.class_days
    assert first.heads == Heads(expected=2, came=2, late=1)
    assert second.heads == Heads(expected=2, came=1, not_seen=1, by_hand=1, never_left=1)
    assert content.totals.students.heads == Heads(4, 3, 1, 1, 0, 1, 1)
    assert (content.totals.staff.people, content.totals.staff.heads) == (1, Heads(came=1))
    assert [(each.person, each.kind) for each in content.people] == [
        ("a" * 12, "students"), ("b" * 12, "students"), ("t" * 12, "staff"),
    ]  # fmt: skip
    assert content.people[1].days == [
        PersonDay(FIRST, "2026-09-01T08:11:00+05:00", "2026-09-01T13:40:00+05:00", late_min=11)
    ]
    assert content.remarks.counts["by_hand"] == content.remarks.counts["never_left"] == 1


def test_who_is_expected_is_of_the_school_taught_on_the_day_and_the_gates_work() -> None:
    gone = Listed("g" * 12, "students", "5А", has_left=True)
    new = Listed("n" * 12, "students", "5А", since=SECOND + timedelta(days=1))
    seen = {(ALIYA.person, FIRST): day(), (ALIYA.person, SECOND): day(SECOND), (gone.person, FIRST): day()}

    content = content_of(facts_of([ALIYA, BOLAT, gone, new], seen))

    heads = content.totals.students.heads
    assert (heads.expected, heads.came, heads.not_seen) == (4, 3, 2)  # two children on two days, and one who is gone
    assert (content.totals.students.people, content.totals.students.seen) == (3, 2)
    silent = [each for each in content.remarks.lines if each.what == "gates_out"]
    assert [each.on for each in silent] == days()[2:]
    assert (silent[0].count, silent[-1].count) == (3, 3)


@pytest.mark.parametrize(
    ("seen", "absent", "what"),
    [
        ({(ALIYA.person, FIRST): day(by_hand=True)}, set(), "by_hand"),
        ({(ALIYA.person, FIRST): day(left="")}, set(), "never_left"),
        ({(ALIYA.person, FIRST): day(arrived="")}, set(), "never_came"),
        ({(ALIYA.person, FIRST): day()}, {(ALIYA.person, FIRST)}, "absent_but_seen"),
        ({(ALIYA.person, SUNDAY): day(SUNDAY)}, set(), "no_lessons"),
    ],
)
def test_what_should_be_known_is_told_once_with_its_day(seen: dict, absent: set, what: str) -> None:  # type: ignore[type-arg]
    content = content_of(facts_of([ALIYA], seen, absent=absent, has_gates=False))

    (told,) = content.remarks.lines
    ((person, on),) = seen
    assert (told.what, told.on, told.person) == (what, on, "" if what == "no_lessons" else person)
    assert content.remarks.counts == {what: 1}
    assert content.totals.students.heads.marked_absent == len(absent)


def test_a_content_is_the_same_in_whatever_order_facts_were_found() -> None:
    rng, people = random.Random(7), [ALIYA, BOLAT, TEACHER]
    seen = [((each.person, on), day(on, late_min=rng.randrange(3))) for each in people for on in days()]
    once = canonical(content_of(facts_of(people, dict(seen))))

    rng.shuffle(seen)
    rng.shuffle(people)

    assert canonical(content_of(facts_of(people, dict(seen), lessons={"": days()[::-1]}))) == once


def test_corrections_move_the_totals_of_their_kind_only() -> None:
    totals = content_of(facts_of([ALIYA, TEACHER], {(ALIYA.person, FIRST): day()})).totals

    after = corrected(totals, [Correction("students", "5А", FIRST, 2, -1, -2, "экскурсия", "x", "y")])

    assert after.students.heads == Heads(expected=1, came=3, late=-1, not_seen=-2)
    assert after.staff == totals.staff


def test_classes_stand_in_the_order_of_their_grades() -> None:
    assert sorted(["10А", "2Б", "", "2А", "0А"], key=order_of) == ["", "0А", "2А", "2Б", "10А"]
