"""Rows become files of an export: CSV for tables, JSON lines for records, each described for programs."""

import base64
import io
import json
import zipfile
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import asyncpg

from cloud.core.delimited import line_of, tamed
from cloud.core.vault import Vault
from cloud.exports.shapes import Export, Sealed, Secret

AT_ONCE = 1_000
HOURS_S = 6 * 3600.0
TYPES = {
    "bool": "boolean", "int2": "integer", "int4": "integer", "int8": "integer", "date": "date",
    "timestamptz": "datetime",
}  # fmt: skip
Cell = Callable[[Any], str]


async def write_table(
    connection: asyncpg.Connection,
    school_id: int,
    archive: zipfile.ZipFile,
    export: Export,
    vault: Vault,
    secrets: Collection[Secret],
) -> tuple[dict[str, object], int]:
    """Write one file of CSV and return its description, a resource of a data package, and how many rows it has."""
    statement = await connection.prepare(export.query, timeout=HOURS_S)
    kept = {
        attribute.name: TYPES.get(attribute.type.name, "string")
        for attribute in statement.get_attributes()
        if (sealed := export.sealed.get(attribute.name)) is None or sealed.secret is None or sealed.secret in secrets
    }
    cells = {column: _cell(kind, export.sealed.get(column), vault) for column, kind in kept.items()}
    count = 0
    with archive.open(f"{export.name}.csv", "w", force_zip64=True) as out, _text(out) as text:
        text.write(line_of(cells))
        async for row in statement.cursor(school_id, prefetch=AT_ONCE, timeout=HOURS_S):
            text.write(line_of(cell(row[column]) for column, cell in cells.items()))
            count += 1
    fields = [{"name": column, "type": kind} for column, kind in kept.items()]
    schema = {"fields": fields, "missingValues": [""]}
    path = f"{export.name}.csv"
    return {"name": export.name, "path": path, "description": export.about, "schema": schema}, count


async def write_records(
    connection: asyncpg.Connection, school_id: int, archive: zipfile.ZipFile, name: str, query: str
) -> int:
    """Write records as JSON lines, each with the very bytes of its device, and return how many."""
    count = 0
    with archive.open(f"{name}.jsonl", "w", force_zip64=True) as out:
        async for row in connection.cursor(query, school_id, prefetch=AT_ONCE, timeout=HOURS_S):
            out.write(_line(row))
            count += 1
    return count


def _line(row: asyncpg.Record) -> bytes:
    around = {
        "device": row["device"],
        "epoch": row["epoch"],
        "seq": row["seq"],
        "received_at": _instant(row["received_at"]),
        "corrected_ms": row["corrected_ms"],
        "reason": row["reason"],
        "digest": row["digest"].hex(),
    }
    told = json.dumps({key: value for key, value in around.items() if value is not None}, ensure_ascii=False).encode()
    record = bytes(row["record"])
    if _is_one_line_of_json(record):
        return told[:-1] + b', "record": ' + record + b"}\n"
    return told[:-1] + b', "record_base64": "' + base64.b64encode(record) + b'"}\n'


def _is_one_line_of_json(record: bytes) -> bool:
    try:
        return isinstance(json.loads(record.decode()), dict) and b"\n" not in record and b"\r" not in record
    except (ValueError, RecursionError):
        return False


def _cell(kind: str, sealed: Sealed | None, vault: Vault) -> Cell:
    if sealed is not None:
        return partial(_opened, vault, sealed.context)
    cells: dict[str, Cell] = {"boolean": _truth, "datetime": _instant, "date": _day}
    return cells.get(kind, _tame)


def _opened(vault: Vault, context: str, value: bytes | None) -> str:
    return "" if value is None else vault.decrypt(value, context)


def _truth(value: bool | None) -> str:
    return "" if value is None else str(value).lower()


def _instant(value: datetime | None) -> str:
    return "" if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _day(value: date | None) -> str:
    return "" if value is None else value.isoformat()


def _tame(value: object) -> str:
    if isinstance(value, str):
        return tamed(value)
    return "" if value is None else str(value)


def _text(out: Any) -> io.TextIOWrapper:
    return io.TextIOWrapper(out, encoding="utf-8", newline="")
