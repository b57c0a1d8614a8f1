"""What may be asked of a subject: how far somebody's rights reach into it, which days, and when it is made again."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum

from cloud.builder.choice import COLUMNS_MAX, Choice, Filter
from cloud.builder.declared import Column, Subject
from cloud.builder.errors import ChoiceRefused
from cloud.builder.kinds import CHOSEN, FIGURES, Every, Measure, Period, Shape
from cloud.core.actor import Actor
from cloud.core.errors import NotAllowed
from cloud.core.messages import message
from cloud.core.rights import Right

SPAN_DAYS_MAX = 400  # a school year, with both its ends
YEAR_BEGINS_IN = 9  # September


class Scope(Enum):
    """How far somebody sees into a subject."""

    NONE = 0
    COUNTS = 1  # figures of groups, nobody by name
    CLASSES = 2  # own classes, by name
    SCHOOL = 3


@dataclass(frozen=True, slots=True)
class Access:
    """What somebody may see of a subject at a school, now."""

    scope: Scope
    classes: frozenset[int] = frozenset()
    hidden: frozenset[str] = frozenset()  # keys of columns that are not for this reader

    def covers(self, other: "Access") -> bool:
        """Tell whether who has this may see what was made for who had the other."""
        if self.scope.value < other.scope.value or not self.hidden <= other.hidden:
            return False
        return self.scope is not Scope.CLASSES or other.scope is not Scope.CLASSES or other.classes <= self.classes


def access_of(actor: Actor, school_id: int, subject: Subject) -> Access:
    """Return what an actor may see of a subject at a school."""
    if actor.can(subject.right, school_id):
        return Access(Scope.SCHOOL, hidden=_hidden(subject, lambda right: actor.can(right, school_id)))
    if subject.class_sql and (classes := actor.classes(subject.right, school_id)):
        return Access(
            Scope.CLASSES, classes, _hidden(subject, lambda right: classes <= actor.classes(right, school_id))
        )
    if subject.counts_right is not None and actor.can(subject.counts_right, school_id):
        names = frozenset(each.key for each in subject.columns if each.names)
        return Access(Scope.COUNTS, hidden=names | _hidden(subject, lambda right: actor.can(right, school_id)))
    return Access(Scope.NONE)


def columns_for(subject: Subject, access: Access) -> list[Column]:
    """Return the columns of a subject that are offered."""
    return [each for each in subject.columns if each.key not in access.hidden]


def measures_for(subject: Subject, access: Access) -> list[str]:
    """Return the measures of a subject that are offered."""
    return [each for each in subject.reckoned if each.partition(":")[2] not in access.hidden]


def narrowed(subject: Subject, choice: Choice, access: Access) -> tuple[Choice, list[str]]:
    """Return a choice as far as somebody may see it, and the titles of what was left out.

    Raises NotAllowed where nothing of it is for this reader, and ChoiceRefused where it fits no declaration.
    """
    if access.scope is Scope.NONE:
        raise NotAllowed(message("This report is about what your role does not see. Ask the school's office."))
    _check(subject, choice)
    if choice.shape is Shape.ROWS and access.scope is Scope.COUNTS:
        raise NotAllowed(message("This report lists people one by one; your role sees counts only."))
    left_out = [each.title for each in subject.columns if each.key in access.hidden and _uses(choice, each.key)]
    seen = replace(
        choice,
        groups=tuple(key for key in choice.groups if key not in access.hidden),
        columns=tuple(key for key in choice.columns if key not in access.hidden),
        measures=tuple(key for key in choice.measures if key.partition(":")[2] not in access.hidden),
    )
    if any(each.column in access.hidden for each in choice.filters) or not seen.shown:
        raise NotAllowed(message("This report is chosen by what your role does not see. Ask the school's office."))
    sort = seen.sort if seen.sort.lstrip("-") in seen.shown else ""
    return replace(seen, sort=sort), left_out


def fitted(subject: Subject, choice: Choice, access: Access) -> Choice:
    """Return a choice with what does not fit left out, and the subject's own beginning where nothing is left."""
    columns = {each.key: each for each in columns_for(subject, access)}
    measures = measures_for(subject, access)
    shape = Shape.GROUPS if access.scope is Scope.COUNTS else choice.shape
    groups = tuple(key for key in choice.groups if key in columns and columns[key].groups)
    reckoned = tuple(key for key in choice.measures if key in measures)
    listed = tuple(key for key in choice.columns if key in columns)
    if not groups and not reckoned:
        groups = tuple(key for key in subject.groups if key in columns)
        reckoned = tuple(key for key in subject.measures if key in measures)
    filters = tuple(each for each in choice.filters if each.column in columns and _fits(columns[each.column], each))
    fit = replace(
        choice, shape=shape, groups=groups, measures=reckoned or (Measure.COUNT.value,),
        columns=listed or tuple(columns)[: COLUMNS_MAX // 2], filters=filters,
    )  # fmt: skip
    return replace(fit, sort=fit.sort if fit.sort.lstrip("-") in fit.shown else "")


def days_of(choice: Choice, today: date) -> tuple[date, date]:
    """Return the first and the last day of a choice, as of a day. Raises ChoiceRefused."""
    first_on, last_on = _days(choice, today)
    if first_on > last_on:
        raise ChoiceRefused(message("The first day is after the last. Turn them round."))
    if (last_on - first_on).days >= SPAN_DAYS_MAX:
        raise ChoiceRefused(message("A report spans {count} days at most. Choose fewer.", count=SPAN_DAYS_MAX))
    return first_on, last_on


def next_due(every: Every, after: date) -> date:
    """Return the first day after another on which a report is made by itself."""
    match every:
        case Every.DAY:
            return after + timedelta(days=1)
        case Every.WEEK:
            return after + timedelta(days=8 - after.isoweekday())
        case Every.MONTH:
            return (after.replace(day=1) + timedelta(days=32)).replace(day=1)


def last_due(every: Every, today: date) -> date:
    """Return the last day, up to today, on which a report was to be made: what was missed before it is not made up."""
    match every:
        case Every.DAY:
            return today
        case Every.WEEK:
            return today - timedelta(days=today.isoweekday() - 1)
        case Every.MONTH:
            return today.replace(day=1)


def _days(choice: Choice, today: date) -> tuple[date, date]:
    if choice.period is Period.DAYS:
        if choice.first_on is None or choice.last_on is None:
            raise ChoiceRefused(message("Say from which day to which, as 01.09.2026."))
        return choice.first_on, choice.last_on
    monday, first = today - timedelta(days=today.isoweekday() - 1), today.replace(day=1)
    sunday, before = monday - timedelta(days=1), first - timedelta(days=1)
    began = today.year if today.month >= YEAR_BEGINS_IN else today.year - 1
    return {
        Period.TODAY: (today, today),
        Period.WEEK: (monday, today),
        Period.LAST_WEEK: (monday - timedelta(days=7), sunday),
        Period.MONTH: (first, today),
        Period.LAST_MONTH: (before.replace(day=1), before),
        Period.THIRTY: (today - timedelta(days=29), today),
        Period.YEAR: (date(began, YEAR_BEGINS_IN, 1), today),
    }[choice.period]


def _check(subject: Subject, choice: Choice) -> None:
    columns = {each.key: each for each in subject.columns}
    fits = (
        all(key in columns and columns[key].groups for key in choice.groups)
        and all(key in subject.reckoned for key in choice.measures)
        and all(key in columns for key in choice.columns)
        and all(each.column in columns and _fits(columns[each.column], each) for each in choice.filters)
    )
    if not fits or not choice.shown or (choice.shape is Shape.GROUPS and not choice.measures):
        raise ChoiceRefused(message("Something of this report is not there any more. Open it to change, and keep it."))


def _fits(column: Column, given: Filter) -> bool:
    """Tell whether a column is filtered in this way."""
    if column.kind in FIGURES:
        return not given.values
    if column.kind not in CHOSEN or given.least is not None or given.most is not None:
        return False
    return bool(given.values) and (column.words is None or all(each in column.words for each in given.values))


def _uses(choice: Choice, key: str) -> bool:
    used = choice.columns if choice.shape is Shape.ROWS else choice.groups
    return key in used or key in {each.partition(":")[2] for each in choice.measures}


def _hidden(subject: Subject, has: Callable[[Right], bool]) -> frozenset[str]:
    return frozenset(each.key for each in subject.columns if each.right is not None and not has(each.right))
