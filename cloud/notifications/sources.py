"""What notices are made of: the log of meals, and the ledger, each read by a cursor at every school.

Rule: what was met, and what is told of it, are written in one transaction: a worker that dies tells nothing twice and
leaves nothing out.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import asyncpg
import structlog

from cloud.core.errors import kinds_of
from cloud.core.services import Services
from cloud.ledger import moves
from cloud.ledger.moves import moves_after
from cloud.meals import told
from cloud.meals.told import meals_after
from cloud.menu.settings import rules_of
from cloud.notifications.outbox import tell
from cloud.notifications.rules import Fact, Purse, after, of_meal

ENTRIES_AT_ONCE = 250
SCHOOLS_AT_ONCE = 200
logger = structlog.get_logger()
_PLACE = "INSERT INTO notice_cursor (log, school_id, number) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING"
_LOCK = "SELECT number FROM notice_cursor WHERE log = $1 AND school_id = $2 FOR UPDATE"
_MOVE = "UPDATE notice_cursor SET number = $3 WHERE log = $1 AND school_id = $2"
_PURSES = "SELECT person_id, held_tiyn, is_told FROM notice_purse WHERE person_id = ANY($1)"
_KEEP_PURSES = """
INSERT INTO notice_purse (person_id, held_tiyn, is_told) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::boolean[])
ON CONFLICT (person_id) DO UPDATE SET held_tiyn = excluded.held_tiyn, is_told = excluded.is_told
"""


class SchoolLog(Protocol):
    """A log that numbers its entries at each school, without gaps, in the order of their commits."""

    name: str
    heads: str  # the table that counts each school's entries

    async def read(self, connection: asyncpg.Connection, school_id: int, number: int) -> tuple[Sequence[Fact], int]:
        """Return what the entries after a number tell, and the number of the last one met."""
        ...


class MealLog:
    """Meals that were taken, refused, and taken back."""

    name = "meals"
    heads = told.HEADS

    async def read(self, connection: asyncpg.Connection, school_id: int, number: int) -> tuple[Sequence[Fact], int]:
        """Return what the next facts tell."""
        met, reached = await meals_after(connection, school_id, number, ENTRIES_AT_ONCE)
        return [fact for each in met if (fact := of_meal(each)) is not None], reached


class MoneyLog:
    """Top-ups, and balances that became low."""

    name = "ledger"
    heads = moves.HEADS

    async def read(self, connection: asyncpg.Connection, school_id: int, number: int) -> tuple[Sequence[Fact], int]:
        """Return what the next entries tell, and keep what each child has after them."""
        met, reached = await moves_after(connection, school_id, number, ENTRIES_AT_ONCE)
        low_tiyn = (await rules_of(connection, school_id)).low_balance_tiyn
        purses = await _purses(connection, sorted({move.person_id for move in met}))
        facts: list[Fact] = []
        for move in met:
            purses[move.person_id], of_it = after(purses.get(move.person_id, Purse()), move, low_tiyn)
            facts += of_it
        await _keep_purses(connection, purses)
        return facts, reached


async def meet(services: Services, log: SchoolLog, shards: Collection[int]) -> int:
    """Tell guardians of the next entries of a log at some schools; return at how many, 0 when all were met.

    A school whose entries cannot be met is told of in the program's log and tried again later: others go on.
    """
    pool = services.database.pool
    behind = f"""
    SELECT head.school_id FROM {log.heads} AS head JOIN school ON school.id = head.school_id
    LEFT JOIN notice_cursor AS reached ON reached.log = $1 AND reached.school_id = head.school_id
    WHERE head.entries > coalesce(reached.number, 0) AND school.shard = ANY($2::smallint[])
    ORDER BY head.school_id LIMIT $3
    """  # noqa: S608 (a table of ours)
    met = 0
    for row in await pool.fetch(behind, log.name, sorted(shards), SCHOOLS_AT_ONCE):
        try:
            async with pool.acquire() as connection, connection.transaction():
                await _meet_at(connection, log, row["school_id"], services.clock.now())
        except Exception as error:  # noqa: BLE001 - one school's trouble is not another's; the next look tries again
            logger.warning("notices.failed", log=log.name, school=row["school_id"], error=kinds_of(error))
        else:
            met += 1
    return met


async def _meet_at(connection: asyncpg.Connection, log: SchoolLog, school_id: int, now: datetime) -> None:
    await connection.execute(_PLACE, log.name, school_id)
    number = await connection.fetchval(_LOCK, log.name, school_id)
    facts, reached = await log.read(connection, school_id, number)
    await tell(connection, facts, now)
    await connection.execute(_MOVE, log.name, school_id, reached)


async def _purses(connection: asyncpg.Connection, person_ids: Sequence[int]) -> dict[int, Purse]:
    rows = await connection.fetch(_PURSES, person_ids)
    return {row["person_id"]: Purse(row["held_tiyn"], row["is_told"]) for row in rows}


async def _keep_purses(connection: asyncpg.Connection, purses: Mapping[int, Purse]) -> None:
    held, told_of = [each.held_tiyn for each in purses.values()], [each.is_told for each in purses.values()]
    await connection.execute(_KEEP_PURSES, list(purses), held, told_of)
