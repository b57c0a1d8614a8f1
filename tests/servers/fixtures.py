"""The servers as pytest fixtures: one PostgreSQL a run, a new database, broker and browser a test."""

import uuid
from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser

from tests.servers.chromium import chromium
from tests.servers.mosquitto import Mosquitto, mosquitto
from tests.servers.postgres import Postgres, postgres


@pytest.fixture(scope="session", name="postgres_server")
def _postgres_server() -> Iterator[Postgres]:
    with postgres() as server:
        yield server


@pytest.fixture(name="empty_database")
def _empty_database(postgres_server: Postgres) -> Iterator[str]:
    """Return the address of a new database without tables."""
    name = f"test_{uuid.uuid4().hex}"
    yield postgres_server.create(name)
    postgres_server.drop(name)


@pytest.fixture(name="mosquitto_server")
def _mosquitto_server() -> Iterator[Mosquitto]:
    with mosquitto() as server:
        yield server


@pytest.fixture(name="browser")
async def _browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser
