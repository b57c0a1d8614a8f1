"""How a restriction is written and read: what is not sold to a child, and by which paper, are sealed.

Rule: whoever adds one holds the lock of the child's row, so that the same is never held twice.
"""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from cloud.core.vault import Vault
from cloud.menu.kinds import Limit

VALUE, PAPER = "restriction.value", "restriction.document"  # contexts of the vault
HELD_MAX = 100  # of one child at once, by parents and school together
_NEXT = "SELECT nextval(pg_get_serial_sequence('restriction', 'id'))"
_ADD = """
INSERT INTO restriction (id, school_id, person_id, kind, is_school, value_encrypted, document_encrypted, set_at, set_by)
OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_HELD = """
SELECT id, kind, value_encrypted FROM restriction
WHERE person_id = $1 AND lifted_at IS NULL AND is_school = $2 LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """A restriction that is to be set; one of the school has its paper."""

    school_id: int
    person_id: int
    kind: Limit
    value: str
    document: str
    at: datetime
    by: str


async def held_by(
    connection: asyncpg.Connection, vault: Vault, person_id: int, *, is_school: bool
) -> list[tuple[Limit, str]]:
    """Return what the school, or else the parents, hold against one child now."""
    rows = await connection.fetch(_HELD, person_id, is_school, HELD_MAX)
    return [(Limit(row["kind"]), value_of(vault, row)) for row in rows]


async def add_restriction(connection: asyncpg.Connection, vault: Vault, new: Setting) -> int:
    """Write a restriction and return its id."""
    number: int = await connection.fetchval(_NEXT)
    paper = vault.encrypt(new.document, PAPER, str(number)) if new.document else None
    await connection.execute(
        _ADD, number, new.school_id, new.person_id, new.kind.value, bool(new.document),
        vault.encrypt(new.value, VALUE, str(number)), paper, new.at, new.by,
    )  # fmt: skip
    return number


def value_of(vault: Vault, row: asyncpg.Record) -> str:
    """Return what a row says is not sold."""
    return vault.decrypt(row["value_encrypted"], VALUE, str(row["id"]))


def document_of(vault: Vault, row: asyncpg.Record) -> str:
    """Return by which paper the school says so; nothing of what parents set."""
    sealed = row["document_encrypted"]
    return "" if sealed is None else vault.decrypt(sealed, PAPER, str(row["id"]))
