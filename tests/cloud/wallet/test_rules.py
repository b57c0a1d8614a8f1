"""Voucher, tabel and records compared: each way of differing by itself, and what holds for any facts at all."""

import random
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.wallet.kinds import Kind, Verdict
from cloud.wallet.rules import Facts, Line, Meal, Voucher, counts_of, overlapping, reconcile, sums_of

DAY = date(2026, 9, 14)
TERM = (date(2026, 9, 1), date(2027, 5, 25))
PRICE = 57_700
AIGERIM = 1
VOUCHER = Voucher("SK-1", AIGERIM, "lunch", *TERM, PRICE)
MEAL = Meal("00", AIGERIM, DAY, "lunch", PRICE)
PRESENT, ABSENT = {(AIGERIM, DAY): True}, {(AIGERIM, DAY): False}


def one(facts: Facts) -> Line:
    (line,) = reconcile(facts, DAY, DAY)
    return line


CASES: dict[str, tuple[Facts, set[Kind], Verdict]] = {
    "present, and ate once": (Facts([VOUCHER], PRESENT, [MEAL]), set(), Verdict.AGREED),
    "absent, and did not eat": (Facts([VOUCHER], ABSENT), set(), Verdict.AGREED),
    "ate, and no tabel came": (Facts([VOUCHER], {}, [MEAL]), set(), Verdict.WAITING),
    "present, and did not eat": (Facts([VOUCHER], PRESENT), {Kind.NO_MEAL}, Verdict.DIFFERS),
    "ate, and absent": (Facts([VOUCHER], ABSENT, [MEAL]), {Kind.ABSENT}, Verdict.DIFFERS),
    "ate without a voucher": (Facts([], PRESENT, [MEAL]), {Kind.NO_VOUCHER}, Verdict.DIFFERS),
    "another child's voucher": (
        Facts([replace(VOUCHER, person=2)], PRESENT, [MEAL]), {Kind.NO_VOUCHER}, Verdict.DIFFERS),
    "a voucher for breakfast": (
        Facts([replace(VOUCHER, meal="breakfast")], {}, [MEAL]), {Kind.NO_VOUCHER}, Verdict.DIFFERS),
    "after the voucher ended": (
        Facts([replace(VOUCHER, last_on=DAY - timedelta(1))], PRESENT, [MEAL]), {Kind.AFTER_TERM}, Verdict.DIFFERS),
    "before the voucher begins": (
        Facts([replace(VOUCHER, first_on=DAY + timedelta(1))], PRESENT, [MEAL]), {Kind.BEFORE_TERM}, Verdict.DIFFERS),
    "an annulled voucher": (
        Facts([replace(VOUCHER, is_annulled=True)], PRESENT, [MEAL]), {Kind.ANNULLED}, Verdict.DIFFERS),
    "twice": (
        Facts([VOUCHER], PRESENT, [MEAL, replace(MEAL, sale="01")]), {Kind.DOUBLE}, Verdict.DIFFERS),
    "twice, and absent": (
        Facts([VOUCHER], ABSENT, [MEAL, replace(MEAL, sale="01")]), {Kind.DOUBLE, Kind.ABSENT}, Verdict.DIFFERS),
    "for another price": (
        Facts([VOUCHER], PRESENT, [replace(MEAL, owed_tiyn=PRICE - 1)]), {Kind.PRICE}, Verdict.DIFFERS),
    "a voucher that tells no price": (
        Facts([replace(VOUCHER, price_tiyn=0)], PRESENT, [replace(MEAL, owed_tiyn=1)]), set(), Verdict.AGREED),
    "left the day before": (
        Facts([VOUCHER], PRESENT, [MEAL], {AIGERIM: DAY - timedelta(1)}), {Kind.CHILD_LEFT}, Verdict.DIFFERS),
    "left on that day": (Facts([VOUCHER], PRESENT, [MEAL], {AIGERIM: DAY}), set(), Verdict.AGREED),
    "left, and present by the tabel": (
        Facts([VOUCHER], PRESENT, [], {AIGERIM: DAY - timedelta(1)}), {Kind.CHILD_LEFT, Kind.NO_MEAL},
        Verdict.DIFFERS),
    "a newer voucher goes on where the older ended": (
        Facts([replace(VOUCHER, last_on=DAY - timedelta(1)), replace(VOUCHER, number="SK-2", first_on=DAY)], PRESENT,
              [MEAL]), set(), Verdict.AGREED),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_three_are_compared(case: str) -> None:
    facts, kinds, verdict = CASES[case]

    line = one(facts)

    assert (set(line.kinds), line.verdict) == (kinds, verdict)


def test_of_what_nobody_speaks_there_is_no_line() -> None:
    present_without_right = Facts([], PRESENT)
    ended = Facts([replace(VOUCHER, last_on=DAY - timedelta(1))], PRESENT)

    assert reconcile(Facts([VOUCHER]), DAY, DAY) == []
    assert reconcile(present_without_right, DAY, DAY) == reconcile(ended, DAY, DAY) == []
    assert reconcile(Facts([VOUCHER], PRESENT, [MEAL]), DAY + timedelta(1), DAY + timedelta(9)) == []


def test_the_voucher_of_a_line_is_the_one_that_is_valid_or_the_nearest() -> None:
    old, next_one = replace(VOUCHER, number="SK-0", last_on=TERM[0]), replace(VOUCHER, number="SK-9", first_on=TERM[1])

    assert one(Facts([next_one, old, VOUCHER], {}, [MEAL])).voucher == VOUCHER
    assert one(Facts([next_one, old], {}, [MEAL])).voucher == old


def test_two_vouchers_of_a_child_do_not_hold_on_one_day() -> None:
    second = replace(VOUCHER, number="SK-2", first_on=TERM[1])

    assert overlapping(second, [VOUCHER]) == VOUCHER
    assert overlapping(second, [second]) is None
    for other in (
        replace(VOUCHER, is_annulled=True), replace(VOUCHER, person=2), replace(VOUCHER, meal="breakfast"),
        replace(VOUCHER, last_on=TERM[1] - timedelta(1)),
    ):  # fmt: skip
        assert overlapping(second, [other]) is None


DAYS = [DAY + timedelta(number) for number in range(4)]
children = st.integers(1, 3)
vouchers = st.builds(
    lambda number, person, meal, first, length, price, annulled: Voucher(
        f"SK-{number}", person, meal, DAYS[first], DAYS[first] + timedelta(length), price, annulled
    ),
    st.integers(1, 99), children, st.sampled_from(["lunch", "breakfast"]), st.integers(0, 3), st.integers(0, 3),
    st.sampled_from([0, PRICE]), st.booleans(),
)  # fmt: skip
meals = st.builds(
    Meal, st.from_regex(r"[0-9a-f]{4}", fullmatch=True), children, st.sampled_from(DAYS),
    st.sampled_from(["lunch", "breakfast"]), st.sampled_from([PRICE, PRICE - 1, 1]),
)  # fmt: skip
facts_of_any_kind = st.builds(
    Facts,
    st.lists(vouchers, max_size=6, unique_by=lambda voucher: voucher.number),
    st.dictionaries(st.tuples(children, st.sampled_from(DAYS)), st.booleans(), max_size=8),
    st.lists(meals, max_size=8, unique_by=lambda meal: meal.sale),
    st.dictionaries(children, st.sampled_from(DAYS), max_size=2),
)


@given(facts_of_any_kind)
def test_every_meal_stands_in_one_line_and_the_sums_are_whole_to_the_tiyn(facts: Facts) -> None:
    lines = reconcile(facts, DAYS[0], DAYS[-1])

    sums = sums_of(lines)
    assert sorted(meal.sale for line in lines for meal in line.meals) == sorted(meal.sale for meal in facts.meals)
    assert sum(each.owed_tiyn for each in sums.values()) == sum(meal.owed_tiyn for meal in facts.meals)
    assert sum(each.lines for each in sums.values()) == len(lines) == len({line.place for line in lines})
    assert sum(counts_of(lines).values()) == sum(len(line.kinds) for line in lines)


@given(facts_of_any_kind)
def test_what_agrees_is_a_meal_of_a_present_child_with_a_valid_voucher_at_its_price_or_none_of_an_absent_one(
    facts: Facts,
) -> None:
    for line in reconcile(facts, DAYS[0], DAYS[-1]):
        if line.verdict is Verdict.AGREED:
            assert line.voucher is not None
            assert line.voucher.is_valid_on(line.place.on)
            assert len(line.meals) == (1 if line.is_present else 0)
            assert all(line.voucher.price_tiyn in (0, meal.owed_tiyn) for meal in line.meals)


@given(facts_of_any_kind, st.randoms(use_true_random=False))
def test_the_order_of_facts_changes_nothing(facts: Facts, rng: random.Random) -> None:
    shuffled = Facts(
        rng.sample(list(facts.vouchers), len(facts.vouchers)),
        dict(rng.sample(list(facts.tabel.items()), len(facts.tabel))),
        rng.sample(list(facts.meals), len(facts.meals)),
        facts.left,
    )

    assert reconcile(shuffled, DAYS[0], DAYS[-1]) == reconcile(facts, DAYS[0], DAYS[-1])


@given(facts_of_any_kind)
def test_days_compared_one_by_one_are_as_when_compared_at_once(facts: Facts) -> None:
    one_by_one = [line for day in DAYS for line in reconcile(facts, day, day)]

    assert one_by_one == reconcile(facts, DAYS[0], DAYS[-1])
