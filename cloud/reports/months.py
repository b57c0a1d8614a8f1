"""Months as reports name them, 2026-08, with the day on which a report is due. Pure."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Self

from typing_extensions import override

from cloud.core.messages import message
from cloud.reports.errors import MonthRefused

DUE_DAY, NOTICE_DAY = 5, 4
FIRST_YEAR, LAST_YEAR = 2000, 2100
_NAMED = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)


class Timing(StrEnum):
    """How a report that has not been sent stands to the day on which it is due."""

    EARLY = "early"
    SOON = "soon"  # the 4th has come
    LATE = "late"  # the 5th is over


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month of a school's calendar."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the month of 2026-08. Raises MonthRefused."""
        found = _NAMED.fullmatch(text)
        if found is None or not FIRST_YEAR <= int(found[1]) < LAST_YEAR:
            raise MonthRefused(message("“{given}” is no month. Write it as 2026-08.", given=text[:20]))
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, on: date) -> Self:
        """Return the month of a day."""
        return cls(on.year, on.month)

    @override
    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"

    @property
    def first_on(self) -> date:
        return date(self.year, self.number, 1)

    @property
    def last_on(self) -> date:
        return self.after.first_on - timedelta(days=1)

    @property
    def after(self) -> "Month":
        return Month(self.year + self.number // 12, self.number % 12 + 1)

    @property
    def before(self) -> "Month":
        return Month.of(self.first_on - timedelta(days=1))

    @property
    def due_on(self) -> date:
        """Return the last day on which the report of this month is in time."""
        return self.after.first_on.replace(day=DUE_DAY)

    def timing(self, on: date) -> Timing:
        """Return how somebody who has not sent the report stands on a day."""
        if on > self.due_on:
            return Timing.LATE
        return Timing.SOON if on >= self.due_on.replace(day=NOTICE_DAY) else Timing.EARLY
