"""What is measured of money: postings a second, one by one and many at once, and a till's backlog all at once."""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from tempfile import TemporaryDirectory

from cloud.core.clock import SystemClock
from cloud.core.database import Database
from cloud.core.migrating import migrate
from cloud.core.services import Services
from cloud.core.settings import Settings
from cloud.core.vault import Vault
from cloud.core.wakeups import Wakeups
from cloud.ledger.checking import check
from cloud.ledger.kinds import EntryKind
from cloud.ledger.posting import post_all
from cloud.ledger.postings import OFFICE, top_up
from cloud.ledger.rules import Account, Posting
from tests.bench.table import Figure, at_least, at_most, percentile
from tests.cloud.fixtures import VAULT_KEY
from tests.cloud.ledger.factory import NOON, children, meal
from tests.cloud.meals.factory import Canteen
from tests.cloud.schools.factory import SYSTEM
from tests.servers.postgres import Durability, postgres

CHILDREN, SINGLE, MANY, AT_ONCE, BACKLOG = 100, 1_000, 10_000, 250, 1_000
TURNS, OF_A_TURN, MONTH_TRIGGERS = 10, 100, ("month_moves", "month_shrinks", "month_changes")


def postings_a_second() -> list[Figure]:
    """Post top-ups in a transaction each, as a bank's are, and sales many at once, as a till's are."""
    return with_services(_postings)


def backlog_of_a_till() -> list[Figure]:
    """Project a thousand sales that a till kept while it was offline, and compare the balances."""
    return with_services(_backlog)


def months_of_meals() -> list[Figure]:
    """Project sales with and without the triggers that tell a report that its month has changed."""
    return with_services(_months)


async def _postings(services: Services) -> list[Figure]:
    school_id, refs = await children(services, CHILDREN)
    single = [top_up(f"cash:{number}", NOON, refs[number % CHILDREN], 500_00, OFFICE) for number in range(SINGLE)]
    payers = [Account.of(refs[number % CHILDREN]) for number in range(MANY)]
    many = [
        meal(EntryKind.SALE, f"record:{number}", NOON, payer, paid_tiyn=300_00, subsidy_tiyn=277_00)
        for number, payer in enumerate(payers)
    ]
    one_by_one = await _rate(services, school_id, single, 1)
    at_once = await _rate(services, school_id, many, AT_ONCE)
    assert await check(services, SYSTEM, school_id) == [], "the books are not whole"
    return [
        at_least(
            "ledger, one posting a transaction", one_by_one, "postings/s",
            f"{SINGLE} top-ups of one school, each committed", floor=100,
        ),
        at_least(
            "ledger, many at once", at_once, "postings/s", f"{MANY} sales of three lines, {AT_ONCE} a transaction",
            floor=2_000,
        ),
    ]  # fmt: skip


async def _rate(services: Services, school_id: int, made: list[Posting], at_once: int) -> float:
    began_s = time.perf_counter()
    for start in range(0, len(made), at_once):
        async with services.database.transaction() as connection:
            await post_all(connection, school_id, made[start : start + at_once], NOON)
    return len(made) / (time.perf_counter() - began_s)


async def _backlog(services: Services) -> list[Figure]:
    canteen, rng = await Canteen(services).open(CHILDREN), random.Random(1)
    sold = [canteen.sold(rng.randrange(CHILDREN), rng.randrange(1, 900_00)) for _ in range(BACKLOG)]
    for start in range(0, BACKLOG, 100):
        await canteen.send(*(record for each in sold[start : start + 100] for record in each))
    began_s = time.perf_counter()
    await canteen.project(250)
    took_s = time.perf_counter() - began_s
    assert await check(services, SYSTEM, canteen.school_id) == [], "the books are not whole"
    await canteen.close()
    method = f"{BACKLOG} sales with a line each, from the log to sales, postings and balances"
    return [at_most("a till's backlog in the books", took_s, "s", method, ceiling=10.0)]


async def _months(services: Services) -> list[Figure]:
    canteen, rng = await Canteen(services).open(CHILDREN), random.Random(1)
    took_s: dict[str, list[float]] = {"ENABLE": [], "DISABLE": []}
    for turn in range(2 * TURNS):
        sold = [canteen.sold(rng.randrange(CHILDREN), rng.randrange(1, 900_00)) for _ in range(OF_A_TURN)]
        await canteen.send(*(record for each in sold for record in each))
        state = "ENABLE" if turn % 2 else "DISABLE"
        for trigger in MONTH_TRIGGERS:
            await canteen.pool.execute(f"ALTER TABLE meal_sale {state} TRIGGER {trigger}")
        began_s = time.perf_counter()
        await canteen.project(250)
        took_s[state].append(time.perf_counter() - began_s)
    counted = await canteen.pool.fetchval("SELECT number FROM meal_month")
    assert counted >= TURNS, "the month was not counted on"
    await canteen.close()
    with_us, without_us = (1e6 * percentile(took_s[each], 0.5) / OF_A_TURN for each in ("ENABLE", "DISABLE"))
    method = (
        f"medians of {TURNS} times {OF_A_TURN} sales in turns, from the log to the books, with and without the "
        f"triggers that count a month on: {with_us:.0f} and {without_us:.0f} us a sale"
    )
    return [
        at_most("meal_month's triggers, of a sale's cost", 100 * (with_us / without_us - 1), "%", method, ceiling=10)
    ]


def with_services(
    measure: Callable[[Services], Coroutine[None, None, list[Figure]]], durability: Durability = Durability.NONE
) -> list[Figure]:
    """Return what a measurement finds with services on a new database."""
    with postgres(durability) as server, TemporaryDirectory() as folder:
        url = server.create("bench")
        return asyncio.run(_measured(url, Path(folder), measure))


async def _measured(
    url: str, folder: Path, measure: Callable[[Services], Coroutine[None, None, list[Figure]]]
) -> list[Figure]:
    await migrate(url)
    database, clock = await Database.open(url, 10), SystemClock()
    settings = Settings(data=folder, database_url=url, public_url="https://esik.test")
    try:
        return await measure(
            Services(settings, clock, database, Vault(VAULT_KEY), Wakeups(url, clock), random.Random(1))
        )
    finally:
        await database.close()


MEASUREMENTS = (postings_a_second, backlog_of_a_till, months_of_meals)
