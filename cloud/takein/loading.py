"""Tables of an export are loaded: JSON lines in batches, sealed values and files put where they were.

Rule: PostgreSQL itself reads every value, so that a wrong type is refused by what would refuse it anywhere.
"""

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Self

import asyncpg

from cloud.core.vault import Vault
from cloud.exports.catalogue import Known
from cloud.exports.shapes import Table, Writing
from cloud.exports.writing import JSON, file_name
from cloud.takein.errors import damaged, unknown
from cloud.takein.reading import Source

AT_ONCE, BYTES_AT_ONCE = 1_000, 32 << 20  # rows of one statement, and bytes of its lines and files
SEALED_MAX = 256 << 20  # bytes of secrets that are held at once
HOURS_S = 6 * 3600.0
Place = tuple[str, str, str]


@dataclass(slots=True)
class SealedValues:
    """What the sealed part holds, by table, key and column."""

    values: dict[Place, bytes] = field(default_factory=dict)

    @classmethod
    def read(cls, chunks: Iterable[bytes]) -> Self:
        """Read the sealed part. Raises TakeInRefused."""
        held, rest, size = cls(), b"", 0
        for chunk in chunks:
            size += len(chunk)
            if size > SEALED_MAX:
                raise damaged("its sealed part is larger than any school's")
            *lines, rest = (rest + chunk).split(b"\n")
            held._take(lines)
        if rest:
            raise damaged("its sealed part is cut off")
        return held

    def take(self, table: str, key: object, column: str) -> bytes | None:
        """Return a value, once."""
        return self.values.pop((table, json.dumps(key), column), None)

    def _take(self, lines: list[bytes]) -> None:
        for line in lines:
            try:
                table, key, column, value = json.loads(line)
                self.values[str(table), json.dumps(key), str(column)] = base64.b64decode(value, validate=True)
            except (ValueError, TypeError) as error:
                raise damaged(f"its sealed part ({type(error).__name__})") from None


@dataclass(frozen=True, slots=True)
class Loader:
    """Loads one table after the other, in the caller's transaction."""

    connection: asyncpg.Connection
    source: Source
    vault: Vault
    sealed: SealedValues

    async def load(self, known: Known) -> int:
        """Load a table and return how many rows it has; one that the export lacks stays empty. Raises TakeInRefused."""
        name = JSON.format(known.table.name)
        if name not in self.source.files:
            return 0
        count, statement = 0, ""
        for batch in batches(self.source.lines(name), lambda line: self._weight(known, line)):
            statement = statement or self._statement(known, batch[0])
            await self.connection.execute(statement, "[" + ",".join(self._rows(known, batch)) + "]", timeout=HOURS_S)
            count += len(batch)
        return count

    def check_used(self) -> None:
        """Refuse an export whose sealed part has something that belongs to no row."""
        if self.sealed.values:
            raise damaged("its sealed part is of other rows")

    def _weight(self, known: Known, line: bytes) -> int:
        """Return how many bytes a row is in a statement: its line, and its files in hexadecimal digits."""
        if not known.table.files:
            return len(line)
        row = self._parsed(known.table, line)
        names = [file_name(pattern, row) for pattern in known.table.files.values()]
        return len(line) + 2 * sum(self.source.files[name].size for name in names if name in self.source.files)

    def _statement(self, known: Known, first: bytes) -> str:
        """Return the statement that puts rows in: of columns the export knows; the others get their defaults."""
        table, told = known.table, self._told(known, first)
        own = {column.name for column in known.columns}
        names = [column.name for column in known.columns if column.name in told | set(table.unkept)]
        if strange := told - own:
            raise unknown(f"{table.name}.{min(strange)}")
        columns = ", ".join(f'"{name}"' for name in names)
        values = ", ".join(table.unkept.get(name, f'"{name}"') for name in names)
        return (
            f'INSERT INTO "{table.name}" ({columns}) OVERRIDING SYSTEM VALUE'  # noqa: S608 (names of the catalogue)
            f' SELECT {values} FROM json_populate_recordset(NULL::public."{table.name}", $1::text::json)'
        )

    def _told(self, known: Known, first: bytes) -> set[str]:
        """Return the columns that rows are filled with, by the first one."""
        row = self._parsed(known.table, first)
        shown = {sealed.shown_as(name) for name, sealed in known.table.sealed.items()} - set(known.table.files)
        return (set(row) - shown) | known.table.hidden - set(known.table.unkept) | set(known.table.files)

    def _rows(self, known: Known, batch: list[bytes]) -> Iterator[str]:
        if not (known.table.hidden or known.table.files or Writing.TEXT in known.table.written.values()):
            return (line.decode() for line in batch)
        return (json.dumps(self._whole(known, self._parsed(known.table, line))) for line in batch)

    @staticmethod
    def _parsed(table: Table, line: bytes) -> dict[str, Any]:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            raise damaged(f"a line of {table.name} is no JSON") from None
        if not isinstance(row, dict):
            raise damaged(f"a line of {table.name} is no row")
        return row

    def _whole(self, known: Known, row: dict[str, Any]) -> dict[str, Any]:
        """Return a row with what does not stand in the open tables."""
        table = known.table
        key = [row.get(name) for name in known.key]
        plain = {
            name: self.sealed.take(table.name, key, name)
            for name in (*table.sealed, *table.closed) if name not in table.files
        }  # fmt: skip
        for name, sealed in table.sealed.items():  # an export of before it was sealed has it under its plain name
            if name in plain and plain[name] is None:
                plain[name] = self._plain(table, key, sealed.shown_as(name), row)
        plain |= {name: self.source.content(file_name(pattern, row)) for name, pattern in table.files.items()}
        for name, value in plain.items():
            row[name] = self._kept(table, name, value)
        for name, of in table.digests.items():
            value = plain[of]
            row[name] = self.vault.digest(value.decode(), table.sealed[of].context) if value is not None else None
        for name, writing in table.written.items():
            if writing is Writing.TEXT and row.get(name) is not None:
                row[name] = _bytes(str(row[name]).encode())
        return row

    def _plain(self, table: Table, key: list[object], name: str, row: dict[str, Any]) -> bytes | None:
        """Return what an older export holds in its sealed part, or in the open table."""
        return self.sealed.take(table.name, key, name) or (str(row[name]).encode() if row.get(name) else None)

    def _kept(self, table: Table, name: str, value: bytes | None) -> str | None:
        if value is None:
            return None
        if name in table.sealed:
            return _bytes(self.vault.encrypt_bytes(value, table.sealed[name].context))
        return value.decode() if name in table.closed else _bytes(value)


def batches(lines: Iterable[bytes], weight: Callable[[bytes], int]) -> Iterator[list[bytes]]:
    """Yield lines in batches: so many rows, or so many bytes, whichever is less; a heavy row goes alone."""
    batch: list[bytes] = []
    held = 0
    for line in lines:
        weighs = weight(line)
        if batch and (len(batch) == AT_ONCE or held + weighs > BYTES_AT_ONCE):
            yield batch
            batch, held = [], 0
        batch.append(line)
        held += weighs
    if batch:
        yield batch


def _bytes(value: bytes) -> str:
    return "\\x" + value.hex()
