"""Days of many schools at once: a handful of statements whatever their number, remembered for a minute."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import asyncpg

from cloud.core.clock import Clock
from cloud.schools.queries import SCHOOL, SPECIAL, calendar_of, times_of
from cloud.schools.rules import DayPlan, plan_day

REMEMBERED_S = 60.0
REMEMBERED_MAX = 20_000
SchoolOn = tuple[int, date]
_BELLS = "SELECT * FROM bell WHERE school_id = ANY($1)"
_DAYS = f'{SPECIAL} WHERE school_id = ANY($1) AND "on" = ANY($2::date[])'
_NUMBERS = "SELECT id, calendar_number FROM school WHERE id = ANY($1)"
_TERMS = "SELECT * FROM term WHERE school_id = ANY($1)"
_CLASSES = "SELECT * FROM school_class WHERE school_id = ANY($1) AND is_active"
_LESSONS = """
SELECT school_id, school_class_id, weekday, lesson, last_lesson
FROM first_lesson JOIN school_class ON school_class.id = school_class_id
WHERE school_id = ANY($1)
"""


@dataclass(frozen=True, slots=True)
class SchoolDay:
    """A day of a school: where it is, and the plan of each class, of the school itself under None."""

    zone: ZoneInfo
    plans: Mapping[int | None, DayPlan]

    def plan_of(self, class_id: int | None) -> DayPlan:
        """Return the day of a class, or of the school for who is in none of its classes."""
        return self.plans.get(class_id, self.plans[None])


class Plans:
    """Plans of days, asked for many schools at once; bells, terms or days that are set count at once, classes soon."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[SchoolOn, tuple[float, int, SchoolDay]] = {}  # when it was read, and the calendar's number

    async def of(self, connection: asyncpg.Connection, days: Collection[SchoolOn]) -> Mapping[SchoolOn, SchoolDay]:
        """Return these days; none for a school that is no more."""
        now_s = self._clock.monotonic_s()
        numbers = dict(await connection.fetch(_NUMBERS, sorted({school_id for school_id, _ in days})))
        if len(self._known) > REMEMBERED_MAX:
            self._known.clear()
        missing = [each for each in days if each[0] in numbers and not self._is_known(each, numbers, now_s)]
        if missing:
            read = await days_of(connection, missing)
            self._known.update({each: (now_s, numbers[each[0]], day) for each, day in read.items()})
        return {each: self._known[each][2] for each in days if each in self._known}

    def _is_known(self, day: SchoolOn, numbers: Mapping[int, int], now_s: float) -> bool:
        read_s, number, _ = self._known.get(day, (0.0, -1, None))
        return number == numbers[day[0]] and now_s - read_s < REMEMBERED_S


async def days_of(connection: asyncpg.Connection, days: Collection[SchoolOn]) -> dict[SchoolOn, SchoolDay]:
    """Return days of schools as they are now."""
    school_ids, ons = sorted({school_id for school_id, _ in days}), sorted({on for _, on in days})
    schools = await connection.fetch(f"{SCHOOL} WHERE id = ANY($1)", school_ids)
    bells = _by_school(await connection.fetch(_BELLS, school_ids))
    special = _by_school(await connection.fetch(_DAYS, school_ids, ons))
    terms = _by_school(await connection.fetch(_TERMS, school_ids))
    classes = _by_school(await connection.fetch(_CLASSES, school_ids))
    lessons = _by_school(await connection.fetch(_LESSONS, school_ids))
    read: dict[SchoolOn, SchoolDay] = {}
    for school in schools:
        own = school["id"]
        calendar = calendar_of(school, bells.get(own, ()), special.get(own, ()), terms.get(own, ()))
        times = times_of(classes.get(own, ()), lessons.get(own, ()))
        for on in (on for school_id, on in days if school_id == own):
            plans: dict[int | None, DayPlan] = {each: plan_day(calendar, place, on) for each, place in times.items()}
            read[own, on] = SchoolDay(calendar.zone, {None: plan_day(calendar, None, on), **plans})
    return read


def _by_school(rows: Iterable[asyncpg.Record]) -> dict[int, list[asyncpg.Record]]:
    of_schools: dict[int, list[asyncpg.Record]] = {}
    for row in rows:
        of_schools.setdefault(row["school_id"], []).append(row)
    return of_schools
