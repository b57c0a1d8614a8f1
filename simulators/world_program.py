"""The agent of a simulated world: the product's own parts on a simulated gate, wire and journal, from start to death.

Rule: what decides, writes, sends and trims here is the code of `edge_agent`.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

import msgspec

from edge_agent.actuators.actuator import Direction, FireChanged, PassageOutcome, Passed
from edge_agent.door import Door
from edge_agent.journal.entry import Entry, JournalBroken, JournalUnavailable
from edge_agent.journal.file import JournalFile
from edge_agent.journal.opening import Opened, open_journal
from edge_agent.pipeline import Pipeline
from edge_agent.readers.tap import Medium, Tap
from edge_agent.roster import Roster
from edge_agent.sync.mqtt import Broker
from edge_agent.sync.session import Session
from edge_agent.sync.uplink import Route, Uplink
from edge_agent.sync.wire import Identity
from edge_agent.timekeeper import Stamp, Timekeeper
from edge_agent.unfinished import unfinished
from edge_agent.view import View
from schemas.structs import Alarm, Cmd
from simulators.invariants import Ledger
from simulators.loop import running
from simulators.world_cloud import Worker
from simulators.world_machine import Site, WitnessedFile, WorldClock, WorldJournal
from simulators.world_school import PEOPLE, SCHOOL, SHARD, keys_of, token_of, uid_of
from simulators.world_wire import Connection, Wire

KEEPALIVE_S = 20
_ROUTE = [Route("cloud", Broker("cloud", 8883, is_tls=False))]
_READERS: dict[str, Direction] = {"reader-in": "in", "reader-out": "out"}
Trace = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Parts:
    """The classes a world is made of; a test that plants a bug puts its own in."""

    session: type[Session] = Session
    file: type[WitnessedFile] = WitnessedFile
    journal: type[WorldJournal] = WorldJournal
    pipeline: type[Pipeline] = Pipeline
    worker: type[Worker] = Worker


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all devices of a world share."""

    wire: Wire
    ledger: Ledger
    folder: Path
    roster: Roster
    trace: Trace
    parts: Parts = field(default_factory=Parts)


class WorldGate:
    """A gate with a passage sensor; people go through a moment after it opens, or turn away."""

    has_sensor = True

    def __init__(self, gate: str, site: Site, rng: Random) -> None:
        self.pipeline: Pipeline | None = None
        self._gate = gate
        self._site = site
        self._rng = rng

    def open(self, direction: Direction, grant: int) -> None:
        self._site.ledger.open_gate(self._site.page, self._gate, running().now_ms)
        outcome = PassageOutcome.PASSED if self._rng.random() < 0.95 else PassageOutcome.NO_PASSAGE
        running().call_later(self._rng.uniform(0.5, 2.0), self._sense, outcome, direction, grant)

    def deny(self) -> None:
        """Stay closed."""

    def events(self) -> AsyncIterator[Passed | FireChanged]:
        """Refuse: a world tells the pipeline itself what the gate sees."""
        raise NotImplementedError

    def _sense(self, outcome: PassageOutcome, direction: Direction, grant: int) -> None:
        if self.pipeline is not None and not self._site.is_dead:
            self.pipeline.handle_passage(Passed(outcome, direction, grant, running().now_ms))


class Program:
    """One run of the agent's program, from its start to its death."""

    def __init__(
        self, around: Surroundings, site: Site, device: str, gate: str, rng: Random, clock: WorldClock
    ) -> None:
        self.site = site
        self.clock = clock
        self._around = around
        self._rng = rng
        self.timekeeper = Timekeeper(clock, floor_ms=around.roster.header.issued_ms)
        boot = f"{rng.getrandbits(64):016x}"
        self._device = device
        self._boot = boot
        self.journal = around.parts.journal(self._first_file(), self.timekeeper, site, self._open)
        self.view = View(device)
        keys = keys_of(device)
        identity = Identity(device, SCHOOL, SHARD, boot, "0.1.0", keys.uplink, keys.downlink)
        self.session = around.parts.session(identity, rng)
        self.uplink = Uplink(
            self.session, self.journal, self, lambda: _ROUTE, device, rng, keepalive_s=KEEPALIVE_S, make_link=self._link
        )
        self.journal.on_durable = self.uplink.appended
        actuator = WorldGate(gate, site, rng)
        self.pipeline = actuator.pipeline = around.parts.pipeline(
            Door(gate, _READERS), device, self.journal, actuator, self.timekeeper, clock, self.view,
            lambda: around.roster, token_of, lambda _roster: True,
        )  # fmt: skip

    def _open(self, broken: str) -> Opened:
        return open_journal(
            self.site.path,
            self._device,
            self._rng,
            stamp=self.timekeeper.now(),
            boot=self._boot,
            firmware="0.1.0",
            broken=broken,
            make=partial(self._around.parts.file, site=self.site),
        )

    def _first_file(self) -> JournalFile | None:
        try:
            return self._open("").file
        except JournalUnavailable as error:
            self._around.trace(f"{self.site.name}: starts without a journal: {error}")
            return None

    @property
    def file(self) -> WitnessedFile | None:
        """Return the journal's file, if there is one now."""
        return self.site.file

    def _link(
        self, _broker: Broker, client_id: str, heard: Callable[[str, bytes], None], **_more: object
    ) -> Connection:
        return Connection(self._around.wire, self.site.name, client_id, heard, keepalive_s=KEEPALIVE_S)

    async def run(self, crowd_s: float, until_s: float) -> None:
        """Serve the wire and the people who come, on the average every `crowd_s` seconds, until an instant."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.uplink.run(), name=f"{self.site.name}.uplink")
            group.create_task(self._serve(crowd_s, until_s), name=f"{self.site.name}.gate")

    async def _serve(self, crowd_s: float, until_s: float) -> None:
        loop = running()
        for record in await self._unfinished():
            self.journal.append(record).add_done_callback(ignore)
        while loop.time() < until_s:
            await asyncio.sleep(min(self._rng.expovariate(1 / crowd_s), until_s - loop.time()))
            await self.tap()
            self.pipeline.housekeep()
        await self.tap()  # what was lost meanwhile is told with the next record
        self.pipeline.close()

    async def _unfinished(self) -> list[bytes]:
        with contextlib.suppress(JournalUnavailable, JournalBroken):
            return await unfinished(self.journal, {self.pipeline.door.gate}, self.timekeeper.now())
        return []

    async def tap(self) -> None:
        """Let somebody show a card, now and then twice, now and then a stranger."""
        number = self._rng.randrange(PEOPLE + 2)
        reader = self._rng.choice(("reader-in", "reader-out"))
        for _ in range(2 if self._rng.random() < 0.1 else 1):
            await self.pipeline.handle(Tap(reader, uid_of(number), Medium.UID, self.clock.monotonic_ms()))

    @property
    def is_drained(self) -> bool:
        """Tell whether the cloud has everything this program knows of."""
        journal = self.journal
        return journal.is_idle and journal.epoch != "" and self.session.unsent == 0 and journal.held == 0

    # What the uplink asks

    def stamp(self) -> Stamp:
        return self.timekeeper.now()

    def is_clock_good(self) -> bool:
        return self.timekeeper.now().quality in ("rtc", "ntp", "hub")

    def floor_ms(self) -> int:
        return self._around.roster.header.issued_ms

    def learn_time(self, wall_ms: int, monotonic_ms: int, error_ms: int) -> None:
        if error_ms < 10_000:
            self.timekeeper.learn(wall_ms, monotonic_ms, "ntp")

    def roster_version(self) -> int:
        return self._around.roster.version

    def fetch_roster(self, version: int) -> None:
        """Fetch nothing: the world's roster does not change."""

    async def report(self, reason: str, detail: str) -> None:
        self._around.trace(f"{self.site.name}: alarm {reason}: {detail}")
        stamp = self.timekeeper.now()
        fields = {"m": stamp.monotonic_ms, "t": stamp.wall_ms, "q": stamp.quality, "w": reason, "x": detail[:48]}
        alarm = msgspec.convert({"k": "alarm", **fields}, Alarm)
        self.journal.append(msgspec.json.encode(alarm)).add_done_callback(ignore)

    async def obey(self, cmd: Cmd) -> None:
        """Obey nothing: the world's cloud commands nothing."""


def ignore(written: "asyncio.Future[Sequence[Entry]] | asyncio.Future[list[Entry]]") -> None:
    """Let a failed append pass: the invariants judge what became of it."""
    if not written.cancelled():
        written.exception()
