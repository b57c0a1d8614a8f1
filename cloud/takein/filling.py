"""How tables are filled with rows as they were: without the triggers that would count them again."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg

_SEQUENCES = """
SELECT table_name, column_name, pg_get_serial_sequence(quote_ident(table_name), column_name) AS sequence
FROM information_schema.columns
WHERE table_schema = 'public' AND pg_get_serial_sequence(quote_ident(table_name), column_name) IS NOT NULL
"""


@asynccontextmanager
async def filled_without_triggers(connection: asyncpg.Connection, tables: Sequence[str]) -> AsyncIterator[None]:
    """Switch the tables' own triggers off, in the open transaction; foreign keys are checked at the end of it."""
    for table in tables:
        await connection.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')
    yield
    await connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for table in tables:
        await connection.execute(f'ALTER TABLE "{table}" ENABLE TRIGGER USER')


async def renew_sequences(connection: asyncpg.Connection) -> None:
    """Let every sequence go on after the highest number that is there."""
    for row in await connection.fetch(_SEQUENCES):
        highest = await connection.fetchval(f'SELECT max("{row["column_name"]}") FROM "{row["table_name"]}"')  # noqa: S608
        if highest is not None:
            await connection.execute("SELECT setval($1::text::regclass, $2)", row["sequence"], highest)
