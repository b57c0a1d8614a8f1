"""A child's month: what each day is called, and how it is laid out in weeks."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from cloud.attendance.months import DayCame
from cloud.attendance.standing import Came
from cloud.guardian.calendar import AHEAD, Known, code_of, laid_out, month_in, month_of
from cloud.register.kinds import Reason, Said, Says

TODAY = date(2026, 9, 16)
DAY = date(2026, 9, 15)
CAME = DayCame(Came(datetime(2026, 9, 15, 3, tzinfo=UTC), None, is_inside=True), 0)
LATE = DayCame(CAME.came, 7)
NOTHING = Known(TODAY, {}, {}, frozenset(), frozenset())
LESSONS = frozenset({DAY, TODAY, TODAY + timedelta(days=1)})


@pytest.mark.parametrize(
    ("on", "known", "code"),
    [
        (DAY, Known(TODAY, {DAY: CAME}, {}, LESSONS, LESSONS), "at_school"),
        (DAY, Known(TODAY, {DAY: LATE}, {}, LESSONS, LESSONS), "late"),
        (DAY, Known(TODAY, {DAY: CAME}, {DAY: Said(Says.ABSENT, Reason.ILL)}, LESSONS, LESSONS), "at_school"),
        (DAY, Known(TODAY, {}, {DAY: Said(Says.ABSENT, Reason.ILL)}, LESSONS, LESSONS), "register_absent_ill"),
        (DAY, Known(TODAY, {}, {DAY: Said(Says.AWAY)}, LESSONS, LESSONS), "register_away"),
        (DAY, Known(TODAY, {}, {DAY: Said(Says.PRESENT)}, LESSONS, LESSONS), "register_present_but_unseen"),
        (DAY, Known(TODAY, {}, {}, LESSONS, LESSONS), "unseen"),
        (DAY, Known(TODAY, {}, {}, LESSONS, frozenset()), "unknown"),  # no gate told of anybody
        (DAY, replace(NOTHING, school_days=LESSONS, told=LESSONS, excused=LESSONS), "excused"),
        (TODAY, replace(NOTHING, school_days=LESSONS, excused=LESSONS), "excused_ahead"),
        (DAY, replace(NOTHING, excused=LESSONS), "off"),
        (DAY, Known(TODAY, {DAY: CAME}, {}, LESSONS, LESSONS, LESSONS), "at_school"),
        (DAY, Known(TODAY, {}, {DAY: Said(Says.AWAY)}, LESSONS, LESSONS, LESSONS), "register_away"),
        (DAY, NOTHING, "off"),
        (DAY, Known(TODAY, {DAY: CAME}, {}, frozenset(), LESSONS), "at_school"),  # came on a day without lessons
        (TODAY, Known(TODAY, {}, {}, LESSONS, LESSONS), AHEAD),  # the day is not over: nothing is missed
        (TODAY + timedelta(days=1), Known(TODAY, {}, {}, LESSONS, frozenset()), AHEAD),
        (TODAY + timedelta(days=2), NOTHING, "off"),
    ],
)
def test_a_day_is_called_by_what_is_known_of_it(on: date, known: Known, code: str) -> None:
    assert code_of(on, known) == code


@pytest.mark.parametrize(
    ("month", "weeks", "before"), [(date(2026, 9, 1), 5, 1), (date(2027, 2, 1), 4, 0), (date(2026, 8, 1), 6, 5)]
)
def test_weeks_begin_on_monday_and_hold_each_day_once(month: date, weeks: int, before: int) -> None:
    first_on, last_on = month_of(month)

    laid = laid_out(first_on, last_on, NOTHING)

    assert [len(week) for week in laid.weeks] == [7] * weeks
    assert laid.weeks[0][:before] == [None] * before
    assert [each.on for each in laid.days] == [first_on + timedelta(days=n) for n in range(last_on.day)]
    assert all(day is None or day.on.weekday() == place for week in laid.weeks for place, day in enumerate(week))


def test_the_figures_count_who_came_late_as_at_school_and_what_is_unknown_as_nothing() -> None:
    days = [TODAY - timedelta(days=number) for number in range(1, 6)]
    known = Known(
        TODAY, {days[0]: CAME, days[1]: LATE}, {days[2]: Said(Says.ABSENT, Reason.FAMILY)}, frozenset(days),
        frozenset({days[3]}),
    )  # fmt: skip

    month = laid_out(*month_of(TODAY), known)

    assert [month.count(each) for each in ("at_school", "late", "missed")] == [2, 1, 2]


@pytest.mark.parametrize(
    ("text", "month"),
    [("2026-02", (2026, 2)), ("", (2026, 9)), ("2026-13", (2026, 9)), ("1999-01", (2026, 9)), ("x-y", (2026, 9)),
     ("2026-0²", (2026, 9)), ("2026", (2026, 9))],
)  # fmt: skip
def test_a_month_that_is_none_is_this_month(text: str, month: tuple[int, int]) -> None:
    assert month_in(text, TODAY) == date(*month, 1)
