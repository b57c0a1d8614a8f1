"""A demonstration school's bells, laid around now, so that its morning happens before the eyes of who watches."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from simulators.demo_people import DemoPerson
from simulators.school import MINUTE_MS, Member

ZONE = "Asia/Almaty"
LESSONS, LESSON_MIN, BREAK_MIN = 3, 5, 2  # short, so that somebody comes or goes at any minute
SHIFTS_AFTER_MIN = {1: 8, 2: 28}  # minutes from the beginning to the first bell of each shift
DAY_MIN = 24 * 60
LENGTH_MIN = 90
EARLIEST_MIN, MORNING_HOUR = 5 * 60, 7


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson of a shift, in local minutes after midnight."""

    shift: int
    lesson: int
    starts_min: int
    ends_min: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Where and when the demonstration takes place; `begins_ms` is after local midnight, when it was planned."""

    zone: str
    today: date
    begins_ms: int
    lessons: Sequence[Lesson]

    def first_min(self, shift: int) -> int:
        """Return when a shift's first lesson begins."""
        return min(lesson.starts_min for lesson in self.lessons if lesson.shift == shift)

    def last_min(self, shift: int) -> int:
        """Return when a shift's last lesson ends."""
        return max(lesson.ends_min for lesson in self.lessons if lesson.shift == shift)

    def since_midnight_ms(self, now: datetime) -> int:
        """Return how long after the day's local midnight an aware instant is."""
        return _since_midnight_ms(now.astimezone(ZoneInfo(self.zone)))

    def members(self, people: Sequence[DemoPerson]) -> list[Member]:
        """Return the people as the street sees them; staff keep the hours of the first shift."""
        return [self._member(person) for person in people]

    def _member(self, person: DemoPerson) -> Member:
        shift = person.school_class[2] if person.school_class is not None else 1
        family = person.guardian.phone if person.guardian is not None else ""
        return Member(
            person.number, person.uid, self.first_min(shift), self.last_min(shift), family, staff=person.is_staff
        )


def plan_around(now: datetime) -> Plan:
    """Return the plan of a demonstration that begins at an aware instant.

    Its zone is Kazakhstan's. Where it is night there, it is one in which it is morning: a day must not end meanwhile.
    """
    zone = ZONE
    if not EARLIEST_MIN <= _minute(now.astimezone(ZoneInfo(zone))) <= DAY_MIN - LENGTH_MIN:
        ahead = (MORNING_HOUR - now.astimezone(ZoneInfo("UTC")).hour + 12) % 24 - 12
        zone = f"Etc/GMT{'-' if ahead >= 0 else '+'}{abs(ahead)}"  # these names count westwards
    local = now.astimezone(ZoneInfo(zone))
    begins_ms = _since_midnight_ms(local)
    return Plan(zone, local.date(), begins_ms, _lessons(begins_ms // MINUTE_MS))


def _since_midnight_ms(local: datetime) -> int:
    return round((local - local.replace(hour=0, minute=0, second=0, microsecond=0)) / timedelta(milliseconds=1))


def _minute(local: datetime) -> int:
    return local.hour * 60 + local.minute


def _lessons(begins_min: int) -> list[Lesson]:
    lessons = []
    for shift, after_min in SHIFTS_AFTER_MIN.items():
        for number in range(LESSONS):
            starts_min = begins_min + after_min + number * (LESSON_MIN + BREAK_MIN)
            lessons.append(Lesson(shift, number + 1, starts_min, starts_min + LESSON_MIN))
    return lessons
