"""The data dictionary of an export: for programs as a data package, for people as a table of three languages."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cloud.core.delimited import csv_of
from cloud.exports.catalogue import Column, Known
from cloud.exports.meanings import LANGUAGES, Meanings, unit_of
from cloud.exports.writing import CSV

PACKAGE, DICTIONARY = "datapackage.json", "dictionary.csv"
HEADING = ("table_name", "column_name", "type", "unit", "is_key", "refers_to", *LANGUAGES)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the dictionary; of a table itself the column is empty."""

    table: str
    column: str
    type: str
    unit: str
    is_key: str
    refers_to: str
    meanings: tuple[str, ...]

    @property
    def row(self) -> tuple[str, ...]:
        """The line's cells."""
        return (self.table, self.column, self.type, self.unit, self.is_key, self.refers_to, *self.meanings)


def entries_of(tables: Sequence[Known], meanings: Meanings) -> Iterator[Entry]:
    """Yield every table and every column that goes out."""
    for known in tables:
        name = known.table.name
        yield Entry(name, "", "table", "", "", "", _told(meanings.of_table(name)))
        for column in known.shown:
            shown = str(column.shown)
            yield Entry(
                name, shown, column.type, unit_of(shown), "yes" if column.name in known.key else "",
                _refers_to(known, column), _told(meanings.of_column(name, shown)),
            )  # fmt: skip


def as_csv(entries: Sequence[Entry]) -> bytes:
    """Return the dictionary for a spreadsheet."""
    return csv_of([HEADING, *(entry.row for entry in entries)])


def as_package(code: str, tables: Sequence[Known], meanings: Meanings, left_out: Sequence[str]) -> bytes:
    """Return the description of a data package (https://datapackage.org): files, columns, types, keys."""
    resources = [_resource(known, meanings) for known in tables]
    package = {"name": f"esik-{code}", "resources": resources, "left_out": list(left_out)}
    return json.dumps(package, indent=1, ensure_ascii=False).encode()


def _resource(known: Known, meanings: Meanings) -> dict[str, object]:
    name, shown = known.table.name, {column.name for column in known.shown}
    schema: dict[str, object] = {
        "fields": [_field(known, column, meanings) for column in known.shown],
        "missingValues": [""],
        "foreignKeys": [
            {"fields": list(each.columns), "reference": {"resource": each.table, "fields": list(each.others)}}
            for each in known.references if set(each.columns) <= shown
        ],
    }  # fmt: skip
    if known.key and set(known.key) <= shown:
        schema["primaryKey"] = list(known.key)
    return {"name": name, "path": CSV.format(name), "description": dict(meanings.of_table(name)), "schema": schema}


def _field(known: Known, column: Column, meanings: Meanings) -> dict[str, object]:
    shown = str(column.shown)
    told: dict[str, object] = {
        "name": shown,
        "type": column.type,
        "description": dict(meanings.of_column(known.table.name, shown)),
    }
    return told | ({"unit": unit} if (unit := unit_of(shown)) else {})


def _refers_to(known: Known, column: Column) -> str:
    single = next((each for each in known.references if each.columns == (column.name,)), None)
    return f"{single.table}.{single.others[0]}" if single else ""


def _told(meanings: object) -> tuple[str, ...]:
    assert isinstance(meanings, dict)  # noqa: S101 (of every language one)
    return tuple(meanings[language] for language in LANGUAGES)
