"""Days, times and figures as a reader of a language writes them, in the school's own zone.

Rule: what a page of figures asks again and again is formatted once: a table has hundreds of numbers and days, few of
them different.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal

from cloud.core.i18n import Language

KEPT_DAYS, KEPT_NUMBERS = 4_096, 16_384
WHOLE = "#,##0.###"


@dataclass(frozen=True, slots=True)
class Formats:
    """How one reader at one school reads days, times and figures."""

    language: Language
    zone: ZoneInfo

    def local_day(self, at: datetime) -> date:
        """Return the school's day of an instant."""
        return at.astimezone(self.zone).date()

    def hour(self, at: datetime) -> str:
        """Return hours and minutes, as 07:52."""
        return f"{at.astimezone(self.zone):%H:%M}"

    def second(self, at: datetime) -> str:
        """Return hours, minutes and seconds, as 07:52:09."""
        return f"{at.astimezone(self.zone):%H:%M:%S}"

    def day(self, on: date) -> str:
        """Return a day with its weekday and year, as Wednesday, November 25, 2026."""
        return _day(on, "full", self.language)

    def day_with_year(self, on: date) -> str:
        """Return a day with its year, as November 25, 2026."""
        return _day(on, "long", self.language)

    def typed(self, on: date) -> str:
        """Return a day as forms take it in every language: 25.11.2026."""
        return f"{on:%d.%m.%Y}"

    def day_short(self, on: date) -> str:
        """Return a day with its weekday, as Wed, Nov 25."""
        return _skeleton(on, "MMMEd", self.language)

    def weekday(self, on: date) -> str:
        """Return a weekday in short, as Wed."""
        return _day(on, "ccc", self.language)

    def weekday_whole(self, on: date) -> str:
        """Return a weekday as it stands in a sentence, as Wednesday."""
        return _day(on, "cccc", self.language)

    def month(self, on: date) -> str:
        """Return a month with its year, as November 2026."""
        return _skeleton(on, "yMMMM", self.language)

    def moment(self, at: datetime) -> str:
        """Return a day without year and the time, as Nov 25, 07:52."""
        return f"{_skeleton(self.local_day(at), 'MMMd', self.language)}, {self.hour(at)}"

    def tenge(self, tiyn: int) -> str:
        """Return money with its sign, tiyn only where there are some: 1 500 ₸, -577,50 ₸."""
        pattern = "#,##0.00" if tiyn % 100 else "#,##0"
        return f"{_decimal(Decimal(tiyn) / 100, pattern, self.language)}\u00a0₸"

    def number(self, value: int) -> str:
        """Return a whole number with the language's grouping."""
        return _decimal(Decimal(value), WHOLE, self.language)

    def halves(self, count: int) -> str:
        """Return so many halves with the language's own point, as 4 or 4.5."""
        return _decimal(Decimal(count) / 2, WHOLE, self.language)

    def hundredths(self, count: int) -> str:
        """Return so many hundredths with both decimals and the language's own point, as 1.25."""
        return _decimal(Decimal(count) / 100, "#,##0.00", self.language)

    def tenths(self, value: float) -> str:
        """Return a number with one decimal and the language's own point, as 14.2."""
        return _decimal(Decimal(str(value)), "#,##0.0", self.language)


@lru_cache(maxsize=len(Language))
def _locale(language: Language) -> Locale:
    return Locale(language.value)


@lru_cache(maxsize=KEPT_DAYS)
def _day(on: date, shape: str, language: Language) -> str:
    return format_date(on, shape, locale=_locale(language))


@lru_cache(maxsize=KEPT_DAYS)
def _skeleton(on: date, shape: str, language: Language) -> str:
    return format_skeleton(shape, on, locale=_locale(language))


@lru_cache(maxsize=KEPT_NUMBERS)
def _decimal(value: Decimal, pattern: str, language: Language) -> str:
    return format_decimal(value, pattern, locale=_locale(language))
