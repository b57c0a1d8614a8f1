"""Writes the table of the agent's settings into docs/settings.md, from the dataclasses that the agent reads.

`python -m edge_agent.settings_table` rewrites the part between the two marks; a test fails when it is not current.
"""

import sys
import types
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from msgspec import Meta

from edge_agent.settings import AgentSettings

BEGIN = "<!-- edge settings: written by `python -m edge_agent.settings_table` -->"
END = "<!-- edge settings end -->"
PAGE = Path("docs/settings.md")
READER_WORDS = {
    "name": "what the reader is called at its gate and on the status page",
    "driver": "how it is talked to",
    "path": "absolute path: a serial line by its `/dev/serial/by-id/` name, an input device, or a file of taps",
    "format": "how a reader that types or sends lines writes a card's number",
    "byte_order": "`card` as the card sends its number, `reversed` as many cheap readers write it",
    "medium": "what it reads: `uid` for cards, `qr` for a scanner of codes",
    "baud": "speed of the serial line of a `line` or `osdp` reader",
    "grab": "a `keyboard` reader's letters reach no other program",
    "alone": "what a `head` does with a card while this agent is silent: `closed`, or let whoever shows one out",
    "address": "of an `osdp` reader on its line, 0 to 126",
    "key_file": "of an `osdp` reader: where its key is; made by `esik edge osdp install`",
    "bits": "cards of an `osdp` or a `head`'s Wiegand reader: `whole` numbers, or `wiegand26` too, which many share",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One setting: its name from the root, what it may be, its default, and what it is."""

    name: str
    values: str
    default: str
    words: str


def rows(kind: Any = AgentSettings, prefix: str = "") -> Iterator[Row]:
    """Yield every setting in the order of the file; a union of tables yields each of its kinds."""
    hints = get_type_hints(kind, include_extras=True)
    for field in fields(kind):
        wanted, meta = _bare(hints[field.name])
        name = prefix + field.name
        default = field.default if field.default is not MISSING else None
        if field.default is MISSING and field.default_factory is MISSING:
            default_text = "needed"
        else:
            default_text = "" if default is None else f"`{_plain(default)}`"
        inner, suffix = _inner(wanted)
        if not inner:
            words = (meta.description if meta else None) or READER_WORDS.get(field.name) or str(kind.__doc__)
            yield Row(name, _values(wanted, meta), default_text, words)
        for table in inner:
            chosen = f"({_kind(table)})" if len(inner) > 1 else ""
            yield from rows(table, f"{name}{suffix}{chosen}.")


def table() -> str:
    """Return the table in Markdown."""
    lines = ["| setting | may be | default | what it is |", "| --- | --- | --- | --- |"]
    lines += [f"| `{row.name}` | {row.values} | {row.default} | {row.words} |" for row in rows()]
    return "\n".join(lines)


def written_into(page: str) -> str:
    """Return the page with the table of today between its marks."""
    before, mark, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not mark or not end:
        raise ValueError(f"{PAGE}: the marks {BEGIN} and {END} are not both there")
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


def _bare(hint: Any) -> tuple[Any, Meta | None]:
    if get_origin(hint) is not Annotated:
        return hint, None
    return get_args(hint)[0], next((extra for extra in get_args(hint) if isinstance(extra, Meta)), None)


def _inner(wanted: Any) -> tuple[list[Any], str]:
    """Return the tables under a setting, and what its name gets for being an array."""
    if get_origin(wanted) is tuple:
        return _inner(_bare(get_args(wanted)[0])[0])[0], "[]"
    if get_origin(wanted) in (Union, types.UnionType):
        return list(get_args(wanted)), ""
    return ([wanted], "") if is_dataclass(wanted) else ([], "")


def _kind(table: Any) -> str:
    return str(get_args(_bare(get_type_hints(table, include_extras=True)["kind"])[0])[0])


def _values(wanted: Any, meta: Meta | None) -> str:
    if get_origin(wanted) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(wanted))
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        return ", ".join(f"`{member.value}`" for member in wanted)
    if wanted is int:
        return f"{meta.ge} to {meta.le}" if meta and meta.ge is not None else "whole number"
    if get_origin(wanted) is tuple:
        return "array of texts"
    return {bool: "`true`, `false`", Path: "path"}.get(wanted, "text")


def _plain(default: object) -> str:
    if isinstance(default, Enum):
        return str(default.value)
    if isinstance(default, bool):
        return str(default).lower()
    return '""' if default in ("", Path()) else "[]" if default == () else str(default)


def main() -> None:
    """Rewrite the page, from the project's root."""
    if not PAGE.is_file():
        sys.exit(f"{PAGE} is not here: run this from the project's root")
    PAGE.write_text(written_into(PAGE.read_text()))


if __name__ == "__main__":
    main()
