"""What every query and action is given first: settings, clock, database, vault, wake-ups and chance."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
import structlog

from cloud.core.clock import Clock, SystemClock
from cloud.core.database import Database, DatabaseUnreachable
from cloud.core.migrating import check_version
from cloud.core.settings import Settings
from cloud.core.vault import Vault
from cloud.core.wakeups import Wakeups

LISTEN_TIMEOUT_S = 15.0
RETRY_S = 1.0
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Services:
    """The world as the cloud sees it; tests give a simulated one."""

    settings: Settings
    clock: Clock
    database: Database
    vault: Vault
    wakeups: Wakeups
    rng: random.Random  # for names, jitter and shards; secrets come from `secrets`


@asynccontextmanager
async def open_services(
    settings: Settings, clock: Clock | None = None, patience_s: float = 0.0
) -> AsyncIterator[Services]:
    """Open everything at `settings.database_url`; refuse tables of another version; close it all at the end.

    A database that is not up yet is waited for `patience_s` seconds. Raises VaultLocked, DatabaseUnreachable or
    TablesOfAnotherVersion.
    """
    vault = Vault.of_file(settings.vault_key_file)
    chosen = clock or SystemClock()
    database = await _reach(settings, chosen, patience_s)
    try:
        wakeups = Wakeups(settings.database_url, chosen)
        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(wakeups.run(), name="wake-ups")
            try:
                async with asyncio.timeout(max(LISTEN_TIMEOUT_S, patience_s)):
                    await wakeups.until_listening()
                yield Services(settings, chosen, database, vault, wakeups, random.SystemRandom())
            finally:
                listening.cancel()
    finally:
        await database.close()


async def _reach(settings: Settings, clock: Clock, patience_s: float) -> Database:
    """Open the database and look at its tables; try again, for so long, while it starts or was cut off."""
    until_s, told = clock.monotonic_s() + patience_s, ""
    while True:
        try:
            return await _open(settings)
        except DatabaseUnreachable as error:
            if not error.may_pass or clock.monotonic_s() >= until_s:
                raise
            if told != str(error):
                told = str(error)
                log.warning("database.awaited", reason=told)
        await clock.sleep(RETRY_S)


async def _open(settings: Settings) -> Database:
    database = await Database.open(settings.database_url, settings.database_connections_max)
    try:
        await check_version(database)
    except (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError) as error:
        await database.close()
        raise DatabaseUnreachable(settings.database_url, error) from error
    except BaseException:
        await database.close()
        raise
    return database
