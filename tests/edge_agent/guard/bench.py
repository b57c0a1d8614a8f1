"""A guard's desk on a bench: the product's desk and gate, a journal in memory, an actuator that notes, a clock."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from argon2 import PasswordHasher

from edge_agent.actuators.actuator import Actuator
from edge_agent.clock import Clock
from edge_agent.door import Door
from edge_agent.gate import Gate
from edge_agent.guard.guard import Given, Guard
from edge_agent.guard.people import People
from edge_agent.orders import Orders
from edge_agent.pipeline import Pipeline
from edge_agent.readers.tap import Medium, Tap
from edge_agent.regime import GateRule, Regimes, rule_of
from edge_agent.roster import Roster
from edge_agent.rows import Rows, header_of
from edge_agent.scribe import Scribe
from edge_agent.sealed import Sealed
from edge_agent.settings import GateReader, GateSettings, GuardSettings, NoGate
from edge_agent.timekeeper import Timekeeper
from edge_agent.view import View
from schemas.codec import encode
from schemas.roster import body_of, row
from simulators.clock import SimulatedClock
from tests.edge_agent.gate import MemoryLog, NotingActuator, settle
from tests.edge_agent.school import ALIYA, BORIS, GUARD, MONDAY_8_MS, NIGHT, SILENT, header, roster

DEVICE, PEER = "gate-1", "gate-2"
PIN = "471108"
PIN_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PIN)  # a test's hash, cheap on purpose
ALWAYS = b'["profile","day",[[127,0,1440]],["*"]]'
PEOPLE = (
    row("person", ALIYA, "Әлия Қасымова", "1А", "student", 1, 1, "day"),
    row("person", BORIS, "Борис Константинопольский-Вознесенский", "11Б", "student", 1, 1, "day"),
    row("person", GUARD, "Айгүл Сейітова", "", "staff", 1, 1, "day"),
    row("person", SILENT, "Мира Тілеу", "1А", "student", 1, 0, "day"),
    row("person", NIGHT, "Нина Пак", "1А", "student", 1, 1, "night"),
)
STAFF = row("staff", GUARD, "Айгүл Сейітова", PIN_HASH, ["guard"])
COOK = row("staff", "cook00000000", "Марат Оспанов", PIN_HASH, ["cashier"])


class NotedLog(MemoryLog):
    """The journal in memory, as a scribe and folds see it."""

    held = 0
    unavailable = ""


class MemoryNotes:
    """Small values, in memory; they outlive whoever keeps them."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    async def remember(self, name: str, value: str) -> None:
        self.kept[name] = value

    async def recall(self, name: str) -> str | None:
        return self.kept.get(name)


class GuardBench:
    """A desk with one gate. Nothing is served; `guard.pages` and `guard.phones` are there to be."""

    def __init__(
        self, folder: Path, *changed: bytes, desk_rows: tuple[bytes, ...] = (STAFF, COOK), clock: Clock | None = None,
        notes: MemoryNotes | None = None, is_shared: bool = False, hears_all: bool = True,
    ) -> None:  # fmt: skip
        self.clock = clock or SimulatedClock(datetime.fromtimestamp(MONDAY_8_MS / 1000, UTC))
        self.timekeeper = Timekeeper(self.clock, machine="ntp")
        self.log, self.notes, self.view = NotedLog(), notes or MemoryNotes(), View(DEVICE)
        self.regimes, self.actuator = Regimes(), NotingActuator()
        self.roster: Roster | None = roster(ALWAYS, *PEOPLE, *changed)
        self.rows: Rows | None = Rows(header_of(header()), body_of(list(desk_rows)))
        readers = (GateReader("reader-in", "in"), GateReader("reader-out", "out"))
        self.gate = Gate(
            GateSettings("main", readers, NoGate("none")), [], self.clock, self._pipeline, lambda *_: self.actuator
        )
        scribe = Scribe(self.log, self.timekeeper, "0.1.0", folder)
        self.orders = Orders(self.regimes, [self.gate], self.view, self.notes, scribe, DEVICE, self._rule)
        settings = GuardSettings(is_on=True, lan_host="127.0.0.1" if is_shared else "")
        self.guard = Guard(
            Given(
                settings, DEVICE, self.log, self.notes, self.timekeeper, self.clock, random.Random(7),
                lambda: self.roster, lambda: self.rows, self.view, self.regimes, {"main": self.gate}, folder,
                Sealed(b"k" * 32), lambda: hears_all, lambda: None,
            ),
            self.orders,
        )  # fmt: skip
        self.guard._people = People(self.roster)
        self.desk = self.guard.desk

    def _rule(self, gate: str) -> GateRule:
        return rule_of(self.roster.gate(gate) if self.roster is not None else None)

    def _pipeline(self, door: Door, actuator: Actuator) -> Pipeline:
        return Pipeline(
            door, DEVICE, self.log, actuator, self.timekeeper, self.clock, self.view, lambda: self.roster,
            lambda tap: tap.credential.hex(), lambda _roster: True,
        )  # fmt: skip

    @asynccontextmanager
    async def working(self) -> AsyncIterator["GuardBench"]:
        """Run the gate and what goes by orders."""
        tasks = [asyncio.create_task(self.gate.run()), asyncio.create_task(self.orders.run())]
        await settle()
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            for task in tasks:
                with suppress(asyncio.CancelledError):
                    await task

    async def tap(self, ref: str, reader: str = "reader-in") -> None:
        """Show a card at the gate."""
        assert self.gate._pipeline is not None
        await self.gate._pipeline.handle(Tap(reader, ref.encode(), Medium.UID, self.clock.monotonic_ms()))
        await settle()

    def hear(self, kind: str, *, seq: int = 1, device: str = PEER, **fields: Any) -> None:
        """Let a peer's record come over the hub."""
        now = {"monotonic_ms": self.clock.monotonic_ms(), "wall_ms": self.clock.wall_ms(), "clock": "ntp"}
        record = encode(kind, {**now, **fields})
        self.view.observe(device, "f" * 16, seq, record)
        self.regimes.observe(device, "f" * 16, seq, record)
        self.guard.observe(device, "f" * 16, seq, record)

    def advance(self, seconds: float) -> None:
        assert isinstance(self.clock, SimulatedClock)
        self.clock.advance(seconds)

    def written(self, kind: str = "") -> list[dict[str, Any]]:
        """Return the records in the journal, without their times."""
        found = [msgspec.json.decode(entry.record) for entry in self.log.kept if entry.record is not None]
        return [{name: each[name] for name in each if name not in "mtq"} for each in found if kind in ("", each["k"])]
