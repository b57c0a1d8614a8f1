"""The quarters of a school year, the stretches of which marks are made, and which of them are still open. Pure.

Rule: a school that has named no terms is taught all year, and its year is one stretch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

A_DAY = timedelta(days=1)
IN_HALF_A_YEAR = 2


@dataclass(frozen=True, slots=True)
class Quarter:
    """A term of a school year by its number; lessons of days up to `until`, before the next begins, are its own."""

    number: int
    first_on: date
    last_on: date
    until: date

    def has(self, on: date) -> bool:
        """Tell whether a lesson of a day is the quarter's: one on a day of work between two is the earlier's."""
        return self.first_on <= on <= self.until

    def is_open(self, today: date) -> bool:
        """Tell whether teachers still write: until the next quarter begins."""
        return self.first_on <= today <= self.until


@dataclass(frozen=True, slots=True)
class Span:
    """Of what one mark is made: a quarter, or two of them in subjects that are marked by half-years."""

    quarters: Sequence[Quarter]

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(quarter.number for quarter in self.quarters)

    @property
    def first_on(self) -> date:
        return self.quarters[0].first_on

    @property
    def last_on(self) -> date:
        return self.quarters[-1].last_on

    @property
    def until(self) -> date:
        """Return the last day whose lessons count."""
        return self.quarters[-1].until


def quarters_in(terms: Sequence[tuple[date, date]], year: int) -> list[Quarter]:
    """Return the quarters of the school year that begins in August of a year."""
    first_on, last_on = date(year, 8, 1), date(year + 1, 7, 31)
    own = [term for term in sorted(terms) if first_on <= term[0] <= last_on] or [(first_on, last_on)]
    ends = [term[0] - A_DAY for term in own[1:]] + [last_on]
    return [Quarter(number, *term, until) for number, (term, until) in enumerate(zip(own, ends, strict=True), 1)]


def quarter_at(quarters: Sequence[Quarter], on: date) -> Quarter:
    """Return the quarter of a day; of one between two the earlier, of one before all the first."""
    begun = [quarter for quarter in quarters if quarter.first_on <= on]
    return begun[-1] if begun else quarters[0]


def quarter_of_number(quarters: Sequence[Quarter], number: int, today: date) -> Quarter:
    """Return the quarter that a page asks for; that of today for 0 and for what is none."""
    return next((quarter for quarter in quarters if quarter.number == number), quarter_at(quarters, today))
