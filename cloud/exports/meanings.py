"""What each table and column means, in Kazakh, Russian and English: the data dictionary, read from meanings.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

LANGUAGES = ("kk", "ru", "en")
UNITS = {  # by how a column's name ends
    "_tiyn": "tiyn", "_min": "min", "_ms": "ms", "_s": "s", "_kcal": "kcal", "_mb": "MB", "_pct": "%", "_dbm": "dBm",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Meanings:
    """The dictionary: of a table by its name, of a column by `table.column`, else by its name alone."""

    tables: Mapping[str, Mapping[str, str]]
    columns: Mapping[str, Mapping[str, str]]

    def has(self, table: str, column: str) -> bool:
        """Tell whether a column is described."""
        return f"{table}.{column}" in self.columns or column in self.columns

    def of_table(self, table: str) -> Mapping[str, str]:
        """Return what a table holds, by language."""
        return self.tables[table]

    def of_column(self, table: str, column: str) -> Mapping[str, str]:
        """Return what a column holds, by language."""
        return self.columns.get(f"{table}.{column}") or self.columns[column]


@cache
def meanings() -> Meanings:
    """Return the dictionary of this version."""
    read = tomllib.loads(files("cloud.exports").joinpath("meanings.toml").read_text(encoding="utf-8"))
    return Meanings(_by_language(read["tables"]), _by_language(read["columns"]))


def unit_of(column: str) -> str:
    """Return the unit that a column's name tells, or nothing."""
    return next((unit for ending, unit in UNITS.items() if column.endswith(ending)), "")


def _by_language(section: Mapping[str, list[str]]) -> dict[str, dict[str, str]]:
    return {name: dict(zip(LANGUAGES, texts, strict=True)) for name, texts in section.items()}
