"""Every key of a TOML file is found on its line, whatever the file looks like."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.settings_lines import line_of, lines_of

TEXT = '''# comment = "no key"
bundle = "a = b # no comment"
"quoted key" = 1

[status]  # [not.this]
port = 8450
text = """
port = 1
[gates]
"""

[[gates]]
id = "one"
readers = [
  { name = "a", direction = "in" },
  # { name = "none" },
  { name = "b",
    direction = "out" },
]
actuator.kind = "none"

[[gates]]
id = 'two'
  [gates.actuator]
  kind = "relay"
  pins = [1, 2,
    3]
'''

PLACES = {
    ("bundle",): 2,
    ("quoted key",): 3,
    ("status",): 5,
    ("status", "port"): 6,
    ("gates", 0): 12,
    ("gates", 0, "id"): 13,
    ("gates", 0, "readers", 0, "name"): 15,
    ("gates", 0, "readers", 1): 17,
    ("gates", 0, "readers", 1, "direction"): 18,
    ("gates", 0, "actuator", "kind"): 20,
    ("gates", 1, "id"): 23,
    ("gates", 1, "actuator"): 24,
    ("gates", 1, "actuator", "kind"): 25,
    ("gates", 1, "actuator", "pins", 2): 27,
}


@pytest.mark.parametrize(("place", "line"), PLACES.items())
def test_a_key_is_found_on_its_line(place: tuple[str | int, ...], line: int) -> None:
    assert lines_of(TEXT)[place] == line


def test_what_has_no_line_of_its_own_is_told_by_what_is_above_it() -> None:
    assert line_of(lines_of(TEXT), ("gates", 1, "open_ms")) == 22
    assert line_of(lines_of(TEXT), ("readers",)) == 1


def places(value: object, place: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    match value:
        case dict():
            inner = value.items()
        case list():
            inner = enumerate(value)  # type: ignore[assignment]
        case _:
            return {place}
    return {place, *(found for step, child in inner for found in places(child, (*place, step)))}


names = st.sampled_from(["a", "b", "long-name", '"with space"', "'x.y'", '"="'])
plain = st.sampled_from(["1", "true", '"# [x] = {"', "'''\n]\n'''", '"""\n" = "\n"""', "1979-05-27", '"\\""'])
values = st.recursive(
    plain,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda members: "[ # a\n" + ",\n".join(members) + "]"),
        st.dictionaries(names, plain, max_size=3).map(
            lambda pairs: "{" + ", ".join(f"{name} = {value}" for name, value in pairs.items()) + "}"
        ),
    ),
    max_leaves=5,
)


@given(st.dictionaries(names, values, max_size=4), st.lists(st.dictionaries(names, values, max_size=3), max_size=3))
def test_whatever_tomllib_takes_every_place_in_it_has_a_line(
    root: dict[str, str], tables: list[dict[str, str]]
) -> None:
    lines = [f"{name} = {value}" for name, value in root.items()]
    for table in tables:
        lines += ["[[tables]]", *(f"{name} = {value}" for name, value in table.items())]
    text = "\n".join(lines)

    found = lines_of(text)

    assert places(tomllib.loads(text)) - {()} <= set(found)
