"""How tables are filled with rows as they were: without the triggers that would count them again."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg


@asynccontextmanager
async def filled_without_triggers(connection: asyncpg.Connection, tables: Sequence[str]) -> AsyncIterator[None]:
    """Switch the tables' own triggers off, in the open transaction; foreign keys are checked at the end of it."""
    for table in tables:
        await connection.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')
    yield
    await connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for table in tables:
        await connection.execute(f'ALTER TABLE "{table}" ENABLE TRIGGER USER')
