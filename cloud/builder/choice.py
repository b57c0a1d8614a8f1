"""What somebody chose: subject, days, columns, groups, measures, filters, order and chart.

Rule: a choice holds keys of declarations and values only. It is read from a form or from its own JSON, and what is
not understood is refused where it was kept, and left out where it was typed.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from cloud.builder.errors import ChoiceRefused
from cloud.builder.kinds import Drawing, Period, Shape
from cloud.core.days import day_of
from cloud.core.messages import message

COLUMNS_MAX, GROUPS_MAX, MEASURES_MAX, FILTERS_MAX, VALUES_MAX = 12, 3, 6, 10, 40
VALUE_LETTERS_MAX = 80
_WHOLE = re.compile(r"-?\d{1,12}", re.ASCII)
AnyEnum = TypeVar("AnyEnum", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows count: those whose column has one of the values, or lies between two figures."""

    column: str
    values: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """A report, as it is chosen."""

    subject: str
    period: Period = Period.THIRTY
    first_on: date | None = None  # of DAYS
    last_on: date | None = None
    shape: Shape = Shape.GROUPS
    groups: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    sort: str = ""  # a key that is shown; with - before it, the highest first
    drawing: Drawing = Drawing.COLUMNS

    def encoded(self) -> str:
        """Return it as JSON, as it is kept."""
        told = asdict(self)
        told |= {name: told[name].isoformat() if told[name] else None for name in ("first_on", "last_on")}
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"))

    @property
    def shown(self) -> tuple[str, ...]:
        """Return the keys of what is shown, in their order."""
        return self.columns if self.shape is Shape.ROWS else (*self.groups, *self.measures)


def choice_kept(text: str) -> Choice:
    """Read a choice from its JSON. Raises ChoiceRefused where it is of another version."""
    try:
        told: dict[str, Any] = json.loads(text)
        filters = tuple(
            Filter(str(each["column"]), tuple(map(str, each["values"])), each["least"], each["most"])
            for each in told["filters"]
        )
        return Choice(
            str(told["subject"]), Period(told["period"]), _day(told["first_on"]), _day(told["last_on"]),
            Shape(told["shape"]), tuple(told["groups"]), tuple(told["measures"]), tuple(told["columns"]), filters,
            str(told["sort"]), Drawing(told["drawing"]),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError):
        raise ChoiceRefused(
            message("This report was kept by another version and cannot be read. Build it anew.")
        ) from None


def choice_typed(form: Mapping[str, Sequence[str]], subject: str) -> Choice:
    """Read a choice from a form's fields, many of one name; what is no choice at all is left out."""

    def first(name: str) -> str:
        return next(iter(form.get(name, ())), "")

    return Choice(
        subject, _one_of(Period, first("period"), Period.THIRTY), day_of(first("first")), day_of(first("last")),
        _one_of(Shape, first("shape"), Shape.GROUPS), _keys(form.get("g", ()), GROUPS_MAX),
        _keys(form.get("m", ()), MEASURES_MAX), _keys(form.get("c", ()), COLUMNS_MAX), _filters(form),
        first("sort")[:VALUE_LETTERS_MAX], _one_of(Drawing, first("drawing"), Drawing.COLUMNS),
    )  # fmt: skip


def fields_of(choice: Choice) -> list[tuple[str, str]]:
    """Return a choice as the fields of a form that says the same."""
    fields = [("subject", choice.subject), ("period", choice.period.value), ("shape", choice.shape.value)]
    fields += [("first", str(choice.first_on or "")), ("last", str(choice.last_on or ""))]
    for name, keys in (("g", choice.groups), ("m", choice.measures), ("c", choice.columns)):
        fields += [(name, key) for key in keys]
    for each in choice.filters:
        fields += [(f"f_{each.column}", value) for value in each.values]
        fields += [(f"least_{each.column}", str(each.least))] if each.least is not None else []
        fields += [(f"most_{each.column}", str(each.most))] if each.most is not None else []
    return [*fields, ("sort", choice.sort), ("drawing", choice.drawing.value)]


def _filters(form: Mapping[str, Sequence[str]]) -> tuple[Filter, ...]:
    columns: dict[str, Filter] = {}
    for name in form:
        kind, _, column = name.partition("_")
        if kind not in {"f", "least", "most"} or not column or column in columns:
            continue
        values = _keys(form.get(f"f_{column}", ()), VALUES_MAX)
        least, most = (_number(next(iter(form.get(f"{end}_{column}", ())), "")) for end in ("least", "most"))
        if values or least is not None or most is not None:
            columns[column] = Filter(column, values, least, most)
    return tuple(columns.values())[:FILTERS_MAX]


def _keys(given: Sequence[str], most: int) -> tuple[str, ...]:
    """Return some texts, each once, without the empty ones."""
    return tuple(dict.fromkeys(each[:VALUE_LETTERS_MAX] for each in given if each and "\0" not in each))[:most]


def _number(text: str) -> int | None:
    return int(text.strip()) if _WHOLE.fullmatch(text.strip()) else None


def _one_of(kind: type[AnyEnum], text: str, otherwise: AnyEnum) -> AnyEnum:
    return next((each for each in kind if each.value == text), otherwise)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
