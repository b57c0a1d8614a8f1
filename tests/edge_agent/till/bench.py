"""A till on a bench: the product's desk and shifts, a journal in memory, a clock, a hub."""

import random
from datetime import UTC, datetime
from typing import Any, Self

import msgspec
from argon2 import PasswordHasher

from edge_agent.readers.tap import Medium, Tap
from edge_agent.roster import Roster
from edge_agent.till.claims import Claim, Claims, OnlyTill, Outcome
from edge_agent.till.desk import Around, Desk
from edge_agent.till.pins import Pins
from edge_agent.till.sales import Sales
from edge_agent.till.shifts import Shifts
from edge_agent.till.stage import Stage
from edge_agent.timekeeper import Quality, Timekeeper
from schemas.roster import row
from simulators.clock import SimulatedClock
from tests.edge_agent.gate import MemoryLog
from tests.edge_agent.till.canteen import CASHIER, COOK, DEVICE, NOON_MS, canteen

PIN = "471108"
_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # a test's hash, cheap on purpose
PIN_HASH = _QUICK.hash(PIN)
STAFF = (
    row("staff", CASHIER, "Айгүл Сейітова", PIN_HASH, ["cashier"]),
    row("staff", COOK, "Марат Оспанов", PIN_HASH, ["cook"]),
)


class MemoryNotes:
    """Where counts are kept, in memory; it outlives whoever keeps them."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    async def remember(self, name: str, value: str) -> None:
        self.kept[name] = value

    async def recall(self, name: str) -> str | None:
        return self.kept.get(name)


class ToldHub:
    """A hub that answers what it was told to, and keeps what it was asked."""

    def __init__(self, outcome: Outcome = "granted", *, is_near: bool = True) -> None:
        self.outcome = outcome
        self.is_near = is_near
        self.asked: list[Claim] = []

    async def ask(self, claim: Claim) -> Outcome:
        self.asked.append(claim)
        return self.outcome


class TillBench:
    """One till. Time passes by its clock only."""

    def __init__(
        self, *changed: bytes, claims: Claims | None = None, clock: Quality = "ntp", is_touchless: bool = False,
        device: str = DEVICE, sales: Sales | None = None, log: MemoryLog | None = None, is_seen: bool | None = None,
    ) -> None:  # fmt: skip
        self.clock = SimulatedClock(datetime.fromtimestamp(NOON_MS / 1000, UTC))
        self.log = log or MemoryLog()
        self.notes = MemoryNotes()
        self.is_seen = is_seen  # by a gate today, as far as the till knows
        self._rows = (*STAFF, *changed)
        self.roster: Roster | None = canteen(*self._rows)
        around = Around(
            device, self.log, Timekeeper(self.clock, machine=clock), random.Random(device), lambda: self.roster,
            sales if sales is not None else Sales(), claims or OnlyTill(), lambda tap: tap.credential.hex(),
            is_seen=lambda _ref, _day: self.is_seen, is_touchless=is_touchless,
        )  # fmt: skip
        self.sales = around.sales
        self.desk = Desk(around)
        self.shifts = Shifts(self.desk, Pins(self.notes, self.clock))

    def learn(self, *changed: bytes) -> None:
        """Take a newer roster, with these rows."""
        self.roster = canteen(*self._rows, *changed)

    async def open(self) -> Self:
        await self.shifts.open(CASHIER, PIN)
        return self

    async def tap(self, ref: str) -> Stage:
        return await self.desk.tap(Tap("till", ref.encode(), Medium.UID, self.clock.monotonic_ms()))

    async def sell(self, payer: str = "account", why: str = "") -> list[str]:
        """Sell what the screen shows, as the cashier's touch does."""
        look = self.desk.look()
        judgement = look.judgement if payer == "account" else look.cash
        amount_tiyn = judgement.amount_tiyn if judgement is not None else 0
        return list(await self.desk.sell(look.stage.turn, amount_tiyn, payer, why))  # type: ignore[arg-type] # a test's word

    def written(self, kind: str = "") -> list[dict[str, Any]]:
        """Return the records in the journal as they stand, without their times."""
        found = [msgspec.json.decode(entry.record) for entry in self.log.kept if entry.record is not None]
        return [{name: each[name] for name in each if name not in "mtq"} for each in found if kind in ("", each["k"])]
