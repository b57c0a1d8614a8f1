"""What PostgreSQL knows of the tables that go out: columns with their types, primary and foreign keys.

Rule: which columns are shown is decided here alone, for CSV, JSON, SQLite and the views of other programs alike.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import asyncpg

from cloud.exports.meanings import Meanings
from cloud.exports.shapes import ACCOUNTS, OF_SCHOOL, Secret, Table, Writing

TYPES = {
    "bool": "boolean", "int2": "integer", "int4": "integer", "int8": "integer", "date": "date",
    "timestamptz": "datetime", "jsonb": "object", "bytea": "string", "numeric": "number",
}  # fmt: skip
BELONGING = ("grant_of_role", "guardian", "person")  # whose accounts are the school's own
_COLUMNS = """
SELECT relname, attname, typname, attnotnull FROM pg_class
JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped JOIN pg_type ON pg_type.oid = atttypid
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname = ANY($1::text[])
ORDER BY relname, attnum
"""
_KEYS = """
SELECT child.relname AS table, contype::text AS kind, parent.relname AS other,
  ARRAY(SELECT attname::text FROM unnest(conkey) WITH ORDINALITY AS key (number, place)
    JOIN pg_attribute ON attrelid = conrelid AND attnum = number ORDER BY place) AS columns,
  ARRAY(SELECT attname::text FROM unnest(confkey) WITH ORDINALITY AS key (number, place)
    JOIN pg_attribute ON attrelid = confrelid AND attnum = number ORDER BY place) AS others
FROM pg_constraint JOIN pg_class child ON child.oid = conrelid LEFT JOIN pg_class parent ON parent.oid = confrelid
WHERE contype IN ('p', 'f') AND conparentid = 0 AND child.relname = ANY($1::text[])
ORDER BY child.relname, contype, conname
"""
# As cloud.core.delimited: a mark before what a spreadsheet program would take for a formula, wherever it splits. In two
# steps, since of two ways to match PostgreSQL takes the longer one, and Python the first.
_TAMED = (
    r"""regexp_replace(regexp_replace({0}, E'(^|[;\t\r\n])(?=[ "\u00a0]*[=+@-])', E'\\1''', 'g'),"""
    r""" E'^(?=[\t\r\n])', '''')"""
)
_INSTANT = """to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key."""

    columns: tuple[str, ...]
    table: str
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; `shown` is its name where it goes out, None where it does not."""

    name: str
    kind: str  # PostgreSQL's
    is_needed: bool
    shown: str | None
    value: str  # what SQL gives out

    @property
    def type(self) -> str:
        """The type as a data package tells it."""
        return "array" if self.kind.startswith("_") else TYPES.get(self.kind, "string")


@dataclass(frozen=True, slots=True)
class Known:
    """A table with what PostgreSQL knows of it."""

    table: Table
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    references: tuple[Reference, ...]

    @property
    def opens(self) -> bool:
        """Whether a column that is kept sealed is shown."""
        return any(column.name in self.table.sealed for column in self.shown)

    @property
    def shown(self) -> tuple[Column, ...]:
        """The columns that go out, secrets that were asked for among them."""
        return tuple(column for column in self.columns if column.shown is not None)

    def rows(self, values: Sequence[str], where: str = "") -> str:
        """Return the statement that selects these values of the school's rows, in the order of their key."""
        ordered = self.key or [column.name for column in self.columns]
        order = ", ".join(f'"{self.table.name}"."{column}"' for column in ordered)
        held = f"{self.table.whose} {where}"
        return f'SELECT {", ".join(values)} FROM "{self.table.name}" WHERE {held} ORDER BY {order}'  # noqa: S608


async def known_tables(
    connection: asyncpg.Connection, tables: Sequence[Table], meanings: Meanings, secrets: Collection[Secret] = ()
) -> list[Known]:
    """Return the tables with their columns and keys, in the same order; those that a database lacks are left out."""
    names = [table.name for table in tables]
    columns: dict[str, list[asyncpg.Record]] = {}
    for row in await connection.fetch(_COLUMNS, names):
        columns.setdefault(row["relname"], []).append(row)
    keys = await connection.fetch(_KEYS, names)
    known = [_known(table, columns[table.name], keys, meanings, secrets) for table in tables if table.name in columns]
    return [_with_accounts(each, known) if each.table.whose == ACCOUNTS else each for each in known]


def _with_accounts(account: Known, known: Sequence[Known]) -> Known:
    """Return the table of accounts with the conditions that only the other tables know."""
    naming = {
        each.table.name: f'SELECT "{reference.columns[0]}" FROM "{each.table.name}" WHERE {each.table.whose}'  # noqa: S608
        for each in known for reference in each.references if reference.table == account.table.name
    }  # fmt: skip
    of_school = " UNION ".join(naming[name] for name in BELONGING if name in naming)
    whose = f"id IN ({' UNION '.join(naming.values())})"
    columns = tuple(
        replace(each, value=each.value.replace(OF_SCHOOL, f"id IN ({of_school})")) for each in account.columns
    )
    return replace(account, table=replace(account.table, whose=whose), columns=columns)


def csv_value(column: Column) -> str:
    """Return what SQL gives out of a column for CSV; text is tamed."""
    match column.type:
        case "datetime":
            return _INSTANT.format(column.value)
        case "integer" | "date" | "boolean":
            return f"({column.value})::text"
        case "array":
            return f"CASE WHEN {column.value} IS NULL THEN NULL ELSE to_json({column.value})::text END"
        case _:
            return _TAMED.format(f"({column.value})::text")


def plain_value(column: Column) -> str:
    """Return what SQL gives out of a column for SQLite: numbers and texts."""
    match column.type:
        case "integer":
            return column.value
        case "boolean":
            return f"({column.value})::int"
        case "datetime":
            return _INSTANT.format(column.value)
        case "array":
            return f"to_json({column.value})::text"
        case _:
            return f"({column.value})::text"


def _known(
    table: Table,
    rows: Sequence[asyncpg.Record],
    keys: Sequence[asyncpg.Record],
    meanings: Meanings,
    secrets: Collection[Secret],
) -> Known:
    columns = tuple(_column(table, row, meanings, secrets) for row in rows)
    own = [row for row in keys if row["table"] == table.name]
    primary = next((tuple(row["columns"]) for row in own if row["kind"] == "p"), ())
    references = tuple(
        Reference(tuple(row["columns"]), row["other"], tuple(row["others"])) for row in own if row["kind"] == "f"
    )
    return Known(table, columns, primary, references)


def _column(table: Table, row: Mapping[str, object], meanings: Meanings, secrets: Collection[Secret]) -> Column:
    name, kind = str(row["attname"]), str(row["typname"])
    return Column(
        name, kind, bool(row["attnotnull"]), _shown(table, name, meanings, secrets), _value(table, name, kind)
    )


def _shown(table: Table, name: str, meanings: Meanings, secrets: Collection[Secret]) -> str | None:
    """Return the name a column goes out under; one that nobody described goes out nowhere."""
    sealed = table.sealed.get(name)
    if sealed is not None:
        return sealed.shown_as(name) if sealed.secret in secrets and name not in table.files else None
    if name in table.hidden or name in table.files or not meanings.has(table.name, name):
        return None
    return name


def _value(table: Table, name: str, kind: str) -> str:
    quoted = f'"{table.name}"."{name}"'
    if name in table.shown:
        return table.shown[name]
    if kind != "bytea":
        return quoted
    match table.written.get(name, Writing.HEX):
        case Writing.TEXT:
            return f"convert_from({quoted}, 'UTF8')"
        case Writing.ESCAPED:
            return f"encode({quoted}, 'escape')"
        case Writing.HEX:
            return f"({quoted})::text"
