"""Quarters and the stretches of marks, as tables."""

from datetime import date

import pytest

from cloud.journal.quarters import quarter_at, quarter_of_number, quarters_in, span_of, spans_in
from tests.cloud.journal.factory import TERMS

BEFORE = [(date(2025, 9, 1), date(2025, 10, 26)), (date(2026, 3, 30), date(2026, 5, 25))]
YEAR = quarters_in([*BEFORE, *TERMS], 2026)


def test_terms_of_a_year_are_its_quarters_and_no_others() -> None:
    assert [(each.number, each.first_on, each.last_on) for each in YEAR] == [
        (number, *term) for number, term in enumerate(TERMS, 1)
    ]
    assert [each.number for each in quarters_in([*BEFORE, *TERMS], 2025)] == [1, 2]


def test_a_school_without_terms_has_a_year_that_is_one_quarter() -> None:
    (whole,) = quarters_in(BEFORE, 2026)

    assert (whole.first_on, whole.last_on, whole.until) == (date(2026, 8, 1), date(2027, 7, 31), date(2027, 7, 31))


@pytest.mark.parametrize(
    ("number", "today", "is_open"),
    [
        (1, date(2026, 8, 31), False), (1, date(2026, 9, 1), True), (1, date(2026, 10, 25), True),
        (1, date(2026, 11, 3), True), (1, date(2026, 11, 4), False), (2, date(2026, 11, 3), False),
        (4, date(2027, 7, 31), True),
    ],
)  # fmt: skip
def test_a_quarter_is_written_until_the_next_one_begins(number: int, today: date, is_open: bool) -> None:
    assert YEAR[number - 1].is_open(today) is is_open


@pytest.mark.parametrize(
    ("on", "number"),
    [
        (date(2026, 8, 15), 1), (date(2026, 10, 1), 1), (date(2026, 10, 30), 1), (date(2026, 11, 4), 2),
        (date(2027, 6, 9), 4),
    ],
)  # fmt: skip
def test_a_day_between_two_belongs_to_the_earlier_one(on: date, number: int) -> None:
    assert quarter_at(YEAR, on).number == number


def test_what_is_no_quarter_is_that_of_today() -> None:
    assert quarter_of_number(YEAR, 0, date(2026, 11, 20)).number == 2
    assert quarter_of_number(YEAR, 9, date(2026, 11, 20)).number == 2
    assert quarter_of_number(YEAR, 4, date(2026, 11, 20)).number == 4


def test_half_years_are_two_quarters_each() -> None:
    halves = spans_in(YEAR, by_half_years=True)

    assert [span.numbers for span in halves] == [(1, 2), (3, 4)]
    assert span_of(halves, 4).numbers == (3, 4)
    assert [span.numbers for span in spans_in(YEAR, by_half_years=False)] == [(1,), (2,), (3,), (4,)]
    assert [span.numbers for span in spans_in(YEAR[:3], by_half_years=True)] == [(1, 2), (3,)]
