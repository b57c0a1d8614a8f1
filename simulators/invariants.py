"""What must hold in every world, whatever happened in it: a ledger kept by witnesses, and the verdict at the end.

Rule: the ledger believes nobody's books. It writes down what was handed to each disk, what the disk said was durable,
what a person saw a gate do, and what the cloud committed; then nothing may be missing that no fault of a medium
explains, nothing may be there that nobody wrote, and nothing may have been forgotten before the cloud had it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from schemas.structs import AnyRecord, Decision, Loss

OPENS_WITHIN_MS = 100  # a gate waits so long for the disk, then opens
BACKUP = "the cloud was restored from a backup"
_LOSS = b'{"k":"loss"'
_decode = msgspec.json.Decoder(AnyRecord).decode


class Key(NamedTuple):
    """Which record."""

    device: str
    epoch: str
    seq: int


@dataclass(frozen=True, slots=True)
class Row:
    """A record as the cloud keeps it; `position` is its place in the shard."""

    key: Key
    record: bytes
    position: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch that a device said it can no longer bring."""

    device: str
    epoch: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Books:
    """What the cloud has at the end; `watermarks` is by (device, epoch).

    `waiting` are records that are kept, but wait for a program that understands them; `disputed` are kept too, but
    stand under a number that another record has.
    """

    rows: Sequence[Row]
    waiting: Sequence[Row]
    disputed: Sequence[Row]
    gaps: Sequence[Gap]
    watermarks: Mapping[tuple[str, str], int]

    @property
    def all_rows(self) -> list[Row]:
        """Return everything that is kept."""
        return [*self.rows, *self.waiting]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A gate opened to somebody: `record` says so, `waited_ms` after it was given to the journal."""

    record: bytes
    waited_ms: int
    was_durable: bool


@dataclass(slots=True)
class Machine:
    """What witnesses know of one agent's machine; a clone is a machine of its own under the same device name."""

    device: str
    holds: set[Key] = field(default_factory=set)
    pending: dict[bytes, int] = field(default_factory=dict)  # given to the journal at, not answered yet
    fate: dict[bytes, str] = field(default_factory=dict)  # what became of records that are not on the disk
    accepted: list[Accepted] = field(default_factory=list)
    refused: int = 0  # records that the disk did not take
    told: int = 0  # of these, told by loss records
    forgiven: int = 0  # of these, unknown to the agent since it was killed with its count in memory


class Ledger:
    """The witnesses' book of one world."""

    def __init__(self) -> None:
        self.violations: list[str] = []
        self.machines: dict[str, Machine] = {}
        self._tried: defaultdict[Key, set[bytes]] = defaultdict(set)
        self._written: dict[Key, bytes] = {}
        self._disputed: defaultdict[Key, set[bytes]] = defaultdict(set)  # written under a number that was used before
        self._excused: dict[Key, str] = {}
        self._committed: set[Key] = set()
        self._forgotten: set[Key] = set()  # committed once, and gone with a restored database
        self._covered: set[Key] = set()  # committed as part of a gap
        self._openings: set[Key] = set()  # the first records of an epoch: what they tell of the medium lost, not a disk

    def machine(self, name: str, device: str) -> Machine:
        """Return the page of a machine; begin it if it is new."""
        return self.machines.setdefault(name, Machine(device))

    def accuse(self, text: str) -> None:
        """Note that something happened that must not."""
        self.violations.append(text)

    @property
    def accepted(self) -> int:
        """Return how many times a person saw a gate open."""
        return sum(len(machine.accepted) for machine in self.machines.values())

    @property
    def written(self) -> int:
        """Return how many records disks have said to be durable."""
        return len(self._written)

    @property
    def excused(self) -> int:
        """Return how many records a medium lost."""
        return len(self._excused)

    # At the machine

    def give(self, machine: Machine, records: Iterable[bytes], now_ms: int) -> None:
        """Note that records were given to the journal."""
        for record in records:
            machine.pending[record] = now_ms

    def hand(self, machine: Machine, epoch: str, first: int, records: Sequence[bytes]) -> None:
        """Note that records are being written, the first under this number: they may be on the disk from now on."""
        for seq, record in enumerate(records, first):
            self._tried[Key(machine.device, epoch, seq)].add(record)
            if first == 1:
                self._openings.add(Key(machine.device, epoch, seq))

    def write(self, machine: Machine, epoch: str, first: int, records: Sequence[bytes]) -> None:
        """Note that the disk says it has them."""
        for seq, record in enumerate(records, first):
            key = Key(machine.device, epoch, seq)
            self._keep(key, record)
            machine.holds.add(key)
            machine.pending.pop(record, None)
            machine.told += self._told_by(key, record)

    def _keep(self, key: Key, record: bytes) -> None:
        if self._written.setdefault(key, record) != record:
            self.accuse(f"{key} was used for two different records")
            self._disputed[key].add(record)

    def refuse(self, machine: Machine, records: Sequence[bytes]) -> None:
        """Note that the disk did not take them."""
        for record in records:
            machine.pending.pop(record, None)
            machine.fate[record] = "refused"
        machine.refused += len(records)

    def open_gate(self, machine: Machine, gate: str, now_ms: int) -> None:
        """Note that a person saw a gate open; the record of it must have been given to the journal before."""
        known = {accepted.record for accepted in machine.accepted}
        for record, given_ms in reversed(machine.pending.items()):
            if record not in known and _allows(record, gate):
                machine.accepted.append(Accepted(record, now_ms - given_ms, was_durable=False))
                return
        for record in self._newest(machine):
            if record not in known and _allows(record, gate):
                machine.accepted.append(Accepted(record, 0, was_durable=True))
                return
        if not any(fate == "refused" and _allows(record, gate) for record, fate in machine.fate.items()):
            self.accuse(f"{machine.device}: {gate} opened without a record of it")

    def _newest(self, machine: Machine) -> list[bytes]:
        """Return what was written last on a machine, newest first."""
        newest = list(self._written.items())[-64:]
        return [record for key, record in reversed(newest) if key.device == machine.device]

    def copy(self, machine: Machine, name: str) -> None:
        """Note that a machine's card was copied into another machine."""
        self.machine(name, machine.device).holds |= machine.holds

    def held_records(self, machine: Machine) -> list[bytes]:
        """Return the records that should stand on a machine's disk."""
        return [self._written[key] for key in sorted(machine.holds)]

    def trim(self, machine: Machine, epoch: str, upto: int) -> None:
        """Note that a machine forgets records of an epoch: each must have been committed by the cloud."""
        gone = {key for key in machine.holds if key.epoch == epoch and key.seq <= upto}
        early = sorted(gone - self._committed - self._covered - self._forgotten)
        for key in gone & self._forgotten:  # The ack was on its way when the cloud was set back.
            self._excused.setdefault(key, BACKUP)
        if early:
            self.accuse(f"forgotten before the cloud had it: {early[0]} and {len(early) - 1} more")
        machine.holds -= gone

    def die(self, machine: Machine) -> None:
        """Note that a machine's program was killed: what was pending may be on the disk or not."""
        for record in machine.pending:
            machine.fate[record] = "in the air"
        machine.pending.clear()
        machine.forgiven = machine.refused - machine.told

    def wake(self, machine: Machine, found: Mapping[Key, bytes | None], excuse: str, passed_over: int = 0) -> None:
        """Note what a machine finds on its disk when it starts; `excuse` names the medium's fault, if there was one.

        A record that stands with None is there, but can no longer be read. `passed_over` is how many commits the
        journal says are lost in its log.
        """
        if passed_over and not excuse:
            self.accuse(
                f"{machine.device} says that {passed_over} commits are lost, though nothing happened to its disk"
            )
        for key, record in found.items():
            self._check_found(machine, key, record, excuse)
        lost = machine.holds - set(found)
        if lost and not excuse:
            self.accuse(f"written and synced, but gone after a restart: {min(lost)} and {len(lost) - 1} more")
        unreadable = {key for key, record in found.items() if record is None}
        for key in lost | unreadable:
            self._excused.setdefault(key, excuse)
        machine.holds = set(found)

    def _check_found(self, machine: Machine, key: Key, record: bytes | None, excuse: str) -> None:
        if record is None:
            if not excuse:
                self.accuse(f"{key} cannot be read, though nothing happened to its disk")
            return
        if record not in self._tried[key]:
            self.accuse(f"{key} stands on the disk, but nobody wrote it: {record[:80]!r}")
            return
        if key not in self._written:
            machine.told += (told := self._told_by(key, record))
            machine.forgiven = max(0, machine.forgiven - told)
        self._keep(key, record)

    def _told_by(self, key: Key, record: bytes) -> int:
        """Return how many records that a disk refused a loss record tells of."""
        if key in self._openings or not record.startswith(_LOSS):
            return 0
        loss = _decode(record)
        return loss.count if isinstance(loss, Loss) else 0

    # In the cloud

    def commit(self, key: Key, record: bytes) -> None:
        """Note that the cloud has committed a record."""
        if record not in self._tried[key]:
            self.accuse(f"the cloud has {key}, which nobody wrote: {record[:80]!r}")
        self._committed.add(key)

    def commit_gap(self, gap: Gap) -> None:
        """Note that the cloud has committed the word that these will never come."""
        self._covered |= {Key(gap.device, gap.epoch, seq) for seq in range(gap.first, gap.last + 1)}

    def restore_cloud(self, kept: Iterable[Key]) -> None:
        """Note that the cloud was set back to a backup: what no machine holds any more is gone with it."""
        held = set().union(*(machine.holds for machine in self.machines.values()))
        self._forgotten |= self._committed
        self._committed = set(kept)
        self._forgotten -= self._committed
        for key in self._forgotten - held:
            self._excused.setdefault(key, BACKUP)

    def has_seen(self, device: str, epoch: str, after: int) -> bool:
        """Tell whether the cloud ever committed something of an epoch above a number."""
        return any(
            key.device == device and key.epoch == epoch and key.seq > after for key in self._committed | self._forgotten
        )

    # The verdict

    def verdict(self, books: Books) -> list[str]:
        """Return everything that is wrong, in words; an empty list is what every world must end with."""
        rows = {row.key: row.record for row in books.all_rows}
        wrong = list(self.violations)
        wrong += self._doubled(books)
        wrong += [
            f"missing in the cloud: {key}" for key in sorted(self._written.keys() - rows.keys() - set(self._excused))
        ]
        wrong += [f"changed on the way: {key}" for key, record in rows.items() if record not in self._tried[key]]
        wrong += self._dropped(books)
        wrong += self._holes(books, rows)
        for name, machine in self.machines.items():
            wrong += self._unseen(name, machine, rows)
            wrong += _uncounted(name, machine)
        return wrong

    def _doubled(self, books: Books) -> list[str]:
        keys = Counter(row.key for row in books.all_rows)
        doubled = [f"in the cloud {count} times: {key}" for key, count in keys.items() if count > 1]
        places = [row.position for row in books.rows]
        return doubled + (["two rows have one position"] if len(set(places)) < len(places) else [])

    def _dropped(self, books: Books) -> list[str]:
        """Return the records that another one stands in place of, and that the cloud has not kept either."""
        kept = {(row.key, row.record) for row in (*books.all_rows, *books.disputed)}
        written = ((key, record) for key, others in self._disputed.items() for record in (self._written[key], *others))
        return [f"dropped for another under its number: {key}" for key, record in written if (key, record) not in kept]

    def _holes(self, books: Books, rows: Mapping[Key, bytes]) -> list[str]:
        """Return each number below a watermark with neither a row nor an honest gap, and rows out of order."""
        wrong: list[str] = []
        covered = {Key(g.device, g.epoch, seq) for g in books.gaps for seq in range(g.first, g.last + 1)}
        wrong += [f"a gap where nothing was lost: {key}" for key in sorted(covered - set(self._excused) - rows.keys())]
        for (device, epoch), upto in books.watermarks.items():
            numbers = {Key(device, epoch, seq) for seq in range(1, upto + 1)}
            wrong += [f"a hole below the watermark: {key}" for key in sorted(numbers - rows.keys() - covered)]
        wrong += [
            f"above the watermark: {key}" for key in rows if key.seq > books.watermarks.get((key.device, key.epoch), 0)
        ]
        last: dict[tuple[str, str], int] = {}
        for row in sorted(books.rows, key=lambda row: row.position):
            before = last.get(row.key[:2], 0)
            if row.key.seq < before and row.key not in covered:
                wrong.append(f"committed out of order: {row.key} after {before}")
            last[row.key[:2]] = row.key.seq
        return wrong

    def _unseen(self, name: str, machine: Machine, rows: Mapping[Key, bytes]) -> list[str]:
        """Return what a person saw accepted and the cloud has not, with nobody to say why."""
        counted = Counter(record for key, record in rows.items() if key.device == machine.device)
        excused = {self._written.get(key) for key in self._excused}
        wrong: list[str] = []
        for accepted in machine.accepted:
            if counted[accepted.record] == 1 or accepted.record in excused:
                continue
            fate = machine.fate.get(accepted.record, "")
            opened_late = fate == "in the air" and accepted.waited_ms >= OPENS_WITHIN_MS
            if counted[accepted.record] > 1 or not (opened_late or fate == "refused"):
                wrong.append(
                    f"{name}: a gate opened; {counted[accepted.record]} times in the cloud: {accepted.record!r}"
                )
        return wrong


def _uncounted(name: str, machine: Machine) -> list[str]:
    if machine.refused - machine.forgiven <= machine.told <= machine.refused:
        return []
    return [f"{name}: {machine.refused} records refused, {machine.forgiven} forgiven, {machine.told} told"]


def _allows(record: bytes, gate: str) -> bool:
    if b'"allowed"' not in record:
        return False
    decision = _decode(record)
    return isinstance(decision, Decision) and decision.gate == gate
