"""The SQLite file of an export: the same tables, columns and keys, and the dictionary as a table of its own."""

import errno
import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import asyncpg

from cloud.core.vault import Vault
from cloud.exports.catalogue import Column, Known, plain_value
from cloud.exports.dictionary import HEADING, Entry
from cloud.exports.writing import HOURS_S, opened_row

AT_ONCE = 2_000
NAME = "school.sqlite"
_KINDS = {"integer": "INTEGER", "boolean": "INTEGER"}


@contextmanager
def sqlite_file(
    folder: Path, tables: Sequence[Known], entries: Iterable[Entry]
) -> Iterator[tuple[sqlite3.Connection, BinaryIO]]:
    """Yield a new SQLite database with empty tables, in an open transaction, and its file to read from afterwards.

    Rule: the file has no name. What is open in it is reached by this process alone, and is gone with it, killed or not.
    """
    with _nameless(folder) as (connection, source):
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16000")
        connection.execute("BEGIN")
        names = {known.table.name for known in tables}
        for known in tables:
            connection.execute(_definition(known, names))
        connection.execute(f"CREATE TABLE dictionary ({', '.join(HEADING)}, PRIMARY KEY (table_name, column_name))")
        marks = ", ".join("?" * len(HEADING))
        connection.executemany(f"INSERT INTO dictionary VALUES ({marks})", (entry.row for entry in entries))  # noqa: S608
        yield connection, source


@contextmanager
def _nameless(folder: Path) -> Iterator[tuple[sqlite3.Connection, BinaryIO]]:
    """Yield a database whose file lost its name before anything was in it, and the file."""
    handle, name = tempfile.mkstemp(prefix="export-", dir=folder)  # for its owner only
    with os.fdopen(handle, "rb") as source:
        try:
            connection = sqlite3.connect(name, isolation_level=None)
        finally:
            Path(name).unlink()
        try:
            yield connection, source
        except sqlite3.OperationalError as error:  # a disk that is full, or takes nothing
            raise OSError(errno.ENOSPC, f"{error} (SQLite)") from error
        finally:
            connection.close()


async def fill(
    connection: asyncpg.Connection, school_id: int, out: sqlite3.Connection, known: Known, vault: Vault
) -> None:
    """Put a table's rows in."""
    columns = known.shown
    contexts = {
        column.shown: known.table.sealed[column.name].context for column in columns if column.name in known.table.sealed
    }
    query = known.rows([f'{plain_value(column)} AS "{column.shown}"' for column in columns])
    statement = f'INSERT INTO "{known.table.name}" VALUES ({", ".join("?" * len(columns))})'  # noqa: S608 (names)
    cursor = await connection.cursor(query, school_id, timeout=HOURS_S)
    while rows := await cursor.fetch(AT_ONCE, timeout=HOURS_S):
        if contexts:
            rows = [tuple(opened_row(dict(row), contexts, vault).values()) for row in rows]
        out.executemany(statement, rows)


def _definition(known: Known, names: set[str]) -> str:
    """Return the statement that makes a table; a foreign key whose columns are not all shown is left out."""
    shown = {column.name for column in known.shown}
    parts = [_column(column) for column in known.shown]
    if known.key and set(known.key) <= shown:
        parts.append(f"PRIMARY KEY ({_quoted(known.key)})")
    parts += [
        f'FOREIGN KEY ({_quoted(each.columns)}) REFERENCES "{each.table}" ({_quoted(each.others)})'
        for each in known.references
        if each.table in names and set(each.columns) <= shown
    ]
    return f'CREATE TABLE "{known.table.name}" ({", ".join(parts)})'


def _column(column: Column) -> str:
    return f'"{column.shown}" {_KINDS.get(column.type, "TEXT")}'


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
