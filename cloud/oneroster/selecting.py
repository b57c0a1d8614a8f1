"""Filter, sort, selection of fields and pages, as OneRoster 1.2 has them (3.4 of its information model). Pure.

Texts are compared without case, as filters are typed; instants are compared as instants, numbers as numbers. A sort by
a field that there is not leaves the usual order, by identifier; a filter or a selection by one is refused.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from urllib.parse import quote, urlencode

from cloud.oneroster.errors import FieldUnknown
from cloud.oneroster.kinds import Telling

Json = Mapping[str, object]
FILTER_MAX = 500
TERMS_MAX = 2  # the standard has one AND or OR
_TERM = re.compile(r"\s*([A-Za-z]+(?:\.[A-Za-z]+)*)\s*(!=|>=|<=|=|>|<|~)\s*'([^']*)'\s*")
_JOIN = re.compile(r"(AND|OR)\b")
_COMPARE: dict[str, Callable[[str, str], bool]] = {
    "=": lambda has, wanted: has == wanted,
    "!=": lambda has, wanted: has != wanted,
    ">": lambda has, wanted: has > wanted,
    ">=": lambda has, wanted: has >= wanted,
    "<": lambda has, wanted: has < wanted,
    "<=": lambda has, wanted: has <= wanted,
    "~": lambda has, wanted: wanted in has,
}
INSTANT = "dateLastModified"


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison of a filter."""

    field: str
    operator: str
    value: str

    def holds(self, record: Json) -> bool:
        """Tell whether a record fits; of a field with several values one must, and none may for `!=`."""
        values = _values(record, self.field.split("."))
        found = [_comparable(self.field, each) for each in values]
        is_number = any(isinstance(each, float) for each in values)
        wanted = _comparable(self.field, _number_of(self.value) if is_number else self.value)
        if self.operator == "!=":
            return wanted not in found
        return any(_COMPARE[self.operator](each, wanted) for each in found)


@dataclass(frozen=True, slots=True)
class Filter:
    """One or two comparisons."""

    terms: tuple[Term, ...]
    is_any: bool

    def holds(self, record: Json) -> bool:
        """Tell whether a record fits."""
        return (any if self.is_any else all)(term.holds(record) for term in self.terms)


def read_filter(text: str, kind: Telling) -> Filter:
    """Return the filter that a parameter tells. Raises FieldUnknown."""
    terms: list[Term] = []
    join, place = "", 0
    while True:
        found = _TERM.match(text, place) if len(text) <= FILTER_MAX else None
        if found is None or len(terms) == TERMS_MAX:
            raise FieldUnknown("invalid_filter_field", text)
        term = Term(*found.groups())
        if term.field.split(".")[0] not in kind.described.fields:
            raise FieldUnknown("invalid_filter_field", term.field)
        terms.append(term)
        place = found.end()
        if place == len(text):
            return Filter(tuple(terms), is_any=join == "OR")
        joined = _JOIN.match(text, place)
        if joined is None:
            raise FieldUnknown("invalid_filter_field", text)
        join, place = joined[1], joined.end()


def read_fields(text: str, kind: Telling) -> tuple[str, ...]:
    """Return the fields that a parameter selects. Raises FieldUnknown, also for none."""
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if name not in kind.described.fields:
            raise FieldUnknown("invalid_selection_field", name)
    return names


def in_order(records: Sequence[Json], kind: Telling, sort: str, *, descending: bool) -> list[Json]:
    """Return records by a field, those without it first; by their identifiers where it is none of theirs."""
    field = sort if sort.split(".", maxsplit=1)[0] in kind.described.fields else ""
    usual = sorted(records, key=lambda record: str(record["sourcedId"]))
    if not field:
        return usual[::-1] if descending and not sort else usual
    path = field.split(".")
    return sorted(usual, key=lambda record: min(map(_folded, _values(record, path)), default=""), reverse=descending)


def selected(record: Json, fields: Sequence[str]) -> Json:
    """Return the chosen fields of a record; all of them where none are chosen."""
    return {name: record[name] for name in fields if name in record} if fields else record


def links(address: str, query: Mapping[str, str], *, limit: int, offset: int, total: int) -> str:
    """Return the header Link (RFC 8288) of a page: the first, the last, the next and the one before, where they are."""
    last = max((total - 1) // limit * limit, 0)
    places = {"first": 0, "last": last}
    if offset + limit < total:
        places["next"] = offset + limit
    if offset > 0:
        places["prev"] = max(offset - limit, 0)
    return ", ".join(f'<{_address(address, query, limit, place)}>; rel="{rel}"' for rel, place in places.items())


def _address(address: str, query: Mapping[str, str], limit: int, offset: int) -> str:
    asked = {**query, "limit": str(limit), "offset": str(offset)}
    return f"{address}?{urlencode(asked, quote_via=quote)}"


def _values(value: object, path: Sequence[str]) -> list[object]:
    """Return the values at a path, each of a list's; of a reference its identifier."""
    if isinstance(value, list):
        return [found for each in value for found in _values(each, path)]
    if isinstance(value, Mapping):
        name = path[0] if path else "sourcedId"
        return _values(value[name], path[1:]) if name in value else []
    return [] if path or value is None else [value]


def _folded(value: object) -> str:
    """Return a value as it is compared; numbers are not below zero here."""
    return f"{value:020.6f}" if isinstance(value, float) else str(value).casefold()


def _number_of(text: str) -> float | str:
    """Return the number that a filter names; its text where that is none."""
    try:
        number = float(text)
    except ValueError:
        return text
    return number if isfinite(number) else text


def _comparable(field: str, value: object) -> str:
    if field == INSTANT:
        try:
            return f"{datetime.fromisoformat(str(value)).timestamp():020.3f}"
        except (ValueError, OverflowError, OSError):
            return str(value)
    return _folded(value)
