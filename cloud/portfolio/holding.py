"""The row of whoever a profile is of, held while something is written: one at a time writes, and to who may be kept.

Rule: nothing is written of somebody whose data are not to be kept, or erasure would leave it behind.
"""

from datetime import datetime

import asyncpg

from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.portfolio.errors import ErasureAsked
from cloud.portfolio.kinds import Subject

_HOLD = """
SELECT is_active, is_refused(id, 'data', $2) OR EXISTS (
  SELECT FROM erasure WHERE person_id = person.id AND done_at IS NULL
) AS is_gone FROM person WHERE id = $1 FOR NO KEY UPDATE
"""


async def hold(connection: asyncpg.Connection, whose: Subject, now: datetime) -> None:
    """Hold somebody's row for the open transaction. Raises NotFound for who has left, or ErasureAsked."""
    if not await _held(connection, whose, now):
        raise NotFound


async def hold_left_too(connection: asyncpg.Connection, whose: Subject, now: datetime) -> None:
    """Hold somebody's row for the open transaction, of who has left too. Raises NotFound or ErasureAsked."""
    await _held(connection, whose, now)


async def _held(connection: asyncpg.Connection, whose: Subject, now: datetime) -> bool:
    row = await connection.fetchrow(_HOLD, whose.id, now)
    if row is None:
        raise NotFound
    if row["is_gone"]:
        raise ErasureAsked(message("It was asked not to keep data of this person: they are removed, none are added."))
    return bool(row["is_active"])
