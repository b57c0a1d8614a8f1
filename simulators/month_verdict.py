"""The verdict over a simulated month: tills, ledger, hledger, beancount, the report and the pages against paper.

Rule: what is right stands on paper. Each difference is one line, and a month without any is one in which every book
says the same, to the tiyn.
"""

import csv
import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from cloud.ledger.checking import check
from cloud.ledger.journals import Program, journal
from cloud.ledger.queries import held_at, trial_balance
from cloud.meals.free_meals import owed_meals
from cloud.meals.odd import PAGE, Kind, apart_counts, odd_counts, odd_of
from cloud.meals.queries import day_of, eaten_by, shifts_of
from simulators.month_cloud import SYSTEM
from simulators.month_days import Days
from simulators.month_paper import BANK, BUDGET, EARNED, OFFICE, PROMISED
from simulators.month_plan import Child
from simulators.month_report import report_differences

SHOWN = 5
K = TypeVar("K")
# beancount has no program of its own that prints balances since its version 3.
BEANCOUNT = """
import json, sys
from beancount import loader
from beancount.core import realization
entries, errors, options = loader.load_file(sys.argv[1])
assert not errors, errors
real = realization.realize(entries)
print(json.dumps({each.account: str(each.balance.get_currency_units("KZT").number)
  for each in realization.iter_children(real) if not each.balance.is_empty()}))
"""


@dataclass(slots=True)
class Verdict:
    """Asks every book."""

    days: Days

    async def differences(self, folder: Path) -> list[str]:
        """Return all there are."""
        found = [
            *await self._balances(),
            *await self._shifts(),
            *await self._sold(),
            *await self._odd(),
            *await self._owed(),
            *await self._eaten(),
            *await self._trial(),
            *await self._programs(folder),
            *await report_differences(self.days),
        ]
        return [*self.days.counts.wrong, *found, *self._reports()]

    # The ledger

    def on_paper(self) -> dict[str, int]:
        """Return every balance as an accountant writes it: what is owed and earned below zero."""
        paper, children = self.days.paper, self.days.plan.children
        pockets = paper.pockets
        told = {f"Liabilities:Persons:{child.ref.upper()}": -paper.accounts[child.number] for child in children}
        told |= {f"Assets:Cash:{device.capitalize()}": cash for device, cash in paper.drawers.items()}
        told |= {
            "Assets:Cash:Office": pockets[OFFICE], "Assets:Clearing:Kaspi": pockets[BANK],
            "Assets:Subsidies": pockets[BUDGET], "Income:Canteen": -pockets[EARNED],
            "Liabilities:Refunds": -pockets[PROMISED],
        }  # fmt: skip
        return {account: amount for account, amount in told.items() if amount}

    async def _balances(self) -> list[str]:
        days = self.days
        held = await held_at(days.services.database.pool, days.school.id)
        wanted = {child.ref: days.paper.accounts[child.number] for child in days.plan.children}
        found = {child.ref: held.get(child.ref, 0) for child in days.plan.children}
        return _unlike("money of a child", wanted, found)

    async def _trial(self) -> list[str]:
        days, wrong = self.days, list[str]()
        for each in await check(days.services, SYSTEM, days.school.id):
            wrong.append(f"the ledger's own check: {each}")
        for on in self._all_days():
            trial = await trial_balance(days.services, SYSTEM, days.school.id, on)
            total = sum(line.closing_tiyn for line in trial.lines)
            if trial.debits_tiyn != trial.credits_tiyn or total:
                wrong.append(f"trial balance of {on}: {trial.debits_tiyn} and {trial.credits_tiyn}, {total} in all")
        return wrong

    async def _programs(self, folder: Path) -> list[str]:
        days, wanted, wrong = self.days, self.on_paper(), list[str]()
        for program, balances in ((Program.HLEDGER, hledger_balances), (Program.BEANCOUNT, beancount_balances)):
            file = folder / f"{program}.journal"
            text = [each async for each in journal(days.services, SYSTEM, days.school.id, program)]
            file.write_text("".join(text))
            if (found := balances(file)) is None:
                days.counts.happened[f"{program} is not installed: not asked"] += 1
                continue
            wrong += _unlike(f"{program}'s balance", wanted, found)
            days.counts.happened[f"balances that {program} found"] += len(found)
        return wrong

    # Meals

    async def _shifts(self) -> list[str]:
        days = self.days
        rows = {
            row.id: row for on in days.plan.days
            for row in await shifts_of(days.services, SYSTEM, days.school.id, on)
        }  # fmt: skip
        wanted = {
            name: (shift.total_tiyn, shift.count) if shift.is_closed else None
            for name, shift in days.paper.shifts.items()
        }
        told = {name: None if row.told_tiyn is None else (row.told_tiyn, row.told_count) for name, row in rows.items()}
        counted = {name: (row.found_tiyn, row.found_count) for name, row in rows.items() if told[name] is not None}
        closed = {name: value for name, value in wanted.items() if value is not None}
        return [*_unlike("a till's closing", wanted, told), *_unlike("the cloud's count of a shift", closed, counted)]

    async def _sold(self) -> list[str]:
        days, found = self.days, Counter[tuple[date, str, str]]()
        by_day = days.paper.by_day()
        rows = await days.services.database.pool.fetch(
            'SELECT id, "on", meal, payment, amount_tiyn, full_tiyn, returned_tiyn, is_void FROM meal_sale'
            " WHERE school_id = $1", days.school.id,
        )  # fmt: skip
        for row in rows:
            if not row["is_void"]:
                found[row["on"], row["meal"], row["payment"]] += 1
        wanted = {
            sale.id: (sale.on, sale.due.kind, sale.due.paid_tiyn, sale.due.full_tiyn, sale.is_void)
            for sale in days.paper.sales.values()
        }
        kept = {
            row["id"]: (row["on"], row["payment"], row["amount_tiyn"], row["full_tiyn"], row["is_void"]) for row in rows
        }
        wrong = [*_unlike("a sale", wanted, kept), *_unlike("a day's meals", by_day, found)]
        for on in days.plan.days:
            sold = await day_of(days.services, SYSTEM, days.school.id, on)
            told = Counter({each.payment.value: 0 for each in sold})
            for each in sold:
                told[each.payment.value] += each.count
            on_paper = Counter[str]()
            for (day, _, kind), count in by_day.items():
                on_paper[kind] += count if day == on else 0
            wrong += _unlike(f"the page of {on}", +on_paper, +told)
        return wrong

    async def _odd(self) -> list[str]:
        """Compare what somebody should look at: meals by right that were one too many, and what was overruled."""
        days, paper = self.days, self.days.paper
        second, unconfirmed = Counter[date](), set[str]()
        strange: list[str] = []
        for on in days.plan.days:
            counts = dict(await odd_counts(days.services, SYSTEM, days.school.id, on))
            second[on] = counts.get(Kind.SECOND_FREE, 0)
            unconfirmed |= await self._unconfirmed(on, counts.get(Kind.UNCONFIRMED, 0))
            strange += [
                f"{on}: {counts[kind]} of {kind}"
                for kind in (Kind.STRANGER, Kind.NO_LINES, Kind.LINES_DIFFER, Kind.FOREIGN_LINES, Kind.TOO_MUCH_BACK)
                if kind in counts
            ]
        apart = await apart_counts(days.services, SYSTEM, days.school.id)
        strange += [f"{count} of {why} wait for a decision" for why, count in apart]
        lonely = {sale.id for sale in paper.standing() if sale.is_lonely and not sale.is_overruled}
        silent = [
            f"a sale that nobody confirmed is not listed: {sale}" for sale in sorted(lonely - unconfirmed)[:SHOWN]
        ]
        return [*_unlike("meals by right, one too many", paper.second_meals(), +second), *strange[:SHOWN], *silent]

    async def _unconfirmed(self, on: date, count: int) -> set[str]:
        """Return the sales of a day that are listed as not confirmed by anybody."""
        days, found = self.days, set[str]()
        for page in range(1, -(-count // PAGE) + 1):
            rows = await odd_of(days.services, SYSTEM, days.school.id, on, Kind.UNCONFIRMED, page)
            found |= {each.id for each in rows}
        return found

    async def _owed(self) -> list[str]:
        """Compare what the budget is asked to pay for, meal by meal."""
        days, first, last = self.days, self.days.plan.days[0], self.days.plan.days[-1]
        people = {child.number: child.person_id for child in days.plan.children}
        wanted = {
            sale.id: (people[sale.child], sale.on, sale.meal, sale.due.full_tiyn - sale.due.paid_tiyn)
            for sale in days.paper.standing() if sale.due.is_by_right and sale.child is not None
        }  # fmt: skip
        rows = await owed_meals(days.services.database.pool, days.school.id, first, last)
        found = {row.sale: (row.person_id, row.on, row.meal, row.owed_tiyn) for row in rows}
        days.counts.happened["meals that the budget owes"] += len(found)
        return _unlike("what the budget owes for", wanted, found)

    async def _eaten(self) -> list[str]:
        """Compare what some parents see: dishes as they were called, and what was paid."""
        days, wrong = self.days, list[str]()
        for child in days.plan.children[:: max(1, len(days.plan.children) // 25)]:
            first, last = days.plan.days[0], days.plan.days[-1]
            rows = await eaten_by(days.services.database.pool, child.person_id, first, last)
            found = Counter(
                (row.on, row.paid_tiyn, row.full_tiyn, tuple(sorted((names["kk"], n) for names, n in row.dishes)))
                for row in rows if not row.is_void
            )  # fmt: skip
            wrong += _unlike(f"what child {child.number} ate", self._eaten_on_paper(child), found)
        return wrong

    def _eaten_on_paper(self, child: Child) -> Counter[tuple[date, int, int, tuple[tuple[str, int], ...]]]:
        own = [sale for sale in self.days.paper.standing() if sale.child == child.number]
        return Counter((sale.on, sale.remains_tiyn, sale.due.full_tiyn, tuple(sorted(sale.names))) for sale in own)

    def _reports(self) -> Iterator[str]:
        """Yield what tills complained of."""
        for line in self.days.wires.lines.values():
            yield from line.reports

    def _all_days(self) -> Sequence[date]:
        first, last = self.days.plan.days[0], self.days.plan.days[-1]
        return [first + timedelta(days=number) for number in range((last - first).days + 2)]


def hledger_balances(file: Path) -> dict[str, int] | None:
    """Return the balances that hledger finds after its strictest check; None where it is not installed."""
    if shutil.which("hledger") is None:
        return None
    check_it = ["hledger", "check", "--strict", "ordereddates", "-f", str(file)]
    subprocess.run(check_it, check=True, capture_output=True)  # noqa: S603 (a program of this machine)
    ask = ["hledger", "balance", "--flat", "-N", "-O", "csv", "-f", str(file)]
    told = subprocess.run(ask, check=True, capture_output=True, text=True).stdout  # noqa: S603
    rows = list(csv.reader(told.splitlines()))[1:]
    return {account: _in_tiyn(balance.removesuffix(" KZT")) for account, balance in rows}


def beancount_balances(file: Path) -> dict[str, int] | None:
    """Return the balances that beancount finds, without any error; None where it is not installed."""
    asked = subprocess.run(  # noqa: S603 (this very Python)
        [sys.executable, "-c", BEANCOUNT, str(file)], check=False, capture_output=True, text=True
    )
    if "No module named 'beancount'" in asked.stderr:
        return None
    assert asked.returncode == 0, asked.stderr[-2_000:]  # noqa: S101 (a journal that beancount refuses)
    return {account: _in_tiyn(number) for account, number in json.loads(asked.stdout).items()}


def _in_tiyn(tenge: str) -> int:
    return int(Decimal(tenge) * 100)


def _unlike(what: str, wanted: Mapping[K, object], found: Mapping[K, object]) -> list[str]:
    """Return a line for each of the first differences, and how many more there are."""
    keys = [key for key in {**wanted, **found} if wanted.get(key) != found.get(key)]
    lines = [f"{what} {key}: on paper {wanted.get(key)}, found {found.get(key)}" for key in keys[:SHOWN]]
    return [*lines, *([f"{what}: {len(keys) - SHOWN} more"] if len(keys) > SHOWN else [])]
