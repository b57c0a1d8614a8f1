"""A result in words: cells as a page and as files show them, in a reader's language."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from cloud.builder.declared import Column
from cloud.builder.kinds import NAMES, YES_NO, Kind, Shape
from cloud.builder.running import Labels, Result, Value
from cloud.builder.statement import Head
from cloud.core.charts import Chart, chart_of
from cloud.core.charts import Column as Bar
from cloud.core.formats import Formats
from cloud.core.i18n import Language, translate
from cloud.core.sheets import Cell, Money

NOTHING = "\u2014"
MASKED = "\u2022\u2022\u2022"  # a name that is not shown while somebody still chooses
SHORT_MAX = 9  # letters under a column
DRAWN_MAX = 60  # columns of a chart: more of them nobody tells apart
_MONDAY = date(2024, 1, 1)


@dataclass(frozen=True, slots=True)
class Wording:
    """How one reader at one school reads a result."""

    language: Language
    zone: ZoneInfo
    labels: Labels = Labels()  # noqa: RUF009 (frozen)
    is_masked: bool = False

    @property
    def formats(self) -> Formats:
        return Formats(self.language, self.zone)

    def title(self, head: Head) -> str:
        """Return what a column is called."""
        return translate(self.language, head.title)

    def cell(self, head: Head, value: Value) -> str:
        """Return a value as a page shows it."""
        match value:
            case None:
                return NOTHING
            case bool():
                return translate(self.language, YES_NO["yes" if value else "no"])
            case date():
                return self._day(head.kind, value)
            case int():
                return self._figure(head, value)
            case str():
                return self._code(head, value)

    def kept(self, head: Head, value: Value) -> Cell:
        """Return a value as a file holds it: figures and days as what they are, the rest in words."""
        if isinstance(value, date) and head.kind is Kind.DAY:
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            if head.kind is Kind.MONEY:
                return Money(value)
            if head.kind in {Kind.NUMBER, Kind.MINUTES, Kind.GRADE, Kind.HOUR}:
                return value
        return "" if value is None else self.cell(head, value)

    def plain(self, column: Column, code: str) -> str:
        """Return what a value is called by which a column is filtered."""
        if column.kind is Kind.YES:
            return translate(self.language, YES_NO[code])
        if column.kind is Kind.WEEKDAY:
            return self._weekday(int(code))
        return translate(self.language, column.words[code]) if column.words else code

    def _day(self, kind: Kind, on: date) -> str:
        if kind is Kind.MONTH:
            return self.formats.month(on)
        if kind is Kind.WEEK:
            return f"{on:%d.%m} \u2013 {on + timedelta(days=6):%d.%m.%Y}"
        return self.formats.typed(on)

    def _figure(self, head: Head, value: int) -> str:
        if head.kind in NAMES:
            return self._name(head.kind, value)
        writers: dict[Kind, Callable[[int], str]] = {
            Kind.MONEY: self.formats.tenge,
            Kind.SHARE: lambda thousandths: f"{self.formats.tenths(thousandths / 10)}\u00a0%",
            Kind.TENTHS: lambda tenths: self.formats.tenths(tenths / 10),
            Kind.TIME: lambda minutes: f"{minutes // 60:02d}:{minutes % 60:02d}",
            Kind.MINUTES: _hours,
            Kind.HOUR: lambda hour: f"{hour:02d}:00",
            Kind.WEEKDAY: self._weekday,
            Kind.GRADE: str,
        }
        return writers.get(head.kind, self.formats.number)(value)

    def _weekday(self, number: int) -> str:
        return self.formats.weekday(_MONDAY + timedelta(days=number - 1))

    def _name(self, kind: Kind, value: int) -> str:
        if self.is_masked:
            return MASKED
        if kind is Kind.ACCOUNT:
            return self.labels.accounts.get(value, f"account:{value}")
        return self.labels.people.get(value, f"№ {value}")

    def _code(self, head: Head, value: str) -> str:
        if head.of is None:
            return value
        if head.of.is_personal and self.is_masked:
            return MASKED
        if head.of.words is not None:
            return translate(self.language, head.of.words.get(value, value)) if value else NOTHING
        names = self.labels.named.get(head.of.key, {}).get(value)
        return names[self.language.value] if names else value or NOTHING


def _hours(minutes: int) -> str:
    """Return minutes as hours and minutes, as 7:05."""
    sign, whole = "\u2212" if minutes < 0 else "", abs(minutes)
    return f"{sign}{whole // 60}:{whole % 60:02d}"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A result as it is drawn: the chart, what its columns are, and a writer of their figures."""

    chart: Chart
    title: str
    head: Head
    words: Wording

    def amount(self, value: int) -> str:
        """Return a figure of the chart."""
        return self.words.cell(self.head, value)


def drawn(result: Result, words: Wording) -> Drawn | None:
    """Return the chart of a grouped result: its first measure by its groups; None where there is nothing to draw."""
    groups = len(result.choice.groups)
    rows, figures = result.rows[:DRAWN_MAX], _figures(result)[:DRAWN_MAX]
    if not groups or not rows or any(figure < 0 for figure in figures):
        return None
    columns = [
        Bar(_short(result, words, row), _told(result, words, row), [figure])
        for row, figure in zip(rows, figures, strict=False)
    ]
    head = result.heads[groups]
    return Drawn(chart_of(columns), words.title(head), head, words)


def lengths(result: Result) -> Sequence[float]:
    """Return how long the bar of each row is, in hundredths, by the first measure."""
    figures = _figures(result)
    most = max(figures, default=0)
    return [round(100 * max(0, each) / most, 1) if most > 0 else 0.0 for each in figures]


def _figures(result: Result) -> list[int]:
    """Return the first measure of each row; nothing where it is not known, as an average of nobody."""
    groups = len(result.choice.groups)
    if result.choice.shape is Shape.ROWS or groups >= len(result.heads):
        return [0] * len(result.rows)
    return [value if isinstance(value := row[groups], int) else 0 for row in result.rows]


def _short(result: Result, words: Wording, row: Sequence[Value]) -> str:
    """Return what stands under a column: its first group, a day without its year."""
    head, value = result.heads[0], row[0]
    if isinstance(value, date) and head.kind is not Kind.MONTH:
        return f"{value:%d.%m}"
    text = words.cell(head, value)
    return text if len(text) <= SHORT_MAX else f"{text[: SHORT_MAX - 1]}\u2026"


def _told(result: Result, words: Wording, row: Sequence[Value]) -> str:
    cells = [words.cell(head, value) for head, value in zip(result.heads, row, strict=True)]
    groups = len(result.choice.groups)
    return f"{', '.join(cells[:groups])}: {cells[groups]}"
