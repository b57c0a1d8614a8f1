"""What a day's facts add up to."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.meals.rules import Payment
from cloud.register.kinds import Reason, Said, Says
from cloud.statistics.kinds import PAYMENTS, REASONS, Figures, Key, Kind
from cloud.statistics.rules import SCHOOL, STAFF, Facts, Member, Rated, Seen, Sold, hidden_of, lines_of

EIGHT = datetime(2026, 9, 1, 3, 0, tzinfo=UTC)
CLASS = 5
ILL, GONE = Said(Says.ABSENT, Reason.ILL), Said(Says.AWAY)
CAME = Seen(EIGHT, EIGHT + timedelta(hours=6), is_inside=False, late_min=0)
LATE = Seen(EIGHT, None, is_inside=True, late_min=12)


def child(number: int, class_id: int = CLASS, **more: bool) -> Member:
    return replace(Member(number, class_id, is_student=True, is_here=True, is_expected=True), **more)


def figures(facts: Facts, key: Key = SCHOOL) -> Figures:
    line = lines_of(facts).get(key)
    return line.figures if line else Figures()


def test_each_child_counts_once_by_what_is_known_of_it() -> None:
    members = [*(child(number) for number in range(1, 9)), replace(child(20), class_id=0, is_student=False)]
    facts = Facts(
        members, {1: CAME, 2: LATE, 20: CAME}, {3: ILL, 4: GONE, 5: Said(Says.PRESENT)}, {6: Reason.FAMILY}, {7},
        {CLASS}, [Sold(1, "lunch", Payment.FREE, 2), Sold(2, "lunch", Payment.ACCOUNT, 1),
                  Sold(2, "tea", Payment.ACCOUNT, 1), Sold(None, "tea", Payment.CASH, 3),
                  Sold(99, "tea", Payment.FREE, 1)], Rated(2, 9, 7),
    )  # fmt: skip

    lines = lines_of(facts)

    assert lines[SCHOOL].figures == Figures(
        people=8, taught=8, expected=8, came=2, late=1, late_min=12, not_seen=6, ill=1, family=1, away=2, unexplained=1,
        never_left=1, timed=1, inside_min=360, ate=2, free=1, account=2, cash=3, rated=2, food=9, service=7,
    )  # fmt: skip
    assert lines[SCHOOL].by_meal == {"lunch": 2, "tea": 4}
    assert lines[Key(Kind.CLASS, CLASS)].figures.cash == 0
    assert lines[STAFF].figures == Figures(people=1, came=1, timed=1, inside_min=360)


@given(st.randoms(use_true_random=False))
def test_the_order_of_facts_changes_nothing(random: object) -> None:
    members = [child(number, 1 + number % 3) for number in range(12)]
    sold = [Sold(number, "lunch", Payment.FREE, 1) for number in range(6)]
    seen = {number: CAME if number % 2 else LATE for number in range(8)}
    facts = Facts(members, seen, {9: ILL}, {}, (), {1, 2}, sold)
    mixed, other = list(members), list(sold)
    random.shuffle(mixed)  # type: ignore[attr-defined]  # hypothesis draws a Random
    random.shuffle(other)  # type: ignore[attr-defined]

    assert lines_of(replace(facts, members=mixed, sold=other)) == lines_of(facts)


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        (Facts([child(1)], taught={CLASS}), Figures(people=1, taught=1)),  # no gate told of anybody
        (Facts([child(1), child(2)], {2: CAME}), Figures(people=2, came=1, timed=1, inside_min=360)),  # no lessons
        (Facts([child(1, is_expected=False)], {}, taught={CLASS}), Figures()),  # came to the school today
        (Facts([child(1, is_here=False)], {1: CAME}, taught={CLASS}), Figures(came=1, timed=1, inside_min=360)),
        (Facts([child(1)], {}, {1: ILL}, taught={CLASS}), Figures(people=1, taught=1, ill=1)),
        (Facts([child(1)], {}, {1: Said(Says.ABSENT)}, taught={CLASS}), Figures(people=1, taught=1, other=1)),
        (Facts([child(1)], {1: CAME}, {1: ILL}, taught={CLASS}),
         Figures(people=1, taught=1, expected=1, came=1, ill=1, timed=1, inside_min=360)),
        (Facts([child(1)]), Figures()),
    ],
)  # fmt: skip
def test_a_day_is_what_is_known_of_it(facts: Facts, told: Figures) -> None:
    assert figures(facts) == told


def test_a_day_on_which_nothing_happened_has_no_lines() -> None:
    assert lines_of(Facts([child(1), child(2)])) == {}


@pytest.mark.parametrize(
    ("people", "hidden"),
    [
        ({1: 25, 2: 30}, set()), ({1: 3, 2: 4, 3: 30}, {1, 2}), ({1: 3, 2: 28, 3: 25}, {1, 3}), ({1: 3}, {1}),
        ({}, set()),
    ],
)  # fmt: skip
def test_a_class_of_few_is_hidden_and_never_alone(people: dict[int, int], hidden: set[int]) -> None:
    assert hidden_of(people) == hidden


def test_sums_add_people_of_other_schools_and_not_of_other_days() -> None:
    one, other = Figures(people=20, came=18), Figures(people=21, came=20)

    assert one.plus(other) == Figures(people=41, came=38)
    assert one.then(other) == Figures(people=21, came=38)


def test_each_way_of_paying_and_each_reason_has_its_figure() -> None:
    assert set(PAYMENTS) == set(Payment)
    assert set(REASONS) == {*Reason, Says.AWAY, "unexplained"}
