"""A gate on a bench: the product's pipeline, a journal in memory, a clock that stands, and an actuator that notes."""

import asyncio
from collections.abc import AsyncIterator

import msgspec

from edge_agent.actuators.actuator import Direction, FireChanged, PassageOutcome, Passed
from edge_agent.decision import Decision
from edge_agent.door import Door
from edge_agent.journal.entry import Entry, Fill, JournalUnavailable
from edge_agent.pipeline import Pipeline, Shown
from edge_agent.readers.tap import Medium, Tap
from edge_agent.roster import Roster
from edge_agent.timekeeper import Timekeeper
from edge_agent.view import View
from schemas.chain import genesis, link
from schemas.structs import AnyRecord
from simulators.clock import SimulatedClock
from tests.edge_agent.school import roster

DEVICE = "gate-1"
EPOCH = "e" * 16
MAIN = Door("main", {"reader-in": "in", "reader-out": "out"})
_decode = msgspec.json.Decoder(AnyRecord).decode
_UNSET = object()


class MemoryLog:
    """A journal in memory. `mode` says what its disk does: write at once, hold everything back, or fail."""

    def __init__(self) -> None:
        self.epoch = EPOCH
        self.fill = Fill.ROOMY
        self.mode = "good"
        self.kept: list[Entry] = []
        self.lost = 0
        self.held_back: list[tuple[tuple[bytes, ...], asyncio.Future[list[Entry]]]] = []

    def append(self, *records: bytes) -> "asyncio.Future[list[Entry]]":
        done: asyncio.Future[list[Entry]] = asyncio.get_running_loop().create_future()
        if self.mode == "full":
            self.lost += len(records)
            done.set_exception(JournalUnavailable("disk_full", "no room"))
        elif self.mode == "slow":
            self.held_back.append((records, done))
        else:
            self._keep(records, done)
        return done

    def lose(self, count: int) -> None:
        self.lost += count

    def land(self) -> None:
        """Let what was held back land."""
        held_back, self.held_back = self.held_back, []
        for records, done in held_back:
            self._keep(records, done)

    def fail(self) -> None:
        """Let what was held back be lost."""
        held_back, self.held_back = self.held_back, []
        for records, done in held_back:
            self.lost += len(records)
            done.set_exception(JournalUnavailable("io_error", "the disk has died"))

    def _keep(self, records: tuple[bytes, ...], done: "asyncio.Future[list[Entry]]") -> None:
        entries = []
        for record in records:
            previous = self.kept[-1].digest if self.kept else genesis(DEVICE, EPOCH)
            entries.append(Entry(EPOCH, len(self.kept) + 1, record, link(previous, record)))
            self.kept.append(entries[-1])
        done.set_result(entries)

    @property
    def records(self) -> list[AnyRecord]:
        return [_decode(entry.record) for entry in self.kept if entry.record is not None]


class NotingActuator:
    """An actuator without mechanics: what it was told stands in `told`."""

    def __init__(self, *, has_sensor: bool = True) -> None:
        self.has_sensor = has_sensor
        self.told: list[str] = []
        self.inputs: asyncio.Queue[Passed | FireChanged] = asyncio.Queue()

    def open(self, direction: Direction, grant: int) -> None:
        self.told.append(f"open {direction} {grant}")

    def deny(self) -> None:
        self.told.append("deny")

    async def events(self) -> AsyncIterator[Passed | FireChanged]:
        while True:
            yield await self.inputs.get()


class GateBench:
    """One gate. Time passes by `wait` only."""

    def __init__(
        self,
        *,
        door: Door = MAIN,
        found: Roster | object | None = _UNSET,
        has_sensor: bool = True,
        is_view_whole: bool = True,
    ) -> None:
        self.clock = SimulatedClock()
        self.timekeeper = Timekeeper(self.clock, machine="ntp")
        self.log = MemoryLog()
        self.actuator = NotingActuator(has_sensor=has_sensor)
        self.view = View(DEVICE)
        always = b'["profile","day",[[127,0,1440]],["*"]]'
        self.roster = found if isinstance(found, Roster) or found is None else roster(always)
        self.shown: list[Shown] = []
        self.pipeline = Pipeline(
            door,
            DEVICE,
            self.log,
            self.actuator,
            self.timekeeper,
            self.clock,
            self.view,
            lambda: self.roster,
            lambda tap: tap.credential.hex(),
            lambda _roster: is_view_whole,
        )
        self.pipeline.on_shown = self.shown.append

    async def tap(self, ref: str, reader: str = "reader-in", medium: Medium = Medium.UID) -> Decision:
        """Show a card and see it through; a slow disk is given its 100 ms."""
        handling = asyncio.ensure_future(
            self.pipeline.handle(Tap(reader, ref.encode(), medium, self.clock.monotonic_ms()))
        )
        return await self.finish(handling)

    async def finish(self, handling: "asyncio.Future[Decision]") -> Decision:
        """Let a tap that is under way come to its end, and time pass if it waits for it."""
        while not handling.done():
            await settle()
            if not handling.done():
                self.clock.advance(self.clock.next_wake_s() or 0.001)
        await settle()
        return await handling

    async def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.pipeline.housekeep()
        await settle()

    async def sense(self, outcome: PassageOutcome, direction: Direction = "in", grant: int | None = 1) -> None:
        self.pipeline.handle_passage(Passed(outcome, direction, grant, self.clock.monotonic_ms()))
        await settle()

    async def burn(self, *, burning: bool) -> None:
        self.pipeline.handle_fire(FireChanged(burning, self.clock.monotonic_ms()))
        await settle()

    @property
    def told(self) -> list[str]:
        return self.actuator.told

    @property
    def written(self) -> list[tuple[str, ...]]:
        """Return what was written, in short: kind, and its words."""
        return [_short(record) for record in self.log.records]


async def settle() -> None:
    """Let everybody who can go on go on."""
    for _ in range(10):
        await asyncio.sleep(0)


def _short(record: AnyRecord) -> tuple[str, ...]:
    fields = msgspec.to_builtins(record)
    short = (fields["k"], fields.get("o"), fields.get("w"), fields.get("p"), fields.get("s"), fields.get("n"))
    return tuple(str(word) for word in short if word is not None)
