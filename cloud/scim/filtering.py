"""Filters of RFC 7644, 3.4.2.2: comparisons, `and`, `or`, `not`, brackets, and conditions within one value. Pure.

Names of attributes and texts are compared without case, as none of our attributes is exact in case.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cloud.scim.errors import ScimRefused, wrong
from cloud.scim.schemas import GROUP, USER

FILTER_MAX = 1_000
DEPTH_MAX = 10
_TOKEN = re.compile(
    r"""\s*(?:(?P<bracket>[()\[\]])|(?P<value>"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_$][A-Za-z0-9_$:.-]*))"""
)
_COMPARE: dict[str, Callable[[str, str], bool]] = {
    "eq": lambda has, wanted: has == wanted,
    "ne": lambda has, wanted: has != wanted,
    "co": lambda has, wanted: wanted in has,
    "sw": lambda has, wanted: has.startswith(wanted),
    "ew": lambda has, wanted: has.endswith(wanted),
    "gt": lambda has, wanted: has > wanted,
    "ge": lambda has, wanted: has >= wanted,
    "lt": lambda has, wanted: has < wanted,
    "le": lambda has, wanted: has <= wanted,
}
_LITERALS = {"true": True, "false": False, "null": None}
Holds = Callable[[Mapping[str, object]], bool]


def read_filter(text: str) -> Holds:
    """Return what tells whether a resource fits a filter. Raises ScimRefused with `invalidFilter`."""
    if not text.strip() or len(text) > FILTER_MAX:
        raise _refused(text)
    reader = _Reader(_tokens(text), text)
    holds = reader.either(0)
    if reader.rest:
        raise _refused(text)
    return holds


def values_at(resource: object, path: str) -> list[object]:
    """Return the values of an attribute, each of one with several; a complex one stands for its `value`."""
    found = [resource]
    for name in plain(path).split("."):
        found = [inner for each in found for inner in _inner(each, name)]
    return [each["value"] if isinstance(each, Mapping) and "value" in each else each for each in found]


def plain(path: str) -> str:
    """Return an attribute's name without the schema it may be written with."""
    prefix = next((each for each in (f"{USER}:", f"{GROUP}:") if path.lower().startswith(each.lower())), "")
    return path[len(prefix) :]


@dataclass(slots=True)
class _Reader:
    """Reads a filter from left to right; each method takes what it knows and leaves the rest."""

    rest: list[tuple[str, str]]
    text: str

    def either(self, depth: int) -> Holds:
        parts = [self.both(depth)]
        while self._takes("or"):
            parts.append(self.both(depth))
        return parts[0] if len(parts) == 1 else lambda resource: any(part(resource) for part in parts)

    def both(self, depth: int) -> Holds:
        parts = [self.one(depth)]
        while self._takes("and"):
            parts.append(self.one(depth))
        return parts[0] if len(parts) == 1 else lambda resource: all(part(resource) for part in parts)

    def one(self, depth: int) -> Holds:
        if depth > DEPTH_MAX:
            raise _refused(self.text)
        if self._takes("not"):
            inner = self.one(depth + 1)
            return lambda resource: not inner(resource)
        if self._takes("("):
            inner = self.either(depth + 1)
            self._must(")")
            return inner
        name = self._take("word")
        if self._takes("["):
            within = self.either(depth + 1)
            self._must("]")
            return lambda resource: any(isinstance(each, Mapping) and within(each) for each in _raw(resource, name))
        return self._comparison(name)

    def _comparison(self, name: str) -> Holds:
        operator = self._take("word").lower()
        if operator == "pr":
            return lambda resource: any(each not in (None, "") for each in values_at(resource, name))
        if operator not in _COMPARE:
            raise _refused(self.text)
        wanted = self._value()
        compare = _COMPARE[operator]
        if operator == "ne":
            return lambda resource: all(_folded(each) != _folded(wanted) for each in values_at(resource, name))
        return lambda resource: any(compare(_folded(each), _folded(wanted)) for each in values_at(resource, name))

    def _value(self) -> object:
        kind, text = self.rest.pop(0) if self.rest else ("", "")
        if kind == "word" and text.lower() in _LITERALS:
            return _LITERALS[text.lower()]
        if kind != "value":
            raise _refused(self.text)
        try:
            return json.loads(text)
        except ValueError:
            raise _refused(self.text) from None

    def _takes(self, word: str) -> bool:
        if self.rest and self.rest[0][1].lower() == word:
            self.rest.pop(0)
            return True
        return False

    def _must(self, word: str) -> None:
        if not self._takes(word):
            raise _refused(self.text)

    def _take(self, kind: str) -> str:
        if not self.rest or self.rest[0][0] != kind:
            raise _refused(self.text)
        return self.rest.pop(0)[1]


def _tokens(text: str) -> list[tuple[str, str]]:
    found, place = [], 0
    while text[place:].strip():
        token = _TOKEN.match(text, place)
        if token is None or token.lastgroup is None:
            raise _refused(text)
        found.append((token.lastgroup, token[token.lastgroup]))
        place = token.end()
    return found


def _inner(value: object, name: str) -> Sequence[object]:
    return [found for each in (value if isinstance(value, list) else [value]) for found in _raw(each, name)]


def _raw(resource: object, name: str) -> list[object]:
    if not isinstance(resource, Mapping):
        return []
    wanted = plain(name).lower()
    found = next((value for key, value in resource.items() if str(key).lower() == wanted), None)
    if found is None:
        return []
    return list(found) if isinstance(found, list) else [found]


def _folded(value: object) -> str:
    return json.dumps(value) if isinstance(value, bool) or value is None else str(value).casefold()


def _refused(text: str) -> ScimRefused:
    return wrong("invalidFilter", text)
