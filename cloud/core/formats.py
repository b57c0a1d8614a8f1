"""Days, times and figures as a reader of a language writes them, in the school's own zone."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_decimal

from cloud.core.i18n import Language


@dataclass(frozen=True, slots=True)
class Formats:
    """How one reader at one school reads days, times and figures."""

    language: Language
    zone: ZoneInfo

    @property
    def locale(self) -> Locale:
        return Locale(self.language.value)

    def local_day(self, at: datetime) -> date:
        """Return the school's day of an instant."""
        return at.astimezone(self.zone).date()

    def hour(self, at: datetime) -> str:
        """Return hours and minutes, as 07:52."""
        return format_time(at, "HH:mm", tzinfo=self.zone, locale=self.locale)

    def second(self, at: datetime) -> str:
        """Return hours, minutes and seconds, as 07:52:09."""
        return format_time(at, "HH:mm:ss", tzinfo=self.zone, locale=self.locale)

    def day(self, on: date) -> str:
        """Return a day with its weekday and year, as Wednesday, November 25, 2026."""
        return format_date(on, "full", locale=self.locale)

    def day_with_year(self, on: date) -> str:
        """Return a day with its year, as November 25, 2026."""
        return format_date(on, "long", locale=self.locale)

    def typed(self, on: date) -> str:
        """Return a day as forms take it in every language: 25.11.2026."""
        return f"{on:%d.%m.%Y}"

    def day_short(self, on: date) -> str:
        """Return a day with its weekday, as Wed, Nov 25."""
        return format_skeleton("MMMEd", on, locale=self.locale)

    def weekday(self, on: date) -> str:
        """Return a weekday in short, as Wed."""
        return format_date(on, "ccc", locale=self.locale)

    def month(self, on: date) -> str:
        """Return a month with its year, as November 2026."""
        return format_skeleton("yMMMM", on, locale=self.locale)

    def moment(self, at: datetime) -> str:
        """Return a day without year and the time, as Nov 25, 07:52."""
        return f"{format_skeleton('MMMd', self.local_day(at), locale=self.locale)}, {self.hour(at)}"

    def tenge(self, tiyn: int) -> str:
        """Return money with its sign, tiyn only where there are some: 1 500 ₸, -577,50 ₸."""
        pattern = "#,##0.00" if tiyn % 100 else "#,##0"
        return f"{format_decimal(Decimal(tiyn) / 100, pattern, locale=self.locale)}\u00a0₸"

    def number(self, value: int) -> str:
        """Return a whole number with the language's grouping."""
        return format_decimal(value, locale=self.locale)

    def halves(self, count: int) -> str:
        """Return so many halves with the language's own point, as 4 or 4.5."""
        return format_decimal(Decimal(count) / 2, locale=self.locale)

    def hundredths(self, count: int) -> str:
        """Return so many hundredths with both decimals and the language's own point, as 1.25."""
        return format_decimal(Decimal(count) / 100, "#,##0.00", locale=self.locale)

    def tenths(self, value: float) -> str:
        """Return a number with one decimal and the language's own point, as 14.2."""
        return format_decimal(value, "#,##0.0", locale=self.locale)
