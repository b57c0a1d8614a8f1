"""A store in memory for ingest: the tables shared by any number of workers, each with what it remembers.

Rule: it refuses what a database's keys would refuse: a record twice, a position twice or a hole before it.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TypeVar

from cloud.ingest.accepting import accept
from cloud.ingest.messages import Arrived, Sender
from cloud.ingest.plan import Alarm, Healthy, Loss, NewRecord, Plan, Quarantined, Sighting, Told
from cloud.ingest.reading import CONSUMED, Reader, read_record
from cloud.ingest.reinterpreting import reinterpret
from cloud.ingest.state import Boots, Key, Mark, State, Stretch
from cloud.ingest.store import Needs, StoreFailed

T = TypeVar("T")


class KeyBroken(AssertionError):
    """A row that no database would take: the judge is wrong."""


@dataclass(slots=True)
class Tables:
    """What a database would hold."""

    senders: dict[str, Sender] = field(default_factory=dict)
    rosters: dict[str, int] = field(default_factory=dict)
    heads: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    generations: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    records: list[NewRecord] = field(default_factory=list)
    places: dict[tuple[str, str, int], NewRecord] = field(default_factory=dict)
    marks: dict[Key, Mark] = field(default_factory=dict)
    boots: dict[str, Boots] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)
    quarantined: dict[tuple[str, str, int, bytes], Quarantined] = field(default_factory=dict)
    alarms: list[Alarm] = field(default_factory=list)
    sightings: dict[str, Sighting] = field(default_factory=dict)
    heard: dict[int, int] = field(default_factory=dict)
    healths: list[Healthy] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)

    def written(self, device: str, epoch: str) -> list[bytes]:
        """Return the understood records of an epoch, in the order of their numbers."""
        of_epoch = [row for row in self.records if row.device == device and row.epoch == epoch]
        return [row.record for row in sorted(of_epoch, key=lambda row: row.seq)]

    def alarmed(self) -> set[str]:
        """Return the codes of all alarms."""
        return {alarm.code for alarm in self.alarms}

    def write(self, plan: Plan) -> None:
        """Write a plan, or raise KeyBroken."""
        for record in plan.records:
            self._append(record)
        self.marks.update(plan.marks)
        self.boots.update(plan.boots)
        self.losses.extend(plan.losses)
        for row in plan.quarantined:
            self.quarantined.setdefault((row.device, row.epoch, row.seq, row.digest), row)
        self.alarms.extend(plan.alarms.values())
        self.sightings.update(plan.sightings)
        self.heard.update(plan.heard)
        self.healths.extend(plan.healths)
        self.told.extend(plan.told)

    def _append(self, record: NewRecord) -> None:
        place = (record.device, record.epoch, record.seq)
        if place in self.places:
            raise KeyBroken(f"{place} is stored twice")
        if record.position != self.heads[record.shard] + 1:
            raise KeyBroken(f"a hole before position {record.position}")
        self.heads[record.shard] = record.position
        self.places[place] = record
        self.records.append(record)


class MemoryStore:
    """One worker's store over the shared tables."""

    def __init__(self, tables: Tables | None = None) -> None:
        self.tables = tables or Tables()
        self.fails_before_commit = False
        self.fails_after_commit = False
        self._state = State()
        self._seen: dict[int, int] = {}

    async def senders(self, names: Collection[str]) -> Mapping[str, Sender | None]:
        return {name: self.tables.senders.get(name) for name in names}

    @asynccontextmanager
    async def window(self, shards: Collection[int]) -> AsyncIterator["MemoryWindow"]:
        stale = {shard for shard in shards if self._seen.get(shard) != self.tables.generations[shard]}
        self._state.forget([name for name, sender in self.tables.senders.items() if sender.shard in stale])
        window = MemoryWindow(self, self._state, shards)
        try:
            yield window
        except BaseException:
            self._state.forget()
            raise
        self._seen.update({shard: self.tables.generations[shard] for shard in shards})

    def accept_now(self, arrived: Sequence[Arrived], now_ms: int, reader: Reader = read_record) -> Plan:
        """Accept messages without an event loop, for a world on a simulated clock. Raises StoreFailed."""
        return _finished(accept(arrived, self, now_ms, reader))

    def reinterpret_now(self, reader: Reader = read_record) -> int:
        """Read the quarantine again, as after an upgrade; return how many records left it."""
        state = State()
        state.heads, state.marks, state.boots = dict(self.tables.heads), self.tables.marks, self.tables.boots
        release = reinterpret(list(self.tables.quarantined.values()), state, reader)
        for row in release.rows:
            del self.tables.quarantined[row.device, row.epoch, row.seq, row.digest]
        self.tables.write(Plan(records=release.records))
        return len(release.records)

    def backup(self) -> Tables:
        """Return a copy of the tables, to `restore` later."""
        return deepcopy(self.tables)

    def restore(self, tables: Tables) -> None:
        """Put the tables back to an earlier backup, and forget what was remembered."""
        self.tables = deepcopy(tables)
        self._state.forget()
        self._seen.clear()


class MemoryWindow:
    """An open transaction; in memory nobody else can be inside."""

    def __init__(self, store: MemoryStore, state: State, shards: Collection[int]) -> None:
        self.state = state
        self._store = store
        self._tables = store.tables
        self._shards = shards

    async def load(self, needs: Needs) -> None:
        self.state.heads = {shard: self._tables.heads[shard] for shard in self._shards}
        self.state.rosters.update({school: self._tables.rosters.get(school, 0) for school in needs.schools})
        for device in needs.devices:
            self.state.boots[device] = self._tables.boots.get(device, Boots())
        await self.look_up(needs.keys, ())

    async def look_up(self, keys: Collection[Key], stretches: Collection[Stretch]) -> None:
        for key in keys:
            if key not in self.state.marks:
                self.state.marks[key] = self._tables.marks.get(key) or self.state.begin(key)
        for stretch in stretches:
            self._look_up_digests(stretch)
            self.state.looked_up.add(stretch)

    def _look_up_digests(self, stretch: Stretch) -> None:
        device, epoch, first, last = stretch
        for seq in range(first, last + 1):
            if (stored := self._tables.places.get((device, epoch, seq))) is not None:
                self.state.digests[device, epoch, seq] = stored.digest
        of_epoch = [row for row in self._tables.quarantined.values() if (row.device, row.epoch) == (device, epoch)]
        for row in of_epoch:
            if row.reason in CONSUMED and first <= row.seq <= last:
                self.state.digests[device, epoch, row.seq] = row.digest
        for loss in self._tables.losses:
            if (loss.device, loss.epoch) == (device, epoch) and first <= loss.last_seq <= last:
                self.state.digests.setdefault((device, epoch, loss.last_seq), loss.digest)

    async def commit(self, plan: Plan) -> None:
        if self._store.fails_before_commit:
            raise StoreFailed("the worker died before its commit")
        self._tables.write(plan)
        for shard in self._shards:
            self._tables.generations[shard] += 1
        if self._store.fails_after_commit:
            raise StoreFailed("the worker died after its commit")
        self.state.apply(plan.heads, plan.marks, plan.boots, plan.digests)


def _finished(coroutine: Coroutine[None, None, T]) -> T:
    """Run a coroutine that never waits to its end."""
    try:
        coroutine.send(None)
    except StopIteration as ended:
        value: T = ended.value
        return value
    raise RuntimeError("a store in memory never waits")
