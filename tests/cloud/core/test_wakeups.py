"""Wake-ups reach who listens, after the commit, and say when some may have been lost."""

import asyncio

import pytest

from cloud.core.clock import SystemClock
from cloud.core.database import Database
from cloud.core.services import Services
from cloud.core.wakeups import EVERYTHING, WAITING_MAX, Subscription, Wakeups, notify
from simulators.clock import SimulatedClock
from tests.waiting import until_async

WAIT_S = 5.0


async def heard(subscription: Subscription) -> str:
    """Return the next payload that is not about a new connection."""
    while (payload := await asyncio.wait_for(anext(subscription), WAIT_S)) == EVERYTHING:
        pass
    return payload


async def test_a_listener_hears_a_committed_transaction(services: Services) -> None:
    subscription = await services.wakeups.subscribe("esik_test")

    async with services.database.transaction() as connection:
        await notify(connection, "esik_test", "1:abc")

    assert await heard(subscription) == "1:abc"


async def test_a_lost_connection_is_made_again_and_everybody_told(services: Services, clock: SimulatedClock) -> None:
    subscription = await services.wakeups.subscribe("esik_test")
    await notify(services.database.pool, "esik_test", "1:before")
    assert await heard(subscription) == "1:before"

    await services.database.pool.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND query ILIKE '%listen%'"
    )
    await until_async(lambda: clock.next_wake_s() is not None, WAIT_S)
    clock.advance(1.0)

    assert await asyncio.wait_for(anext(subscription), WAIT_S) == EVERYTHING
    await notify(services.database.pool, "esik_test", "1:after")
    assert await heard(subscription) == "1:after"


async def test_a_listener_far_behind_is_told_to_look_at_everything(clock: SimulatedClock) -> None:
    subscription = await Wakeups("", clock).subscribe("esik_test")

    for number in range(WAITING_MAX + 1):
        subscription.offer(str(number))

    assert await anext(subscription) == EVERYTHING


@pytest.mark.parametrize("turns", range(4))
async def test_who_is_ended_as_the_connection_is_lost_ends(database: Database, turns: int) -> None:
    wakeups = Wakeups(database.url, SystemClock())
    listening = asyncio.create_task(wakeups.run())
    await wakeups.until_listening()

    assert wakeups._connection is not None
    wakeups._connection.terminate()
    for _ in range(turns):
        await asyncio.sleep(0)
    listening.cancel()
    done, _ = await asyncio.wait([listening], timeout=30)

    assert done
