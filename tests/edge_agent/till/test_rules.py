"""What may be sold to whom: a table of cases, and what holds for all orders."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.till.book import Buyer
from edge_agent.till.rules import (
    AMOUNT_MAX_TIYN,
    NOTHING_KNOWN,
    Judgement,
    Known,
    Line,
    OrderRefused,
    available_tiyn,
    judge,
    judge_cash,
)
from tests.edge_agent.school import ALIYA, BORIS, NIGHT
from tests.edge_agent.till.canteen import (
    BUN_TIYN,
    LUNCH_TIYN,
    TEA_TIYN,
    account,
    buyer,
    decided,
    offered,
    right,
)

SET, TEA, BUN, SOUP = (offered(each) for each in ("lunch-set/3", "tea/1", "bun/2", "milk-soup/1"))


def judged(who: Buyer, *lines: Line, known: Known = NOTHING_KNOWN, is_hub_asked: bool = True) -> Judgement:
    return judge(lines or (Line(SET),), who, known, is_hub_asked=is_hub_asked)


def reasons(judgement: Judgement) -> list[str]:
    return [objection.reason for objection in judgement.objections]


def test_a_free_lunch_costs_nothing_and_the_subsidy_owes_all_of_it() -> None:
    found = judged(buyer(ALIYA))

    assert [(due.payment, due.amount_tiyn, due.subsidy_tiyn) for due in found.dues] == [("free", 0, LUNCH_TIYN)]
    assert reasons(found) == []


def test_a_subsidised_lunch_costs_the_rights_price() -> None:
    found = judged(buyer(BORIS, right(BORIS, "subsidised", 20_000)))

    assert [(due.payment, due.amount_tiyn, due.subsidy_tiyn) for due in found.dues] == [
        ("subsidised", 20_000, LUNCH_TIYN - 20_000)
    ]


def test_a_subsidised_price_above_the_dishs_is_the_dishs() -> None:
    assert judged(buyer(BORIS, right(BORIS, "subsidised", 90_000))).amount_tiyn == LUNCH_TIYN


def test_who_has_no_right_pays_by_account() -> None:
    found = judged(buyer(BORIS))

    assert [(due.payment, due.amount_tiyn) for due in found.dues] == [("account", LUNCH_TIYN)]
    assert reasons(found) == []


def test_a_right_that_has_ended_gives_nothing() -> None:
    assert not judged(buyer(ALIYA, right(ALIYA, until="2026-08-30"))).is_by_right


def test_what_goes_beyond_the_right_is_a_sale_of_its_own() -> None:
    found = judged(buyer(ALIYA), Line(SET, 2), Line(TEA, 2))

    assert [(due.payment, due.amount_tiyn) for due in found.dues] == [
        ("free", 0),
        ("account", LUNCH_TIYN + 2 * TEA_TIYN),
    ]


def test_a_right_covers_the_meals_set_and_no_single_dish() -> None:
    assert [due.payment for due in judged(buyer(ALIYA), Line(TEA), Line(BUN)).dues] == ["account"]


def test_a_second_meal_by_right_is_objected_to_and_would_be_paid_for() -> None:
    found = judged(buyer(ALIYA), known=Known(used=frozenset({"lunch-set"}), is_right_used=True))

    assert reasons(found) == ["had_it"]
    assert [(due.payment, due.amount_tiyn) for due in found.dues] == [("account", LUNCH_TIYN)]


def test_the_same_set_twice_is_objected_to_for_who_pays_too() -> None:
    assert reasons(judged(buyer(BORIS), known=Known(used=frozenset({"lunch-set"})))) == ["had_it"]
    assert reasons(judged(buyer(BORIS), Line(TEA), known=Known(used=frozenset({"lunch-set", "tea"})))) == []


@pytest.mark.parametrize(
    ("row", "known", "is_hub_asked", "expected"),
    [
        (account(BORIS, LUNCH_TIYN), NOTHING_KNOWN, True, []),
        (account(BORIS, LUNCH_TIYN - 1), NOTHING_KNOWN, True, ["no_money"]),
        (account(BORIS, LUNCH_TIYN), Known(since_tiyn=1), True, ["no_money"]),
        (account(BORIS, LUNCH_TIYN - 1), Known(since_tiyn=-1), True, []),
        (account(BORIS, 10**8, day_limit_tiyn=LUNCH_TIYN), NOTHING_KNOWN, True, []),
        (account(BORIS, 10**8, day_limit_tiyn=LUNCH_TIYN), Known(today_tiyn=1), True, ["day_limit"]),
        (account(BORIS, 10**8, day_limit_tiyn=0), NOTHING_KNOWN, True, ["day_limit"]),
        (account(BORIS, 10**8, offline_tiyn=LUNCH_TIYN), NOTHING_KNOWN, False, []),
        (account(BORIS, 10**8, offline_tiyn=LUNCH_TIYN), Known(unconfirmed_tiyn=1), False, ["offline_limit"]),
        (account(BORIS, 10**8, offline_tiyn=0), NOTHING_KNOWN, True, []),
        (account(BORIS, -5, day_limit_tiyn=0, offline_tiyn=0), NOTHING_KNOWN, False,
         ["no_money", "day_limit", "offline_limit"]),
    ],
)  # fmt: skip
def test_money_and_limits(row: bytes, known: Known, is_hub_asked: bool, expected: list[str]) -> None:
    assert reasons(judged(buyer(BORIS, row), known=known, is_hub_asked=is_hub_asked)) == expected


def test_an_account_may_go_as_far_below_nothing_as_the_school_lets_it() -> None:
    owing = buyer(BORIS, account(BORIS, 0), decided(LUNCH_TIYN))

    assert reasons(judged(owing)) == []
    assert reasons(judged(owing, known=Known(since_tiyn=1))) == ["no_money"]
    assert available_tiyn(owing, NOTHING_KNOWN) == 0


def test_a_meal_by_right_for_who_was_not_seen_is_asked_about_and_one_that_is_paid_for_is_not() -> None:
    assert reasons(judged(buyer(ALIYA), known=Known(is_unseen=True))) == ["not_seen"]
    assert judged(buyer(ALIYA), known=Known(is_unseen=True)).is_by_right
    assert reasons(judged(buyer(ALIYA), Line(TEA), known=Known(is_unseen=True))) == []


def test_a_free_meal_needs_neither_money_nor_the_hub() -> None:
    found = judged(buyer(ALIYA, account(ALIYA, -500, offline_tiyn=0, day_limit_tiyn=0)), is_hub_asked=False)

    assert reasons(found) == []


def test_who_has_no_account_is_told_so() -> None:
    assert reasons(judged(buyer(NIGHT))) == ["no_account"]
    assert available_tiyn(buyer(NIGHT), NOTHING_KNOWN) == 0


@pytest.mark.parametrize(
    ("row", "line", "expected"),
    [
        (account(BORIS, 10**6, allergens=("milk",)), Line(SOUP), [("allergy", ("milk",))]),
        (account(BORIS, 10**6, allergens=("milk", "gluten")), Line(SET), [("allergy", ("gluten", "milk"))]),
        (account(BORIS, 10**6, allergens=("nuts",)), Line(SET), []),
        (account(BORIS, 10**6, dishes=("bun",)), Line(SET), [("banned", ("bun",))]),
        (account(BORIS, 10**6, categories=("bakery",)), Line(SET), [("banned", ("bakery",))]),
        (account(BORIS, 10**6, categories=("bakery",)), Line(TEA), []),
    ],
)
def test_allergies_and_bans_reach_into_the_parts_of_a_set(
    row: bytes, line: Line, expected: list[tuple[str, tuple[str, ...]]]
) -> None:
    found = judged(buyer(BORIS, row), line)

    assert [(objection.reason, tuple(objection.about)) for objection in found.objections] == expected


def test_cash_is_taken_of_guests_and_minds_the_food_of_those_it_knows() -> None:
    guest, child = judge_cash((Line(SET), Line(TEA)), None), buyer(BORIS, account(BORIS, 0, allergens=("milk",)))

    assert [(due.payment, due.amount_tiyn, due.subsidy_tiyn) for due in guest.dues] == [
        ("cash", LUNCH_TIYN + TEA_TIYN, 0)
    ]
    assert guest.account_tiyn == 0
    assert reasons(judge_cash((Line(SOUP),), child)) == ["allergy"]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ((), "empty"),
        ((Line(TEA, 0),), "too_much"),
        ((Line(TEA, 100),), "too_much"),
        ((Line(TEA),) * 31, "too_much"),
        (tuple(Line(offered("lunch-set/3"), 99) for _ in range(30)), ""),
    ],
)
def test_an_order_that_no_till_sells_is_refused(lines: tuple[Line, ...], reason: str) -> None:
    if not reason:
        assert judge_cash(lines, None).amount_tiyn <= AMOUNT_MAX_TIYN
        return
    with pytest.raises(OrderRefused) as refused:
        judge_cash(lines, None)

    assert refused.value.reason == reason


@given(
    st.lists(st.tuples(st.sampled_from([SET, TEA, BUN, SOUP]), st.integers(1, 9)), min_size=1, max_size=6),
    st.sampled_from(["paid", "free", "subsidised"]),
    st.booleans(),
)
def test_no_dish_is_lost_or_given_twice_whatever_is_ordered(
    order: list[tuple[object, int]], kind: str, is_used: bool
) -> None:
    who = buyer(BORIS) if kind == "paid" else buyer(BORIS, right(BORIS, kind, 20_000))
    lines = tuple(Line(dish, count) for dish, count in order)  # type: ignore[arg-type] # drawn from dishes

    found = judge(lines, who, Known(is_right_used=is_used), is_hub_asked=True)

    sold = [line for due in found.dues for line in due.lines]
    assert sum(line.count for line in sold) == sum(count for _, count in order)
    assert found.amount_tiyn + sum(due.subsidy_tiyn for due in found.dues) == sum(line.price_tiyn for line in lines)
    assert sum(line.count for due in found.dues if due.payment in ("free", "subsidised") for line in due.lines) <= 1
    assert all(due.subsidy_tiyn == 0 for due in found.dues if due.payment == "account")
    assert BUN.price_tiyn == BUN_TIYN
