"""A till of a simulated month: the product's own till on a machine whose clock goes wrong and whose power fails.

Rule: what judges, writes, remembers and sends here is the code of `edge_agent`; only the clock, the disk's power, the
network and the people in front of it are simulated.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from pathlib import Path
from random import Random

from typing_extensions import override

from cloud.rosters.kinds import RosterKind
from edge_agent.bundle import Bundle
from edge_agent.canteen import Canteen
from edge_agent.floor import read_floor, write_floor
from edge_agent.journal.entry import Entry
from edge_agent.journal.file import JournalFile
from edge_agent.journal.journal import Journal
from edge_agent.journal.opening import Opened, open_journal
from edge_agent.readers.tap import Medium, Tap
from edge_agent.roster import Roster
from edge_agent.rows import Rows
from edge_agent.sealed import Sealed
from edge_agent.slots import CanteenSlots, Shelf, Slots
from edge_agent.sync.session import Session
from edge_agent.sync.wire import Identity
from edge_agent.till.asking import HubClaims, HubLine
from edge_agent.till.book import Book
from edge_agent.till.claiming import HubDesk
from edge_agent.till.claims import SchoolClaims
from edge_agent.till.desk import Around, Desk
from edge_agent.till.pins import Pins
from edge_agent.till.sales import Sales
from edge_agent.till.shifts import Shifts
from edge_agent.timekeeper import Timekeeper
from schemas.tokens import UID, token
from simulators import disk
from simulators.clock import SimulatedClock
from simulators.disk import Image

FIRMWARE = "0.1.0"
RECENT_MAX = 20_000
ANSWER_S = 30.0  # the hub here answers at once or never; nobody waits for a clock
READER = "till-cards"


@dataclass(frozen=True, slots=True)
class TillParts:
    """The classes a till is made of; a test that plants a mistake puts its own in."""

    sales: type[Sales] = Sales
    hub_desk: type[HubDesk] = HubDesk


class Moment(Enum):
    """When the power fails, seen from the next append to the journal."""

    BEFORE = "before the append"
    WITHIN = "within the append"
    AFTER = "after the fsync, before anybody was told"


class PowerCut(BaseException):  # no Exception: no program catches the end of its own machine
    """The power failed; nothing of this program runs any more."""


@dataclass(slots=True)
class MachineClock:
    """A machine's own clock: monotonic from its boot, wall time with its error."""

    world: SimulatedClock
    booted_ms: int = 0
    wrong_by_ms: int = 0

    def monotonic_ms(self) -> int:
        return self.world.monotonic_ms() - self.booted_ms

    def wall_ms(self) -> int:
        return max(0, self.world.wall_ms() + self.wrong_by_ms)

    async def sleep(self, seconds: float) -> None:
        await self.world.sleep(seconds)


class DirectJournal(Journal):
    """The product's journal without a thread of its own: what is asked for is done before the question returns."""

    @override
    def _begin(self) -> None:
        """Start no thread."""

    @override
    def _put(self, job: object) -> None:
        super()._put(job)  # type: ignore[arg-type] # the base's own union of jobs
        self._turn()

    @override
    def _tell(self, news: Callable[[], None]) -> None:
        news()

    def end(self) -> None:
        """Let the file go in good order."""
        self._put(None)


class DoomedFile(JournalFile):
    """The product's journal file; the power may fail at a moment of an append."""

    def __init__(self, path: Path, device: str, rng: Random, *, machine: "Machine") -> None:
        self._machine = machine
        super().__init__(path, device, rng)
        machine.file = self

    @override
    def append(self, records: Sequence[bytes]) -> list[Entry]:
        moment = self._machine.strikes()
        before = Image.of(self.path) if moment is not None else Image({})
        if moment is Moment.BEFORE:
            raise self._machine.died(before)
        entries = super().append(records)
        if moment is Moment.WITHIN:
            crash = self._machine.rng.choice((disk.torn, disk.scattered))
            raise self._machine.died(crash(before, Image.of(self.path), self._machine.rng))
        if moment is Moment.AFTER:
            raise self._machine.died(Image.of(self.path))
        return entries

    def refuse_writes(self, *, is_full: bool) -> None:
        """Let the disk be full, or read-only as after a remount of a broken file system."""
        (disk.fill if is_full else disk.forbid_writes)(self._db)

    def take_writes(self) -> None:
        """Let the disk take everything again."""
        disk.empty(self._db)
        disk.allow_writes(self._db)


class Program:
    """One run of the till's program, from boot to death: put together as `edge_agent.core` does it."""

    def __init__(self, machine: "Machine", line: HubLine) -> None:
        self.shelf, canteen = machine.shelves()
        self.canteen = Canteen(canteen, lambda: self.shelf.roster, machine.device)
        self._device = machine.device
        roster = self.shelf.roster
        floor_ms = max(read_floor(machine.folder), roster.header.issued_ms if roster is not None else 0)
        self.timekeeper = Timekeeper(machine.clock, floor_ms=floor_ms)
        boot = f"{machine.rng.getrandbits(64):016x}"
        opened = self._open(machine, boot, "")
        self.first = opened.entries
        self.journal = DirectJournal(opened.file, self.timekeeper, reopen=partial(self._open, machine, boot))
        self.sales = machine.parts.sales()
        self.journal.on_durable = self._durable
        self.on_durable: Callable[[Sequence[Entry]], None] = lambda _entries: None
        self.hub_desk = machine.parts.hub_desk(
            machine.device, self.journal, self.timekeeper.now, self.roster, self.sales
        )
        self.claims = HubClaims(line, self.hub_desk, machine.rng, ANSWER_S)
        around = Around(
            machine.device, self.journal, self.timekeeper, machine.rng, self.roster, self.sales,
            SchoolClaims(self._is_only, lambda: self.claims), self._token_of(machine.bundle),
            sale_key=machine.bundle.sale_key,
        )  # fmt: skip
        self.desk = Desk(around)
        self.shifts = Shifts(self.desk, Pins(self.journal, machine.clock))
        bundle = machine.bundle
        self.session = Session(
            Identity(
                bundle.device, bundle.school, bundle.shard, boot, FIRMWARE, bundle.uplink_key, bundle.downlink_key
            ),
            machine.rng,
        )

    @property
    def shelves(self) -> dict[RosterKind, Shelf[Roster] | Shelf[Rows]]:
        """Return where both rosters are kept."""
        return {RosterKind.DOORS: self.shelf, RosterKind.CANTEEN: self.canteen.shelf}

    def roster(self) -> Roster | None:
        """Return the roster gone by, with the canteen's."""
        return self.canteen.roster()

    async def remember_the_past(self) -> list[Entry]:
        """Fold what the journal still holds, as the agent does at its start, and return it."""
        past = [*await self.journal.recent(RECENT_MAX), *self.first]
        for entry in past:
            self._observe(entry)
        return past

    def tap(self, uid: bytes) -> Tap:
        """Return a card that is shown now."""
        return Tap(READER, uid, Medium.UID, self.timekeeper.now().monotonic_ms)

    def hear(self, device: str, epoch: str, seq: int, record: bytes) -> None:
        """Hear a record of another machine."""
        self.sales.observe(device, epoch, seq, record)

    async def take_roster(self, kind: RosterKind, file: bytes) -> None:
        """Go by a newer roster, if it may be gone by. Raises RosterRefused."""
        now = self.timekeeper.now()
        await self.shelves[kind].offer(file, now.wall_ms if now.is_good else 0)
        if self.shelf.roster is not None:
            self.timekeeper.raise_floor(self.shelf.roster.header.issued_ms)
        self.session.roster_is(self.shelf.version)

    def _durable(self, entries: list[Entry]) -> None:
        for entry in entries:
            self._observe(entry)
        self.on_durable(entries)

    def _observe(self, entry: Entry) -> None:
        if entry.record is not None:
            self.sales.observe(self._device, entry.epoch, entry.seq, entry.record)
            self.hub_desk.observe(entry)

    def _is_only(self) -> bool:
        roster = self.roster()
        return roster is not None and Book(roster, "").tills <= {self._device}

    @staticmethod
    def _token_of(bundle: Bundle) -> Callable[[Tap], str]:
        return lambda tap: token(bundle.card_key, UID, tap.identity)

    def _open(self, machine: "Machine", boot: str, broken: str) -> Opened:
        return open_journal(
            machine.journal_path, machine.device, machine.rng, stamp=self.timekeeper.now(), boot=boot,
            firmware=FIRMWARE, broken=broken, make=partial(DoomedFile, machine=machine),
        )  # fmt: skip


@dataclass(slots=True)
class Machine:
    """A till's machine with its disk, over any number of boots."""

    device: str
    key: str  # of the till that stands on it
    bundle: Bundle
    folder: Path
    world: SimulatedClock
    rng: Random
    parts: TillParts = field(default_factory=TillParts)
    clock: MachineClock = field(init=False)
    program: Program | None = None
    file: DoomedFile | None = None
    boots: int = 0
    doom: Moment | None = None
    doom_after: int = 0  # appends that still succeed
    _image: Image | None = None

    def __post_init__(self) -> None:
        self.clock = MachineClock(self.world)
        (self.folder / "journal-0").mkdir(parents=True)

    @property
    def journal_path(self) -> Path:
        """Return where the journal of this boot stands: after a power cut, in a folder of its own."""
        return self.folder / f"journal-{self.boots}" / "journal.db"

    @property
    def running(self) -> Program:
        """Return the program that runs."""
        assert self.program is not None, f"{self.device} is off"  # noqa: S101
        return self.program

    async def boot(self, line: HubLine) -> list[Entry]:
        """Switch the machine on, and return what its journal remembers."""
        if self._image is not None:
            self.boots += 1
            self.journal_path.parent.mkdir()
            self._image.write(self.journal_path)
            self._image = None
        self.clock.booted_ms = self.world.monotonic_ms()
        self.program = Program(self, line)
        return await self.program.remember_the_past()

    def shelves(self) -> tuple[Shelf[Roster], Shelf[Rows]]:
        """Return the rosters that the disk holds, the doors' and the canteen's."""
        bundle = self.bundle
        doors = Slots(self.folder / "roster", bundle.school, bundle.roster_public_key)
        sealed = Sealed(bundle.rest_key)
        canteen = CanteenSlots(self.folder / "canteen", bundle.school, bundle.roster_public_key, sealed)
        return Shelf(doors, doors.load()), Shelf(canteen, canteen.load())

    def keep_floor(self) -> None:
        """Keep what time it is for a start without a clock, as the agent does each minute."""
        now = self.running.timekeeper.now()
        if now.is_good:
            write_floor(self.folder, now.wall_ms)

    def switch_off(self) -> None:
        """Switch the machine off in good order."""
        self.keep_floor()
        self.running.journal.end()
        self.program = None

    def cut_power(self) -> None:
        """Cut the power while nothing is written."""
        self.died(Image.of(self.journal_path))

    def strikes(self) -> Moment | None:
        """Return when within this append the power fails, if it does."""
        if self.doom is None:
            return None
        if self.doom_after > 0:
            self.doom_after -= 1
            return None
        moment, self.doom = self.doom, None
        return moment

    def died(self, image: Image) -> PowerCut:
        """Leave of the machine what stands on its disk, and return what ends its program."""
        self._image, self.program = image, None
        if self.file is not None:
            self.file.close()
            self.file = None
        return PowerCut(self.device)
