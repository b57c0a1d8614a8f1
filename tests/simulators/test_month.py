"""The paper that judges a simulated month: plain sums, and what each till may know."""

from datetime import date
from random import Random

import pytest

from cloud.ingest.plan import Reply
from simulators.clock import SimulatedClock
from simulators.month_faults import Fault, strikes_of
from simulators.month_paper import BUDGET, EARNED, Due, Paper, PriceList, Sale
from simulators.month_plan import CASH, FREE, LUNCH, SATURDAY_OF_WORK, SUBSIDISED, Plan, Right, Size
from simulators.month_wire import POOR, Wires

ON = date(2026, 9, 3)
LUNCH_A, TEA = 811_00, 60_00
FREE_LUNCH, HALF = Right(LUNCH, FREE, 0), Right(LUNCH, SUBSIDISED, 200_00)


def paper(*rights: Right) -> Paper:
    """Return the paper of a school with a child, 0, who has these rights, and two tills with an open shift each."""
    own, told = Paper(), PriceList({"lunch-a": LUNCH_A, "tea": TEA}, {}, {0: rights}, {})
    for till in ("one", "two"):
        own.enter(till)
        own.fetched(till, told)
        own.open(f"shift of {till}", till, ON)
    return own


def sold(own: Paper, due: Due, till: str = "one", name: str = "s1", child: int | None = 0) -> Sale:
    sale = Sale(name, till, f"shift of {till}", child, LUNCH, ON, due, ())
    own.sell(sale)
    return sale


def test_a_right_gives_the_set_once_and_the_rest_is_paid_for() -> None:
    own = paper(FREE_LUNCH)
    foods = [("lunch-a", 2), ("tea", 1)]

    first = own.dues("one", 0, LUNCH, ON, foods)
    sold(own, first[0])

    assert [(due.kind, due.paid_tiyn, due.full_tiyn) for due in first] == [
        (FREE, 0, LUNCH_A), ("account", LUNCH_A + TEA, LUNCH_A + TEA),
    ]  # fmt: skip
    assert [due.kind for due in own.dues("one", 0, LUNCH, ON, foods)] == ["account"]


def test_a_till_that_did_not_hear_of_a_meal_gives_it_again_and_that_is_told_in_the_end() -> None:
    own, foods = paper(FREE_LUNCH), [("lunch-a", 1)]

    sold(own, own.dues("one", 0, LUNCH, ON, foods)[0])
    unheard = own.dues("two", 0, LUNCH, ON, foods)[0]
    sold(own, unheard, "two", "s2")
    own.meet(["one", "two"])

    assert unheard.kind == FREE
    assert own.second_meals() == {ON: 1}
    assert own.dues("two", 0, LUNCH, ON, foods)[0].kind == "account"


def test_who_was_away_hears_later_and_a_void_gives_the_right_back_everywhere() -> None:
    own, foods = paper(FREE_LUNCH), [("lunch-a", 1)]
    sold(own, own.dues("one", 0, LUNCH, ON, foods)[0])

    own.meet(["one"])
    before = own.dues("two", 0, LUNCH, ON, foods)[0].kind
    own.meet(["one", "two"])
    heard = own.dues("two", 0, LUNCH, ON, foods)[0].kind
    own.void("s1")
    own.meet(["one", "two"])

    assert (before, heard, own.dues("two", 0, LUNCH, ON, foods)[0].kind) == (FREE, "account", FREE)
    assert not any(own.pockets.values())


def test_money_given_back_leaves_the_drawer_that_gave_it_and_the_budget_owes_as_before() -> None:
    own = paper(HALF)
    half = own.dues("one", 0, LUNCH, ON, [("lunch-a", 1)])[0]
    sold(own, half)
    sold(own, Due(CASH, TEA, TEA, (("tea", 1),)), "one", "s2", None)

    own.refund("s1", 150_00, "shift of two")
    own.refund("s2", TEA, "shift of two")

    assert (half.kind, half.paid_tiyn, half.full_tiyn) == (SUBSIDISED, 200_00, LUNCH_A)
    assert own.accounts[0] == -50_00
    assert own.drawers == {"one": TEA, "two": -TEA}
    assert own.pockets == {BUDGET: LUNCH_A - 200_00, EARNED: LUNCH_A - 150_00}
    shift = own.shifts["shift of two"]
    assert (shift.total_tiyn, shift.cash_tiyn, shift.count) == (-150_00 - TEA, -TEA, 0)


def test_one_seed_is_one_month() -> None:
    one, same, other = (Plan.drawn(seed, Size(30, 3, 22)) for seed in (5, 5, 6))

    assert one == same
    assert [plan.visits(ON) for plan in (one, same)] == [same.visits(ON), one.visits(ON)]
    assert one.visits(ON) != other.visits(ON)
    assert SATURDAY_OF_WORK in one.days
    assert len(one.days) == 22


@pytest.mark.parametrize("seed", range(5))
def test_every_kind_of_fault_strikes_once_at_least_and_a_till_is_stolen_only_where_two_remain(seed: int) -> None:
    large, small = (strikes_of(Plan.drawn(seed, Size(30, tills, 10))) for tills in (3, 2))

    assert {strike.fault for strike in large} == set(Fault)
    assert {strike.fault for strike in small} == set(Fault) - {Fault.STOLEN}


def test_a_poor_line_loses_and_repeats_but_invents_nothing() -> None:
    async def accept(_arrived: object) -> list[Reply]:
        return []

    wires = Wires(accept, SimulatedClock(), Random(1), POOR)
    sent = [str(number) for number in range(400)]

    came = wires._under_way(sent)

    assert set(came) < set(sent)
    assert len(came) > len(set(came))
