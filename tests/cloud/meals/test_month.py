"""A month at two tills and a bank, with everything that goes wrong: at its end all books say the same, to the tiyn."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
from typing_extensions import override

from cloud.core.services import Services
from cloud.ingest.cursor import LoggedRecord, advance
from cloud.ledger.checking import check
from cloud.ledger.journals import Program, journal
from cloud.ledger.queries import held_at
from cloud.meals.projection import Meals
from cloud.meals.queries import day_of, shifts_of
from cloud.people.queries import people_of
from cloud.topups.numbers import number_of
from schemas.structs import Record, Shift
from simulators.bank import POOR, SimulatedBank, State
from simulators.clock import SimulatedClock
from tests.cloud.ledger.test_journals import beancount_balances, hledger_balances
from tests.cloud.meals.factory import ALL, NOON, STAFF, Canteen
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.topups.factory import bank_line

CHILDREN, DAYS, SALES_A_SHIFT = 24, 20, 14
TILLS = ("till-1", "till-2")
AWAY = range(6, 13)  # days on which the second till reaches nobody
PRICES = (577_00, 811_00, 120_50, 0)


class Unlucky(Meals):
    """Fails now and then after all was written and before it is committed, as when the power goes."""

    def __init__(self, services: Services, rng: random.Random) -> None:
        super().__init__(services)
        self.rng = rng

    @override
    async def apply(self, connection: asyncpg.Connection, records: Sequence[LoggedRecord]) -> None:
        await super().apply(connection, records)
        if self.rng.random() < 0.2:
            raise ConnectionError


class Till:
    """One till's day on paper: what it writes, and what it counts by itself."""

    def __init__(self, canteen: Canteen, rng: random.Random) -> None:
        self.canteen, self.rng = canteen, rng
        self.owed: Counter[str] = Counter()  # by children
        self.counted: dict[str, tuple[int, int, int]] = {}  # by shift: all, cash, sales

    def day(self, number: int, till: str) -> list[Record]:
        """Return the records of one shift: sales of every kind, some taken back, in part or whole."""
        at = int((NOON + timedelta(days=number)).timestamp() * 1000)
        shift = self.canteen.id()
        tag: dict[str, Any] = {"monotonic_ms": 1, "wall_ms": at, "clock": "ntp"}
        records: list[Record] = [Shift(**tag, id=shift, till=till, outcome="opened", staff=STAFF)]
        sales = total = cash = 0
        for _ in range(SALES_A_SHIFT):
            made, paid, in_cash, is_void = self._sale(shift)
            records += made
            total, cash, sales = total + paid, cash + in_cash, sales + (not is_void)
        self.counted[shift] = (total, cash, sales)
        told: dict[str, Any] = {"amount_tiyn": total, "cash_tiyn": cash, "count": sales}
        records.append(Shift(**tag, **told, id=shift, till=till, outcome="closed", staff=STAFF))
        return [msgspec.structs.replace(each, wall_ms=at) for each in records]

    def _sale(self, shift: str) -> tuple[list[Record], int, int, bool]:
        price, payment = self.rng.choice(PRICES), self.rng.choice(["account", "account", "free", "subsidised", "cash"])
        child = -1 if payment == "cash" else self.rng.randrange(CHILDREN)
        paid = {"free": 0, "subsidised": price // 3}.get(payment, price)
        records = self.canteen.sold(child, price, paid, payment, shift=shift)
        kept, fate = paid, self.rng.random()
        if fate < 0.1:
            records.append(self.canteen.voided(records[1], paid))
            kept = 0
        elif fate < 0.2:
            back = self.rng.randrange(1, 900_00)
            records.append(self.canteen.refunded(records[1], back))
            kept -= min(back, paid)
        if child >= 0:
            self.owed[self.canteen.refs[child]] += kept
        return records, kept, kept if payment == "cash" else 0, fate < 0.1


async def test_after_a_month_of_faults_tills_bank_ledger_hledger_and_beancount_agree(
    services: Services, clock: SimulatedClock, tmp_path: Path
) -> None:
    rng = random.Random(456)
    canteen = await Canteen(services).open(CHILDREN, TILLS)
    till, late = Till(canteen, rng), list[Record]()
    for number in range(DAYS):
        for name in TILLS:
            records = till.day(number, name)
            if name == TILLS[1] and number in AWAY:
                late += records
                continue
            if name == TILLS[1] and late:
                await in_parts(canteen, late, name)
                late = []
            await in_parts(canteen, records, name)
        await projected(canteen, Unlucky(services, rng), rng)
    bank = await topped_up(services, canteen, clock, rng)
    await canteen.close()

    held = await held_at(services.database.pool, canteen.school_id)
    paid_in = Counter[str]()
    for payment in bank.book.values():
        paid_in[payment.account] += payment.tiyn if payment.state is State.ACCEPTED else 0
    numbers = {
        person.ref: await number_of(services, person.id)
        for person in await people_of(services, SYSTEM, canteen.school_id)
    }
    assert {ref: held.get(ref, 0) for ref in canteen.refs} == {
        ref: paid_in[numbers[ref]] - till.owed[ref] for ref in canteen.refs
    }
    assert await check(services, SYSTEM, canteen.school_id) == []
    await agrees_with_the_tills(canteen, till)
    await agrees_with_the_programs(canteen, tmp_path)


async def in_parts(canteen: Canteen, records: list[Record], till: str) -> None:
    """Send records in a few batches."""
    for start in range(0, len(records), 25):
        await canteen.send(*records[start : start + 25], till=till)


async def projected(canteen: Canteen, projection: Unlucky, rng: random.Random) -> None:
    """Let the reader go on until it has met everything, however often it fails."""
    while True:
        try:
            if not await advance(canteen.pool, projection, ALL, rng.randrange(5, 60)):
                return
        except ConnectionError:
            continue


async def topped_up(services: Services, canteen: Canteen, clock: SimulatedClock, rng: random.Random) -> SimulatedBank:
    """Let every child's parents pay at a bank with a poor line."""
    async with bank_line(services) as line:
        bank = SimulatedBank(line, clock, rng, POOR)
        for person in await people_of(services, SYSTEM, canteen.school_id):
            bank.pay(await number_of(services, person.id), rng.randrange(1, 9_000_00))
        await bank.settle()
    return bank


async def agrees_with_the_tills(canteen: Canteen, till: Till) -> None:
    """Compare what each till counted with its records, and the day's totals with both."""
    found: dict[str, tuple[int, int, int]] = {}
    of_days = 0
    for number in range(DAYS):
        on = (NOON + timedelta(days=number)).date()
        shifts = await shifts_of(canteen.services, SYSTEM, canteen.school_id, on)
        assert all(shift.is_right for shift in shifts)
        found |= {shift.id: (shift.found_tiyn, shift.found_cash_tiyn, shift.found_count) for shift in shifts}
        of_days += sum(sold.paid_tiyn for sold in await day_of(canteen.services, SYSTEM, canteen.school_id, on))
    assert found == till.counted
    assert of_days == sum(amount for amount, _, _ in till.counted.values())


async def agrees_with_the_programs(canteen: Canteen, folder: Path) -> None:
    """Let hledger and beancount add the ledger up."""
    files = {program: folder / f"{program}.journal" for program in Program}
    for program, file in files.items():
        text = [each async for each in journal(canteen.services, SYSTEM, canteen.school_id, program)]
        file.write_text("".join(text))
    own = hledger_balances(files[Program.HLEDGER])
    held = await held_at(canteen.pool, canteen.school_id)
    assert own == beancount_balances(files[Program.BEANCOUNT])
    persons = {account: amount for account, amount in own.items() if account.startswith("Liabilities:Persons")}
    assert persons == {f"Liabilities:Persons:{ref.upper()}": -tiyn for ref, tiyn in held.items() if tiyn}
