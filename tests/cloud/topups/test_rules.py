"""Numbers that notice a slip, amounts as people write them, and the words of the bank's protocol."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.core.money import tiyn_of
from cloud.topups.kaspi import Command, Unreadable, read, sum_of
from cloud.topups.kaspi_api import is_from
from cloud.topups.rules import PAYMENT_MAX_TIYN, AmountRefused, amount_typed, draw_number, is_number, shown

NOW = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
PAY = {"command": "pay", "txn_id": "1234567", "account": "123456789", "sum": "200.00", "txn_date": "20261125115958"}
numbers = st.integers(0, 2**32).map(lambda seed: draw_number(random.Random(seed)))


@given(numbers, st.integers(0, 8), st.integers(1, 9))
def test_one_mistyped_digit_is_another_number_of_nobody(number: str, place: int, by: int) -> None:
    wrong = number[:place] + str((int(number[place]) + by) % 10) + number[place + 1 :]

    assert is_number(number)
    assert not is_number(wrong)


@given(numbers, st.integers(0, 7))
def test_two_digits_that_changed_places_are_noticed(number: str, place: int) -> None:
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]

    assert swapped == number or not is_number(swapped)


@given(st.text(max_size=12))
def test_no_text_breaks_the_check(text: str) -> None:
    assert is_number(text) in {True, False}
    assert tiyn_of(text) is None or tiyn_of(text) >= 0  # type: ignore[operator]  # None was asked before


def test_a_number_is_shown_in_groups() -> None:
    assert shown("123456789") == "123 456 789"


@pytest.mark.parametrize(
    ("text", "tiyn"),
    [("1500", 150_000), ("1 500,50", 150_050), ("577.5 ₸", 57_750), ("1\u00a0500", 150_000), ("0,01", 1)],
)
def test_an_amount_is_read_as_people_write_it(text: str, tiyn: int) -> None:
    assert amount_typed(text) == tiyn


@pytest.mark.parametrize("text", ["", "0", "-5", "1.005", "1e3", "１５００", "abc", "500000.01", "15 00", "1500 тг"])
def test_what_is_no_amount_says_how_to_write_one(text: str) -> None:
    with pytest.raises(AmountRefused):
        amount_typed(text)


def test_the_largest_amount_is_an_amount() -> None:
    assert amount_typed("500000") == PAYMENT_MAX_TIYN


def test_a_payment_is_read_with_the_banks_own_time() -> None:
    asked = read(PAY, NOW)

    assert (asked.command, asked.txn, asked.account, asked.amount_tiyn) == (Command.PAY, "1234567", "123456789", 200_00)
    assert asked.paid_at == NOW - timedelta(seconds=2)
    assert sum_of(asked.amount_tiyn) == "200.00"


@pytest.mark.parametrize("told", ["", "20261332250000", "20251125115958", "20261126120000", "yesterday"])
def test_a_time_that_cannot_be_is_the_time_of_coming(told: str) -> None:
    assert read({**PAY, "txn_date": told}, NOW).paid_at == NOW


def test_the_sum_of_a_check_means_nothing() -> None:
    assert read({**PAY, "command": "check", "sum": "x"}, NOW).amount_tiyn == 0


@pytest.mark.parametrize(
    "spoilt",
    [{"command": "refund"}, {"txn_id": ""}, {"txn_id": "12x"}, {"txn_id": "1" * 21}, {"sum": "0"}, {"sum": "-5"},
     {"sum": "1,5"}, {"sum": "1 000"}, {"sum": ""}, {"sum": "1.005"}, {"sum": "NaN"}],
)  # fmt: skip
def test_a_request_that_is_not_of_the_protocol_is_unreadable(spoilt: dict[str, str]) -> None:
    with pytest.raises(Unreadable):
        read({**PAY, **spoilt}, NOW)


def test_only_the_banks_own_addresses_may_ask() -> None:
    sources = "192.0.2.7, 198.51.100.0/24,2001:db8::/32"

    assert [is_from(sources, host) for host in ("192.0.2.7", "198.51.100.200", "2001:db8::1")] == [True] * 3
    assert [is_from(sources, host) for host in ("192.0.2.8", "203.0.113.1", "testclient", "")] == [False] * 4
    assert not is_from("", "192.0.2.7")
