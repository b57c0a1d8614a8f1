"""Stretches of days that statistics are told by: a day, a week, a month, a school year; and their parts. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from cloud.meals import spans

DAY = timedelta(days=1)
BEFORE = timedelta(days=13)  # the days before one that its chart shows too


class By(StrEnum):
    """What a stretch of days is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


_SPANS = {By.WEEK: spans.By.WEEK, By.MONTH: spans.By.MONTH, By.YEAR: spans.By.TERM}


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days from the first to the last, both included."""

    by: By
    first_on: date
    last_on: date

    @property
    def earlier(self) -> "Stretch":
        return stretch_of(self.by, self.first_on - DAY)

    @property
    def later(self) -> "Stretch":
        return stretch_of(self.by, self.last_on + DAY)

    @property
    def drawn_from(self) -> date:
        """Return the first day of its chart: of a single day those before it are shown too."""
        return self.first_on - BEFORE if self.by is By.DAY else self.first_on

    @property
    def parts(self) -> list["Stretch"]:
        """Return what its chart has columns of: days, or the months of a year."""
        if self.by is not By.YEAR:
            days = (self.last_on - self.drawn_from).days + 1
            return [stretch_of(By.DAY, self.drawn_from + number * DAY) for number in range(days)]
        months = [stretch_of(By.MONTH, self.first_on)]
        while months[-1].last_on < self.last_on:
            months.append(months[-1].later)
        return months

    def within(self, on: date) -> date:
        """Return the day of it that is nearest to another."""
        return min(max(on, self.first_on), self.last_on)


def stretch_of(by: By, on: date) -> Stretch:
    """Return the stretch of a day: itself, its week from Monday, its month, or the school year from September on."""
    if by is By.DAY:
        return Stretch(by, on, on)
    span = spans.span_of(_SPANS[by], on, ())
    return Stretch(by, span.first_on, span.last_on)
