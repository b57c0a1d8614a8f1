"""Writes the table of the cloud's settings into docs/settings.md, from the dataclass that the cloud reads.

`python -m cloud.core.settings_table` rewrites the part between the two marks; a test fails when it is not current.
"""

import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import get_args, get_type_hints

from cloud.core.settings import Settings, shown, variable

BEGIN = "<!-- cloud settings: written by `python -m cloud.core.settings_table` -->"
END = "<!-- cloud settings end -->"
PAGE = Path("docs/settings.md")


@dataclass(frozen=True, slots=True)
class Described:
    """A setting as docs/settings.md tells it."""

    variable: str
    default: str
    about: str


def described() -> list[Described]:
    """Return every setting, in order."""
    hints = get_type_hints(Settings, include_extras=True)
    return [
        Described(variable(each.name), shown(each.default), get_args(hints[each.name])[1]) for each in fields(Settings)
    ]


def table() -> str:
    """Return the table in Markdown."""
    lines = ["| variable | default | what it is |", "| --- | --- | --- |"]
    for each in described():
        default = f"`{each.default}`" if each.default else ""
        lines.append(f"| `{each.variable}` | {default} | {each.about} |")
    return "\n".join(lines)


def written_into(page: str) -> str:
    """Return the page with the table of today between its marks. Raises ValueError when they are not there."""
    before, mark, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not mark or not end:
        raise ValueError(f"{PAGE}: the marks {BEGIN} and {END} are not both there")
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


def main() -> None:
    """Rewrite the page, from the project's root."""
    if not PAGE.is_file():
        sys.exit(f"{PAGE} is not here: run this from the project's root")
    PAGE.write_text(written_into(PAGE.read_text()))


if __name__ == "__main__":
    main()
