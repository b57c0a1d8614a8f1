"""A guard's desk on this agent: its folds, its page and the phones' list, over any number of restarts of its parts.

Rule: no gate waits for it. What it shows of a tap it is told after the gate has acted.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

import structlog

from edge_agent.clock import Clock
from edge_agent.gate import Gate
from edge_agent.guard.app import GuardPages, create_guard_app
from edge_agent.guard.board import Board
from edge_agent.guard.book import Book
from edge_agent.guard.desk import Around, Burning, Desk
from edge_agent.guard.duty import Duty
from edge_agent.guard.handovers import Handovers
from edge_agent.guard.links import Links
from edge_agent.guard.listing import LISTS_MAX, Listing
from edge_agent.guard.muster import Musters
from edge_agent.guard.names import VisitorNames
from edge_agent.guard.page import Screen
from edge_agent.guard.people import People
from edge_agent.guard.phones import PhonePages, create_phone_app
from edge_agent.guard.roll import Rolls
from edge_agent.guard.sightings import Sightings
from edge_agent.guard.visits import Visits
from edge_agent.pipeline import Log
from edge_agent.regime import Regimes
from edge_agent.roster import Roster
from edge_agent.rows import Rows
from edge_agent.sealed import Sealed
from edge_agent.settings import GuardSettings
from edge_agent.status.server import listen, serve_on
from edge_agent.sync.hub import TlsFiles
from edge_agent.till.photos import Photos
from edge_agent.till.pins import Notes, Pins
from edge_agent.till.watching import Watching
from edge_agent.timekeeper import Timekeeper
from edge_agent.view import View

HOST = "127.0.0.1"  # the screen stands on this machine; nobody opens a gate from elsewhere
LOOK_S = 2.0
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Given:
    """What a desk is made of."""

    settings: GuardSettings
    device: str
    journal: Log
    notes: Notes
    timekeeper: Timekeeper
    clock: Clock
    rng: Random
    roster: Callable[[], Roster | None]
    rows: Callable[[], Rows | None]  # of the desk's roster
    view: View
    regimes: Regimes
    gates: Mapping[str, Gate]
    folder: Path
    sealed: Sealed
    hears_all: Callable[[], bool]  # whether every other gate of the school is heard
    files: Callable[[], TlsFiles | None]


class Guard:
    """The desk. `observe` takes the records of this agent and its peers."""

    def __init__(self, given: Given, orders: Burning) -> None:
        self._given = given
        self._people: People | None = None
        self._musters, self._visits, self._handovers = Musters(), Visits(), Handovers()
        self._book = Book(given.rows)
        self._names = VisitorNames(given.folder / "guard", given.sealed)
        self._sightings = Sightings(given.device, lambda: given.timekeeper.now().wall_ms)
        around = Around(
            given.device, given.journal, given.timekeeper, given.rng, given.roster, given.gates, given.regimes,
            self._musters, self._visits, self._names, orders, self._book, self._handovers,
        )  # fmt: skip
        self.desk = Desk(around)
        self.faces = Photos(given.folder / "guard" / "faces", given.clock, self._book.faces, given.sealed)
        self._links = Links(given.notes, given.timekeeper.now)
        rolls = Rolls(given.view, given.roster, self._musters, self._visits, given.timekeeper.now)
        self._board = Board(rolls, given.clock)
        screen = Screen(
            self.desk, self._book, self._sightings, given.view, lambda: self._people, lambda: 0, given.hears_all,
            self.faces.has, bool(given.settings.lan_host),
        )  # fmt: skip
        self._screen = screen
        listing = Listing(screen, self._board, Watching(LISTS_MAX))
        duty = Duty(Pins(given.notes, given.clock), given.clock, self._book.guards)
        self.pages = GuardPages(self.desk, duty, screen, listing, self._links, Watching(), face=self.faces.read)
        self.phones = PhonePages(self.desk, listing, self._links)
        self._wire()

    def count_unsent(self, count: Callable[[], int]) -> None:
        """Show what this counts as what is not sent."""
        self._screen.unsent = count

    def observe(self, device: str, epoch: str, seq: int, record: bytes) -> None:
        """Take a record of this agent or a peer."""
        self._musters.observe(device, epoch, seq, record)
        self._visits.observe(device, epoch, seq, record)
        self._handovers.observe(device, epoch, seq, record)
        self._sightings.observe(device, epoch, seq, record)

    async def run(self) -> None:
        """Serve the page until cancelled. Raises StatusPortTaken."""
        await asyncio.to_thread(self._names.load)
        await self._links.restore()
        self._renew_watching()
        listening = listen(HOST, self._given.settings.port, "guard")
        await serve_on(listening, create_guard_app(self.pages), ending=self._end_streams)

    async def run_phones(self) -> None:
        """Serve the list for phones until cancelled; over TLS, unless it stays on this machine."""
        settings, files = self._given.settings, self._given.files()
        is_here = settings.lan_host in (HOST, "localhost")
        if files is None and not is_here:
            log.error("phones.impossible", error="this agent has no certificate: lists are shown over TLS only")
            await asyncio.get_running_loop().create_future()
        self.phones.is_secure = files is not None
        scheme = "https" if files is not None else "http"
        self.pages.list_url = f"{scheme}://{settings.lan_host}:{settings.lan_port}/"
        app = create_phone_app(self.phones, settings.lan_host)
        listening = listen(settings.lan_host, settings.lan_port, "guard")
        await serve_on(listening, app, files, self.pages.listing.watching.close)

    async def _end_streams(self) -> None:
        await self.pages.watching.close()
        await self.pages.listing.watching.close()

    async def keep_people(self) -> None:
        """Sort the people of each new roster by class, in a thread, until cancelled."""
        while True:
            roster = self._given.roster()
            if roster is not None and (self._people is None or self._people.roster is not roster):
                self._people = await asyncio.to_thread(People, roster)
                self._mark("hand")
            await self._given.clock.sleep(LOOK_S)

    # Who hears of what

    def _wire(self) -> None:
        for gate in self._given.gates.values():
            gate.on_seen = self._sightings.see
        self._sightings.on_change = self._change
        self._musters.on_change = lambda: self._mark("alarm")
        self._visits.on_change = self._mark_visits
        self._handovers.on_change = self._change
        self._given.regimes.listeners.append(lambda: self._mark("alarm"))

    def _mark(self, panel: str) -> None:
        self.pages.marks[panel] += 1
        self._change()

    def _mark_visits(self) -> None:
        self.pages.marks["deliveries"] += 1
        self._mark("visitors")

    def _change(self) -> None:
        self._board.change()
        self.pages.watching.change()
        self.pages.listing.watching.change()

    def _renew_watching(self) -> None:
        self.pages.watching, self.pages.listing.watching = Watching(), Watching(LISTS_MAX)
