"""Partitions: the table of records has one a month, made ahead of time."""

from collections.abc import Iterator
from datetime import date

import asyncpg

AHEAD = 3  # months, this one included
LOCK = 0x70617274  # "part"


async def make_partitions(pool: asyncpg.Pool, today: date) -> list[str]:
    """Make the partitions of this month and the next ones, where they are missing; return the names of new ones."""
    made: list[str] = []
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        for first, following in _months(today):
            name = f"record_{first:%Y_%m}"
            if await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", name):
                continue
            await connection.execute(
                f"CREATE TABLE {name} PARTITION OF record FOR VALUES FROM ('{first} 00:00Z') TO ('{following} 00:00Z')"
            )
            made.append(name)
    return made


def _months(today: date) -> Iterator[tuple[date, date]]:
    first = today.replace(day=1)
    for _ in range(AHEAD):
        following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
        yield first, following
        first = following
