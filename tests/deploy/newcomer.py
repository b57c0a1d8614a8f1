"""A component that nobody of the service knows of: it follows the log under a name of its own, beside all others.

Run as `python -m tests.deploy.newcomer URL`; its table is in a schema of its own, so that no backup and no migration of
the service meets it.
"""

import asyncio
import sys
from collections.abc import Sequence

import asyncpg

from cloud.core.database import address
from cloud.ingest.cursor import LoggedRecord, advance

NAME = "newcomer"
PAUSE_S = 0.1
_PLACE = """
CREATE SCHEMA IF NOT EXISTS newcomer;
CREATE TABLE IF NOT EXISTS newcomer.met (shard smallint, position bigint, kind text, PRIMARY KEY (shard, position))
"""


class Newcomer:
    """Keeps of what kind each record was; a record that is met twice breaks it."""

    name = NAME

    async def apply(self, connection: asyncpg.Connection, records: Sequence[LoggedRecord]) -> None:
        """Write what was met."""
        rows = [(record.shard, record.position, record.kind) for record in records]
        await connection.executemany("INSERT INTO newcomer.met VALUES ($1, $2, $3)", rows)


async def follow(url: str) -> None:
    """Follow the log of all shards until killed."""
    async with asyncpg.create_pool(**address(url), min_size=1, max_size=2) as pool:
        await pool.execute(_PLACE)
        while True:
            if not await advance(pool, Newcomer(), range(64)):
                await asyncio.sleep(PAUSE_S)


if __name__ == "__main__":
    asyncio.run(follow(sys.argv[1]))
