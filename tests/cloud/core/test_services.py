"""Opening the services: a database that starts later is waited for; one that refuses us is not."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from cloud.core.database import DatabaseUnreachable, address
from cloud.core.services import open_services
from cloud.core.settings import Settings
from cloud.core.vault import make_key_file
from simulators.proxy import Proxy
from tests.servers.process import free_port
from tests.waiting import until_async


@pytest.fixture(name="proxy")
async def _proxy(database_url: str) -> AsyncIterator[Proxy]:
    """Yield a way to the database that nobody can go yet."""
    proxy = Proxy("127.0.0.1", address(database_url)["port"])
    proxy.unplug()
    yield proxy
    await proxy.stop()


@pytest.fixture(name="settings")
async def _settings(tmp_path: Path, database_url: str, proxy: Proxy) -> Settings:
    make_key_file(tmp_path / "vault.key")
    name = address(database_url)["database"]
    return Settings(data=tmp_path, database_url=f"postgres://esik@127.0.0.1:{await proxy.start()}/{name}")


async def test_a_database_that_comes_up_later_is_waited_for(settings: Settings, proxy: Proxy) -> None:
    opening = asyncio.create_task(_ask(settings, patience_s=60.0))
    await until_async(lambda: proxy.accepted > 0, what="a first knock")
    proxy.plug()

    assert await opening == 1


async def test_a_database_that_stays_away_is_told_when_patience_ends(settings: Settings) -> None:
    with pytest.raises(DatabaseUnreachable, match="database test_"):
        await _ask(settings, patience_s=0.0)


async def test_nobody_listening_is_told_when_patience_ends(settings: Settings) -> None:
    with pytest.raises(DatabaseUnreachable, match="Connect call failed"):
        await _ask(replace(settings, database_url=f"postgres://esik@127.0.0.1:{free_port()}/esik"), patience_s=0.0)


async def test_a_database_that_does_not_exist_is_told_at_once(settings: Settings, database_url: str) -> None:
    with pytest.raises(DatabaseUnreachable, match="nowhere"):
        await _ask(replace(settings, database_url=f"{database_url}_nowhere"), patience_s=3_600.0)


async def _ask(settings: Settings, patience_s: float) -> int:
    async with open_services(settings, patience_s=patience_s) as services:
        return int(await services.database.pool.fetchval("SELECT 1"))
