"""Months: their names, their ends, and when a report of one is due."""

from datetime import date

import pytest

from cloud.reports.errors import MonthRefused
from cloud.reports.months import Month, Timing


@pytest.mark.parametrize(
    ("text", "first_on", "last_on", "due_on"),
    [
        ("2026-08", date(2026, 8, 1), date(2026, 8, 31), date(2026, 9, 5)),
        ("2026-12", date(2026, 12, 1), date(2026, 12, 31), date(2027, 1, 5)),
        ("2028-02", date(2028, 2, 1), date(2028, 2, 29), date(2028, 3, 5)),
    ],
)
def test_a_month_knows_its_days(text: str, first_on: date, last_on: date, due_on: date) -> None:
    month = Month.parse(text)

    assert (month.first_on, month.last_on, month.due_on, str(month)) == (first_on, last_on, due_on, text)
    assert month.after.before == month


@pytest.mark.parametrize("text", ["", "2026-13", "2026-00", "2026-8", "1999-12", "2100-01", "2026-08-01", "٢٠٢٦-٠٨"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(MonthRefused):
        Month.parse(text)


@pytest.mark.parametrize(
    ("day", "timing"),
    [(1, Timing.EARLY), (3, Timing.EARLY), (4, Timing.SOON), (5, Timing.SOON), (6, Timing.LATE), (30, Timing.LATE)],
)
def test_on_the_4th_it_is_soon_and_after_the_5th_late(day: int, timing: Timing) -> None:
    assert Month(2026, 8).timing(date(2026, 9, day)) is timing
