"""Sales in any order: whatever comes first, balances are those of the set of records, and nobody gets too much back."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.ledger.kinds import AccountKind
from cloud.ledger.rules import REVENUE, SUBSIDY, Account, fault_of
from cloud.meals.book import CHANGES_MAX, Book
from cloud.meals.rules import (
    Change,
    ChangeKind,
    Line,
    Odd,
    Oddness,
    Payment,
    Place,
    Portion,
    Run,
    Sale,
    Stand,
    moved_by,
)
from tests.cloud.ledger.factory import summed as posted

NOON = datetime(2026, 9, 1, 7, 0, tzinfo=UTC)
CHILD = "aaaaaaaaaaaa"
Told = Line | Sale | Change | Run
TILL = "till-1"
SHIFT = "5" * 16
TILLS = tuple(Stand(name, NOON - timedelta(days=9), None) for name in ("till-1", "till-2"))
OPEN = tuple(Run(name, SHIFT) for name in ("till-1", "till-2"))


def place(seq: int, till: str = TILL, epoch: str = "e" * 16) -> Place:
    return Place(till, epoch, seq)


def sale(
    seq: int,
    amount: int,
    payment: Payment = Payment.ACCOUNT,
    number: int = 1,
    person: str = CHILD,
    till: str = TILL,
) -> Sale:
    return Sale(
        f"{number:016x}", place(seq, till), SHIFT, "lunch", payment, person, is_known=True, amount_tiyn=amount, at=NOON,
        clock="ntp", is_unconfirmed=False,
    )  # fmt: skip


def line(seq: int, price: int, count: int = 1, number: int = 1, till: str = TILL) -> Line:
    return Line(f"{number:016x}", place(seq, till), Portion("soup", 1, count, price))


def back(seq: int, kind: ChangeKind, amount: int, number: int = 1, of: int | None = None, till: str = TILL) -> Change:
    return Change(
        f"{seq:016x}", kind, f"{number if of is None else of:016x}", place(seq, till), amount, "s" * 12, "why", NOON,
        "ntp",
    )  # fmt: skip


def met(*told: Told, runs: Sequence[Run] = OPEN) -> Book:
    book = Book(stands=TILLS, runs={(run.device, run.shift): run for run in runs})
    for each in told:
        match each:
            case Line():
                book.meet_line(each, NOON)
            case Sale():
                book.meet_sale(each, NOON)
            case Run():
                book.meet_run(each)
            case _:
                book.meet_change(each, NOON)
    return book


def moved(*told: Told, runs: Sequence[Run] = OPEN) -> dict[Account, int]:
    """Return the balances that are not zero."""
    return {account: amount for account, amount in posted(met(*told, runs=runs).postings).items() if amount}


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


def told_by(book: Book) -> dict[Account, int]:
    """Return what sales and changes must have moved, of each account."""
    moved = Counter[Account]()
    for each in book.sales.values():
        moved.update(moved_by(each, [change for change in book.changes.values() if change.sale == each.id]))
    return {account: amount for account, amount in moved.items() if amount}


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
        told += [
            back(seq + 20 + turn, kind, sum_, number, till=TILLS[turn % 2].device)
            for turn, (kind, sum_) in enumerate(changes)
        ]
    return told


@given(tellings, st.randoms(use_true_random=False))
def test_balances_are_a_function_of_the_set_of_records(
    drawn: list[tuple[Payment, list[int], int, list[tuple[ChangeKind, int]]]], rng: Random
) -> None:
    told = records_of(drawn)
    shuffled = rng.sample(told, len(told))

    in_order, mixed = met(*told), met(*shuffled)

    assert moved(*shuffled) == moved(*told) == told_by(in_order) == told_by(mixed)
    assert [fault_of(each) for each in mixed.postings if fault_of(each)] == []


@pytest.mark.parametrize("kind", ChangeKind)
def test_what_is_taken_back_waits_for_its_sale(kind: ChangeKind) -> None:
    waits = met(back(3, kind, 100_00))

    assert waits.postings == []
    assert [each.given_tiyn for each in waits.changes.values()] == [None]


def oddness(book: Book) -> list[tuple[str, int, Oddness]]:
    return [(place.device, place.seq, odd.why) for place, odd in sorted(book.odd.items())]


def test_a_device_that_is_no_till_sells_nothing_and_gives_nothing_back() -> None:
    sold = (line(1, 577_00), sale(2, 577_00))
    forged = (line(1, 900_00, till="gate-1", number=2), sale(2, 900_00, number=2, till="gate-1"))

    book = met(*sold, *forged, back(3, ChangeKind.VOID, 0, till="gate-1"), Run("gate-1", SHIFT))

    assert {each.total_tiyn for each in book.postings} == {577_00}
    assert oddness(book) == [("gate-1", 2, Oddness.NOT_TILL), ("gate-1", 3, Oddness.NOT_TILL)]


@pytest.mark.parametrize(
    ("ago", "clock", "counts"),
    [(timedelta(days=3), "ntp", True), (timedelta(days=1), "ntp", False), (timedelta(days=5), "ntp", False),
     (timedelta(days=5), "floor", True)],
)  # fmt: skip
def test_what_a_device_sold_while_it_was_a_till_counts_also_when_it_is_none_now(
    ago: timedelta, clock: str, counts: bool
) -> None:
    stand = Stand("till-9", NOON - timedelta(days=4), NOON - timedelta(days=2))
    book = Book(stands=[stand], runs={("till-9", SHIFT): Run("till-9", SHIFT)})

    book.meet_sale(replace(sale(2, 577_00, till="till-9"), at=NOON - ago, clock=clock), NOON)

    assert bool(book.postings) is counts
    assert oddness(book) == ([] if counts else [("till-9", 2, Oddness.NOT_TILL)])


def test_a_sale_waits_for_the_shift_of_its_own_device_and_counts_as_if_it_had_been_there() -> None:
    told = (line(1, 577_00), sale(2, 577_00), back(3, ChangeKind.REFUND, 77_00))

    waiting = met(*told, runs=[Run("till-2", SHIFT)])
    come = met(*told, Run("till-1", SHIFT), runs=[Run("till-2", SHIFT)])

    assert waiting.postings == []
    assert oddness(waiting) == [("till-1", 2, Oddness.NO_SHIFT)]
    assert moved(*told, Run("till-1", SHIFT), runs=[]) == moved(*told)
    assert (come.odd, come.released) == ({}, {place(2)})


def test_the_day_that_a_cashier_named_is_the_day_of_a_sale_without_a_clock() -> None:
    named = [Run("till-1", SHIFT, date(2026, 9, 3))]

    doubtful = met(replace(sale(2, 577_00), clock="floor"), runs=named)
    sure = met(sale(2, 577_00), runs=named)

    assert [each.on for each in doubtful.postings] == [date(2026, 9, 3)]
    assert [each.on for each in sure.postings] == [None]


def test_lines_of_another_device_or_epoch_do_not_make_a_sale_dearer() -> None:
    told = (line(1, 577_00), sale(2, 0, Payment.FREE))
    early, late = line(1, 900_00, till="till-2"), line(8, 900_00, till="till-2")
    reborn = replace(line(9, 900_00), place=place(9, epoch="f" * 16))

    assert moved(early, *told, late, reborn) == moved(*told)


def test_a_second_sale_under_one_id_is_set_apart_and_counts_with_its_own_lines_once_it_is_accepted() -> None:
    told = (line(1, 577_00), sale(2, 577_00), line(1, 100_00, till="till-2"), sale(2, 100_00, till="till-2"))
    book = met(*told)

    apart = book.odd[place(2, "till-2")]
    before = posted(book.postings)
    stands_as = book.accept(apart, 100_00)

    assert oddness(book) == [("till-2", 2, Oddness.SAME_ID)]
    assert before == {Account.of(CHILD): 577_00, REVENUE: -577_00}
    assert posted(book.postings) == {Account.of(CHILD): 677_00, REVENUE: -677_00}
    assert (book.sales[stands_as].full_tiyn, book.sales[sale(2, 1).id].full_tiyn) == (100_00, 577_00)


def test_a_second_change_under_one_id_is_set_apart() -> None:
    told = (line(1, 577_00), sale(2, 577_00), back(3, ChangeKind.REFUND, 100_00))

    book = met(*told, back(3, ChangeKind.REFUND, 50_00, till="till-2"))
    book.accept(book.odd[place(3, "till-2")])

    assert [each.amount_tiyn for each in book.changes.values()] == [100_00, 50_00]
    assert posted(book.postings)[Account.of(CHILD)] == 427_00


def test_what_the_office_refused_does_not_count_when_its_shift_comes() -> None:
    refused = Odd(Oddness.NO_SHIFT, sale(2, 577_00), is_decided=True)
    book = Book(stands=TILLS, odd={refused.told.place: refused})

    book.meet_run(OPEN[0])
    book.meet_sale(sale(2, 577_00), NOON)

    assert (book.postings, book.touched) == ([], set())


def test_cash_is_taken_from_the_drawer_that_gave_it_whatever_came_first() -> None:
    sold = (line(1, 400_00), sale(2, 400_00, Payment.CASH, person=""))
    backs = (back(3, ChangeKind.REFUND, 300_00, till="till-2"), back(4, ChangeKind.REFUND, 300_00))
    drawers = [Account(AccountKind.CASH, name) for name in ("till-1", "till-2")]

    one, other = moved(*sold, *backs), moved(*backs[::-1], *sold[::-1])

    assert one == other == {drawers[0]: 100_00, drawers[1]: -100_00}


def test_the_budget_owes_for_meals_by_right_only_and_never_less_than_nothing() -> None:
    dearer, lost = (line(1, 900_00), sale(2, 577_00)), (sale(2, 577_00, Payment.SUBSIDISED),)

    assert moved(*dearer) == moved(*lost) == {Account.of(CHILD): 577_00, REVENUE: -577_00}


def test_a_till_that_takes_one_sale_back_again_and_again_is_not_listened_to_for_ever() -> None:
    told = (line(1, 577_00), sale(2, 577_00))
    backs = [back(10 + turn, ChangeKind.REFUND, 1) for turn in range(CHANGES_MAX + 2)]

    book = met(*told, *backs)

    assert len(book.changes) == CHANGES_MAX
    assert {odd.why for odd in book.odd.values()} == {Oddness.TOO_MANY}
    assert len(book.odd) == 2


def test_a_sale_given_back_at_as_many_tills_as_count_and_dealt_out_anew_can_be_posted() -> None:
    names = [f"till-{number}" for number in range(CHANGES_MAX)]
    book = Book(stands=[Stand(name, NOON - timedelta(days=9), None) for name in [*names, TILL]])
    book.meet_run(Run(TILL, SHIFT))
    book.meet_line(line(1, CHANGES_MAX), NOON)
    for seq, name in enumerate(names, 10):
        book.meet_change(back(seq, ChangeKind.REFUND, 1, till=name), NOON)

    book.meet_sale(sale(2, CHANGES_MAX, Payment.CASH), NOON)

    (posting,) = book.postings
    assert len(posting.lines) == CHANGES_MAX
    assert fault_of(posting) == ""
