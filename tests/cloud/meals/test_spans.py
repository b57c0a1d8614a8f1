"""Stretches of days: weeks from Monday, months, terms with holidays between, and what a chart has columns of."""

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.meals.spans import By, Span, after, before, parts_of, span_of

TERMS = [(date(2026, 11, 9), date(2026, 12, 30)), (date(2026, 9, 1), date(2026, 10, 25))]


@pytest.mark.parametrize(
    ("by", "on", "first_on", "last_on"),
    [
        (By.WEEK, date(2026, 9, 6), date(2026, 8, 31), date(2026, 9, 6)),
        (By.WEEK, date(2026, 9, 7), date(2026, 9, 7), date(2026, 9, 13)),
        (By.MONTH, date(2028, 2, 29), date(2028, 2, 1), date(2028, 2, 29)),
        (By.MONTH, date(2026, 12, 31), date(2026, 12, 1), date(2026, 12, 31)),
        (By.TERM, date(2026, 9, 1), *TERMS[1]),
        (By.TERM, date(2026, 11, 1), *TERMS[1]),  # in the holidays: the term before
        (By.TERM, date(2026, 8, 1), *TERMS[1]),  # before all of them: the first
        (By.TERM, date(2027, 2, 1), *TERMS[0]),
    ],
)
def test_a_day_is_in_its_week_month_or_term(by: By, on: date, first_on: date, last_on: date) -> None:
    assert span_of(by, on, TERMS) == Span(by, first_on, last_on)


def test_a_school_that_named_no_terms_has_school_years() -> None:
    assert span_of(By.TERM, date(2027, 5, 1), []) == Span(By.TERM, date(2026, 9, 1), date(2027, 8, 31))
    assert span_of(By.TERM, date(2026, 9, 1), []) == Span(By.TERM, date(2026, 9, 1), date(2027, 8, 31))


def test_terms_lead_to_one_another_over_the_holidays_and_end() -> None:
    autumn, winter = span_of(By.TERM, TERMS[1][0], TERMS), span_of(By.TERM, TERMS[0][0], TERMS)

    assert (after(autumn, TERMS), before(winter, TERMS)) == (winter, autumn)
    assert (before(autumn, TERMS), after(winter, TERMS)) == (None, None)


@given(st.dates(date(2020, 1, 1), date(2099, 1, 1)), st.sampled_from(By), st.booleans())
def test_parts_cover_a_stretch_without_gap_and_overlap(on: date, by: By, has_terms: bool) -> None:
    span = span_of(by, on, TERMS if has_terms else [])

    parts = parts_of(span)

    assert (parts[0][0], parts[-1][1]) == (span.first_on, span.last_on)
    assert all(first <= last for first, last in parts)
    assert all(ended + timedelta(days=1) == begun for (_, ended), (begun, _) in itertools.pairwise(parts))
    assert len(parts) <= 31


@given(st.dates(date(2020, 1, 1), date(2099, 1, 1)), st.sampled_from([By.WEEK, By.MONTH]))
def test_the_stretch_before_the_next_is_the_same(on: date, by: By) -> None:
    span = span_of(by, on, [])
    later = after(span, [])

    assert later is not None
    assert before(later, []) == span


def test_a_term_is_drawn_by_weeks_and_a_year_by_months() -> None:
    assert parts_of(span_of(By.TERM, TERMS[1][0], TERMS))[:2] == [
        (date(2026, 9, 1), date(2026, 9, 6)), (date(2026, 9, 7), date(2026, 9, 13)),
    ]  # fmt: skip
    assert len(parts_of(span_of(By.TERM, TERMS[1][0], []))) == 12
