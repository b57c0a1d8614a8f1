"""What a month adds up to: students once, meals that stand, prices dealt out to the tiyn, and what should be known."""

import random
from datetime import date, timedelta

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from cloud.meals.rules import Payment, Portion
from cloud.reports.content import Correction, Tally, canonical, content_kept, digest_of
from cloud.reports.meals import signed
from cloud.reports.rules import content_of, corrected, remarks_of, shares_of
from tests.cloud.reports.sample import SEPTEMBER, a_months_facts, facts_of, given

FIRST = SEPTEMBER.first_on
SECOND = FIRST + timedelta(days=1)
SUNDAY = date(2026, 9, 6)
ONE, OTHER = "a" * 12, "b" * 12
SOUP, BREAD = Portion("1", 1, 1, 350_00), Portion("3", 1, 2, 50_00)


def test_a_month_has_the_bytes_that_it_had_before_there_were_other_subjects() -> None:
    """What was kept and signed then stays what is made anew now."""
    content = content_of(a_months_facts(24, 6, random.Random(7)))
    kept = digest_of(canonical(content))
    wrong = Correction(
        "free", date(2026, 9, 7), 0, -3, 0, -3 * 577_00, "қате", "Гүлнар", "2026-10-01T05:00:00.000000Z"
    )  # fmt: skip

    document = signed(content, kept, [wrong], "Бақыт", "2026-10-02T05:00:00.000000Z")

    assert kept == "8d78de0c15f5f91a29d639341a08e37e9e280e91decf7cd71e887cc78ef4aebb"
    assert digest_of(canonical(document)) == "8842936593f4de9c797c74744f7638daaecbc9b40a57d9b994006dad7303217d"


def test_a_student_who_eats_every_day_is_one_student() -> None:
    totals = content_of(facts_of([given(1), given(2, on=SECOND), given(3, OTHER)])).totals

    assert totals.free == Tally(2, 3, 3 * 577_00, 0, 3 * 577_00, 0)
    assert totals.together == totals.free
    assert totals.subsidised == Tally()


def test_what_parents_paid_less_what_came_back_and_what_the_budget_owes_make_the_full_price() -> None:
    meal = given(1, payment=Payment.SUBSIDISED, paid=200_00, portions=(SOUP, BREAD), returned_tiyn=50_00)

    content = content_of(facts_of([meal]))

    assert content.totals.subsidised == Tally(1, 1, 450_00, 150_00, 250_00, 50_00)
    assert [(each.dish, each.portions, each.price_tiyn) for each in content.dishes] == [
        ("1", 1, 350_00),
        ("3", 2, 50_00),
    ]
    assert sum(each.tally.parents_tiyn for each in content.dishes) == 150_00
    assert sum(each.tally.budget_tiyn for each in content.dishes) == 250_00


def test_a_dish_that_was_renamed_or_got_another_price_is_a_line_of_its_own() -> None:
    dearer, renamed = Portion("1", 1, 1, 400_00), Portion("1", 2, 1, 350_00)
    content = content_of(
        facts_of([given(number, portions=(each,)) for number, each in enumerate((SOUP, dearer, renamed))])
    )

    assert [(each.version, each.price_tiyn) for each in content.dishes] == [(1, 350_00), (1, 400_00), (2, 350_00)]


def test_two_lines_of_one_dish_are_one_meal_of_it() -> None:
    (line,) = content_of(facts_of([given(1, portions=(SOUP, SOUP))])).dishes

    assert (line.portions, line.tally.meals, line.tally.students) == (2, 1, 1)


@drawn(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 900_00)), max_size=6), st.integers(0, 10**6))
def test_shares_are_whole_and_add_up(lines: list[tuple[int, int]], amount: int) -> None:
    portions = [Portion("1", 1, count, price) for count, price in lines]

    shares = shares_of(portions, amount)

    assert sum(shares) == (amount if sum(each.cost_tiyn for each in portions) else 0)
    assert all(share >= 0 for share in shares)


REMARKS = [
    ([given(1), given(2)], {}, {"second_meal": 1}),
    ([given(1), given(2, meal="breakfast")], {}, {}),
    ([given(1), given(2, OTHER)], {"seen": {(OTHER, FIRST)}}, {"not_seen": 1}),
    ([given(1), given(2, OTHER)], {"seen": {(OTHER, SECOND)}}, {"gates_silent": 2}),
    ([given(1)], {"seen": set(), "has_gates": False}, {}),
    ([given(1)], {"without_right": [f"{1:016x}"]}, {"without_right": 1}),
    ([given(1, is_unconfirmed=True)], {}, {"unconfirmed": 1}),
    ([given(1, overruled=("day_limit", "no_money"))], {}, {"overruled": 2}),
    ([given(1, clock="floor")], {}, {"rough_clock": 1}),
    ([given(1, portions=())], {}, {"no_lines": 1}),
    ([given(1, person="", is_known=False)], {}, {"stranger": 1}),
    ([given(1, on=SUNDAY)], {}, {"no_school_day": 1}),
]


@pytest.mark.parametrize(("meals", "more", "counts"), REMARKS)
def test_what_should_be_known_is_counted_by_kind(meals: list, more: dict, counts: dict) -> None:  # type: ignore[type-arg]
    assert remarks_of(facts_of(meals, **more)).counts == counts


def test_who_is_not_known_is_not_counted() -> None:
    content = content_of(facts_of([given(1), given(2, person="", is_known=False)]))

    assert content.totals.together.meals == 1


def test_corrections_are_added_beside_the_records() -> None:
    totals = content_of(facts_of([given(1), given(2, OTHER, payment=Payment.SUBSIDISED, paid=200_00)])).totals
    told = Correction("free", None, -1, -1, 0, -577_00, "саяхатта болды", "Гүлнар", "2026-10-02T05:00:00Z")

    after = corrected(totals, [told])

    assert after.free == Tally()
    assert after.subsidised == totals.subsidised
    assert after.together == totals.subsidised


@pytest.mark.parametrize("seed", range(3))
def test_the_same_facts_make_the_same_bytes_and_the_bytes_the_same_report(seed: int) -> None:
    facts = a_months_facts(15, 7, random.Random(seed))

    kept = canonical(content_of(facts))

    assert canonical(content_of(facts)) == kept
    assert content_kept(kept) == content_of(facts)
    assert canonical(content_kept(kept)) == kept


def test_sums_by_day_by_meal_and_by_dish_agree_with_the_month() -> None:
    content = content_of(a_months_facts(40, 9, random.Random(7)))
    together = content.totals.together

    for lines in (content.days, content.meals, content.dishes):
        for name in ("full_tiyn", "parents_tiyn", "budget_tiyn", "returned_tiyn"):
            assert sum(getattr(each.tally, name) for each in lines) == getattr(together, name)
    assert sum(each.tally.meals for each in content.days) == together.meals
