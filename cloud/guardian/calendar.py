"""A child's month: what each day was, by the gates, the class register and the school's calendar; and one day of it.

Rule: a day is called missed only where a gate of the school told of anybody; else nothing is known of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from cloud.absences.queries import excused_days
from cloud.attendance.months import DayCame, came_between, days_told
from cloud.attendance.queries import days_of
from cloud.attendance.standing import Came
from cloud.core.services import Services
from cloud.guardian.day_line import DayLine, line, steps_seen
from cloud.guardian.queries import Child
from cloud.meals.days import taken_on
from cloud.people.kinds import FamilyRight
from cloud.register.kinds import Said, Says
from cloud.register.queries import said_of
from cloud.schools.calendar import OtherDay, other_days
from cloud.schools.queries import school_days

FIRST_YEAR, LAST_YEAR = 2020, 2099
WEEK = 7
AHEAD = "ahead"  # a school day to come: of it there is nothing to say yet
SHOWN = ("at_school", "late", "missed")  # as tiles above the month


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the days of a month."""

    today: date
    came: Mapping[date, DayCame]
    said: Mapping[date, Said]
    school_days: frozenset[date]
    told: frozenset[date]
    excused: frozenset[date] = frozenset()  # by the family's word, or by a trip


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day with the code of its sign, and how the child came and went."""

    on: date
    code: str
    came: Came
    is_today: bool


@dataclass(frozen=True, slots=True)
class Month:
    """Weeks of a month from Monday on; None fills the first and the last one."""

    first_on: date
    weeks: Sequence[Sequence[CalendarDay | None]]
    others: Mapping[date, OtherDay] = field(default_factory=dict)  # that are not what their weekday says

    @property
    def days(self) -> list[CalendarDay]:
        return [day for week in self.weeks for day in week if day is not None]

    def count(self, what: str) -> int:
        """Return how many days are of a kind of SHOWN; who came late was at school."""
        return sum(what in kinds_of(day.code) for day in self.days)


def kinds_of(code: str) -> frozenset[str]:
    """Return as what of SHOWN a day counts."""
    if code in {"at_school", "late"}:
        return frozenset({"at_school", code})
    is_missed = code in {"unseen", "excused"} or code.startswith("register_absent")
    return frozenset({"missed"}) if is_missed else frozenset()


def code_of(on: date, known: Known) -> str:
    """Return the code of a day's sign."""
    if came := known.came.get(on):
        return "late" if came.late_min else "at_school"
    said = known.said.get(on, Said())
    if said.says is Says.PRESENT:
        return "register_present_but_unseen"
    if said.says is not Says.UNSAID:
        return f"register_{said.code}"
    if on not in known.school_days:
        return "off"
    return _unseen(on, known)


def _unseen(on: date, known: Known) -> str:
    """Return the code of a school day on which no gate saw the child, and nobody said anything in class."""
    if on in known.excused:
        return "excused" if on < known.today else "excused_ahead"
    if on >= known.today:
        return AHEAD
    return "unseen" if on in known.told else "unknown"


def month_of(on: date) -> tuple[date, date]:
    """Return the first and the last day of a day's month."""
    following = (on.replace(day=1) + timedelta(days=32)).replace(day=1)
    return on.replace(day=1), following - timedelta(days=1)


def month_in(text: str, today: date) -> date:
    """Return the first day of the month that a page asks for as 2026-09; this month for what is none."""
    year, _, number = text.partition("-")
    if not (
        year.isdecimal() and number.isdecimal() and FIRST_YEAR <= int(year) <= LAST_YEAR and 1 <= int(number) <= 12
    ):
        return today.replace(day=1)
    return date(int(year), int(number), 1)


def laid_out(first_on: date, last_on: date, known: Known) -> Month:
    """Return a month in weeks."""
    days = [first_on + timedelta(days=number) for number in range((last_on - first_on).days + 1)]
    cells: list[CalendarDay | None] = [None] * first_on.weekday()
    nothing = DayCame(Came(), 0)
    cells += [CalendarDay(on, code_of(on, known), known.came.get(on, nothing).came, on == known.today) for on in days]
    cells += [None] * (-len(cells) % WEEK)
    return Month(first_on, [cells[start : start + WEEK] for start in range(0, len(cells), WEEK)])


async def calendar_of(services: Services, child: Child, on: date) -> Month:
    """Return a child's month. Whether the reader may see it is the caller's to check."""
    first_on, last_on = month_of(on)
    said = await said_of(services, [child.id], first_on, last_on)
    known = Known(
        today=child.on,
        came=await came_between(services, child.id, first_on, last_on),
        said=said.get(child.ref, {}),
        school_days=frozenset(await school_days(services, child.school_id, first_on, last_on, child.class_id)),
        told=await days_told(services, child.school_id, first_on, last_on),
        excused=await excused_days(services, child.id, first_on, last_on),
    )
    others = await other_days(services, child.school_id, child.class_id, first_on, last_on)
    return replace(laid_out(first_on, last_on, known), others=others)


@dataclass(frozen=True, slots=True)
class DayTold:
    """One day of a child: the line, and what was said in class."""

    line: DayLine
    said: Said | None


async def day_told(services: Services, child: Child, on: date) -> DayTold:
    """Return one day of a child, whether long ago or today. Whether the reader may see it is the caller's to check."""
    taps = (await days_of(services, [child.id], on, on)).get(child.ref, {}).get(on, [])
    eats = FamilyRight.MEALS in child.rights
    taken = (await taken_on(services.database.pool, [(child.id, on)])).get((child.id, on), []) if eats else []
    came = (await came_between(services, child.id, on, on)).get(on, DayCame(Came(), 0)).came
    said = (await said_of(services, [child.id], on, on)).get(child.ref, {}).get(on)
    return DayTold(line(came, taps, taken, steps_seen(child), is_over=on < child.on), said)
