"""The step of a migration that seals a column which lay open, row by row, in the migration's own transaction.

Rule: where nothing is to be sealed no key is asked for; where something is and no key is at hand, nothing is migrated.
"""

from contextvars import ContextVar
from pathlib import Path

import asyncpg
from tortoise.migrations.operations import TortoiseOperation
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State
from typing_extensions import override

from cloud.core.database import raw
from cloud.core.vault import Vault, VaultLocked

AT_ONCE = 1_000
KEY_FILE: ContextVar[Path | None] = ContextVar("key file of a migration", default=None)


class SealColumn(TortoiseOperation):
    """Fill `<column>_encrypted` with what `<column>` holds; an empty text is nothing. `row` names the row for good."""

    target, kind = "encrypted", "bytea"

    def __init__(self, table: str, column: str, context: str, row: str = "id::text") -> None:
        self.table, self.column, self.context, self.row = table, column, context, row

    @override
    def describe(self) -> str:
        return f"Fill {self.table}.{self.column}_{self.target}"

    def sealed(self, vault: Vault, row: asyncpg.Record) -> bytes | str:
        """Return what stands in the place of a text."""
        return vault.encrypt(row["plain"], self.context, row["row"])

    @override
    async def database_forward(
        self, app_label: str, old_state: State, new_state: State, state_editor: BaseSchemaEditor | None = None
    ) -> None:
        assert state_editor is not None, "migrations run on a database"  # noqa: S101
        await self._seal(raw(state_editor.client))

    async def _seal(self, connection: asyncpg.Connection) -> None:
        query = (
            f"SELECT id, {self.row} AS row, {self.column} AS plain FROM {self.table}"  # noqa: S608 (names of ours)
            f" WHERE id > $1 AND {self.column} <> '' ORDER BY id LIMIT $2"
        )
        vault, last = None, -(2**63)
        while rows := await connection.fetch(query, last, AT_ONCE):
            vault = vault or _vault(self.table)
            sealed = [self.sealed(vault, row) for row in rows]
            await connection.execute(
                f"UPDATE {self.table} AS held SET {self.column}_{self.target} = new.sealed"  # noqa: S608 (names of ours)
                f" FROM unnest($1::bigint[], $2::{self.kind}[]) AS new (id, sealed) WHERE held.id = new.id",
                [row["id"] for row in rows], sealed,
            )  # fmt: skip
            last = rows[-1]["id"]


class DigestColumn(SealColumn):
    """Fill `<column>_digest` likewise: what a text that was sealed is found by."""

    target, kind = "digest", "text"

    @override
    def sealed(self, vault: Vault, row: asyncpg.Record) -> bytes | str:
        return vault.digest(row["plain"], self.context)


def _vault(table: str) -> Vault:
    path = KEY_FILE.get()
    if path is None:
        raise VaultLocked(f"{table} has rows to be sealed, and no key file is named: run `esik cloud migrate`")
    return Vault.of_file(path)
