"""What an agent needs to decide and to write: clock, roster, journal, view and gates. No network.

Rule: all of it can be had on a broken disk: a journal without a file opens one later, and a roster that was never
there is what the doors have a policy for.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from random import Random

import structlog

from edge_agent.actuators.actuator import Actuator
from edge_agent.bundle import Bundle
from edge_agent.canteen import Canteen
from edge_agent.cards.counters import Counters
from edge_agent.cards.keys import KeyRing
from edge_agent.cards.proving import CardProver
from edge_agent.certificates import Certificates
from edge_agent.clock import Clock
from edge_agent.decision import PassShown
from edge_agent.door import Door
from edge_agent.floor import read_floor
from edge_agent.gate import Gate
from edge_agent.guard.guard import Given as GuardGiven
from edge_agent.guard.guard import Guard
from edge_agent.journal.entry import Entry, JournalBroken, JournalUnavailable
from edge_agent.journal.journal import Journal
from edge_agent.journal.opening import Opened, open_journal
from edge_agent.neighbours import Neighbours, Surroundings
from edge_agent.orders import Orders
from edge_agent.passes import Passes
from edge_agent.pipeline import Pipeline
from edge_agent.readers.opening import open_reader
from edge_agent.readers.tap import Medium, Reader, Tap
from edge_agent.regime import GateRule, Regimes, rule_of
from edge_agent.roster import Roster
from edge_agent.scribe import Scribe
from edge_agent.sealed import Sealed
from edge_agent.settings import AgentSettings
from edge_agent.side_roster import SideRoster
from edge_agent.slots import CanteenSlots, DeskSlots, Refusal, Shelf, Slots
from edge_agent.sync.peers import Observer
from edge_agent.sync.wire import Identity
from edge_agent.systemd import Notifier
from edge_agent.till.asking import HubClaims
from edge_agent.till.book import Book, Day
from edge_agent.till.claiming import HubDesk
from edge_agent.till.claims import SchoolClaims
from edge_agent.till.desk import Around
from edge_agent.till.foreign import ForeignCodes, ListedCodes
from edge_agent.till.receipt import printer_at
from edge_agent.till.sales import Sales
from edge_agent.till.till import Till
from edge_agent.timekeeper import Stamp, Timekeeper
from edge_agent.unfinished import unfinished
from edge_agent.updating_place import Place
from edge_agent.view import View
from schemas.tokens import DESFIRE, QR, SUN, UID, token

RECENT_MAX = 20_000
LOOK_BACK_S = 30.0
NEVER = 2**53
LETTERS = {Medium.UID: UID, Medium.QR: QR, Medium.DESFIRE: DESFIRE, Medium.SUN: SUN}
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Given:
    """What an agent is started with."""

    settings: AgentSettings
    bundle: Bundle
    clock: Clock
    rng: Random
    firmware: str
    notifier: Notifier
    watchdog_us: int = 0
    place: Place | None = None  # of releases; None when no launcher started us
    card_keys: KeyRing | None = None  # of cards that prove themselves; None where every card is its UID


class Core:
    """The parts that the gates stand on; made in the event loop that they run in."""

    def __init__(self, given: Given) -> None:
        settings, bundle = given.settings, given.bundle
        self.given = given
        self.boot = f"{given.rng.getrandbits(64):016x}"
        self.identity = Identity(
            bundle.device,
            bundle.school,
            bundle.shard,
            self.boot,
            given.firmware,
            bundle.uplink_key,
            bundle.downlink_key,
        )
        slots = Slots(settings.folder / "roster", bundle.school, bundle.roster_public_key)
        self.shelf = Shelf(slots, slots.load())
        sealed = Sealed(bundle.rest_key)
        canteen_slots = CanteenSlots(settings.folder / "canteen", bundle.school, bundle.roster_public_key, sealed)
        self.canteen = Canteen(Shelf(canteen_slots, canteen_slots.load()), self.roster, bundle.device)
        desk_slots = DeskSlots(settings.folder / "desk", bundle.school, bundle.roster_public_key, sealed)
        self.desk_roster = SideRoster("desk", Shelf(desk_slots, desk_slots.load()), self.roster, self._has_desk)
        self.timekeeper = _timekeeper(given, self.shelf.roster)
        self._first: list[Entry] = []
        self.journal = self._open_journal()
        self.scribe = Scribe(self.journal, self.timekeeper, given.firmware, settings.folder)
        self.view = View(bundle.device)
        self.sales = Sales()
        self.regimes = Regimes()
        self._observers = _Observers(self.view, self.sales, self.regimes)
        self.certificates = Certificates(bundle, settings.folder / "tls")
        files = self.certificates.files if self.certificates.is_usable else None
        around = Surroundings(
            settings, bundle, self.identity, self.certificates.credentials, files, given.clock, given.rng,
            self.timekeeper.now, self.roster, self._observers,
        )  # fmt: skip
        self.neighbours = Neighbours(around)
        self.hub_desk = HubDesk(bundle.device, self.journal, self.timekeeper.now, self.canteen.roster, self.sales)
        self._claims = HubClaims(self.neighbours, self.hub_desk, given.rng, settings.till.claim_ms / 1000)
        self.neighbours.on_claim = self._claims.heard
        self._passes = Passes(bundle.school, bundle.roster_public_key)
        self._foreign: ForeignCodes = ListedCodes(self.canteen.roster)
        self._counters = Counters(settings.folder)
        readers = self._open_readers()
        self.gates = self._make_gates(readers)
        self.till = self._make_till(readers)
        self.orders = Orders(
            self.regimes, self.gates, self.view, self.journal, self.scribe, bundle.device, self._rule
        )  # fmt: skip
        self.guard = self._make_guard()
        self._tell_of(slots.refusals)
        for side, refusals in ((self.canteen, canteen_slots.refusals), (self.desk_roster, desk_slots.refusals)):
            self._tell_of(refusals if side.is_needed() else (), f"{side.name}, ")

    def _tell_of(self, refusals: Iterable[Refusal], whose: str = "") -> None:
        for refusal in refusals:
            self.scribe.alarm("roster_refused", f"{whose}{refusal.slot}: {refusal.reason}")

    def roster(self) -> Roster | None:
        """Return the doors' roster gone by."""
        return self.shelf.roster

    def durable(self, entries: list[Entry]) -> None:
        """Show the view and the neighbours what is on the disk."""
        for entry in entries:
            self._observe(entry)
        self.neighbours.appended(entries)

    async def remember_the_past(self) -> None:
        """Let the view know what the journal still holds, and flag what a crash left open."""
        self.durable(self._first)
        with_sensor = {gate.settings.id for gate in self.gates if gate.has_sensor}
        try:
            async with asyncio.timeout(LOOK_BACK_S):
                recent = await self.journal.recent(RECENT_MAX)
                for entry in recent:
                    self._observe(entry)
                tails = {epoch.epoch: epoch.tail for epoch in await self.journal.epochs()}
                # What the cloud lacks the hub may lack, too: a power cut may have come before it was shared.
                self.neighbours.appended([entry for entry in recent if entry.seq >= tails.get(entry.epoch, NEVER)])
                flags = await unfinished(self.journal, with_sensor, self.timekeeper.now())
        except (JournalUnavailable, JournalBroken, TimeoutError) as error:
            log.error("view.unrebuilt", error=str(error))  # noqa: TRY400 # its words say all
            return
        if flags:
            self.journal.append(*flags).add_done_callback(_ignore)

    async def recall(self, name: str) -> str:
        """Return a value that the journal keeps; empty when there is none, or nothing can be read."""
        try:
            async with asyncio.timeout(LOOK_BACK_S):
                return await self.journal.recall(name) or ""
        except (JournalUnavailable, JournalBroken, TimeoutError):
            return ""

    def _observe(self, entry: Entry) -> None:
        if entry.record is not None:
            self._observers.observe(self.given.bundle.device, entry.epoch, entry.seq, entry.record)
            self.hub_desk.observe(entry)

    async def close(self) -> None:
        """Let the files go; the gates have ended."""
        await self.journal.close()
        self._counters.close()

    # The journal

    def _open_journal(self) -> Journal:
        """Return a journal; on a disk that takes nothing, one without a file, which it opens later."""
        opened: Opened | None = None
        try:
            opened = self._open_file("")
            self._first = opened.entries
        except (JournalUnavailable, JournalBroken) as error:
            log.error("journal.unopened", error=str(error))  # noqa: TRY400 # its words say all
        return Journal(opened.file if opened is not None else None, self.timekeeper, reopen=self._open_file)

    def _open_file(self, broken: str) -> Opened:
        given = self.given
        return open_journal(
            given.settings.folder / "journal.db", given.bundle.device, given.rng,
            stamp=self.timekeeper.now(), boot=self.boot, firmware=given.firmware, broken=broken,
        )  # fmt: skip

    # The gates and the till

    def _open_readers(self) -> dict[str, Reader]:
        settings, clock = self.given.settings, self.given.clock
        prover = self._make_prover()
        return {reader.name: open_reader(reader, clock, prover) for reader in settings.readers}

    def _make_gates(self, readers: dict[str, Reader]) -> list[Gate]:
        return [
            Gate(gate, [readers[reader.name] for reader in gate.readers], self.given.clock, self._make_pipeline)
            for gate in self.given.settings.gates
        ]

    def _make_till(self, readers: dict[str, Reader]) -> Till | None:
        """Return the till, if this machine is one."""
        given, settings = self.given, self.given.settings.till
        if not settings.readers:
            return None
        device = given.bundle.device
        around = Around(
            device, self.journal, self.timekeeper, given.rng, self.canteen.roster, self.sales,
            SchoolClaims(self._is_only_till, self._hub_claims), self._token, self._pass_of,
            self._is_seen, is_touchless=settings.touches == "none", sale_key=given.bundle.sale_key,
        )  # fmt: skip
        printer = printer_at(settings.printer) if settings.printer else None
        at_till = [readers[name] for name in settings.readers]
        sealed = Sealed(given.bundle.rest_key)
        return Till(around, self.journal, given.clock, at_till, settings.port, given.settings.folder, sealed, printer)

    def _make_guard(self) -> Guard | None:
        """Return the guard's desk, if this machine is one."""
        given, settings = self.given, self.given.settings
        if not settings.guard.is_on:
            return None
        guard = Guard(
            GuardGiven(
                settings.guard, given.bundle.device, self.journal, self.journal, self.timekeeper, given.clock,
                given.rng, self.roster, lambda: self.desk_roster.shelf.roster, self.view, self.regimes,
                {gate.settings.id: gate for gate in self.gates}, settings.folder, Sealed(given.bundle.rest_key),
                self._hears_all, lambda: self.certificates.files if self.certificates.is_usable else None,
            ),
            self.orders,
        )  # fmt: skip
        self._observers.add(guard)
        return guard

    def _rule(self, gate: str) -> GateRule:
        """Return what the school has set for a gate."""
        roster = self.roster()
        return rule_of(roster.gate(gate) if roster is not None else None)

    def _has_desk(self, doors: Roster) -> bool:
        """Tell whether the desk's roster is for this device: it has a desk, and serves a gate of the school."""
        return self.given.settings.guard.is_on and self.given.bundle.device in doors.devices()

    def _hears_all(self) -> bool:
        roster = self.roster()
        return roster is None or self.neighbours.hears(roster.devices())

    def _hub_claims(self) -> HubClaims | None:
        return self._claims if self.neighbours.hub else None

    def _is_seen(self, ref: str, day: Day) -> bool | None:
        """Tell whether a gate has seen somebody on a day; None when a gate may have that we do not hear."""
        roster = self.roster()
        gates = roster.devices() if roster is not None else frozenset()
        if not gates or not self.neighbours.hears(gates):
            return None
        found = self.view.whereabouts(ref)
        return found is not None and found.since_ms >= day.from_ms

    def _is_only_till(self) -> bool:
        roster = self.roster()
        return roster is not None and Book(roster, "").tills <= {self.given.bundle.device}

    def _pass_of(self, tap: Tap, name: str, stamp: Stamp) -> PassShown | None:
        """Return the card that a code stands for: one that we signed is used up by being shown, others are listed."""
        return self._passes.take(tap, name, stamp) or self._foreign.holder(tap, name, stamp)

    def _make_prover(self) -> CardProver | None:
        given = self.given
        if given.card_keys is None:
            return None
        name = partial(token, given.bundle.card_key, SUN)
        return CardProver(given.card_keys, self._counters, name, given.clock, given.rng)

    def _make_pipeline(self, door: Door, actuator: Actuator) -> Pipeline:
        return Pipeline(
            door, self.given.bundle.device, self.journal, actuator, self.timekeeper, self.given.clock, self.view,
            self.roster, self._token, lambda roster: self.neighbours.hears(roster.devices()),
            self._passes,
        )  # fmt: skip

    def _token(self, tap: Tap) -> str:
        return token(self.given.bundle.card_key, LETTERS[tap.medium], tap.identity)


class _Observers:
    """Lets several folds see the same records."""

    def __init__(self, *folds: Observer) -> None:
        self._folds = list(folds)

    def add(self, fold: Observer) -> None:
        self._folds.append(fold)

    def observe(self, device: str, epoch: str, seq: int, record: bytes) -> None:
        for fold in self._folds:
            fold.observe(device, epoch, seq, record)


def _timekeeper(given: Given, roster: Roster | None) -> Timekeeper:
    issued_ms = roster.header.issued_ms if roster is not None else 0
    floor_ms = max(read_floor(given.settings.folder), issued_ms)
    return Timekeeper(given.clock, floor_ms=floor_ms, machine=given.settings.clock.machine)


def _ignore(written: "asyncio.Future[list[Entry]]") -> None:
    """Take note of a failure, which the journal has counted."""
    if not written.cancelled():
        written.exception()
