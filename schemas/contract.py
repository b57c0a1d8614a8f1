"""Writes the generated sections of `docs/contract.md`: tables from the JSON Schemas, the example from the vectors.

A section stands between `<!-- begin: name -->` and `<!-- end: name -->`. Run `python -m schemas.contract` after a
change of the schemas; a test fails while a section is stale.
"""

import json
from collections.abc import Iterable
from typing import Any

from schemas import topics
from schemas.generate import HERE, load, read, rows

FILE = HERE.parent / "docs" / "contract.md"
COMMON = ("m", "t", "q")
FIELD_HEAD = ("| short | name | type | must | meaning |", "| --- | --- | --- | --- | --- |")


def sections() -> dict[str, str]:
    """Return the text of each generated section by its name."""
    return {
        "bundle": _members("bundle"),
        "enrolment": _members("enrolment"),
        "topics": _topics(),
        "records": _records(),
        "frames": _frames(),
        "rows": _rows(),
        "certificate": _members("certificate"),
        "release": _members("release"),
        "example": _example(),
    }


def written(text: str) -> str:
    """Return a document with its sections brought up to date. Raises ValueError when it lacks one."""
    for name, section in sections().items():
        begin, end = f"<!-- begin: {name} -->\n", f"<!-- end: {name} -->"
        before, found, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            raise ValueError(f"{FILE.name} has no section {name}: write {begin.strip()} and {end}")
        text = before + begin + section + end + after
    return text


def _members(document: str) -> str:
    schema = read(HERE / f"documents/{document}.schema.json")
    lines = ["| member | type | meaning |", "| --- | --- | --- |"]
    for name, field in schema["properties"].items():
        lines.append(f"| `{name}` | {_type(field)} | {field['description']} |")
        for inner, part in field.get("properties", {}).items():
            lines.append(f"| `{name}.{inner}` | {_type(part)} | {part['description']} |")
    return _text(lines)


def _topics() -> str:
    lines = ["| channel | who writes | frames | for |", "| --- | --- | --- | --- |"]
    writers = dict.fromkeys(topics.UP, "device") | dict.fromkeys(topics.DOWN, "cloud") | {topics.PEER: "device, hub"}
    for channel, frames, text in topics.FRAMES_ON:
        lines.append(f"| `{channel}` | {writers[channel]} | {', '.join(f'`{frame}`' for frame in frames)} | {text} |")
    return _text(lines)


def _records() -> str:
    found = load("records")
    common = found["decision"]["properties"]
    lines = ["Every record has these members, not repeated below:", "", *FIELD_HEAD]
    lines += ["| `k` | kind | text | yes | The kind of record, as in the headings below. |"]
    lines += [_field(short, common[short], is_needed=True) for short in COMMON]
    for name, schema in found.items():
        lines += ["", *_message(name, schema, skipped=("k", *COMMON))]
    return _text(lines)


def _frames() -> str:
    lines: list[str] = []
    for name, schema in load("frames").items():
        lines += ["", *_message(name, schema, skipped=("k",))]
    return _text(lines[1:])


def _message(name: str, schema: dict[str, Any], skipped: Iterable[str]) -> list[str]:
    lines = [f"#### `{name}`", "", f"{schema['title']}. {schema['description']}".strip(), "", *FIELD_HEAD]
    for short, field in schema["properties"].items():
        if short not in skipped:
            lines.append(_field(short, field, is_needed=short in schema["required"]))
            lines += _inner(short, field)
    return lines


def _inner(short: str, field: dict[str, Any]) -> list[str]:
    items = field.get("items", {})
    parts = items.get("properties", {}).items()
    return [_field(f"{short}[].{name}", part, is_needed=name in items["required"]) for name, part in parts]


def _field(short: str, field: dict[str, Any], *, is_needed: bool) -> str:
    needed = "yes" if is_needed else ""
    return f"| `{short}` | {field['title']} | {_type(field)} | {needed} | {field['description']} |"


def _rows() -> str:
    lines: list[str] = []
    for name, schema in rows().items():
        lines += ["", f"#### `{name}`", "", schema["description"], "", "| place | name | type | meaning |"]
        lines += ["| --- | --- | --- | --- |"]
        for place, member in enumerate(schema["prefixItems"]):
            kind = f"`{member['const']}`" if place == 0 else _type(member)
            lines.append(f"| {place} | {member['title']} | {kind} | {member['description']} |")
            lines += _row_parts(place, member)
    return _text(lines[1:])


def _row_parts(place: int, member: dict[str, Any]) -> list[str]:
    named = [(f".{name}", part) for name, part in member.get("properties", {}).items()]
    numbered = [(f"[][{at}]", part) for at, part in enumerate(member.get("items", {}).get("prefixItems", []))]
    return [
        f"| {place}{name} | {part['title']} | {_type(part)} | {part['description']} |"
        for name, part in [*named, *numbered]
    ]


def _type(field: dict[str, Any]) -> str:
    match field:
        case {"const": only}:
            text = f"`{json.dumps(only)}`"
        case {"enum": choices}:
            text = ", ".join(f"`{choice}`" for choice in choices)
        case {"type": "integer", "maximum": 9007199254740991}:
            text = f"integer from {field['minimum']}"
        case {"type": "integer"}:
            text = f"integer {field['minimum']} to {field['maximum']}"
        case {"type": "array"}:
            text = f"list of at most {field['maxItems']}"
        case {"pattern": pattern}:
            text = f"text `{pattern}`"
        case {"minLength": low, "maxLength": high}:
            text = f"text of {low} to {high} characters" + (" or null" if field["type"] != "string" else "")
        case {"type": [*kinds]}:
            text = " or ".join(kinds)
        case _:
            text = str(field["type"])
    return text


def _example() -> str:
    keys = json.loads((HERE / "vectors/seals.json").read_text())
    found = json.loads((HERE / "vectors/batches.json").read_text())
    card = keys["card_tokens"][0]
    lines = ["```text", f"secret            {found['secret']}"]
    lines += [f"{label + ' key':18}{key}" for label, key in keys["keys"].items()]
    lines += ["", f"device            {found['device']}", f"epoch             {found['epoch']}"]
    lines += [f"h(0)              {found['genesis']}"]
    for number, (record, digest) in enumerate(zip(found["records"], found["digests"], strict=True), start=1):
        lines += ["", f"record {number}          {record}", f"h({number})              {digest}"]
    for name in ("hello", "welcome", "batch", "ack"):
        channel = next(channel for channel, frames, _ in topics.FRAMES_ON if name in frames)
        lines += ["", f"{name} on {found['topics'][channel]}:", *found[name]["text"].split("\n")]
    lines += ["", f"card key          {card['card_key']}", f"UID               {card['credential']}"]
    lines += [f"token             {card['token']}", "", *_request(keys["request"]), "```"]
    return _text(lines)


def _request(request: dict[str, Any]) -> list[str]:
    headers = [f"{name}: {text}" for name, text in request["headers"].items()]
    return [f"{request['method']} {request['target']}", *headers]


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    FILE.write_text(written(FILE.read_text()))
