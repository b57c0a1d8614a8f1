"""What every query and action is given first: settings, clock, database, vault, wake-ups and chance."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from cloud.core.clock import Clock, SystemClock
from cloud.core.database import Database
from cloud.core.migrating import check_version
from cloud.core.settings import Settings
from cloud.core.vault import Vault
from cloud.core.wakeups import Wakeups

LISTEN_TIMEOUT_S = 15.0


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
async def open_services(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Services]:
    """Open everything at `settings.database_url`; refuse tables of another version; close it all at the end.

    Raises VaultLocked, DatabaseUnreachable or TablesOfAnotherVersion.
    """
    vault = Vault.of_file(settings.vault_key_file)
    chosen = clock or SystemClock()
    database = await Database.open(settings.database_url, settings.database_connections_max)
    try:
        await check_version(database)
        wakeups = Wakeups(settings.database_url, chosen)
        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(wakeups.run(), name="wake-ups")
            try:
                async with asyncio.timeout(LISTEN_TIMEOUT_S):
                    await wakeups.until_listening()
                yield Services(settings, chosen, database, vault, wakeups, random.SystemRandom())
            finally:
                listening.cancel()
    finally:
        await database.close()
