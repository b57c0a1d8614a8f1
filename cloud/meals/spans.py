"""Stretches of days that meals are told by: a week, a month, a term; and the parts that a chart of one has. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
DAYS_DRAWN, WEEKS_DRAWN = 31, 27  # so many columns are still told apart
YEAR_BEGINS = 9  # in September
Terms = Sequence[tuple[date, date]]


class By(StrEnum):
    """What a stretch of days is."""

    WEEK = "week"
    MONTH = "month"
    TERM = "term"


@dataclass(frozen=True, slots=True)
class Span:
    """Days from the first to the last, both included."""

    by: By
    first_on: date
    last_on: date

    @property
    def days(self) -> int:
        return (self.last_on - self.first_on).days + 1


def span_of(by: By, on: date, terms: Terms) -> Span:
    """Return the week (from Monday), month or term of a day.

    In holidays the term is the one before; where a school has named no terms, the school year from September on.
    """
    match by:
        case By.WEEK:
            monday = on - on.weekday() * DAY
            return Span(by, monday, monday + WEEK - DAY)
        case By.MONTH:
            return Span(by, on.replace(day=1), _next_month(on) - DAY)
        case By.TERM:
            first_on, last_on = _term_of(on, terms)
            return Span(by, first_on, last_on)


def before(span: Span, terms: Terms) -> Span | None:
    """Return the stretch before one; None before the first term."""
    earlier = span_of(span.by, span.first_on - DAY, terms)
    return earlier if earlier.last_on < span.first_on else None


def after(span: Span, terms: Terms) -> Span | None:
    """Return the stretch after one; None after the last term."""
    if span.by is By.TERM and terms:
        later = sorted(term for term in terms if term[0] > span.last_on)
        return Span(span.by, *later[0]) if later else None
    return span_of(span.by, span.last_on + DAY, terms)


def parts_of(span: Span) -> list[tuple[date, date]]:
    """Return what a chart of a stretch has columns of: its days, or its weeks, or its months, first and last day."""
    if span.days <= DAYS_DRAWN:
        return [(on, on) for on in (span.first_on + number * DAY for number in range(span.days))]
    if span.days <= WEEKS_DRAWN * WEEK.days:
        return _cut(span, lambda on: on - on.weekday() * DAY + WEEK)
    return _cut(span, _next_month)


def _cut(span: Span, next_of: Callable[[date], date]) -> list[tuple[date, date]]:
    parts, first_on = [], span.first_on
    while first_on <= span.last_on:
        following = next_of(first_on)
        parts.append((first_on, min(following - DAY, span.last_on)))
        first_on = following
    return parts


def _next_month(on: date) -> date:
    return (on.replace(day=28) + 4 * DAY).replace(day=1)


def _term_of(on: date, terms: Terms) -> tuple[date, date]:
    if not terms:
        year = on.year if on.month >= YEAR_BEGINS else on.year - 1
        return date(year, YEAR_BEGINS, 1), date(year + 1, YEAR_BEGINS, 1) - DAY
    begun = [term for term in sorted(terms) if term[0] <= on]
    return begun[-1] if begun else min(terms)
