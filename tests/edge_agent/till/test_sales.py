"""What is known of sales is a function of their records, whatever their order, and however often they come."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.till import sales as sales_module
from edge_agent.till.book import Day
from edge_agent.till.counted import NOTHING_COUNTED
from edge_agent.till.rules import Known
from edge_agent.till.sales import Sales, Totals
from tests.edge_agent.school import ALIYA, BORIS, HOUR_MS, MONDAY_8_MS
from tests.edge_agent.till.canteen import CASHIER, DEVICE, LUNCH_TIYN, NEXT_SHIFT, NOON_MS, OTHER, SHIFT, TODAY, record

EPOCH = "e" * 16
DAY = Day(TODAY, MONDAY_8_MS - 8 * HOUR_MS, MONDAY_8_MS + 16 * HOUR_MS)
Told = list[tuple[str, str, int, bytes]]


class Writer:
    """One device's records, numbered."""

    def __init__(self, device: str = DEVICE) -> None:
        self.device = device
        self.told: Told = []

    def write(self, kind: str, **fields: Any) -> None:
        self.told.append((self.device, EPOCH, len(self.told) + 1, record(kind, **fields)))

    def shift(self, shift: str = SHIFT, outcome: str = "opened", **more: Any) -> None:
        self.write("shift", id=shift, till=self.device, outcome=outcome, staff=CASHIER, **more)

    def sale(
        self, number: int, person: str | None = BORIS, amount_tiyn: int = LUNCH_TIYN, payment: str = "account",
        *, shift: str = SHIFT, meal: str = "lunch", full_tiyn: int = LUNCH_TIYN, **more: Any,
    ) -> str:  # fmt: skip
        sale = f"{number:016x}"
        clock = {name: more.pop(name) for name in ("at_ms", "clock") if name in more}
        self.write("item", sale=sale, dish="lunch-set", version=3, count=1, price_tiyn=full_tiyn, **clock)
        who = {} if person is None else {"person": person}
        self.write(
            "sale", id=sale, shift=shift, meal=meal, amount_tiyn=amount_tiyn, payment=payment, **who, **clock, **more
        )
        return sale

    def void(self, sale: str, amount_tiyn: int = LUNCH_TIYN, **more: Any) -> None:
        self.write("void", id="a" * 16, sale=sale, amount_tiyn=amount_tiyn, staff=CASHIER, reason="mistake", **more)

    def refund(self, sale: str, amount_tiyn: int, number: int = 1, **more: Any) -> None:
        fields: dict[str, Any] = {"sale": sale, "amount_tiyn": amount_tiyn, "staff": CASHIER, "reason": "cold"}
        self.write("refund", id=f"{number:0>16}", **fields, **more)


def folded(*writers: Writer) -> Sales:
    sales = Sales()
    for writer in writers:
        for told in writer.told:
            sales.observe(*told)
    return sales


def known(sales: Sales, ref: str = BORIS, meal: str = "lunch", day: Day = DAY) -> Known:
    return sales.known(ref, meal=meal, day=day, counted=NOTHING_COUNTED, device=DEVICE)


def test_a_sale_is_known_with_its_items_and_counts_for_who_bought_it() -> None:
    till = Writer()
    till.shift()
    sale = till.sale(1)

    sales = folded(till)

    sold = sales.sold(sale)
    assert sold is not None
    assert [(item.dish, item.version) for item in sold.items] == [("lunch-set", 3)]
    assert known(sales) == Known(frozenset({"lunch-set"}), since_tiyn=LUNCH_TIYN, today_tiyn=LUNCH_TIYN)
    assert known(sales, ALIYA) == Known()


def test_a_meal_by_right_at_one_till_is_known_at_the_other() -> None:
    other = Writer(OTHER)
    other.shift()
    other.sale(1, ALIYA, 0, "free")

    sales = folded(other)

    assert known(sales, ALIYA).is_right_used
    assert not known(sales, ALIYA, meal="breakfast").is_right_used
    assert known(sales, ALIYA).today_tiyn == 0


def test_a_till_whose_clock_is_an_hour_off_is_believed_about_the_meal() -> None:
    other = Writer(OTHER)
    other.shift()
    other.sale(1, ALIYA, 0, "free", at_ms=NOON_MS - HOUR_MS)

    assert known(folded(other), ALIYA).is_right_used


def test_items_without_a_sale_mean_nothing() -> None:
    till = Writer()
    till.write("item", sale="9" * 16, dish="lunch-set", version=3, count=1, price_tiyn=1)

    assert folded(till).sold("9" * 16) is None


def test_a_void_gives_back_meal_and_money() -> None:
    till = Writer()
    till.shift()
    till.void(till.sale(1, ALIYA, 20_000, "subsidised"), 20_000)

    sales = folded(till)

    assert known(sales, ALIYA) == Known()
    assert sales.remains_tiyn(f"{1:016x}") == 0
    assert sales.totals(SHIFT) == Totals(void_count=1)


def test_a_refund_leaves_what_remains_and_the_meal_eaten() -> None:
    till = Writer()
    till.shift()
    sale = till.sale(1)
    till.refund(sale, 7_700)

    sales = folded(till)

    assert sales.remains_tiyn(sale) == 50_000
    assert known(sales) == Known(frozenset({"lunch-set"}), since_tiyn=50_000, today_tiyn=50_000)
    assert sales.remains_tiyn("f" * 16) == 0


def test_totals_tell_what_came_in_how() -> None:
    till = Writer()
    till.shift()
    till.sale(1)
    till.sale(2, ALIYA, 0, "free")
    till.sale(3, BORIS, 20_000, "subsidised")
    till.refund(till.sale(4, None, 60_000, "cash", full_tiyn=60_000), 10_000)
    till.void(till.sale(5))

    assert folded(till).totals(SHIFT) == Totals(
        count=4,
        account_tiyn=LUNCH_TIYN + 20_000,
        cash_tiyn=50_000,
        free_count=1,
        subsidised_count=1,
        subsidy_tiyn=LUNCH_TIYN + LUNCH_TIYN - 20_000,
        void_count=1,
        refund_tiyn=10_000,
    )
    assert folded(till).totals("0" * 16) == Totals()


def test_money_given_back_is_taken_off_the_shift_that_gives_it() -> None:
    till = Writer()
    till.shift()
    sale = till.sale(1, None, LUNCH_TIYN, "cash")
    till.shift(outcome="closed", amount_tiyn=LUNCH_TIYN)
    till.shift("6" * 16)
    till.refund(sale, 700)

    sales = folded(till)

    assert sales.totals(SHIFT).cash_tiyn == LUNCH_TIYN
    assert sales.totals("6" * 16).cash_tiyn == -700


def test_cash_given_back_for_another_tills_sale_is_taken_from_the_drawer_that_gave_it() -> None:
    till, other = Writer(), Writer(OTHER)
    till.shift()
    sale = till.sale(1, None, LUNCH_TIYN, "cash")
    other.shift(NEXT_SHIFT)
    other.refund(sale, 700)

    sales = folded(till, other)

    assert sales.totals(SHIFT) == Totals(count=1, cash_tiyn=LUNCH_TIYN)
    assert sales.totals(NEXT_SHIFT) == Totals(cash_tiyn=-700, refund_tiyn=700)


def test_a_drawer_that_gave_back_says_so_also_when_the_other_till_made_the_sale_void_meanwhile() -> None:
    till, other = Writer(), Writer(OTHER)
    till.shift()
    sale = till.sale(1, None, LUNCH_TIYN, "cash")
    other.shift(NEXT_SHIFT)
    other.refund(sale, 700)
    till.void(sale)

    sales = folded(till, other)

    assert sales.totals(SHIFT) == Totals(void_count=1)
    assert sales.totals(NEXT_SHIFT).cash_tiyn == -700
    assert sales.remains_tiyn(sale) == 0


def test_a_void_of_another_tills_sale_takes_nothing_out_of_that_tills_drawer() -> None:
    till, other = Writer(), Writer(OTHER)
    till.shift()
    sale = till.sale(1, None, LUNCH_TIYN, "cash")
    other.shift(NEXT_SHIFT)
    other.void(sale)

    sales = folded(till, other)

    assert sales.totals(SHIFT) == Totals(count=1, cash_tiyn=LUNCH_TIYN)
    assert sales.totals(NEXT_SHIFT) == Totals(cash_tiyn=-LUNCH_TIYN, refund_tiyn=LUNCH_TIYN)
    assert sales.is_void(sale)


def test_a_shift_is_open_until_it_is_closed_and_belongs_to_its_till() -> None:
    till, other = Writer(), Writer(OTHER)
    till.shift()

    assert (shift := folded(till, other).open_shift(DEVICE)) is not None
    assert shift.id == SHIFT
    assert folded(till).open_shift(OTHER) is None
    till.shift(outcome="closed")
    assert folded(till).open_shift(DEVICE) is None


def test_the_day_that_the_cashier_named_counts_where_the_clock_was_not_right() -> None:
    till = Writer()
    till.shift(clock="floor", day=TODAY)
    till.sale(1, ALIYA, 0, "free", at_ms=NOON_MS - 400 * HOUR_MS, clock="floor")

    sales = folded(till)

    assert known(sales, ALIYA).is_right_used
    assert not known(sales, ALIYA, day=Day("2026-09-01", DAY.to_ms, DAY.to_ms + 24 * HOUR_MS)).is_right_used


def test_a_day_that_was_named_does_not_move_what_was_sold_with_a_good_clock() -> None:
    till = Writer()
    till.shift(clock="floor", day="2026-09-01")
    till.sale(1, ALIYA, 0, "free")

    assert known(folded(till), ALIYA).is_right_used


def test_what_was_sold_without_the_hubs_word_counts_at_its_own_till() -> None:
    till, other = Writer(), Writer(OTHER)
    till.sale(1, unconfirmed=True)
    till.sale(2)
    other.sale(3, unconfirmed=True, shift="6" * 16)

    found = known(folded(till, other))

    assert (found.unconfirmed_tiyn, found.today_tiyn) == (LUNCH_TIYN, 3 * LUNCH_TIYN)


def test_the_newest_meal_that_stands_is_told() -> None:
    till = Writer()
    first = till.sale(1, at_ms=NOON_MS)
    till.void(till.sale(2, at_ms=NOON_MS + 5))

    last = folded(till).last_meal(BORIS, "lunch", DAY)

    assert last is not None
    assert last.sale.id == first
    assert folded(till).last_meal(BORIS, "breakfast", DAY) is None


@settings(max_examples=50)
@given(st.randoms(use_true_random=False), st.integers(0, 2**32))
def test_records_of_several_tills_may_come_mixed_and_more_than_once(mixer: random.Random, seed: int) -> None:
    tills = [_busy(Writer(device), start, random.Random(seed)) for start, device in ((0, DEVICE), (100, OTHER))]
    straight = folded(*tills)

    mixed = Sales()
    waiting = [list(till.told) for till in tills]
    while any(waiting):
        told = mixer.choice([each for each in waiting if each])
        mixed.observe(*told.pop(0))
        mixed.observe(*mixer.choice(tills[0].told[: len(tills[0].told) - len(waiting[0])] or [tills[1].told[0]]))

    for ref in (ALIYA, BORIS):
        assert known(mixed, ref) == known(straight, ref)
    for till, shift in ((DEVICE, "0" * 15 + "a"), (OTHER, "0" * 15 + "b")):
        assert mixed.totals(shift) == straight.totals(shift)
        assert mixed.open_shift(till) == straight.open_shift(till)


def _busy(till: Writer, start: int, rng: random.Random) -> Writer:
    shift = "0" * 15 + ("a" if till.device == DEVICE else "b")
    till.shift(shift)
    for number in range(start + 1, start + 12):
        payment = rng.choice(["account", "free", "subsidised", "cash"])
        amount_tiyn = 0 if payment == "free" else rng.randrange(1, LUNCH_TIYN)
        sale = till.sale(number, rng.choice([ALIYA, BORIS]), amount_tiyn, payment, shift=shift)
        match rng.randrange(4):
            case 0:
                till.write("void", id=sale, sale=sale, amount_tiyn=amount_tiyn, staff=CASHIER, reason="x")
            case 1:
                till.refund(sale, amount_tiyn // 2, number)
            case _:
                pass
    return till


def test_only_the_newest_sales_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sales_module, "SALES_MAX", 3)
    till = Writer()
    for number in range(5):
        till.sale(number, ALIYA if number == 0 else BORIS)

    sales = folded(till)

    assert [sold.sale.id for sold in sales.of_shift(SHIFT)] == [f"{number:016x}" for number in (4, 3, 2)]
    assert known(sales, ALIYA) == Known()


@pytest.mark.parametrize("line", [b'{"k":"sale"}', b'{"k":"sale","\xff', b"", b'"k":"item"'])
def test_what_cannot_be_read_is_left_to_later_programs(line: bytes) -> None:
    sales = Sales()
    sales.observe(DEVICE, EPOCH, 1, line)

    assert sales.open_shift(DEVICE) is None
