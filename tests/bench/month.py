"""A school's month with everything that goes wrong, as a measurement: how much it was, and that all books are equal."""

import asyncio
import time
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from cloud.core.database import Database
from cloud.core.migrating import migrate
from cloud.core.services import Services
from cloud.core.settings import Settings
from cloud.core.vault import Vault
from cloud.core.wakeups import Wakeups
from simulators.clock import SimulatedClock
from simulators.month import BEGINS, Outcome, live, quiet
from simulators.month_plan import Size
from tests.bench.table import Figure, at_most
from tests.cloud.fixtures import VAULT_KEY
from tests.servers.postgres import postgres

SEED, SCHOOL = 456, Size(children=1_000, tills=3)


def of_a_school() -> list[Figure]:
    """Live a month of a school of 1,000, and compare every book with paper."""
    with postgres() as server, TemporaryDirectory() as folder, quiet():
        began_s = time.perf_counter()
        outcome = asyncio.run(_lived(server.create("month"), Path(folder)))
        took_s = time.perf_counter() - began_s
    how = (
        f"seed {SEED}: {SCHOOL.children:,} children, {SCHOOL.tills} tills, 22 days, {len(outcome.strikes)} faults, "
        f"{outcome.happened['shifts']} shifts; tills, cloud, ledger, hledger and beancount against paper"
    )
    return [
        at_most("a month's differences between books", len(outcome.wrong), "", how, ceiling=0),
        Figure("a month's sales", outcome.sales, "", how),
        Figure("a month lived", took_s, "s", how),
    ]


async def _lived(url: str, folder: Path) -> Outcome:
    await migrate(url)
    database, clock = await Database.open(url, 10), SimulatedClock(BEGINS)
    settings = Settings(data=folder, database_url=url, public_url="https://esik.test")
    services = Services(settings, clock, database, Vault(VAULT_KEY), Wakeups(url, clock), Random(SEED))
    try:
        return await live(services, clock, folder / "tills", SEED, SCHOOL)
    finally:
        await database.close()


MEASUREMENTS = (of_a_school,)
