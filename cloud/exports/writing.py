"""Tables become files of an export: CSV, JSON lines, and what only the sealed part holds.

Rule: rows are streamed from PostgreSQL, which writes CSV and JSON itself; no table is ever held whole.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from cloud.core.copying import copy_out
from cloud.core.delimited import tamed
from cloud.core.vault import Vault
from cloud.exports.catalogue import Known, csv_value
from cloud.exports.package import Package
from cloud.exports.sealing import Sealer
from cloud.exports.shapes import Table

AT_ONCE = 1_000
HOURS_S = 6 * 3600.0
ENDINGS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/webp": "webp"}
CSV, JSON = "csv/{0}.csv", "json/{0}.jsonl"
# One column of JSON, where no character can need quotes: JSON has neither of these two.
_UNQUOTED = {"format": "csv", "quote": "\x01", "delimiter": "\x02"}


async def write_csv(connection: asyncpg.Connection, school_id: int, package: Package, known: Known) -> int:
    """Write one table as CSV with a heading; what somebody typed is no formula in it. Return how many rows it has."""
    columns = known.shown
    query = known.rows([f'{csv_value(column)} AS "{column.shown}"' for column in columns])
    quoted = [column.shown for column in columns if column.type in {"string", "object", "array"}]
    name = CSV.format(known.table.name)
    with package.member(name) as out:

        async def take(data: bytes) -> None:
            out.write(data)

        rows = await copy_out(
            connection, query, school_id, take=take, timeout_s=HOURS_S, format="csv", header=True,
            force_quote=quoted or None,
        )  # fmt: skip
    package.count(name, rows)
    return rows


async def write_json(connection: asyncpg.Connection, school_id: int, package: Package, known: Known) -> None:
    """Write one table as JSON lines: what another installation takes in."""
    inner = known.rows([f'{column.value} AS "{column.shown}"' for column in known.shown])
    name = JSON.format(known.table.name)
    with package.member(name) as out:

        async def take(data: bytes) -> None:
            out.write(data)

        rows = await copy_out(
            connection, f"SELECT row_to_json(exported) FROM ({inner}) AS exported",  # noqa: S608 (names of the catalogue)
            school_id, take=take, timeout_s=HOURS_S, **_UNQUOTED,
        )  # fmt: skip
    package.count(name, rows)


async def write_opened(
    connection: asyncpg.Connection, school_id: int, package: Package, known: Known, vault: Vault
) -> int:
    """Write a table with secrets that were asked for as CSV and JSON; these are decrypted here, row by row."""
    contexts = {
        column.shown: known.table.sealed[column.name].context
        for column in known.shown if column.name in known.table.sealed
    }  # fmt: skip
    text = {column.shown for column in known.shown if column.type in {"string", "object", "array"}}
    query = known.rows([f'{csv_value(column)} AS "{column.shown}"' for column in known.shown])
    name = CSV.format(known.table.name)
    with package.member(name) as out:
        out.write((",".join(str(column.shown) for column in known.shown) + "\n").encode())
        async for row in connection.cursor(query, school_id, prefetch=AT_ONCE, timeout=HOURS_S):
            cells = opened_row(dict(row), contexts, vault)
            out.write((",".join(_cell(value, is_text=key in text) for key, value in cells.items()) + "\n").encode())
    inner = known.rows([f'{column.value} AS "{column.shown}"' for column in known.shown])
    query, rows = f"SELECT row_to_json(exported)::text FROM ({inner}) AS exported", 0  # noqa: S608 (names of the catalogue)
    with package.member(JSON.format(known.table.name)) as out:
        async for row in connection.cursor(query, school_id, prefetch=AT_ONCE, timeout=HOURS_S):
            told = opened_row(json.loads(row[0]), contexts, vault)
            out.write(json.dumps(told, ensure_ascii=False).encode() + b"\n")
            rows += 1
    package.count(name, rows)
    package.count(JSON.format(known.table.name), rows)
    return rows


def opened_row(row: dict[str, Any], contexts: Mapping[str | None, str], vault: Vault) -> dict[str, Any]:
    r"""Return a row with its sealed values, which PostgreSQL gives as \x and hexadecimal digits, decrypted."""
    return {
        name: vault.decrypt(bytes.fromhex(value[2:]), contexts[name])
        if name in contexts and value is not None
        else value
        for name, value in row.items()
    }


def _cell(value: str | None, *, is_text: bool) -> str:
    if value is None:
        return ""
    return '"' + tamed(value).replace('"', '""') + '"' if is_text else value


async def write_files(
    connection: asyncpg.Connection, school_id: int, package: Package, known: Known, vault: Vault
) -> None:
    """Write the files that a table holds: photos and documents."""
    for column, pattern in known.table.files.items():
        sealed = known.table.sealed.get(column)
        async for row in connection.cursor(known.rows(["*"]), school_id, prefetch=8, timeout=HOURS_S):
            content = row[column] if sealed is None else vault.decrypt_bytes(row[column], sealed.context)
            package.put(file_name(pattern, row), content)


def file_name(pattern: str, row: "asyncpg.Record | dict[str, object]") -> str:
    """Return the name of a row's file; nothing in it leads to another folder."""
    names = {column: ENDINGS.get(str(value), str(value)) for column, value in dict(row).items()}
    return pattern.format(**{column: name.replace("/", "_").replace("..", "_") for column, name in names.items()})


async def write_sealed(
    connection: asyncpg.Connection, school_id: int, sealer: Sealer, tables: Sequence[Known], vault: Vault
) -> None:
    """Write every sealed value as a line of JSON: table, key, column, and the value in base64."""
    for known in tables:
        closed = [name for name in (*known.table.sealed, *known.table.closed) if name not in known.table.files]
        if not closed:
            continue
        given = {column.name: column.value for column in known.columns if column.name in known.table.shown}
        quoted = {name: f'"{name}"' for name in (*known.key, *closed)}
        values = [f"{value} AS {quoted[name]}" for name, value in (quoted | given).items()]
        async for row in connection.cursor(known.rows(values), school_id, prefetch=AT_ONCE, timeout=HOURS_S):
            key = [row[name] for name in known.key]
            for name in closed:
                if row[name] is not None:
                    sealer.write(_line(known.table, key, name, row[name], vault))


def _line(table: Table, key: Sequence[object], name: str, value: str | bytes, vault: Vault) -> bytes:
    sealed = table.sealed.get(name)
    if sealed is not None:
        assert isinstance(value, bytes)  # noqa: S101 (sealed columns are bytes)
        plain = vault.decrypt_bytes(value, sealed.context)
    else:
        plain = value.encode() if isinstance(value, str) else value
    return json.dumps([table.name, list(key), name, base64.b64encode(plain).decode()]).encode() + b"\n"
