"""How long money lasts: by the pace of the last school days, over the calendar that comes."""

from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.meals.forecast import PACE_DAYS, Forecast, forecast

TODAY = date(2026, 9, 21)
TAUGHT = [TODAY - timedelta(days=number) for number in range(PACE_DAYS, 0, -1)]
COMING = [TODAY + timedelta(days=number) for number in (0, 1, 2, 7, 8)]  # a weekend and a holiday between


def each_day(tiyn: int) -> Mapping[date, int]:
    return dict.fromkeys(TAUGHT, tiyn)


@pytest.mark.parametrize(
    ("held", "days", "last_on", "is_beyond"),
    [
        (57_700, 1, COMING[0], False),
        (57_699, 0, None, False),
        (57_700 * 4 - 1, 3, COMING[2], False),
        (57_700 * 4, 4, COMING[3], False),
        (57_700 * 5, 5, COMING[4], True),
        (10**9, 5, COMING[4], True),
        (0, 0, None, False),
        (-5_000, 0, None, False),
    ],
)
def test_money_lasts_as_many_school_days_as_it_is_enough_for(
    held: int, days: int, last_on: date | None, is_beyond: bool
) -> None:
    told = forecast(held, each_day(57_700), TAUGHT, COMING)

    assert told == Forecast(57_700, days, last_on, is_beyond)


def test_days_without_a_meal_slow_the_pace_and_older_days_do_not_count() -> None:
    spent = {TAUGHT[0]: 30_000, TAUGHT[4]: 30_000, TAUGHT[9]: 30_001, TODAY - timedelta(days=30): 900_000}

    told = forecast(100_000, spent, TAUGHT, COMING)

    assert told is not None
    assert told.pace_tiyn == 9_001  # of ten days, never rounded down


def test_who_spent_on_too_few_days_has_no_pace() -> None:
    assert forecast(100_000, {TAUGHT[0]: 500, TAUGHT[1]: 500}, TAUGHT, COMING) is None
    assert forecast(100_000, {}, TAUGHT, COMING) is None
    assert forecast(100_000, each_day(500), [], COMING) is None
    assert forecast(100_000, each_day(500), TAUGHT, []) is None
    assert forecast(100_000, each_day(-500), TAUGHT, COMING) is None


@given(
    st.integers(-(10**9), 10**9), st.lists(st.integers(0, 10**6), min_size=PACE_DAYS, max_size=PACE_DAYS),
    st.integers(0, 5),
)  # fmt: skip
def test_what_is_foretold_is_held_and_a_day_more_is_not(held: int, amounts: list[int], coming: int) -> None:
    told = forecast(held, dict(zip(TAUGHT, amounts, strict=True)), TAUGHT, COMING[:coming])

    if told is not None:
        assert told.days * told.pace_tiyn <= max(0, held)
        assert told.is_beyond or (told.days + 1) * told.pace_tiyn > held
