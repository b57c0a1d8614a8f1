"""The cloud of a simulated world: the product's ingest over a store in memory, in workers that are killed.

Rule: what reads, judges, commits and answers here is the code of `cloud.ingest`; only the broker's connection, the
database and the clock are simulated. A worker that was killed leaves nothing behind but what was committed.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from copy import copy
from dataclasses import fields
from enum import Enum
from random import Random

from cloud.ingest.accepting import accept
from cloud.ingest.messages import Arrived, Sender
from cloud.ingest.plan import Plan
from cloud.ingest.reading import CONSUMED
from cloud.ingest.state import Key as EpochKey
from cloud.ingest.state import State, Stretch
from cloud.ingest.store import Needs, StoreFailed, Window
from edge_agent.sync.actions import Publish
from edge_agent.sync.mqtt import LinkFailed
from schemas import topics
from simulators.invariants import Books, Gap, Key, Ledger, Row
from simulators.loop import running
from simulators.memory_store import MemoryStore, Tables
from simulators.world_school import BEGINS_MS, SCHOOL, SHARD, keys_of
from simulators.world_wire import Connection, Wire

WINDOW_S = 0.02
WINDOW_MAX = 1_000
INBOX_MAX = 10_000
_CHANNELS = (topics.REC, topics.HELLO, topics.STATE)
Trace = Callable[[str], None]


class Blow(Enum):
    """When a worker is killed, or its database fails it, seen from a commit."""

    KILLED_BEFORE_COMMIT = "killed before the commit"
    KILLED_AFTER_COMMIT = "killed after the commit, before the acks"
    COMMIT_FAILED = "the commit failed"
    COMMIT_UNKNOWN = "committed, but the connection broke before the database said so"


class Killed(Exception):
    """The worker is dead."""


class WitnessedWindow:
    """A transaction of the store in memory; the ledger sees what it commits, and blows fall here."""

    def __init__(self, window: Window, worker: "Worker") -> None:
        self._window = window
        self._worker = worker

    @property
    def state(self) -> State:
        return self._window.state

    async def load(self, needs: Needs) -> None:
        await self._window.load(needs)

    async def look_up(self, keys: Collection[EpochKey], stretches: Collection[Stretch]) -> None:
        await self._window.look_up(keys, stretches)

    async def commit(self, plan: Plan) -> None:
        worker = self._worker
        await asyncio.sleep(worker.rng.uniform(0.001, 0.01))
        blow = worker.take_blow() if plan.records else None
        if blow is Blow.KILLED_BEFORE_COMMIT or worker.is_cut_off:
            raise Killed
        if blow is Blow.COMMIT_FAILED:
            raise StoreFailed("the database said no")
        await self._window.commit(plan)
        worker.witness(plan)
        if blow is Blow.KILLED_AFTER_COMMIT:
            raise Killed
        if blow is Blow.COMMIT_UNKNOWN:
            raise StoreFailed("the connection broke")


class Database:
    """The tables that all workers share, the lock on their shard's head, and a backup."""

    def __init__(self, devices: Sequence[str]) -> None:
        self.lock = asyncio.Lock()
        self.tables = Tables(senders={name: _sender(number, name) for number, name in enumerate(devices, 1)})
        self._backup: Tables | None = None

    def back_up(self) -> None:
        """Take a backup; a later one replaces it."""
        self._backup = _copied(self.tables)

    def restore(self) -> bool:
        """Set the tables back to the backup, if there is one; the workers must be started again."""
        if self._backup is None:
            return False
        self.tables = _copied(self._backup)
        return True

    def books(self) -> Books:
        """Return what the cloud has, for the verdict; what waits in quarantine for an upgrade is had as well."""
        rows = [Row(Key(r.device, r.epoch, r.seq), r.record, r.position) for r in self.tables.records]
        kept = [
            (q.reason in CONSUMED, Row(Key(q.device, q.epoch, q.seq), q.record, 0))
            for q in self.tables.quarantined.values()
            if q.seq
        ]
        waiting = [row for is_consumed, row in kept if is_consumed]
        disputed = [row for is_consumed, row in kept if not is_consumed]
        gaps = [Gap(loss.device, loss.epoch, loss.first_seq, loss.last_seq) for loss in self.tables.losses]
        return Books(rows, waiting, disputed, gaps, {key: mark.upto for key, mark in self.tables.marks.items()})


def _sender(number: int, name: str) -> Sender:
    keys = keys_of(name)
    return Sender(number, name, 1, SCHOOL, SHARD, keys.uplink, keys.downlink)


def _copied(tables: Tables) -> Tables:
    """Return tables with containers of their own; the rows in them never change."""
    columns = {column.name: copy(getattr(tables, column.name)) for column in fields(tables)}
    return Tables(**columns)


class Worker:
    """One ingest worker, from its start to its death, and again."""

    def __init__(self, name: str, wire: Wire, database: Database, ledger: Ledger, rng: Random, trace: Trace) -> None:
        self.name = name
        self.rng = rng
        self.blows: list[Blow] = []
        self.kills = 0
        self._wire = wire
        self._database = database
        self._store = MemoryStore(database.tables)
        self._ledger = ledger
        self._trace = trace
        self._inbox: list[Arrived] = []
        self._something = asyncio.Event()
        self._connection: Connection | None = None
        self._is_doomed = False

    def kill(self) -> None:
        """Kill it before its next window."""
        self._is_doomed = True
        self._something.set()

    # The store, as `accept` sees it

    async def senders(self, names: Collection[str]) -> Mapping[str, Sender | None]:
        return await self._store.senders(names)

    @contextlib.asynccontextmanager
    async def window(self, shards: Collection[int]) -> AsyncIterator[Window]:
        async with self._database.lock, self._store.window(shards) as window:
            yield WitnessedWindow(window, self)

    @property
    def is_cut_off(self) -> bool:
        """Tell whether another database stands where the one was that this worker began with."""
        return self._store.tables is not self._database.tables

    def take_blow(self) -> Blow | None:
        """Return what happens to this commit."""
        return self.blows.pop(0) if self.blows else None

    def witness(self, plan: Plan) -> None:
        """Tell the ledger what was committed."""
        for record in plan.records:
            self._ledger.commit(Key(record.device, record.epoch, record.seq), record.record)
        for kept in plan.quarantined:
            if kept.seq:
                self._ledger.commit(Key(kept.device, kept.epoch, kept.seq), kept.record)
        for loss in plan.losses:
            self._ledger.commit_gap(Gap(loss.device, loss.epoch, loss.first_seq, loss.last_seq))

    # Its life

    async def live(self) -> None:
        """Work; after each death start again, knowing nothing but the database."""
        while True:
            with contextlib.suppress(Killed):
                await self._work()
            self.kills += 1
            self._trace(f"{self.name}: killed")
            self._let_go()
            await asyncio.sleep(self.rng.uniform(0.2, 5.0))

    async def _work(self) -> None:
        self._store = MemoryStore(self._database.tables)
        self._is_doomed = False
        while True:
            await self._connected()
            await self._something.wait()
            await asyncio.sleep(WINDOW_S)
            if self._is_doomed:
                raise Killed
            arrived, self._inbox = self._inbox[:WINDOW_MAX], self._inbox[WINDOW_MAX:]
            if not self._inbox:
                self._something.clear()
            await self._accept(arrived)

    async def _accept(self, arrived: list[Arrived]) -> None:
        try:
            plan = await accept(arrived, self, BEGINS_MS + running().now_ms)
        except StoreFailed as error:
            self._trace(f"{self.name}: {error}")
            self._let_go()
            return
        for alarm in plan.alarms.values():
            self._trace(f"{self.name}: alarm {alarm.code} of {alarm.device}: {alarm.detail}")
        for reply in plan.replies:
            if self._connection is not None:
                self._connection.publish(Publish(reply.topic, reply.payload))

    async def _connected(self) -> None:
        while self._connection is None:
            connection = Connection(self._wire, self.name, self.name, self._hear, on_end=self._let_go)
            try:
                await connection.open([topics.everyone(channel) for channel in _CHANNELS])
            except LinkFailed:
                await asyncio.sleep(self.rng.uniform(0.1, 1.0))
            else:
                self._connection = connection

    def _hear(self, topic: str, payload: bytes) -> None:
        if len(self._inbox) < INBOX_MAX:
            self._inbox.append(Arrived(topic, payload, BEGINS_MS + running().now_ms))
            self._something.set()

    def _let_go(self) -> None:
        """Lose the connection and what came over it."""
        connection, self._connection = self._connection, None
        self._inbox.clear()
        self._something.set()
        if connection is not None:
            connection.end("closed")
