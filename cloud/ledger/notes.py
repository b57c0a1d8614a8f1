"""Why the office posted something by hand, and who: a note beside the entry, kept as long as the entry.

Rule: what a person posts by hand has a note; it is written in the transaction of its entry.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.ledger.kinds import EntryKind

NOTES_MAX = 50
_NOTE = "INSERT INTO ledger_note (school_id, key, why, noted_by, noted_at) VALUES ($1, $2, $3, $4, $5)"
_NOTES = """
SELECT number, kind, at, total_tiyn, why, noted_by FROM ledger_note AS note
JOIN ledger_entry AS entry ON entry.key = note.key
WHERE note.school_id = $1 ORDER BY noted_at DESC, note.key LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class Noted:
    """An entry that somebody posted by hand; `number` is the ledger's at the school."""

    number: int
    kind: EntryKind
    at: datetime
    total_tiyn: int
    why: str
    noted_by: str


async def note(
    connection: BaseDBAsyncClient | asyncpg.Connection, actor: Actor, school_id: int, key: str, why: str, at: datetime
) -> None:
    """Keep why an entry was posted by hand."""
    plain = raw(connection) if isinstance(connection, BaseDBAsyncClient) else connection
    await plain.execute(_NOTE, school_id, key, why, actor.name, at)


async def notes_of(services: Services, actor: Actor, school_id: int) -> Sequence[Noted]:
    """Return the newest entries of a school that were posted by hand. Raises NotAllowed."""
    actor.require(Right.MONEY_READ, school_id)
    rows = await services.database.pool.fetch(_NOTES, school_id, NOTES_MAX)
    return [Noted(**{**row, "kind": EntryKind(row["kind"])}) for row in rows]
