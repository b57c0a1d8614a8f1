"""Rules of a school's time: which days are school days, and when each class's lessons begin and end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from cloud.core.messages import message
from cloud.schools.errors import SchoolRefused
from cloud.schools.models import DayKind, Weekday

SHIFTS = (1, 2, 3)
EVERY_GRADE = -1
GRADES = range(13)
LESSON_MIN = 40
MINUTES = 24 * 60
LESSONS_OF_DAY, LESSON_MINUTES = range(1, 13), range(10, 61)
LOOKALIKES = str.maketrans("ABCEHKMOPTXY", "АВСЕНКМОРТХУ")


@dataclass(frozen=True, slots=True)
class Ring:
    """One lesson of a shift, in minutes after local midnight."""

    shift: int
    lesson: int
    starts_min: int
    ends_min: int
    grade: int = EVERY_GRADE


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the calendar that is not what its weekday says."""

    kind: DayKind
    lessons_of: Weekday | None = None
    lessons: int | None = None  # of a shortened day: so many of each shift
    lesson_min: int | None = None  # and so many minutes each; breaks stay
    from_min: int | None = None  # nobody begins before it, in minutes after local midnight
    until_min: int | None = None  # and nobody stays after it
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse what no day can be."""
        if self.lessons is not None and self.lessons not in LESSONS_OF_DAY:
            raise SchoolRefused(message("A shortened day has 1 to 12 lessons in each shift."))
        if self.lesson_min is not None and self.lesson_min not in LESSON_MINUTES:
            raise SchoolRefused(message("A lesson of a shortened day takes 10 to 60 minutes."))
        from_min, until_min = self.from_min or 0, MINUTES if self.until_min is None else self.until_min
        if not 0 <= from_min < until_min <= MINUTES:
            raise SchoolRefused(message("Lessons begin before they end, on the same day."))

    @classmethod
    def off(cls, note: str) -> "Day":
        """Return a day without lessons."""
        return cls(DayKind.HOLIDAY, note=note)

    @classmethod
    def other(
        cls, weekday: int | None, lessons: int | None, lesson_min: int | None, hours: tuple[int | None, int | None],
        note: str,
    ) -> "Day":  # fmt: skip
        """Return a day with lessons by another weekday's timetable (1: Monday), fewer, shorter, or within hours."""
        if (weekday, lessons, lesson_min, *hours) == (None,) * 5:
            raise SchoolRefused(message("Say what is otherwise on that day: hours, lessons, or whose weekday."))
        return cls(DayKind.WORKDAY, None if weekday is None else Weekday(weekday), lessons, lesson_min, *hours, note)

    @property
    def is_off(self) -> bool:
        return self.kind is DayKind.HOLIDAY


@dataclass(frozen=True, slots=True)
class Whom:
    """For whom a day of the calendar is another: for one class, for a grade, or for everybody."""

    grade: int = EVERY_GRADE
    class_id: int | None = None


EVERYBODY = Whom()


@dataclass(frozen=True, slots=True)
class Calendar:
    """What is known of a school's time around the days that are asked about."""

    zone: ZoneInfo
    school_days: int
    rings: Sequence[Ring]
    days: Mapping[date, Day] = field(default_factory=dict)  # for everybody
    terms: Sequence[tuple[date, date]] = ()  # none: taught all year
    apart: Mapping[tuple[date, Whom], Day] = field(default_factory=dict)  # for a grade or a class, instead of that

    def usual(self) -> "Calendar":
        """Return the calendar as it were if every day was what its weekday says."""
        return replace(self, days={}, apart={})


@dataclass(frozen=True, slots=True)
class ClassTimes:
    """A class's place in the calendar; `lessons` holds (first, last) of the weekdays that are not its shift's whole."""

    grade: int
    shift: int
    school_days: int | None = None
    lessons: Mapping[Weekday, tuple[int, int]] = field(default_factory=dict)
    class_id: int | None = None


@dataclass(frozen=True, slots=True)
class DayPlan:
    """A class's day: `starts_at` is when its first lesson begins, `ends_at` when its last one ends, aware.

    Both are None where it is no school day, or where the school has given no bells.
    """

    on: date
    is_school_day: bool
    starts_at: datetime | None = None
    ends_at: datetime | None = None


def plan_day(calendar: Calendar, times: ClassTimes | None, on: date) -> DayPlan:
    """Return a class's day; without a class (staff) whether it is a school day at all."""
    special = special_of(calendar, times, on)
    weekday = Weekday(on.isoweekday())
    if special is not None and special.lessons_of is not None:
        weekday = special.lessons_of
    if not _is_school_day(calendar, times, on, weekday, special):
        return DayPlan(on, is_school_day=False)
    if times is None:
        return DayPlan(on, is_school_day=True)
    rings = _rings_of(calendar, times, weekday, special)
    if not rings:
        return DayPlan(on, is_school_day=True)
    starts_min, ends_min = _hours(rings, special)
    if starts_min >= ends_min:  # all lessons of the class lie outside of the day's hours
        return DayPlan(on, is_school_day=False)
    return DayPlan(on, True, _instant(on, starts_min, calendar.zone), _instant(on, ends_min, calendar.zone))


@dataclass(frozen=True, slots=True)
class DayLessons:
    """The lessons that a class has on a day, and by which weekday's timetable."""

    weekday: Weekday
    rings: Sequence[Ring]


def lessons_on(calendar: Calendar, times: ClassTimes, on: date) -> DayLessons | None:
    """Return the lessons of a class on a day, within the day's hours; None where it is no school day."""
    special = special_of(calendar, times, on)
    weekday = Weekday(on.isoweekday())
    if special is not None and special.lessons_of is not None:
        weekday = special.lessons_of
    if not _is_school_day(calendar, times, on, weekday, special):
        return None
    rings = sorted(_rings_of(calendar, times, weekday, special), key=lambda ring: ring.lesson)
    if special is None or not rings:
        return DayLessons(weekday, rings)
    from_min, until_min = _hours(rings, special)
    within = [
        replace(ring, starts_min=max(ring.starts_min, from_min), ends_min=min(ring.ends_min, until_min))
        for ring in rings if ring.ends_min > from_min and ring.starts_min < until_min
    ]  # fmt: skip
    return DayLessons(weekday, within)


def usual_week(calendar: Calendar, times: ClassTimes) -> dict[int, list[Ring]]:
    """Return the lessons of a class's usual week by weekday."""
    days = range(1, (times.school_days or calendar.school_days) + 1)
    return {
        day: sorted(_rings_of(calendar, times, Weekday(day), None), key=lambda ring: ring.lesson) for day in days
    }  # fmt: skip


def special_of(calendar: Calendar, times: ClassTimes | None, on: date) -> Day | None:
    """Return what a day is for a class where it is not what its weekday says: its own, its grade's, or everybody's."""
    everybodys = calendar.days.get(on)
    if times is None:
        return everybodys
    own = calendar.apart.get((on, Whom(class_id=times.class_id)))
    return own or calendar.apart.get((on, Whom(times.grade))) or everybodys


def check_rings(rings: Sequence[Ring]) -> None:
    """Raise SchoolRefused unless every shift's lessons follow one another within a day."""
    for shift, grade in {(ring.shift, ring.grade) for ring in rings}:
        own = sorted(
            (ring for ring in rings if (ring.shift, ring.grade) == (shift, grade)), key=lambda ring: ring.lesson
        )
        ends_min = 0
        for number, ring in enumerate(own, 1):
            is_next = ring.lesson == number and ends_min <= ring.starts_min < ring.ends_min <= MINUTES
            if shift not in SHIFTS or not is_next:
                raise SchoolRefused(
                    message(
                        "Bells of shift {shift}: lesson {lesson} must begin after the one before it, and end that day.",
                        shift=shift, lesson=ring.lesson,
                    )
                )  # fmt: skip
            ends_min = ring.ends_min


def usual_rings(shift: int, first: time, lessons: int, lesson_min: int = LESSON_MIN, break_min: int = 5) -> list[Ring]:
    """Return the bells of a shift with equal lessons and breaks, the third break 15 minutes long."""
    rings, starts_min = [], first.hour * 60 + first.minute
    for lesson in range(1, lessons + 1):
        rings.append(Ring(shift, lesson, starts_min, starts_min + lesson_min))
        starts_min += lesson_min + (15 if lesson == 3 else break_min)
    return rings


def normal_letter(letter: str) -> str:
    """Return a class's letter in capitals; a Latin one that looks like a Cyrillic letter becomes that."""
    return letter.upper().translate(LOOKALIKES)


def _is_school_day(
    calendar: Calendar, times: ClassTimes | None, on: date, weekday: Weekday, special: Day | None
) -> bool:  # fmt: skip
    if special is not None:
        return special.kind is DayKind.WORKDAY
    if calendar.terms and not any(first <= on <= last for first, last in calendar.terms):
        return False
    own_days = times.school_days if times else None
    return weekday <= (own_days or calendar.school_days)


def _hours(rings: Sequence[Ring], special: Day | None) -> tuple[int, int]:
    starts_min, ends_min = min(ring.starts_min for ring in rings), max(ring.ends_min for ring in rings)
    if special is None:
        return starts_min, ends_min
    until_min = MINUTES if special.until_min is None else special.until_min
    return max(starts_min, special.from_min or 0), min(ends_min, until_min)


def _rings_of(calendar: Calendar, times: ClassTimes, weekday: Weekday, special: Day | None) -> list[Ring]:
    shift = [ring for ring in calendar.rings if ring.shift == times.shift]
    own = [ring for ring in shift if ring.grade == times.grade]
    rings = own or [ring for ring in shift if ring.grade == EVERY_GRADE]
    if special is not None:
        rings = _shortened(rings, special)
    if weekday not in times.lessons:
        return rings
    first, last = times.lessons[weekday]
    return [ring for ring in rings if first <= ring.lesson <= last]


def _shortened(rings: Sequence[Ring], day: Day) -> list[Ring]:
    """Return a shift's lessons on a shortened day: the first ones, each as short, one after another with its breaks."""
    kept, saved_min = [], 0
    for ring in sorted(rings, key=lambda ring: ring.lesson):
        if day.lessons is not None and ring.lesson > day.lessons:
            break
        length_min = ring.ends_min - ring.starts_min
        short_min = min(length_min, day.lesson_min or length_min)
        starts_min = ring.starts_min - saved_min
        kept.append(replace(ring, starts_min=starts_min, ends_min=starts_min + short_min))
        saved_min += length_min - short_min
    return kept


def _instant(on: date, minute: int, zone: ZoneInfo) -> datetime:
    hour, rest = divmod(min(minute, MINUTES - 1), 60)
    return datetime.combine(on, time(hour, rest), zone)
