"""A record that a reader cannot apply holds up its own shard only, is named by the watch, and is met when it can be."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
import pytest

from cloud.core.services import Services
from cloud.ingest.cursor import LoggedRecord
from cloud.ingest.following import RETRY_S, Follower
from cloud.monitoring import troubles
from cloud.monitoring.kinds import Kind
from cloud.monitoring.watching import Failures
from simulators.clock import SimulatedClock
from tests.cloud.ingest.test_cursor import FAR, NEAR, write
from tests.cloud.monitoring.factory import Watched

POISON = 17
ALL = range(64)


@dataclass(slots=True)
class Reader:
    """A projection that keeps where records stood in a table, and breaks at one of them as long as it is sick."""

    sick: set[int]
    remembered: int = 0
    name: str = "kept"

    async def apply(self, connection: asyncpg.Connection, records: Sequence[LoggedRecord]) -> None:
        self.remembered += len(records)
        for record in records:
            await connection.execute("INSERT INTO kept VALUES ($1, $2)", record.shard, record.position)
            if record.shard == FAR and record.position in self.sick:
                raise KeyError(record.position)


@pytest.fixture(name="sick")
async def _sick(services: Services) -> set[int]:
    """Return at which records of a shard a reader breaks; there are thirty, and four of another shard."""
    await services.database.pool.execute("CREATE TABLE kept (shard smallint, position bigint)")
    await write(services.database, FAR, 30)
    await write(services.database, NEAR, 4)
    return {POISON}


def follower(services: Services, sick: set[int], failures: Failures | None = None) -> Follower:
    return Follower(services, lambda: Reader(sick), (failures or Failures()).note)


async def kept(services: Services, shard: int) -> list[int]:
    rows = await services.database.pool.fetch("SELECT position FROM kept WHERE shard = $1 ORDER BY ctid", shard)
    return [row["position"] for row in rows]


async def test_others_go_on_and_the_cursor_stands_right_before_the_record(
    services: Services, clock: SimulatedClock, sick: set[int]
) -> None:
    following = follower(services, sick)

    held = await following.catch_up(ALL)

    assert held == [FAR]
    assert await kept(services, FAR) == list(range(1, POISON))
    assert await kept(services, NEAR) == [1, 2, 3, 4]
    assert await services.database.pool.fetchval("SELECT position FROM reader_cursor WHERE shard = $1", FAR) == 16
    await write(services.database, 9, 3)
    assert await following.catch_up(ALL) == [], "it rests meanwhile, and the others are met at once"
    assert await kept(services, 9) == [1, 2, 3]


async def test_it_is_met_once_when_it_can_be(services: Services, clock: SimulatedClock, sick: set[int]) -> None:
    failures = Failures()
    following = follower(services, sick, failures)
    for _ in range(3):
        assert await following.catch_up(ALL) == [FAR]
        clock.advance(RETRY_S)
    assert failures.lasting(clock.now()) == ["kept"]
    sick.clear()

    assert await following.catch_up(ALL) == []

    assert await kept(services, FAR) == list(range(1, 31))
    assert await kept(services, NEAR) == [1, 2, 3, 4]


async def test_the_watch_names_the_record_that_holds_a_reader_up(
    services: Services, clock: SimulatedClock, sick: set[int]
) -> None:
    following, watch = follower(services, sick), Watched(services).watch()
    for _ in range(2):
        await following.catch_up(ALL)
        await watch.look()
        clock.advance(301)
    await watch.look()

    (told,) = [each for each in await troubles.open_troubles(services.database.pool) if each.kind == Kind.READER_STUCK]
    assert told.subject == f"kept {FAR}"
    assert told.detail.endswith(f"at {POISON - 1}; next is gate-1 e {POISON} (decision)")


async def test_a_database_that_is_away_is_no_records_doing(services: Services, sick: set[int]) -> None:
    following = follower(services, sick)
    await services.database.close()

    with pytest.raises((asyncpg.InterfaceError, OSError)):
        await following.catch_up(ALL)
