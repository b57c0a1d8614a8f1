"""The statement of a choice: SQL of declarations alone, with every value as a parameter.

Rule: no text of a choice becomes a part of the SQL. A key finds its declaration, or nothing; the names of what is
returned are counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from cloud.builder.choice import Choice, Filter
from cloud.builder.declared import Column, Subject
from cloud.builder.kinds import FIGURES, MEASURES, OF_TIMES, Kind, Measure, Shape
from cloud.core.messages import Message, message

_RECKONED = {  # a measure of a column: its SQL, whole again
    Measure.SUM: "sum({sql})::bigint",
    Measure.MOST: "max({sql})::bigint",
    Measure.LEAST: "min({sql})::bigint",
    Measure.SHARE: "round(1000 * avg(({sql})::int))::bigint",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """About what a statement asks: schools, days, classes where the reach ends there, and what was opened."""

    schools: Sequence[int]
    first_on: date
    last_on: date
    rows_max: int
    classes: Sequence[int] | None = None
    places: Sequence[str] = ()  # of a hidden column's values,
    opened: Sequence[str] = ()  # and the values


@dataclass(frozen=True, slots=True)
class Head:
    """A column of a result: its key, its words, what it holds, and the column it is of, where it is of one."""

    key: str
    title: Message
    kind: Kind
    of: Column | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """What is asked of the database, one row more than may be shown."""

    sql: str
    values: Sequence[object]
    heads: Sequence[Head]


@dataclass(slots=True)
class _Values:
    """The parameters, as they are met."""

    held: list[object] = field(default_factory=list)

    def add(self, value: object, kind: str) -> str:
        self.held.append(value)
        return f"${len(self.held)}::{kind}"


def statement_of(subject: Subject, choice: Choice, asked: Asked) -> Statement:
    """Return the statement of a choice that was checked against its subject."""
    values = _Values()
    selected = [_selected(subject, key) for key in choice.shown]
    conditions = "".join(f"\n  AND {each}" for each in _conditions(subject, choice, asked, values))
    columns = ", ".join(f"{sql} AS c{number}" for number, (_, sql, _) in enumerate(selected))
    is_grouped = choice.shape is Shape.GROUPS
    grouped = ", ".join(str(number + 1) for number in range(len(choice.groups))) if is_grouped else ""
    sql = (
        f"SELECT {columns}\n{_source(subject, asked, values)}{conditions}"
        + (f"\nGROUP BY {grouped}" if grouped else "")
        + f"\nORDER BY {_order(choice, selected)}\nLIMIT {values.add(asked.rows_max + 1, 'bigint')}"
    )
    return Statement(sql, values.held, [head for head, _, _ in selected])


def heads_of(subject: Subject, choice: Choice) -> list[Head]:
    """Return the columns of a choice's result."""
    return [_selected(subject, key)[0] for key in choice.shown]


def head_of(subject: Subject, key: str) -> Head:
    """Return the head of a declared column or measure."""
    return _selected(subject, key)[0]


def _source(subject: Subject, asked: Asked, values: _Values) -> str:
    places = {
        "schools": values.add(list(asked.schools), "bigint[]"), "first": values.add(asked.first_on, "date"),
        "last": values.add(asked.last_on, "date"),
    }  # fmt: skip
    if subject.hidden is not None:
        places |= {
            "places": values.add(list(asked.places), "text[]"), "opened": values.add(list(asked.opened), "text[]")
        }  # fmt: skip
    return subject.source.format(**places)


def _conditions(subject: Subject, choice: Choice, asked: Asked, values: _Values) -> list[str]:
    """Return what else must hold; a statement's source comes after it in the text, but its parameters by number."""
    conditions = []
    if asked.classes is not None:
        assert subject.class_sql, "a reach of classes has a class to hold it"  # noqa: S101
        conditions.append(f"{subject.class_sql} = ANY({values.add(list(asked.classes), 'bigint[]')})")
    for each in choice.filters:
        column = subject.column(each.column)
        assert column is not None, "a choice is checked first"  # noqa: S101
        conditions += _condition(column, each, values)
    return conditions


def _condition(column: Column, given: Filter, values: _Values) -> list[str]:
    if column.kind in FIGURES:
        least = [] if given.least is None else [f"{column.sql} >= {values.add(_unit(column, given.least), 'bigint')}"]
        most = [] if given.most is None else [f"{column.sql} <= {values.add(_unit(column, given.most), 'bigint')}"]
        return least + most
    if column.kind is Kind.YES:
        return [f"{column.sql} = ANY({values.add([each == 'yes' for each in given.values], 'boolean[]')})"]
    return [f"({column.sql})::text = ANY({values.add(list(given.values), 'text[]')})"]


def _unit(column: Column, typed: int) -> int:
    """Return a typed figure as its column holds it: tenge become tiyn."""
    return typed * 100 if column.kind is Kind.MONEY else typed


def _selected(subject: Subject, key: str) -> tuple[Head, str, tuple[str, ...]]:
    """Return the head of a shown key, its SQL, and what it is sorted by, where that is not itself."""
    column = subject.column(key)
    if column is not None:
        return Head(key, Message(column.title), column.kind, column), column.sql, column.order
    measure, _, name = key.partition(":")
    of = subject.column(name)
    head, sql = _of_rows(subject, Measure(measure)) if of is None else _of_column(of, Measure(measure))
    return head, sql, ()


def _of_rows(subject: Subject, measure: Measure) -> tuple[Head, str]:
    match measure:
        case Measure.PEOPLE:
            title = Message(MEASURES[measure])
            return Head(measure, title, Kind.NUMBER), f"count(DISTINCT {subject.person_sql})::bigint"
        case Measure.PART:
            sql = "round(1000.0 * count(*) / nullif(sum(count(*)) OVER (), 0))::bigint"
            return Head(measure, Message(MEASURES[measure]), Kind.SHARE), sql
        case _:
            return Head(Measure.COUNT, Message(subject.counted), Kind.NUMBER), "count(*)::bigint"


def _of_column(column: Column, measure: Measure) -> tuple[Head, str]:
    kind, sql = column.kind, column.sql
    if measure is Measure.AVERAGE:
        is_number = kind is Kind.NUMBER
        reckoned = f"round(avg({sql}) * 10)::bigint" if is_number else f"round(avg({sql}))::bigint"
        shown = Kind.TENTHS if is_number else kind
    else:
        reckoned, shown = _RECKONED[measure].format(sql=sql), Kind.SHARE if measure is Measure.SHARE else kind
    word = OF_TIMES.get(measure, MEASURES[measure]) if kind is Kind.TIME else MEASURES[measure]
    title = message("{column}, {measure}", column=Message(column.title), measure=Message(word))
    return Head(f"{measure}:{column.key}", title, shown, column), reckoned


def _order(choice: Choice, selected: Sequence[tuple[Head, str, tuple[str, ...]]]) -> str:
    """Return the order: what was chosen first, then the columns as they stand."""
    keys = list(choice.shown)
    wanted = choice.sort.lstrip("-")
    places = sorted(range(len(keys)), key=lambda place: keys[place] != wanted)
    orders: list[str] = []
    for place in places:
        way = " DESC" if keys[place] == wanted and choice.sort.startswith("-") else ""
        is_group = choice.shape is Shape.GROUPS and place < len(choice.groups)
        orders += [f"{each}{way} NULLS LAST" for each in _sorted_by(selected[place][2], place, is_group=is_group)]
    return ", ".join(orders)


def _sorted_by(order: tuple[str, ...], place: int, *, is_group: bool) -> list[str]:
    """Return what a shown column is sorted by: itself, by its number, or what its declaration says."""
    if not order:
        return [str(place + 1)]
    return [f"min({sql})" if is_group else sql for sql in order]
