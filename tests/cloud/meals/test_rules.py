"""Sales in any order: whatever comes first, balances are those of the set of records, and nobody gets too much back."""

from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.ledger.kinds import AccountKind
from cloud.ledger.rules import REVENUE, SUBSIDY, Account, fault_of
from cloud.ledger.rules import balances_of as posted
from cloud.meals.rules import Book, Change, ChangeKind, Line, Payment, Place, Sale, balances_of

NOON = datetime(2026, 9, 1, 7, 0, tzinfo=UTC)
CHILD = "aaaaaaaaaaaa"
Told = Line | Sale | Change


def place(seq: int) -> Place:
    return Place("till-1", "e" * 16, seq)


def sale(seq: int, amount: int, payment: Payment = Payment.ACCOUNT, number: int = 1, person: str = CHILD) -> Sale:
    return Sale(
        f"{number:016x}", place(seq), "5" * 16, "lunch", payment, person, is_known=True, amount_tiyn=amount, at=NOON,
        clock="ntp", is_unconfirmed=False,
    )  # fmt: skip


def line(seq: int, price: int, count: int = 1, number: int = 1) -> Line:
    return Line(f"{number:016x}", place(seq), "soup", 1, count, price)


def back(seq: int, kind: ChangeKind, amount: int, number: int = 1, of: int | None = None) -> Change:
    return Change(
        f"{seq:016x}", kind, f"{number if of is None else of:016x}", place(seq), amount, "s" * 12, "why", NOON
    )


def met(*told: Told) -> Book:
    book = Book()
    for each in told:
        if isinstance(each, Line):
            book.meet_line(each, NOON)
        elif isinstance(each, Sale):
            book.meet_sale(each)
        else:
            book.meet_change(each)
    return book


def moved(*told: Told) -> dict[Account, int]:
    """Return the balances that are not zero."""
    return {account: amount for account, amount in posted(met(*told).postings).items() if amount}


def test_a_paid_a_subsidised_and_a_free_meal() -> None:
    child = Account.of(CHILD)

    assert moved(line(1, 577_00), sale(2, 577_00)) == {child: 577_00, REVENUE: -577_00}
    assert moved(line(1, 577_00), sale(2, 300_00, Payment.SUBSIDISED)) == {
        child: 300_00, SUBSIDY: 277_00, REVENUE: -577_00,
    }  # fmt: skip
    assert moved(line(1, 577_00), sale(2, 0, Payment.FREE)) == {SUBSIDY: 577_00, REVENUE: -577_00}


def test_cash_lies_in_the_drawer_of_its_till() -> None:
    till = Account(AccountKind.CASH, "till-1")

    assert moved(line(1, 200_00, 2), sale(2, 400_00, Payment.CASH, person="")) == {till: 400_00, REVENUE: -400_00}


def test_a_void_leaves_nothing_and_a_refund_gives_back_a_part() -> None:
    sold = (line(1, 577_00), sale(2, 300_00, Payment.SUBSIDISED))

    assert moved(*sold, back(3, ChangeKind.VOID, 300_00)) == {}
    assert moved(*sold, back(3, ChangeKind.REFUND, 100_00)) == {
        Account.of(CHILD): 200_00, SUBSIDY: 277_00, REVENUE: -477_00,
    }  # fmt: skip


def test_no_more_is_given_back_than_was_paid() -> None:
    sold = (line(1, 577_00), sale(2, 577_00))

    assert moved(*sold, back(3, ChangeKind.REFUND, 400_00), back(4, ChangeKind.REFUND, 400_00)) == {}
    assert moved(*sold, back(3, ChangeKind.REFUND, 400_00), back(4, ChangeKind.VOID, 577_00)) == {}
    assert moved(*sold, back(3, ChangeKind.VOID, 577_00), back(4, ChangeKind.VOID, 577_00)) == {}


def test_a_refund_of_a_refund_moves_nothing() -> None:
    sold = (line(1, 577_00), sale(2, 577_00), back(3, ChangeKind.REFUND, 100_00))

    assert moved(*sold, back(4, ChangeKind.REFUND, 100_00, of=3)) == moved(*sold)


def test_a_second_sale_of_the_same_id_and_a_change_told_twice_are_not_believed() -> None:
    sold = (line(1, 577_00), sale(2, 577_00))

    assert moved(*sold, sale(9, 900_00)) == moved(*sold)
    assert moved(*sold, back(3, ChangeKind.REFUND, 100_00), back(3, ChangeKind.REFUND, 100_00)) == {
        Account.of(CHILD): 477_00, REVENUE: -477_00,
    }  # fmt: skip


def test_a_broken_till_that_tells_billions_does_not_stop_the_others() -> None:
    told = met(*(line(seq, 10**9, 99) for seq in range(1, 200)), line(300, 577_00), sale(400, 10**9))

    assert [fault_of(each) for each in told.postings] == [""]
    assert told.sales[f"{1:016x}"].full_tiyn == 577_00


def test_a_meal_of_somebody_whom_the_school_does_not_have_moves_no_money() -> None:
    assert moved(line(1, 577_00), sale(2, 577_00, person=""), back(3, ChangeKind.VOID, 577_00)) == {}


tellings = st.lists(
    st.tuples(
        st.sampled_from([*Payment]), st.lists(st.integers(0, 900_00), min_size=1, max_size=3), st.integers(0, 900_00),
        st.lists(st.tuples(st.sampled_from([*ChangeKind]), st.integers(0, 900_00)), max_size=3),
    ),
    min_size=1, max_size=4,
)  # fmt: skip


def records_of(drawn: list[tuple[Payment, list[int], int, list[tuple[ChangeKind, int]]]]) -> list[Told]:
    """Return the records of some sales, each under a place of its own, in the order of a till."""
    told: list[Told] = []
    for number, (payment, prices, paid, changes) in enumerate(drawn, 1):
        seq = 100 * number
        told += [line(seq + turn, price, number=number) for turn, price in enumerate(prices)]
        amount = 0 if payment is Payment.FREE else min(paid, sum(prices))
        told.append(sale(seq + 10, amount, payment, number))
        told += [back(seq + 20 + turn, kind, sum_, number) for turn, (kind, sum_) in enumerate(changes)]
    return told


@given(tellings, st.randoms(use_true_random=False))
def test_balances_are_a_function_of_the_set_of_records(
    drawn: list[tuple[Payment, list[int], int, list[tuple[ChangeKind, int]]]], rng: Random
) -> None:
    told = records_of(drawn)
    shuffled = rng.sample(told, len(told))

    in_order, mixed = met(*told), met(*shuffled)

    assert moved(*shuffled) == moved(*told) == balances_of(in_order.sales) == balances_of(mixed.sales)
    assert [fault_of(each) for each in mixed.postings if fault_of(each)] == []


@pytest.mark.parametrize("kind", ChangeKind)
def test_what_is_taken_back_waits_for_its_sale(kind: ChangeKind) -> None:
    waits = met(back(3, kind, 100_00))

    assert waits.postings == []
    assert [each.given_tiyn for each in waits.changes.values()] == [None]
