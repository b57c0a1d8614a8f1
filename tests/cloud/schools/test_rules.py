"""A class's day, as tables of cases: weeks, holidays, terms, shifts, bells of a grade, late first lessons."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from cloud.schools.errors import SchoolRefused
from cloud.schools.models import DayKind, Weekday
from cloud.schools.rules import Calendar, ClassTimes, Day, Ring, Whom, check_rings, plan_day, usual_rings

ALMATY = ZoneInfo("Asia/Almaty")
FRIDAY, SATURDAY, SUNDAY = date(2026, 9, 4), date(2026, 9, 5), date(2026, 9, 6)
RINGS = [*usual_rings(1, time(8, 0), 6), *usual_rings(2, time(14, 0), 6), *usual_rings(3, time(18, 30), 4)]


def calendar(**over: object) -> Calendar:
    return Calendar(**{"zone": ALMATY, "school_days": 5, "rings": RINGS, **over})  # type: ignore[arg-type]


def local(plan_at: datetime | None) -> str:
    return plan_at.astimezone(ALMATY).strftime("%H:%M") if plan_at else ""


@pytest.mark.parametrize(
    ("shift", "starts", "ends"), [(1, "08:00", "12:35"), (2, "14:00", "18:35"), (3, "18:30", "21:35")]
)
def test_each_shift_has_its_own_first_and_last_bell(shift: int, starts: str, ends: str) -> None:
    plan = plan_day(calendar(), ClassTimes(5, shift), FRIDAY)

    assert plan.is_school_day
    assert (local(plan.starts_at), local(plan.ends_at)) == (starts, ends)


def test_instants_are_aware_and_five_hours_ahead_of_utc() -> None:
    plan = plan_day(calendar(), ClassTimes(5, 1), FRIDAY)

    assert plan.starts_at == datetime(2026, 9, 4, 3, 0, tzinfo=UTC)


def test_a_class_that_begins_with_its_third_lesson_is_not_late_at_the_first_bell() -> None:
    times = ClassTimes(5, 1, lessons={Weekday.FRIDAY: (3, 5)})

    assert local(plan_day(calendar(), times, FRIDAY).starts_at) == "09:30"
    assert local(plan_day(calendar(), times, FRIDAY).ends_at) == "11:50"


def test_a_grade_with_bells_of_its_own_follows_those() -> None:
    own = [Ring(1, 1, 510, 545, grade=1), Ring(1, 2, 555, 590, grade=1)]

    assert local(plan_day(calendar(rings=[*RINGS, *own]), ClassTimes(1, 1), FRIDAY).ends_at) == "09:50"
    assert local(plan_day(calendar(rings=[*RINGS, *own]), ClassTimes(2, 1), FRIDAY).ends_at) == "12:35"


@pytest.mark.parametrize(
    ("on", "school_days", "own_days", "expected"),
    [
        (FRIDAY, 5, None, True),
        (SATURDAY, 5, None, False),
        (SATURDAY, 6, None, True),
        (SATURDAY, 6, 5, False),
        (SUNDAY, 6, None, False),
    ],
)
def test_weeks_have_five_or_six_days_and_a_class_may_have_fewer(
    on: date, school_days: int, own_days: int | None, expected: bool
) -> None:
    plan = plan_day(calendar(school_days=school_days), ClassTimes(1, 1, own_days), on)

    assert plan.is_school_day is expected
    assert (plan.starts_at is not None) is expected


def test_a_holiday_is_no_school_day_and_a_saturday_may_be_worked_by_mondays_lessons() -> None:
    days = {FRIDAY: Day(DayKind.HOLIDAY), SATURDAY: Day(DayKind.WORKDAY, Weekday.MONDAY)}
    times = ClassTimes(5, 1, lessons={Weekday.MONDAY: (2, 6)})

    assert not plan_day(calendar(days=days), times, FRIDAY).is_school_day
    assert local(plan_day(calendar(days=days), times, SATURDAY).starts_at) == "08:45"


@pytest.mark.parametrize(
    ("day", "times", "starts", "ends"),
    [
        (Day(DayKind.WORKDAY, lessons=4), ClassTimes(5, 1), "08:00", "11:05"),
        (Day(DayKind.WORKDAY, lesson_min=30), ClassTimes(5, 1), "08:00", "11:35"),
        (Day(DayKind.WORKDAY, lessons=3, lesson_min=30), ClassTimes(5, 2), "14:00", "15:40"),
        (Day(DayKind.WORKDAY, lesson_min=30), ClassTimes(5, 1, lessons={Weekday.FRIDAY: (3, 5)}), "09:10", "11:00"),
        (Day(DayKind.WORKDAY, lessons=2), ClassTimes(5, 1, lessons={Weekday.FRIDAY: (3, 5)}), "", ""),
        (Day(DayKind.WORKDAY, lesson_min=60), ClassTimes(5, 1), "08:00", "12:35"),
    ],
)
def test_a_shortened_day_has_fewer_lessons_or_shorter_ones(day: Day, times: ClassTimes, starts: str, ends: str) -> None:
    plan = plan_day(calendar(days={FRIDAY: day}), times, FRIDAY)

    assert plan.is_school_day
    assert (local(plan.starts_at), local(plan.ends_at)) == (starts, ends)


@pytest.mark.parametrize(("lessons", "lesson_min"), [(0, None), (13, None), (None, 9), (None, 61)])
def test_a_day_shortened_to_nothing_is_refused(lessons: int | None, lesson_min: int | None) -> None:
    with pytest.raises(SchoolRefused):
        Day(DayKind.WORKDAY, lessons=lessons, lesson_min=lesson_min)


def test_outside_of_terms_nobody_is_awaited() -> None:
    terms = [(date(2026, 9, 1), date(2026, 9, 3))]

    assert not plan_day(calendar(terms=terms), ClassTimes(5, 1), FRIDAY).is_school_day
    assert plan_day(calendar(terms=terms), ClassTimes(5, 1), date(2026, 9, 3)).is_school_day


def test_staff_and_schools_without_bells_have_a_day_without_lessons() -> None:
    assert plan_day(calendar(), None, FRIDAY).is_school_day
    assert plan_day(calendar(), None, FRIDAY).starts_at is None
    assert plan_day(calendar(rings=[]), ClassTimes(5, 1), FRIDAY).starts_at is None


@pytest.mark.parametrize(
    "rings",
    [
        [Ring(1, 1, 480, 480)],
        [Ring(1, 1, 480, 525), Ring(1, 2, 520, 560)],
        [Ring(1, 1, 480, 525), Ring(1, 3, 530, 560)],
        [Ring(4, 1, 480, 525)],
        [Ring(1, 1, 1400, 1441)],
    ],
)
def test_bells_that_cannot_ring_are_refused(rings: list[Ring]) -> None:
    with pytest.raises(SchoolRefused):
        check_rings(rings)


def test_the_zone_of_kazakhstan_is_five_hours_ahead_since_march_2024() -> None:
    assert datetime(2026, 1, 1, tzinfo=ALMATY).utcoffset() == datetime(2026, 7, 1, tzinfo=ALMATY).utcoffset()
    assert datetime(2026, 7, 1, tzinfo=ALMATY).strftime("%z") == "+0500"


HALF_NINE, NOON = 9 * 60 + 30, 12 * 60


@pytest.mark.parametrize(
    ("day", "shift", "starts", "ends"),
    [
        (Day(DayKind.WORKDAY, from_min=HALF_NINE), 1, "09:30", "12:35"),
        (Day(DayKind.WORKDAY, from_min=HALF_NINE), 2, "14:00", "18:35"),
        (Day(DayKind.WORKDAY, until_min=NOON), 1, "08:00", "12:00"),
        (Day(DayKind.WORKDAY, until_min=NOON), 2, "", ""),  # all of its lessons are later: it has none
        (Day(DayKind.WORKDAY, lessons=3, until_min=NOON), 1, "08:00", "10:10"),
        (Day(DayKind.WORKDAY, lesson_min=30, from_min=HALF_NINE), 1, "09:30", "11:35"),
        (Day(DayKind.WORKDAY, from_min=13 * 60), 1, "", ""),
    ],
)
def test_a_day_has_hours_within_which_all_lessons_lie(day: Day, shift: int, starts: str, ends: str) -> None:
    plan = plan_day(calendar(days={FRIDAY: day}), ClassTimes(5, shift), FRIDAY)

    assert (local(plan.starts_at), local(plan.ends_at)) == (starts, ends)
    assert plan.is_school_day is bool(starts)


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (ClassTimes(5, 1, class_id=51), "10:10"),  # its own
        (ClassTimes(5, 1, class_id=52), ""),  # its grade's
        (ClassTimes(6, 1, class_id=61), "12:00"),  # everybody's
    ],
)
def test_what_is_set_for_a_class_holds_before_its_grades_and_everybodys(times: ClassTimes, expected: str) -> None:
    apart = {
        (FRIDAY, Whom(5)): Day(DayKind.HOLIDAY),
        (FRIDAY, Whom(class_id=51)): Day(DayKind.WORKDAY, lessons=3),
        (SATURDAY, Whom(6)): Day(DayKind.WORKDAY),
    }
    other = calendar(days={FRIDAY: Day(DayKind.WORKDAY, until_min=NOON)}, apart=apart)

    assert local(plan_day(other, times, FRIDAY).ends_at) == expected
    assert plan_day(other, None, FRIDAY).is_school_day


@pytest.mark.parametrize(("from_min", "until_min"), [(600, 600), (600, 540), (-1, None), (None, 1441), (1440, None)])
def test_hours_that_no_day_has_are_refused(from_min: int | None, until_min: int | None) -> None:
    with pytest.raises(SchoolRefused):
        Day(DayKind.WORKDAY, from_min=from_min, until_min=until_min)
