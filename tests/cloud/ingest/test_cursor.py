"""Readers of the log: each record is met once and in order, whoever is far behind."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from cloud.core.database import Database
from cloud.ingest.cursor import LoggedRecord, advance

NOON = datetime(2026, 9, 1, 7, 0, tzinfo=UTC)
FAR, NEAR = 7, 8


class Kept:
    """A projection that keeps where the records stood that it met."""

    name = "kept"

    def __init__(self) -> None:
        self.met: list[tuple[int, int]] = []

    async def apply(self, _connection: asyncpg.Connection, records: Sequence[LoggedRecord]) -> None:
        self.met += [(record.shard, record.position) for record in records]


async def write(database: Database, shard: int, count: int) -> None:
    """Write records, the later the position the earlier the time of arrival, as it may be within a window."""
    await database.pool.executemany(
        "INSERT INTO record VALUES ($1, $2, 1, 'gate-1', 'e', $2, $3, 0, 'decision', '', '')",
        [(shard, position, NOON - timedelta(seconds=position)) for position in range(1, count + 1)],
    )
    await database.pool.execute("UPDATE shard_head SET position = $2 WHERE shard = $1", shard, count)


@pytest.mark.parametrize("most", [1, 3, 500])
async def test_every_record_is_met_once_and_in_order_in_however_small_steps(database: Database, most: int) -> None:
    kept = Kept()
    await write(database, FAR, 30)
    await write(database, NEAR, 4)

    while await advance(database.pool, kept, range(64), most):
        pass

    assert sorted(kept.met) == [(FAR, number) for number in range(1, 31)] + [(NEAR, number) for number in range(1, 5)]
    assert [each for each in kept.met if each[0] == FAR] == sorted(each for each in kept.met if each[0] == FAR)


async def test_who_is_little_behind_does_not_wait_for_who_is_far(database: Database) -> None:
    kept = Kept()
    await write(database, FAR, 300)
    await write(database, NEAR, 4)

    assert await advance(database.pool, kept, range(64), 20) == 20

    assert [each for each in kept.met if each[0] == NEAR] == [(NEAR, number) for number in range(1, 5)]


async def test_a_reader_looks_at_the_shards_it_is_given_only(database: Database) -> None:
    kept = Kept()
    await write(database, FAR, 3)
    await write(database, NEAR, 3)

    assert await advance(database.pool, kept, [NEAR]) == 3
    assert {shard for shard, _ in kept.met} == {NEAR}
