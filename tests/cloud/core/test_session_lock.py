"""A lock of a session is given back whatever happens; a connection goes back to the pool as it is."""

import asyncio
import re
from pathlib import Path

import asyncpg
import pytest

from cloud.core.database import session_lock
from cloud.core.services import Services

KEY = 0x74657374
ROOT = Path(__file__).parents[3]


async def is_free(services: Services, *key: int) -> bool:
    """Tell whether another session can have the lock."""
    async with session_lock(services.database.pool, *key) as held:
        return held is not None


@pytest.mark.parametrize("key", [(KEY,), (KEY, 7)], ids=["one number", "two numbers"])
async def test_one_session_holds_a_lock_and_others_are_told(services: Services, key: tuple[int, ...]) -> None:
    async with session_lock(services.database.pool, *key) as held:
        assert held is not None
        assert not await is_free(services, *key)
    assert await is_free(services, *key)


async def test_what_goes_wrong_within_gives_the_lock_back(services: Services) -> None:
    with pytest.raises(ZeroDivisionError):
        async with session_lock(services.database.pool, KEY):
            raise ZeroDivisionError
    assert await is_free(services, KEY)


async def test_a_connection_that_cannot_give_a_lock_back_is_closed_and_the_lock_is_free(services: Services) -> None:
    async def hold(begun: asyncio.Event) -> None:
        async with session_lock(services.database.pool, KEY) as held:
            assert held is not None
            await held.execute("BEGIN")
            with pytest.raises(asyncpg.UndefinedTableError):
                await held.execute("SELECT 1 FROM nothing")  # from now on it answers nothing, an unlocking neither
            begun.set()
            await asyncio.Event().wait()

    begun = asyncio.Event()
    holding = asyncio.create_task(hold(begun))
    await begun.wait()
    holding.cancel()
    with pytest.raises((asyncio.CancelledError, asyncpg.InFailedSQLTransactionError)):
        await holding

    async with asyncio.timeout(10):
        while not await is_free(services, KEY):  # the server has still to see that it is gone
            pass


async def test_a_connection_goes_back_without_a_round_trip(services: Services) -> None:
    async with services.database.pool.acquire() as connection:
        assert connection.get_reset_query() == ""


LASTING = re.compile(
    r"""pg(_try)?_advisory_lock|["'](SET (?!LOCAL|CONSTRAINTS)|LISTEN )|set_config\([^)]*, false\)|add_listener\("""
)
# Where a connection is not of the pool, or is closed after.
OWN = {"cloud/core/database.py", "cloud/core/wakeups.py", "cloud/monitoring/turns.py", "cloud/cli/drilling.py"}


def test_nothing_is_left_on_a_connection_of_the_pool() -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "cloud").rglob("*.py")
        if "migrations" not in path.parts and LASTING.search(path.read_text())
    }

    assert found - OWN == set()
