"""A migrated database and the services on it, fresh for every test, in milliseconds."""

import asyncio
import random
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from cloud.core.database import Database
from cloud.core.migrating import migrate
from cloud.core.services import Services
from cloud.core.settings import Settings
from cloud.core.vault import Vault
from cloud.core.wakeups import Wakeups
from simulators.clock import SimulatedClock
from tests.cloud.models_once import derive_once
from tests.servers.postgres import Postgres

TEMPLATE = "esik_template"
VAULT_KEY = bytes(range(32))
SEED = 1
derive_once()


@pytest.fixture(scope="session", name="migrated_template")
def _migrated_template(postgres_server: Postgres) -> str:
    """Return the name of a migrated database nobody is connected to."""
    asyncio.run(migrate(postgres_server.create(TEMPLATE)))
    return TEMPLATE


@pytest.fixture(name="database_url")
def _database_url(postgres_server: Postgres, migrated_template: str) -> Iterator[str]:
    """Return the address of a fresh, migrated database."""
    name = f"test_{uuid.uuid4().hex}"
    yield postgres_server.create(name, migrated_template)
    postgres_server.drop(name)


@pytest.fixture(name="database")
async def _database(database_url: str) -> AsyncIterator[Database]:
    """Return an open, migrated database without rows."""
    database = await Database.open(database_url, connections_max=10)
    yield database
    await database.close()


@pytest.fixture(name="clock")
def _clock() -> SimulatedClock:
    return SimulatedClock()


@pytest.fixture(name="services")
async def _services(database: Database, clock: SimulatedClock, tmp_path: Path) -> AsyncIterator[Services]:
    """Services on a fresh database, with a simulated clock, a known vault key and a seeded Random."""
    settings = Settings(data=tmp_path, database_url=database.url, public_url="https://esik.test")
    wakeups = Wakeups(database.url, clock)
    async with asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(wakeups.run(), name="wake-ups")
        await wakeups.until_listening()
        yield Services(settings, clock, database, Vault(VAULT_KEY), wakeups, random.Random(SEED))
        listening.cancel()
