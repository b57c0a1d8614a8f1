"""What the builder's pages show: the fields of a choice in a reader's words, and a result with its chart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from cloud.builder.choice import Choice, Filter, fields_of
from cloud.builder.declared import Column, Subject
from cloud.builder.kinds import CHOSEN, DRAWINGS, FIGURES, PERIODS, UNITS, Drawing, Kind, Measure, Period, Shape
from cloud.builder.rules import Access, Scope, access_of, columns_for, measures_for
from cloud.builder.running import Result
from cloud.builder.statement import head_of
from cloud.builder.subjects import SUBJECTS
from cloud.builder.wording import Drawn, Wording, drawn, lengths
from cloud.core.actor import Actor
from cloud.core.formats import Formats
from cloud.core.i18n import translate

SHOWN_MAX = 300  # rows of a page; files hold them all
GROUP_PLACES = 3


@dataclass(frozen=True, slots=True)
class Option:
    """Something to choose."""

    key: str
    title: str
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class FilterField:
    """A column to filter by: some of its values, or figures from and to."""

    key: str
    title: str
    options: Sequence[Option]
    least: str = ""
    most: str = ""
    unit: str = ""

    @property
    def is_used(self) -> bool:
        return bool(self.least or self.most) or any(each.is_chosen for each in self.options)


@dataclass(frozen=True, slots=True)
class Fields:
    """The builder's form."""

    choice: Choice
    subject: Subject
    may_list: bool
    periods: Sequence[Option]
    first: str
    last: str
    groups: Sequence[Sequence[Option]]  # of each place
    measures: Sequence[Option]
    ends: Sequence[Option]  # the most and the least of figures: rarely asked for
    columns: Sequence[Option]
    filters: Sequence[FilterField]
    sorts: Sequence[Option]
    drawings: Sequence[Option]

    @property
    def filters_used(self) -> int:
        return sum(each.is_used for each in self.filters)


@dataclass(frozen=True, slots=True)
class Sorting:
    """The order of a report's table, and the addresses of others."""

    choice: Choice
    here: str

    @property
    def key(self) -> str:
        return self.choice.sort.lstrip("-")

    @property
    def is_descending(self) -> bool:
        return self.choice.sort.startswith("-")

    def address(self, key: str) -> str:
        """Return where the table is sorted by a column; by the same one the other way round."""
        way = key if self.key == key and self.is_descending else f"-{key}"
        return f"{self.here}?{urlencode({'sort': way, 'period': self.choice.period.value})}"


@dataclass(frozen=True, slots=True)
class Shown:
    """A result as a page shows it."""

    result: Result
    words: Wording
    heads: Sequence[tuple[str, str, bool]]  # key, title, whether it is a figure
    rows: Sequence[tuple[Sequence[str], float]]  # cells, and the length of the bar
    chart: Drawn | None
    has_bars: bool
    left_out: Sequence[str]

    @property
    def row_count(self) -> int:
        return len(self.result.rows)


def subjects_for(actor: Actor, school_id: int) -> list[Subject]:
    """Return the subjects that somebody sees anything of."""
    return [each for each in SUBJECTS.values() if access_of(actor, school_id, each).scope is not Scope.NONE]


def shown(result: Result, words: Wording, rows_max: int = SHOWN_MAX) -> Shown:
    """Return a result for a page."""
    cells = [
        [words.cell(head, value) for head, value in zip(result.heads, row, strict=True)]
        for row in result.rows[:rows_max]
    ]
    chosen = result.choice.drawing if result.choice.shape is Shape.GROUPS else Drawing.NONE
    return Shown(
        result, words, [(head.key, words.title(head), _is_figure(head.kind)) for head in result.heads],
        list(zip(cells, lengths(result), strict=False)), drawn(result, words) if chosen is Drawing.COLUMNS else None,
        chosen is Drawing.BARS, [translate(words.language, each) for each in result.left_out],
    )  # fmt: skip


def fields(
    subject: Subject, choice: Choice, access: Access, options: Mapping[str, Sequence[tuple[str, Mapping[str, str]]]],
    words: Wording,
) -> Fields:  # fmt: skip
    """Return the form of a choice that fits its subject."""
    columns = columns_for(subject, access)
    listed = [Option(each.key, _title(subject, each.key, words), each.key in choice.columns) for each in columns]
    grouping = [each for each in columns if each.groups]
    places = [
        [Option(each.key, _title(subject, each.key, words), choice.groups[place : place + 1] == (each.key,))
         for each in grouping]
        for place in range(GROUP_PLACES)
    ]  # fmt: skip
    measures = [
        Option(key, _title(subject, key, words), key in choice.measures) for key in measures_for(subject, access)
    ]  # fmt: skip
    ends = [each for each in measures if each.key.partition(":")[0] in {Measure.MOST, Measure.LEAST}]
    fmt = Formats(words.language, words.zone)
    return Fields(
        choice, subject, access.scope is not Scope.COUNTS,
        [Option(each.value, translate(words.language, PERIODS[each]), each is choice.period) for each in Period],
        fmt.typed(choice.first_on) if choice.first_on else "", fmt.typed(choice.last_on) if choice.last_on else "",
        places, [each for each in measures if each not in ends], ends, listed,
        [_filter(each, choice, options.get(each.key, ()), words) for each in columns if _is_filtered(each)],
        _sorts(subject, choice, words),
        [
            Option(each.value, translate(words.language, word), each is choice.drawing)
            for each, word in DRAWINGS.items()
        ],
    )  # fmt: skip


def address_of(choice: Choice, here: str, **more: str) -> str:
    """Return the builder's address that opens with a choice."""
    return f"{here}?{urlencode([*fields_of(choice), *more.items()])}"


def on_other_days(choice: Choice, period: str) -> Choice:
    """Return a choice about another period, where one is asked for."""
    asked = next((each for each in Period if each.value == period and each is not Period.DAYS), None)
    return choice if asked is None else replace(choice, period=asked)


def _title(subject: Subject, key: str, words: Wording) -> str:
    return words.title(head_of(subject, key))


def _is_figure(kind: Kind) -> bool:
    return kind in FIGURES or kind in {Kind.TENTHS, Kind.SHARE, Kind.TIME}


def _is_filtered(column: Column) -> bool:
    return column.kind in FIGURES or column.kind in CHOSEN


def _filter(
    column: Column, choice: Choice, options: Sequence[tuple[str, Mapping[str, str]]], words: Wording
) -> FilterField:
    held = next((each for each in choice.filters if each.column == column.key), Filter(column.key))
    title = translate(words.language, column.title)
    if column.kind in FIGURES:
        least, most = ("" if end is None else str(end) for end in (held.least, held.most))
        unit = translate(words.language, UNITS[column.kind]) if column.kind in UNITS else ""
        return FilterField(column.key, title, (), least, most, unit)
    if column.options:
        named = [(code, names[words.language.value]) for code, names in options]
    else:
        codes = column.words or dict.fromkeys(_CODES.get(column.kind, ()))
        named = [(code, words.plain(column, code)) for code in codes]
    return FilterField(column.key, title, [Option(code, name, code in held.values) for code, name in named])


def _sorts(subject: Subject, choice: Choice, words: Wording) -> list[Option]:
    titles = [(key, _title(subject, key, words)) for key in choice.shown]
    return [
        Option(f"{way}{key}", f"{title} {arrow}", choice.sort == f"{way}{key}")
        for key, title in titles
        for way, arrow in (("", "↑"), ("-", "↓"))
    ]


_CODES = {
    Kind.YES: ("yes", "no"),
    Kind.WEEKDAY: tuple(map(str, range(1, 8))),
    Kind.GRADE: tuple(map(str, range(13))),
}
