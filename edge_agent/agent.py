"""The agent put together, and its life from start to stop.

Rule: a gate works without any of the rest. Whatever cannot be had at the start, a disk, a roster, a broker, a port, is
tried again and again beside the gates, never before them.
"""

import asyncio
import fcntl
import gc
import os
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import structlog

from edge_agent.cloud_side import COUNTER, CloudSide
from edge_agent.core import Core, Given
from edge_agent.floor import write_floor
from edge_agent.gate import Gate
from edge_agent.guard.guard import Guard
from edge_agent.journal.entry import Entry
from edge_agent.journal.journal import CAPACITY
from edge_agent.neighbours import cloud_broker, hub_broker
from edge_agent.overview import Overview
from edge_agent.renewing import Renewal
from edge_agent.renewing import Ways as RenewalWays
from edge_agent.side_roster import SideRoster
from edge_agent.status.app import create_status_app
from edge_agent.status.server import serve_status
from edge_agent.status.snapshot import PartStatus
from edge_agent.supervision import Parts
from edge_agent.sync.counters import Phase
from edge_agent.sync.mqtt import Broker
from edge_agent.sync.photo_fetch import PhotoDesk
from edge_agent.sync.release_fetch import ReleaseDesk
from edge_agent.sync.renewal import CertificateDesk
from edge_agent.sync.roster_fetch import CANTEEN_PATH, DESK_PATH, RosterFetch
from edge_agent.sync.session import Session
from edge_agent.sync.tls import web_context
from edge_agent.sync.uplink import WELCOME, Route, Uplink
from edge_agent.till.till import Till
from edge_agent.updating import Updates, Ways
from edge_agent.updating_place import Place
from edge_agent.watch import Watch

HEALTH_S = 600.0  # the least distance between two health records, by the contract
FIRST_HEALTH_S = 15.0
WATCH_S = 1.0
FLOOR_S = 60.0
DRAIN_S = 2.0
NEVER_MS = 10**12
log = structlog.get_logger()


class FolderTaken(RuntimeError):
    """Another agent runs in the same folder."""


@dataclass(slots=True)
class Ending:
    """How the agent is told to end; `is_restart` asks whoever started it to do so again."""

    event: asyncio.Event = field(default_factory=asyncio.Event)
    is_restart: bool = False

    def stop(self) -> None:
        self.event.set()

    def restart(self) -> None:
        self.is_restart = True
        self.event.set()


async def run_agent(given: Given, ending: Ending) -> None:
    """Run until told to end. Raises FolderTaken."""
    with _owning(given.settings.folder):
        core = Core(given)
        counter = await core.recall(COUNTER)
        agent = Agent(core, ending, int(counter) if counter.isdigit() else 0)
        await core.remember_the_past()
        await agent.world.restore_modes()
        await core.orders.restore()
        await agent.live()


class Agent:
    """A core with everything that may fail around it."""

    def __init__(self, core: Core, ending: Ending, command_counter: int) -> None:
        self.core = core
        self._given = core.given
        self._ending = ending
        self.world = CloudSide(core.timekeeper, core.shelf, core.scribe, core.journal, ending.restart)
        self.world.gates = core.gates
        self.uplink = self._make_uplink(command_counter)
        self.roster_fetch = self._make_roster_fetch()
        self._sides = [
            (core.canteen, self._make_side_fetch(core.canteen, CANTEEN_PATH)),
            (core.desk_roster, self._make_side_fetch(core.desk_roster, DESK_PATH)),
        ]
        self._updates: Updates | None = None
        self.renewal = self._make_renewal()
        self._tapped_ms = -NEVER_MS
        self.world.session = self.uplink.session
        self.world.want_roster = self.roster_fetch.want
        self.world.want_roster_again = self._want_rosters_again
        for side, fetch in self._sides:
            side.look = fetch.look
        self.uplink.on_news = self._hear
        core.journal.on_durable = self._durable

    async def live(self) -> None:
        """Run all parts until told to end; then the gates end first, and what they wrote gets a moment to go out."""
        given, core = self._given, self.core
        gc.collect()
        gc.freeze()  # what stays for good need not be looked through while somebody waits at a gate
        async with Parts(given.clock, given.rng) as others, Parts(given.clock, given.rng) as at_gates:
            overview = self._overview(lambda: [*at_gates.statuses(), *others.statuses()])
            for gate in core.gates:
                at_gates.start(f"gate.{gate.settings.id}", gate.run)
                for reader in gate.readers:
                    at_gates.start(f"reader.{reader.name}", partial(gate.serve, reader))
            at_gates.start("orders", core.orders.run)
            if core.till is not None:
                self._start_till(core.till, at_gates, others, overview)
            if core.guard is not None:
                self._start_guard(core.guard, others, overview)
            self._start_others(others, overview)
            given.notifier.ready(f"{len(core.gates)} gates")
            log.info("agent.ready", device=given.bundle.device, school=given.bundle.school, boot=core.boot)
            await self._ending.event.wait()
            given.notifier.stopping()
            log.info("agent.stopping", unsent=overview.unsent(), is_restart=self._ending.is_restart)
            await at_gates.stop()
            await self._drain(overview)
        await self._keep_floor()
        await core.close()
        log.info("agent.stopped")

    def _start_others(self, parts: Parts, overview: Overview) -> None:
        status = self._given.settings.status
        parts.start("sync", self.uplink.run)
        parts.start("roster", self.roster_fetch.run)
        for side, fetch in self._sides:
            parts.start(side.name, side.run)
            parts.start(f"{side.name}.roster", fetch.run)
        parts.start("certificate", self.renewal.run)
        parts.start("hub", self.core.neighbours.run)
        parts.start("watch", self._watch)
        parts.start("health", partial(self._tell_health, overview))
        parts.start("locate", partial(self.world.blink, self._given.clock.sleep))
        parts.start("floor", self._raise_floor)
        if self._given.place is not None:
            self._updates = self._make_updates(self._given.place, overview)
            parts.start("updates", self._updates.run)
        if self._given.watchdog_us:
            parts.start("watchdog", partial(self._pat_watchdog, overview))
        if status.is_on:
            app = create_status_app(overview.snapshot, status.host)
            parts.start("status", lambda: serve_status(app, status.host, status.port))

    def _start_till(self, till: Till, parts: Parts, others: Parts, overview: Overview) -> None:
        till.count_unsent(overview.unsent)
        desk = self._make_photo_desk()
        till.dishes.bring, till.faces.bring = desk.bring_dish, desk.bring_face
        others.start("photos", till.dishes.run)
        others.start("faces", till.faces.run)
        others.start("printer", till.run_printer)
        parts.start("till", till.run)
        for reader in till.readers:
            parts.start(f"reader.{reader.name}", partial(till.serve, reader))

    def _start_guard(self, guard: Guard, parts: Parts, overview: Overview) -> None:
        guard.count_unsent(overview.unsent)
        guard.faces.bring = self._make_photo_desk().bring_face
        parts.start("guard.faces", guard.faces.run)
        parts.start("guard.people", guard.keep_people)
        parts.start("guard", guard.run)
        if self._given.settings.guard.lan_host:
            parts.start("guard.phones", guard.run_phones)

    async def _drain(self, overview: Overview) -> None:
        """Give what was written last a moment to go out, if there is a way."""
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                while overview.unsent() and self.uplink.session.phase is Phase.FLOWING:
                    await self._given.clock.sleep(0.02)

    def _durable(self, entries: list[Entry]) -> None:
        self.core.durable(entries)
        self.uplink.appended(entries)
        if any(b'"k":"decision"' in (entry.record or b"") for entry in entries):
            self._tapped_ms = self._given.clock.monotonic_ms()

    def _hear(self, what: str) -> None:
        """Hear of news; after a welcome there may be some that were told while nobody heard."""
        if what == "update" and self._updates is not None:
            self._updates.hear()
        for side, _ in self._sides:
            if what in (side.name, WELCOME):
                side.hear()

    def _doors_taken(self, version: int) -> None:
        self.world.roster_taken(version)
        for side, _ in self._sides:
            side.hear()  # it says what this device is

    def _want_rosters_again(self) -> None:
        for fetch in (self.roster_fetch, *(fetch for _, fetch in self._sides)):
            fetch.want_again()

    # What is done again and again

    async def _watch(self) -> None:
        core = self.core
        watch = Watch(core.journal, core.timekeeper)
        while True:
            watch.look()
            self.world.notice_forgeries()
            places: list[tuple[Gate | Till, str | None]] = [(gate, gate.settings.id) for gate in core.gates]
            if core.till is not None:
                places.append((core.till, None))
            for place, gate_id in places:
                for reader, is_lost in place.reader_watch.changed():
                    core.scribe.alarm("reader_lost" if is_lost else "reader_back", reader, gate_id)
                for warning in place.reader_watch.warnings():
                    core.scribe.alarm("tamper", warning, gate_id)
            await self._given.clock.sleep(WATCH_S)

    async def _tell_health(self, overview: Overview) -> None:
        await self._given.clock.sleep(FIRST_HEALTH_S)
        while True:
            self.core.scribe.health(overview.unsent(), self.core.shelf.version)
            await self._given.clock.sleep(HEALTH_S)

    async def _raise_floor(self) -> None:
        while True:
            await self._given.clock.sleep(FLOOR_S)
            await self._keep_floor()

    async def _keep_floor(self) -> None:
        """Write the floor in a thread: a disk that hangs must not hold up the gates."""
        now = self.core.timekeeper.now()
        if now.is_good:
            await asyncio.to_thread(write_floor, self._given.settings.folder, now.wall_ms)

    async def _pat_watchdog(self, overview: Overview) -> None:
        """Tell systemd that the event loop turns; a slow disk or a lost broker is no reason to be killed."""
        while True:
            phase, version = self.uplink.session.phase.value, self.core.shelf.version
            self._given.notifier.alive(f"{phase}, {overview.unsent()} not sent, roster {version}")
            await self._given.clock.sleep(self._given.watchdog_us / 3_000_000)

    # How it is put together

    def _make_uplink(self, command_counter: int) -> Uplink:
        given, core = self._given, self.core
        session = Session(core.identity, given.rng, command_counter=command_counter)
        return Uplink(
            session, core.journal, self.world, self._routes, core.identity.client_id, given.rng,
            credentials=core.certificates.credentials, keepalive_s=given.settings.sync.keepalive_s,
        )  # fmt: skip

    def _routes(self) -> list[Route]:
        """Return the brokers to try: those of the settings, else the hub's, unless it is ours, and the cloud's."""
        settings, bundle, neighbours = self._given.settings, self._given.bundle, self.core.neighbours
        if settings.sync.brokers:
            return [Route(broker.address, broker) for broker in map(Broker.parse, settings.sync.brokers)]
        hub = None if neighbours.is_hub else hub_broker(bundle, neighbours.hub)
        cloud = Route("cloud", cloud_broker(settings, bundle))
        return [Route("hub", hub), cloud] if hub is not None else [cloud]

    def _make_roster_fetch(self) -> RosterFetch:
        given, core, world = self._given, self.core, self.world
        return RosterFetch(
            given.settings.sync.http_url or given.bundle.cloud.http_url, given.bundle.device, given.bundle.http_key,
            core.shelf, core.timekeeper.now, given.rng, refused=world.roster_refused, taken=self._doors_taken,
            tls=self._web_tls, floor_ms=world.floor_ms,
        )  # fmt: skip

    def _make_side_fetch(self, side: SideRoster, path: str) -> RosterFetch:
        given, core, world = self._given, self.core, self.world
        return RosterFetch(
            given.settings.sync.http_url or given.bundle.cloud.http_url, given.bundle.device, given.bundle.http_key,
            side.shelf, core.timekeeper.now, given.rng,
            refused=lambda reason: world.roster_refused(reason, f"{side.name}: "), taken=side.taken,
            tls=self._web_tls, floor_ms=world.floor_ms, path=path, is_needed=side.is_needed,
        )  # fmt: skip

    def _make_photo_desk(self) -> PhotoDesk:
        given = self._given
        return PhotoDesk(
            given.settings.sync.http_url or given.bundle.cloud.http_url, given.bundle.device, given.bundle.http_key,
            self.core.timekeeper.now, given.rng, tls=self._web_tls, floor_ms=self.world.floor_ms,
        )  # fmt: skip

    def _make_renewal(self) -> Renewal:
        given, core, world = self._given, self.core, self.world
        told, other = given.bundle.cloud.http_url, given.settings.sync.http_url
        is_safe = other.startswith("https://") or told.startswith("http://")  # plain only where the bundle says so
        desk = CertificateDesk(
            other if other and is_safe else told, given.bundle.device, given.bundle.http_key, core.timekeeper.now,
            given.rng, tls=self._web_tls, floor_ms=world.floor_ms,
        )  # fmt: skip
        proven = core.neighbours.certificate_changed
        ways = RenewalWays(desk.ask, self.uplink, core.timekeeper.now, world.learn_time, proven)
        return Renewal(core.certificates, ways, given.clock, given.rng)

    def _make_updates(self, place: Place, overview: Overview) -> Updates:
        given, core, world = self._given, self.core, self.world
        desk = ReleaseDesk(
            given.settings.sync.http_url or given.bundle.cloud.http_url, given.bundle.device, given.bundle.http_key,
            core.timekeeper.now, given.rng, tls=self._web_tls, floor_ms=world.floor_ms,
        )  # fmt: skip
        return Updates(
            place,
            Ways(
                desk.ask, desk.block, overview.snapshot, core.scribe.alarm, core.journal, self._ending.restart,
                lambda: (given.clock.monotonic_ms() - self._tapped_ms) / 1000,
            ),
            given.clock, given.rng,
        )  # fmt: skip

    def _web_tls(self) -> ssl.SSLContext:
        made = self.core.certificates.credentials()
        return web_context(made.ca_pem if made is not None else None, is_clock_good=self.world.is_clock_good())

    def _overview(self, parts: Callable[[], Sequence[PartStatus]]) -> Overview:
        core = self.core
        return Overview(
            self._given.bundle, self._given.firmware, core.timekeeper, core.journal, CAPACITY, core.shelf, core.view,
            self.uplink, core.neighbours, core.gates, core.scribe, parts, self.renewal.status,
            lambda: core.till.status() if core.till is not None else None,
        )  # fmt: skip


@contextmanager
def _owning(folder: Path) -> Iterator[None]:
    """Hold the folder's lock: a journal has one owner. A disk that takes no folder is no reason not to open a gate."""
    descriptor = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        if descriptor is not None:
            os.close(descriptor)
        raise FolderTaken(
            f"another agent runs with the folder {folder}: stop it, or give this one a folder of its own"
        ) from error
    except OSError as error:
        log.error("folder.unusable", folder=str(folder), error=str(error))  # noqa: TRY400 # its words say all
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)
