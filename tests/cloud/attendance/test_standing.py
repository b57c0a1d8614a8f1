"""Where a person stands: a table of what was seen, what was planned, and when it is asked."""

from datetime import UTC, date, datetime, timedelta

import pytest

from cloud.attendance.standing import Came, Standing, is_delayed, is_rough, standing_of
from cloud.schools.rules import DayPlan

ON = date(2026, 9, 1)
BELL = datetime(2026, 9, 1, 3, 0, tzinfo=UTC)
LESSONS = DayPlan(ON, True, BELL, BELL + timedelta(hours=5))
NO_LESSONS = DayPlan(ON, is_school_day=False)
NO_BELLS = DayPlan(ON, is_school_day=True)
BEFORE, AFTER = BELL - timedelta(minutes=1), BELL + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("came", "plan", "now", "standing"),
    [
        (Came(BEFORE, None, True), LESSONS, AFTER, Standing.INSIDE),
        (Came(BEFORE, AFTER, False), LESSONS, AFTER, Standing.LEFT),
        (Came(None, AFTER, False), LESSONS, AFTER, Standing.LEFT),
        (Came(), LESSONS, BEFORE, Standing.EXPECTED),
        (Came(), LESSONS, BELL, Standing.ABSENT),
        (Came(), LESSONS, AFTER, Standing.ABSENT),
        (Came(), NO_LESSONS, AFTER, Standing.OFF),
        (Came(), NO_BELLS, AFTER, Standing.AWAY),
        (Came(BEFORE, None, True), NO_LESSONS, AFTER, Standing.INSIDE),
    ],
)
def test_a_standing_follows_from_what_was_seen_and_planned(
    came: Came, plan: DayPlan, now: datetime, standing: Standing
) -> None:
    assert standing_of(came, plan, now) is standing


def test_a_record_is_delayed_when_it_took_more_than_a_minute() -> None:
    assert [is_delayed(BELL, BELL + timedelta(seconds=seconds)) for seconds in (-5, 0, 60, 61)] == [
        False, False, False, True,
    ]  # fmt: skip


def test_a_time_is_rough_when_the_clock_had_no_source() -> None:
    assert [clock for clock in ("rtc", "ntp", "hub", "floor", "none") if is_rough(clock)] == ["floor", "none"]
