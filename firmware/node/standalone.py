"""The program of a gate that stands alone: `run()` at the end of a board's `main.py`. What it is made of stands here.

Rule: the watchdog is fed in one place, the loop that turns the gate, and only while cards are read too; every other
task that fails is started again, later and later, and leaves the gate as it is. What fails as a whole starts anew;
only settings that are no good leave the board at its prompt, since nothing but new ones help.
"""

import asyncio
import gc
import os
import random
import sys
import time
from binascii import hexlify

from firmware import VERSION
from firmware.boot import Files, State
from firmware.drivers.chip import ChipTrouble
from firmware.drivers.field import Field, is_random
from firmware.drivers.pause import sleep_ms
from firmware.node import lines
from firmware.node.clock import Clock, Timekeeper
from firmware.node.cloud_side import CloudSide
from firmware.node.gate import MODES, Gate
from firmware.node.mqtt import Link
from firmware.node.names import Names
from firmware.node.release_keys import ReleaseKeys, pinned
from firmware.node.renewal import Renewal
from firmware.node.ring import JournalUnavailable
from firmware.node.roster_fetch import RosterFetch, Server
from firmware.node.rules import Rules
from firmware.node.session import FLOWING, Session
from firmware.node.settings import SettingsRefused
from firmware.node.unfinished import unfinished
from firmware.node.update import Updates
from firmware.node.updating import Updating
from firmware.node.uplink import Uplink
from firmware.node.wire import Identity
from schemas.seal import HTTP, derive

TURN_MS = 5
CARDS_PAUSE_MS = 50
CHIP_PAUSE_MS = 1_000
TROUBLES_TOLD = 2
STUCK_MS = 20_000  # the loop that reads cards has not turned for so long: the watchdog bites
HOUSE_MS = 1_000
HEALTH_MS = 600_000
ASK_AGAIN_MS = 60_000  # for a roster, while there is none
RESTART_MS = 2_000  # so that what came of the command may still leave
AGAIN_S_MAX = 60
CARDS_AGAIN_S_MAX = 5  # well below what the watchdog waits for
RAN_WELL_MS = 60_000  # a task that ran for so long has forgotten its failures
START_AGAIN_S = 5  # for whoever is at the console


class Chance:
    """Random numbers that nobody can foresee, with the words of `random`."""

    def getrandbits(self, count: int) -> int:
        """Return a number of at most so many bits."""
        return int.from_bytes(os.urandom((count + 7) // 8), "big") >> (-count % 8)

    def uniform(self, low: float, high: float) -> float:
        """Return a number between two; only waits are drawn so."""
        return low + (high - low) * random.random()  # noqa: S311, TID251


class Parts:
    """What a board gives and a test replaces: everything that touches the machine."""

    def __init__(
        self, *, chip, lamp, contacts, journal, slots, wifi, store, scanner, feed, restart, set_clock,
        passes=None, certificates=None, csr_pem=None, files=None, board="",
    ):  # fmt: skip
        self.chip = chip
        self.lamp = lamp
        self.contacts = contacts
        self.journal = journal
        self.slots = slots
        self.wifi = wifi
        self.store = store
        self.scanner = scanner
        self.passes = passes
        self.feed = feed
        self.restart = restart
        self.set_clock = set_clock
        self.certificates = certificates
        self.csr_pem = csr_pem
        self.files = files
        self.board = board


class StandAlone:
    """One gate, put together."""

    def __init__(self, bundle, settings, parts: Parts, clock: "Clock | None" = None) -> None:
        self.clock = clock or Clock()
        rules = Rules(parts.slots, settings.gate, settings.roster_missing)
        self.keeper = Timekeeper(self.clock, max(parts.store.floor_ms, rules.issued_ms))
        self._parts = parts
        self._settings = settings
        self._boot = hexlify(os.urandom(8)).decode()
        parts.set_clock(self.keeper.now().wall_ms)
        self.gate = Gate(
            settings, bundle.card_key, parts.journal, rules, self.keeper, parts.lamp, parts.contacts,
            self._appended,
        )  # fmt: skip
        self.codes = _codes(parts, self.gate)
        names = Names(parts.wifi.name_server, os.urandom)
        server = Server(bundle.http_url, names)
        identity = Identity(
            device=bundle.device, school=bundle.school, shard=bundle.shard, boot=self._boot, firmware=VERSION,
            secret=bundle.secret,
        )  # fmt: skip
        self.session = Session(identity, parts.journal, Chance(), parts.store.counter)
        self.cloud = CloudSide(
            bundle, self.gate, rules, self.keeper, parts.store, parts.wifi, VERSION, self._fetch_roster,
            parts.set_clock, parts.certificates,
        )  # fmt: skip
        self._rosters = RosterFetch(
            server, bundle.device, derive(bundle.secret, HTTP), parts.slots, self.keeper.now, os.urandom,
            self.cloud.tls_for_rosters, lambda reason: self.cloud.report("roster_refused", reason),
        )  # fmt: skip
        self.uplink = Uplink(
            self.session, self.cloud, identity.client_id, Chance(), lambda: Link(self.clock, names=names)
        )
        self.cloud.want_roster = self.uplink.want_roster
        self.renewal = None
        if parts.certificates is not None and parts.csr_pem is not None:
            self.renewal = Renewal(
                server, bundle.device, derive(bundle.secret, HTTP), parts.csr_pem, parts.certificates,
                self.keeper.now, self._learn_time, Chance(), os.urandom, self.cloud.tls_for_rosters,
            )  # fmt: skip
            self.cloud.on_welcome = self.renewal.welcomed
        self.updating = None
        if parts.files is not None:
            updates = Updates(
                parts.files, bundle.device, parts.board, derive(bundle.secret, HTTP), _release_keys(parts.files),
                os.urandom, self.keeper.now,
            )  # fmt: skip
            self.updating = Updating(
                updates, server, self.cloud.tls_for_rosters, Chance(), self.cloud.restart, self.gate.alarm
            )
            self.cloud.on_update = self.updating.hear
        self._cards_at_ms = self.clock.monotonic_ms()
        self._field = Field()
        self._is_reader_well = False
        self._troubles = 0  # of the card reader, in a row: one is a stall that starting the chip anew has mended
        self._restart_at_ms = None

    async def run(self) -> None:
        """Open the journal's epoch and run every task, for ever."""
        self._open_epoch()
        tasks = [
            asyncio.create_task(self._kept("cards", self.read_cards, CARDS_AGAIN_S_MAX)),
            asyncio.create_task(self._kept("uplink", self.uplink.run)),
            asyncio.create_task(self._kept("wifi", self._parts.wifi.run)),
            asyncio.create_task(self._kept("house", self.keep_house)),
        ]
        if self.codes is not None:
            tasks.append(asyncio.create_task(self._kept("codes", self.codes.read)))
            tasks.append(asyncio.create_task(self._kept("passes", self.codes.check)))
        try:
            await self.turn()
        finally:
            for task in tasks:
                task.cancel()

    # The tasks

    async def turn(self) -> None:
        """Turn the gate and feed the watchdog, while cards are read too; ends when the node is to start anew."""
        while self._restart_at_ms is None or self.clock.monotonic_ms() < self._restart_at_ms:
            self.gate.turn()
            if self.clock.monotonic_ms() - self._cards_at_ms < STUCK_MS:
                self._parts.feed()
            await sleep_ms(TURN_MS)
        self._parts.restart()

    async def read_cards(self) -> None:
        """Read cards, and start the chip again when it is in trouble, for ever."""
        while True:
            self._cards_at_ms = self.clock.monotonic_ms()
            self._is_reader_well = False
            try:
                await self._parts.chip.start()
                await self._read()
            except ChipTrouble as trouble:
                self._troubles += 1
                if self._troubles == TROUBLES_TOLD:
                    self.gate.alarm("reader_lost", str(trouble), is_here=True)
            await sleep_ms(CHIP_PAUSE_MS if self._troubles > 1 else CARDS_PAUSE_MS)

    async def _read(self) -> None:
        while True:
            self._cards_at_ms = self.clock.monotonic_ms()
            seen = await self._parts.chip.sense()
            if not self._is_reader_well:  # a chip that merely starts may still fail at every look
                self._reader_is_well()
            uid = self._field.look(seen, self.clock.monotonic_ms())
            if uid is not None:
                self.gate.show("uid", b"" if is_random(uid) else uid)
            await sleep_ms(CARDS_PAUSE_MS)

    def _reader_is_well(self) -> None:
        if self._troubles >= TROUBLES_TOLD:
            self.gate.alarm("reader_back", is_here=True)
        self._troubles = 0
        self._is_reader_well = True

    async def keep_house(self) -> None:
        """Write counts and health, erase flash ahead, and notice that the node is to start anew; for ever."""
        health_at_ms = asked_at_ms = self.clock.monotonic_ms()
        while True:
            if self.cloud.wants_restart and self._restart_at_ms is None:
                self._restart_at_ms = self.clock.monotonic_ms() + RESTART_MS
            self.gate.keep_house()
            _try("journal", self._parts.journal.tidy)
            if self.clock.monotonic_ms() >= health_at_ms:
                health_at_ms = self.clock.monotonic_ms() + HEALTH_MS
                self.cloud.tell_health()
            if not self._parts.slots.version and self.clock.monotonic_ms() >= asked_at_ms + ASK_AGAIN_MS:
                asked_at_ms = (
                    self.clock.monotonic_ms()
                )  # a notice may have been lost, and the welcome have known of none
                self.uplink.want_roster()
            if self.renewal is not None and self.renewal.is_due():
                self.uplink.want_errand(self.renewal.renew)
            if self.updating is not None:
                _try("update", lambda: self._keep_updating(self.updating))
            await sleep_ms(HOUSE_MS)

    def _keep_updating(self, updating) -> None:
        updating.prove(self._is_reader_well and self.session.last_ack_ms is not None)
        now_ms = self.clock.monotonic_ms()
        if updating.is_due(now_ms) and self.session.phase == FLOWING:
            updating.begin(now_ms)
            self.uplink.want_errand(updating.look)

    async def _kept(self, name: str, task, wait_s_max: int = AGAIN_S_MAX) -> None:
        """Run a task; when it fails, say so on the console and start it again, later and later unless it ran well."""
        wait_s = 1
        while True:
            began_ms = self.clock.monotonic_ms()
            try:
                await task()
            except Exception as error:  # noqa: BLE001  the outermost loop of every task
                print(name, "failed:", type(error).__name__, error)  # noqa: T201  the console of the board
            gc.collect()
            if self.clock.monotonic_ms() - began_ms >= RAN_WELL_MS:
                wait_s = 1
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s_max, wait_s * 2)

    # At the start

    def _open_epoch(self) -> None:
        """Write the epoch's first record, then what the run before left to be told."""
        parts, stamp = self._parts, self.keeper.now()
        before = parts.journal.before
        named = (before.epoch, before.head, hexlify(before.digest).decode()) if before.epoch else None
        self.gate.write(lines.opening(stamp, self._boot, named, parts.journal.why, VERSION))
        if self._settings.has_sensor:
            _try("journal", lambda: self._write_unfinished(stamp))
        if parts.store.mode in MODES:
            self.gate.mode = parts.store.mode
        for reason in parts.slots.refusals:
            self.gate.alarm("roster_refused", reason)
        if self.updating is not None:
            _try("update", self.updating.tell)
        if parts.store.alarm:
            self.gate.alarm(parts.store.alarm)
            _try("notes", lambda: parts.store.keep(alarm=""))

    def _write_unfinished(self, stamp) -> None:
        for record in unfinished(self._parts.journal, self._settings.gate, stamp):
            self.gate.write(record)

    def _learn_time(self, wall_ms, monotonic_ms) -> None:
        self.keeper.learn(wall_ms, monotonic_ms)
        self._parts.set_clock(self.keeper.now().wall_ms)

    def _appended(self) -> None:
        self.uplink.appended()

    async def _fetch_roster(self, newest: int) -> int:
        version = await self._rosters.fetch(newest)
        self.keeper.raise_floor(self._parts.slots.roster.issued_ms)
        return version


def _codes(parts: Parts, gate: Gate):
    """Return what hears the scanner of codes; None when there is none, and then it takes no memory."""
    if parts.scanner is None:
        return None
    from firmware.node.codes import Codes  # noqa: PLC0415  passes take memory

    return Codes(parts.scanner, parts.passes, lambda code, believed: gate.show("qr", code, believed))


def _release_keys(files: Files) -> ReleaseKeys:
    """Return who may sign programs; a file that is no list of keys pins nobody, which the console says."""
    try:
        return pinned(files)
    except ValueError as error:
        print("release.pub is no list of keys, no updates are taken:", error)  # noqa: T201
        return ReleaseKeys([])


def _try(name: str, what) -> None:
    """Do what a gate can go without; flash that fails is said on the console."""
    try:
        what()
    except (JournalUnavailable, OSError) as error:
        print(name, "failed:", error)  # noqa: T201  the console of the board


def run() -> None:
    """Run for ever, with what stands in the flash of this board."""
    import machine  # noqa: PLC0415  only a board has it

    start(_program, machine.reset, time.sleep, is_trial=bool(State(Files()).trial))
    sys.exit()


def start(program, restart, pause, *, is_trial=False) -> None:
    """Run a program that never ends but to start anew; one that fails starts anew, too. Raises SettingsRefused.

    On trial everything is raised: the boot file counts its starts, and says why the release was left.
    """
    try:
        program()
    except SettingsRefused:
        raise
    except Exception as error:
        if is_trial:  # else there may be no watchdog yet
            raise
        print("failed:", type(error).__name__, error, "- starting anew")  # noqa: T201
        pause(START_AGAIN_S)
        restart()


def _program() -> None:
    from firmware.node.standalone_parts import read  # noqa: PLC0415  only a board has what it imports

    bundle, settings, parts, clock = read()
    asyncio.run(StandAlone(bundle, settings, parts, clock).run())
