"""Messages drawn from the schemas themselves, so that no field can be forgotten."""

from typing import Any

from hypothesis import strategies as st

from schemas.generate import DAY_PATTERN, by_pattern, load

SCHEMAS: dict[str, dict[str, Any]] = load("records") | load("frames")
Fields = dict[str, Any]


def fields(kind: str) -> st.SearchStrategy[Fields]:
    """Return valid fields of a message by their long names."""
    return _object(SCHEMAS[kind], by="title")


def lines(kind: str) -> st.SearchStrategy[Fields]:
    """Return a valid message as it stands on the wire, by short names."""
    return _object(SCHEMAS[kind], by="short").map(lambda found: {"k": kind} | found)


def _object(schema: dict[str, Any], by: str) -> st.SearchStrategy[Fields]:
    needed: Fields = {}
    optional: Fields = {}
    for short, field in schema["properties"].items():
        if "const" not in field:
            name = field["title"] if by == "title" else short
            (needed if short in schema["required"] else optional)[name] = _value(field, by)
    return st.fixed_dictionaries(needed, optional=optional)


def _value(field: dict[str, Any], by: str) -> st.SearchStrategy[Any]:
    match field:
        case {"enum": choices}:
            return st.sampled_from(choices)
        case {"type": "integer"}:
            return st.integers(field["minimum"], field["maximum"])
        case {"type": "boolean"}:
            return st.booleans()
        case {"type": "array"}:
            return st.lists(_object(field["items"], by), max_size=min(4, field["maxItems"]))
        case _:
            return _text(field)


def _text(field: dict[str, Any]) -> st.SearchStrategy[str]:
    letters: Any = st.characters(exclude_categories=["Cs"])
    if field.get("pattern") == DAY_PATTERN:
        return st.dates().map(str)
    if "pattern" in field:
        letters = by_pattern(field["pattern"])[2]
    return st.text(letters, min_size=field["minLength"], max_size=field["maxLength"])
