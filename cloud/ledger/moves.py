"""The ledger as a log: what moved persons' accounts, entry by entry, for readers with a cursor of their own.

Rule: numbers of a school's entries come in the order of their commits, without gaps: who goes on after the last one it
met misses none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from cloud.ledger.kinds import EntryKind
from cloud.ledger.rules import held

HEADS = "ledger_head"  # counts each school's entries
_MOVES = """
SELECT entry.number, entry.key, entry.kind, entry.at, entry.recorded_at, account.person_id, line.amount_tiyn
FROM (
  SELECT id, number, key, kind, at, recorded_at FROM ledger_entry WHERE school_id = $1 AND number > $2
  ORDER BY number LIMIT $3
) AS entry
LEFT JOIN (ledger_line AS line JOIN ledger_account AS account ON account.id = account_id AND account.kind = 'child')
  ON line.entry_id = entry.id
ORDER BY entry.number, account.person_id
"""


@dataclass(frozen=True, slots=True)
class Move:
    """Money that came to a person's account (above zero) or left it."""

    school_id: int
    number: int
    key: str
    kind: EntryKind
    at: datetime
    recorded_at: datetime
    person_id: int
    amount_tiyn: int


async def moves_after(
    connection: asyncpg.Connection, school_id: int, number: int, most: int
) -> tuple[Sequence[Move], int]:
    """Return what the next entries moved, and the number of the last one; `number` itself when there is none."""
    rows = await connection.fetch(_MOVES, school_id, number, most)
    moves = [
        Move(
            school_id, row["number"], row["key"], EntryKind(row["kind"]), row["at"], row["recorded_at"],
            row["person_id"], held(row["amount_tiyn"]),
        )
        for row in rows
        if row["person_id"] is not None
    ]  # fmt: skip
    return moves, rows[-1]["number"] if rows else number
