"""A school's month with everything that goes wrong, through the product's tills, ingest and ledger, judged by paper.

Rule: at its end till totals, cloud, ledger, hledger and beancount say what a careful person with a pencil has.

`python -m simulators month --children 1000 --seed 7` lives one whole; without the broker, on an embedded PostgreSQL.
"""

import argparse
import asyncio
import contextlib
import logging
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import structlog

from cloud.core.database import Database
from cloud.core.migrating import migrate
from cloud.core.services import Services
from cloud.core.settings import Settings
from cloud.core.vault import Vault
from cloud.core.wakeups import Wakeups
from cloud.embedded.postgres import embedded_postgres
from cloud.ingest.transport import BrokerAddress
from simulators.bank import POOR, SimulatedBank
from simulators.clock import SimulatedClock
from simulators.month_broker import over_broker
from simulators.month_cloud import Cloud, MakeProjection, Unlucky, bank_line
from simulators.month_days import Days
from simulators.month_faults import Strike, strikes_of
from simulators.month_lan import Lan
from simulators.month_machine import TillParts
from simulators.month_money import Money
from simulators.month_paper import Paper
from simulators.month_plan import Plan, Size
from simulators.month_school import CODE, School
from simulators.month_till import Counts
from simulators.month_trouble import Trouble
from simulators.month_verdict import Verdict
from simulators.month_wire import Wires

BEGINS = datetime(2026, 8, 31, 4, 0, tzinfo=UTC)  # nine in the morning of the day before the school year
WRONG_SHOWN = 60
PLAIN = "mqtt://127.0.0.1:1883"  # stands in bundles, so that no certificates are made; nobody connects there


@dataclass(frozen=True, slots=True)
class Parts:
    """What a month is made of; a test that plants a mistake puts its own in."""

    projection: MakeProjection = Unlucky
    till: TillParts = field(default_factory=TillParts)


@dataclass(slots=True)
class Outcome:
    """How a month ended."""

    seed: int
    wrong: list[str] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    strikes: Sequence[Strike] = ()
    sales: int = 0
    windows: int = 0
    died: int = 0


async def live(
    services: Services,
    clock: SimulatedClock,
    folder: Path,
    seed: int,
    size: Size,
    parts: Parts | None = None,
    way: BrokerAddress | None = None,
) -> Outcome:
    """Live a month on fresh tables, at a clock that stands at BEGINS; messages go over a broker, if one is given."""
    parts = parts or Parts()
    services = replace(services, settings=replace(services.settings, device_mqtt_url=PLAIN))
    plan, paper, counts = Plan.drawn(seed, size), Paper(), Counts()
    school = School(services, plan)
    await school.enter()
    await school.families(Random(f"{seed} families"))
    cloud = Cloud.of(services, Random(f"{seed} cloud"), school.id, CODE, parts.projection)
    lan = Lan(plan.tills()[0], Random(f"{seed} lan"))
    wires = Wires(cloud.accept, clock, Random(f"{seed} wires"))
    async with bank_line(services) as line, over_broker(way, wires):
        bank = SimulatedBank(line, clock, Random(f"{seed} bank"), POOR)
        money = Money(services, plan, school, paper, bank, Random(f"{seed} money"))
        days = Days(
            services,
            clock,
            plan,
            school,
            cloud,
            lan,
            wires,
            money,
            folder,
            paper,
            counts,
            Random(f"{seed} days"),
            parts.till,
        )
        trouble = Trouble(days, strikes_of(plan))
        try:
            await _month(days, trouble)
            wrong = await Verdict(days).differences(folder)
        finally:
            await cloud.close()
    return Outcome(seed, wrong, counts.happened, trouble.strikes, len(paper.sales), cloud.windows, cloud.died)


async def _month(days: Days, trouble: Trouble) -> None:
    for number, device in enumerate(days.plan.tills(), 1):
        days.cashiers.append(await days.add_till(device, f"till-{number}"))
    await days.money.first()
    for on in days.plan.days:
        await trouble.before(on)
        await days.live(on, trouble.events_of(on))
        await trouble.after(on)
    await days.cloud.project()


def main(argv: Sequence[str]) -> int:
    """Live months and print what became of them; return 1 if any book differed."""
    parser = argparse.ArgumentParser(prog="python -m simulators month", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--count", type=int, default=1, help="how many seeds, one after the other")
    parser.add_argument("--children", type=int, default=1_000)
    parser.add_argument("--tills", type=int, default=3)
    parser.add_argument("--days", type=int, default=31, help="school days at most; a whole month has 22")
    parser.add_argument("--told", action="store_true", help="tell what happened, and how often")
    chosen = parser.parse_args(argv)
    failed = 0
    for seed in range(chosen.seed, chosen.seed + chosen.count):
        began_s = time.monotonic()
        with quiet():
            outcome = _on_own_database(seed, Size(chosen.children, chosen.tills, chosen.days))
        print(told(outcome, time.monotonic() - began_s, is_long=chosen.told), flush=True)
        failed += bool(outcome.wrong)
    return 1 if failed else 0


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep the product's logs to itself while a month is lived."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)


def told(outcome: Outcome, took_s: float, *, is_long: bool) -> str:
    """Return what to say of a month."""
    happened = outcome.happened
    verdict = f"{len(outcome.wrong)} DIFFERENCES" if outcome.wrong else "all books equal"
    lines = [
        (
            f"seed {outcome.seed}: {verdict}; {happened['visits']} visits, {outcome.sales} sales, {happened['shifts']} "
            f"shifts, {len(outcome.strikes)} faults, {outcome.died} deaths of workers; {took_s:.0f} s"
        )
    ]
    lines += [f"  {difference}" for difference in outcome.wrong[:WRONG_SHOWN]]
    if is_long:
        lines += [f"  {count:7} {what}" for what, count in sorted(happened.items())]
    return "\n".join(lines)


def _on_own_database(seed: int, size: Size) -> Outcome:
    """Live a month on an embedded PostgreSQL, in memory if there is room."""
    shared = Path("/dev/shm")  # noqa: S108 (a private folder is made in it)
    with tempfile.TemporaryDirectory(prefix="esik-month-", dir=shared if shared.is_dir() else None) as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL may run as another user
        return asyncio.run(_lived(folder, seed, size))


async def _lived(folder: Path, seed: int, size: Size) -> Outcome:
    async with embedded_postgres(folder / "postgres") as server:
        await migrate(server.url)
        clock, database = SimulatedClock(BEGINS), await Database.open(server.url, 10)
        settings = Settings(data=folder, database_url=server.url, public_url="https://esik.test")
        vault, wakeups = Vault(Random(seed).randbytes(32)), Wakeups(server.url, clock)
        try:
            services = Services(settings, clock, database, vault, wakeups, Random(seed))
            return await live(services, clock, folder / "tills", seed, size)
        finally:
            await database.close()
