"""What is checked of plans: hours against weeks, units against hours, and what classes are taught. Pure.

Rule: what cannot be is refused; what does not fit together is told, and the school decides.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from cloud.core.messages import Message, message
from cloud.core.texts import one_line
from cloud.curriculum.errors import PlanRefused
from cloud.curriculum.kinds import TEACHING, ThemeKind
from cloud.schools.rules import GRADES
from cloud.studies.rules import days_of, year_of

TITLE_MAX, PAPER_MAX, NAME_MAX, THEME_MAX = 120, 120, 120, 200
WEEKS = range(1, 53)
HALF_HOURS = range(1, 41)
YEAR_HOURS = range(1, 1_001)
UNIT_HOURS, THEME_HOURS = range(1, 501), range(1, 101)
UNITS_MAX, THEMES_MAX = 40, 400
WEEKDAYS, HALF_A_WEEK = 5, 3
# A whole rate of a teacher of general secondary education, hours a week: Law "On the Status of the Teacher" No. 293-VI
# of 27 December 2019.
NORM_BY_LAW = 16
NORMS = range(1, 41)


@dataclass(frozen=True, slots=True)
class PlanGiven:
    """The heading of a plan."""

    title: str
    year: int
    grade: int
    language: str  # of teaching
    weeks: int
    paper: str = ""
    approved_by: str = ""
    approved_on: date | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of a subject, with its hours in the year."""

    title: str
    hours: int


@dataclass(frozen=True, slots=True)
class Theme:
    """A line of a thematic plan: one theme, so many hours, in a week of teaching if it is said which."""

    unit: str
    title: str
    hours: int
    week: int | None = None
    kind: ThemeKind = ThemeKind.LESSON


class Differs(StrEnum):
    """How a class differs from its plan in a subject."""

    MISSING = "missing"  # nobody teaches it
    OTHER = "other"  # in other hours
    MORE = "more"  # the plan does not have it


@dataclass(frozen=True, slots=True)
class Difference:
    """A subject in which a class differs from its plan; half hours by the plan, and those that are taught."""

    subject_id: int
    how: Differs
    planned: int
    taught: tuple[int, ...]  # by each group, with what the whole class has; one figure where all have the same


def checked_plan(given: PlanGiven, today: date) -> PlanGiven:
    """Return a heading as it is kept. Raises PlanRefused."""
    title, paper, approved_by = one_line(given.title), one_line(given.paper), one_line(given.approved_by)
    if not 0 < len(title) <= TITLE_MAX:
        raise PlanRefused(message("Name the plan, in {most} letters at most.", most=TITLE_MAX))
    if len(paper) > PAPER_MAX or len(approved_by) > NAME_MAX:
        raise PlanRefused(message("Order and name have {most} letters at most.", most=PAPER_MAX))
    if given.grade not in GRADES or given.language not in TEACHING:
        raise PlanRefused(message("Choose a grade and a language of teaching of the lists."))
    if given.weeks not in WEEKS:
        raise PlanRefused(message("A year has from 1 to {most} weeks of teaching.", most=max(WEEKS)))
    if abs(given.year - year_of(today)) > 1:
        raise PlanRefused(message("Choose this school year, the one before or the next one."))
    return replace(given, title=title, paper=paper, approved_by=approved_by)


def checked_hours(half_hours: int, year_hours: int) -> None:
    """Raise PlanRefused for hours that no subject has."""
    if half_hours not in HALF_HOURS or year_hours not in YEAR_HOURS:
        raise PlanRefused(
            message("Hours a week are from 0.5 to {week}, hours a year from 1 to {year}.",
                    week=max(HALF_HOURS) // 2, year=max(YEAR_HOURS))
        )  # fmt: skip


def checked_units(given: Sequence[Unit]) -> list[Unit]:
    """Return units as they are kept. Raises PlanRefused."""
    units = [Unit(one_line(unit.title), unit.hours) for unit in given]
    if len(units) > UNITS_MAX:
        raise PlanRefused(message("A subject has {most} units at most.", most=UNITS_MAX))
    if not all(0 < len(unit.title) <= THEME_MAX and unit.hours in UNIT_HOURS for unit in units):
        raise PlanRefused(
            message("Each unit needs a name, {most} letters at most, and whole hours from 1.", most=THEME_MAX)
        )
    return units


def checked_theme(given: Theme) -> Theme:
    """Return a line of a thematic plan as it is kept. Raises PlanRefused."""
    unit, title = one_line(given.unit), one_line(given.title)
    if not 0 < len(title) <= THEME_MAX or len(unit) > THEME_MAX:
        raise PlanRefused(message("Write the theme, in {most} letters at most.", most=THEME_MAX))
    if given.hours not in THEME_HOURS:
        raise PlanRefused(message("Hours of a theme are a whole number from 1 to {most}.", most=max(THEME_HOURS)))
    if given.week is not None and given.week not in WEEKS:
        raise PlanRefused(message("The week is a number from 1 to {most}.", most=max(WEEKS)))
    return replace(given, unit=unit, title=title)


def weeks_of(terms: Iterable[tuple[date, date]], year: int) -> list[date]:
    """Return the Mondays of a school year's weeks of teaching: of whose five weekdays terms hold three or more."""
    first_on, last_on = days_of(year)
    held: dict[date, int] = {}
    for begins, ends in terms:
        day = max(begins, first_on)
        while day <= min(ends, last_on):
            if day.weekday() < WEEKDAYS:
                monday = day - timedelta(days=day.weekday())
                held[monday] = held.get(monday, 0) + 1
            day += timedelta(days=1)
    return sorted(monday for monday, days in held.items() if days >= HALF_A_WEEK)


def remarks_of_plan(weeks: int, taught_weeks: int | None) -> list[Message]:
    """Return what does not fit in a plan's weeks; `taught_weeks` is None where the school has named no terms."""
    if taught_weeks is None or weeks == taught_weeks:
        return []
    return [
        message("The plan is for {planned} weeks; the school's terms of this year have {taught}.",
                planned=weeks, taught=taught_weeks)
    ]  # fmt: skip


def remarks_of_item(half_hours: int, year_hours: int, weeks: int, units: Sequence[Unit]) -> list[Message]:
    """Return what does not fit in the hours of a subject."""
    remarks, reckoned = [], half_hours * weeks // 2
    if reckoned != year_hours:
        remarks.append(
            message("By hours a week and {weeks} weeks it would be {reckoned} hours a year, not {hours}.",
                    weeks=weeks, reckoned=reckoned, hours=year_hours)
        )  # fmt: skip
    counted = sum(unit.hours for unit in units)
    if units and counted != year_hours:
        remarks.append(
            message("The units have {counted} hours together, the year has {hours}.", counted=counted, hours=year_hours)
        )
    return remarks


def remarks_of_themes(themes: Sequence[Theme], half_hours: int, taught_weeks: int | None) -> list[Message]:
    """Return what does not fit in a course's thematic plan."""
    if not themes:
        return []
    remarks, counted = [], sum(theme.hours for theme in themes)
    if taught_weeks is not None and counted != half_hours * taught_weeks // 2:
        remarks.append(
            message("The themes have {counted} hours; the course has {hours} in the {weeks} weeks of the terms.",
                    counted=counted, hours=half_hours * taught_weeks // 2, weeks=taught_weeks)
        )  # fmt: skip
    weeks = [theme.week for theme in themes if theme.week is not None]
    if taught_weeks is not None and any(week > taught_weeks for week in weeks):
        remarks.append(
            message("Some themes are planned after week {weeks}, when the year is over.", weeks=taught_weeks)
        )  # fmt: skip
    if weeks != sorted(weeks):
        remarks.append(message("The weeks are not in the order of the themes."))
    return remarks


def half_hours_taught(whole: int, groups: Collection[int]) -> tuple[int, ...]:
    """Return how many half hours students of a class have in a subject, of each different case one figure."""
    return tuple(sorted({whole + group for group in groups} or {whole}))


def differences_of(planned: Mapping[int, int], taught: Mapping[int, tuple[int, ...]]) -> list[Difference]:
    """Return in which subjects a class differs from its plan: half hours by subject, as planned and as taught."""
    found = []
    for subject_id, half_hours in planned.items():
        has = taught.get(subject_id, ())
        if not has:
            found.append(Difference(subject_id, Differs.MISSING, half_hours, ()))
        elif has != (half_hours,):
            found.append(Difference(subject_id, Differs.OTHER, half_hours, has))
    more = [subject_id for subject_id in taught if subject_id not in planned]
    return found + [Difference(subject_id, Differs.MORE, 0, taught[subject_id]) for subject_id in more]
