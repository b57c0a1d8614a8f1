"""Stretches of days, and the parts of their charts."""

from datetime import date, timedelta

import pytest

from cloud.statistics.spans import By, stretch_of

TUESDAY = date(2026, 9, 1)


@pytest.mark.parametrize(
    ("by", "first_on", "last_on", "earlier", "parts"),
    [
        (By.DAY, TUESDAY, TUESDAY, date(2026, 8, 31), 14),
        (By.WEEK, date(2026, 8, 31), date(2026, 9, 6), date(2026, 8, 24), 7),
        (By.MONTH, TUESDAY, date(2026, 9, 30), date(2026, 8, 1), 30),
        (By.YEAR, TUESDAY, date(2027, 8, 31), date(2025, 9, 1), 12),
    ],
)
def test_a_stretch_begins_ends_and_has_parts(by: By, first_on: date, last_on: date, earlier: date, parts: int) -> None:
    stretch = stretch_of(by, TUESDAY)

    assert (stretch.first_on, stretch.last_on, stretch.earlier.first_on) == (first_on, last_on, earlier)
    assert stretch.earlier.later == stretch
    assert len(stretch.parts) == parts
    assert (stretch.parts[0].first_on, stretch.parts[-1].last_on) == (stretch.drawn_from, last_on)
    days = [each.first_on for each in stretch.parts]
    assert all(each.last_on + timedelta(days=1) == after for each, after in zip(stretch.parts, days[1:], strict=False))


def test_another_stretch_is_opened_at_its_day_that_is_nearest_to_today() -> None:
    month = stretch_of(By.MONTH, TUESDAY)

    assert month.within(date(2026, 9, 20)) == date(2026, 9, 20)
    assert month.within(date(2026, 12, 1)) == date(2026, 9, 30)
