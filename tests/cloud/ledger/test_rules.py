"""What may be posted, and what postings do to balances, whatever their order."""

from dataclasses import replace
from datetime import datetime
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.ledger.kinds import AccountKind, AccountType, EntryKind
from cloud.ledger.postings import (
    OFFICE,
    clearing,
    leave,
    payout,
    settlement,
    top_up,
    transfer,
)
from cloud.ledger.rules import AMOUNT_MAX, BANK, REFUNDS, REVENUE, SUBSIDY, Account, Posting, fault_of
from tests.cloud.ledger.factory import NOON, meal, summed
from tests.cloud.ledger.strategies import postings

CHILD, SIBLING = Account.of("aaaaaaaaaaaa"), Account.of("bbbbbbbbbbbb")
GOOD = top_up("cash:1", NOON, CHILD.part, 500_00, OFFICE)

WRONG = {
    "no key": replace(GOOD, key=""),
    "a key with a space": replace(GOOD, key="cash 1"),
    "a key that breaks a line": replace(GOOD, key="cash:1\n"),
    "a long key": replace(GOOD, key="k" * 121),
    "no zone": replace(GOOD, at=datetime(2026, 11, 25, 12, 0)),  # noqa: DTZ001 (that is the point)
    "one line": replace(GOOD, lines={CHILD: -1}),
    "out of balance": replace(GOOD, lines={CHILD: -500, OFFICE: 501}),
    "a line of nothing": replace(GOOD, lines={CHILD: -500, OFFICE: 500, BANK: 0}),
    "too much": replace(GOOD, lines={CHILD: -AMOUNT_MAX - 1, OFFICE: AMOUNT_MAX + 1}),
    "a float": replace(GOOD, lines=cast(Any, {CHILD: -0.5, OFFICE: 0.5})),
    "a child without a name": replace(GOOD, lines={Account(AccountKind.CHILD): -5, OFFICE: 5}),
    "revenue with a part": replace(GOOD, lines={Account(AccountKind.REVENUE, "x"): -5, OFFICE: 5}),
    "a part that breaks a journal": replace(GOOD, lines={CHILD: -5, clearing("kaspi\n  x"): 5}),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_posted_says_why(what: str) -> None:
    assert fault_of(WRONG[what])


def test_a_sale_is_paid_by_the_child_and_by_the_budget() -> None:
    half = meal(EntryKind.SALE, "record:till-1:e:1", NOON, CHILD, paid_tiyn=300_00, subsidy_tiyn=277_00)
    free = meal(EntryKind.SALE, "record:till-1:e:2", NOON, CHILD, paid_tiyn=0, subsidy_tiyn=577_00)

    assert half.lines == {CHILD: 300_00, SUBSIDY: 277_00, REVENUE: -577_00}
    assert free.lines == {SUBSIDY: 577_00, REVENUE: -577_00}
    assert (half.total_tiyn, half.kind) == (577_00, EntryKind.SALE)


def test_what_is_voided_or_refunded_leaves_nothing() -> None:
    sold = meal(EntryKind.SALE, "record:till-1:e:1", NOON, CHILD, paid_tiyn=300_00, subsidy_tiyn=277_00)

    for kind in (EntryKind.VOID, EntryKind.REFUND):
        undone = meal(kind, "record:till-1:e:2", NOON, CHILD, paid_tiyn=300_00, subsidy_tiyn=277_00)

        assert set(summed([sold, undone]).values()) == {0}


def test_money_goes_from_the_provider_to_the_bank_and_from_a_leaver_to_the_family() -> None:
    made = [
        top_up("kaspi:1", NOON, CHILD.part, 900_00, clearing("kaspi")),
        settlement("settlement:1", NOON, "kaspi", 900_00),
        transfer("transfer:1", NOON, giver=CHILD.part, taker=SIBLING.part, amount_tiyn=200_00),
        leave("leave:1", NOON, CHILD.part, 700_00),
        payout("payout:1", NOON, 700_00, BANK),
    ]

    balances = summed(made)

    assert {each: balance for each, balance in balances.items() if balance} == {SIBLING: -200_00, BANK: 200_00}
    assert balances[REFUNDS] == 0


def test_a_repeat_is_the_same_whatever_time_it_tells() -> None:
    other = replace(GOOD, lines={CHILD: -501_00, OFFICE: 501_00})

    assert replace(GOOD, at=NOON.replace(hour=9)).digest == GOOD.digest
    assert len({GOOD.digest, other.digest, replace(GOOD, kind=EntryKind.REFUND).digest}) == 3


def test_every_account_has_a_type() -> None:
    assert {Account(kind).type for kind in AccountKind} == set(AccountType)


@given(postings)
def test_every_posting_there_is_can_be_posted(made: list[Posting]) -> None:
    assert [fault_of(posting) for posting in made if fault_of(posting)] == []


@given(postings.flatmap(lambda made: st.tuples(st.just(made), st.permutations([*made, *made]))))
def test_balances_are_a_function_of_the_set_of_postings_and_sum_to_zero(
    both: tuple[list[Posting], list[Posting]],
) -> None:
    once, doubled = both

    assert summed(once) == summed(doubled)
    assert sum(summed(once).values()) == 0
