"""Faults of the disk under a gate: torn and lost writes, flipped bits, deleted and restored files, full and slow disks.

The journal is the product's own file; where the cloud matters, the product's session brings it there through the model
cloud. What a power cut leaves is made by `simulators.disk` from what SQLite had written.
"""

import asyncio
import sqlite3
import time
from dataclasses import replace
from pathlib import Path
from random import Random

import msgspec
import pytest

from edge_agent.clock import SystemClock
from edge_agent.journal.entry import Entry, EpochState, JournalBroken, JournalUnavailable
from edge_agent.journal.file import JournalFile
from edge_agent.journal.journal import Journal
from edge_agent.journal.opening import Opened, open_journal
from edge_agent.pipeline import Pipeline
from edge_agent.readers.tap import Medium, Tap
from edge_agent.sync.actions import Report
from edge_agent.timekeeper import Timekeeper
from edge_agent.view import View
from edge_agent.watch import Watch
from schemas.structs import AnyRecord
from simulators import disk
from simulators.disk import FILE, LOG, Image
from tests.edge_agent.gate import DEVICE, MAIN, NotingActuator
from tests.edge_agent.school import ALIYA, BORIS, at, roster
from tests.edge_agent.sync.model import Bench
from tests.waiting import until_async

SEEDS = 40
ALWAYS = roster(b'["profile","day",[[127,0,1440]],["*"]]', not_after_ms=2**42)


def written(number: int) -> bytes:
    return b'{"k":"alarm","m":%d,"x":"%s"}' % (number, b"x" * (number % 90))


def opened(folder: Path, seed: int) -> Opened:
    return open_journal(folder / "j.db", DEVICE, Random(seed), stamp=at(), boot="b" * 16, firmware="0.1.0")


def with_small_log(file: JournalFile) -> JournalFile:
    """Let SQLite carry its log over often, so that a short test sees it happen."""
    file._db.execute("PRAGMA wal_autocheckpoint = 8")
    return file


class FileJournal:
    """The product's file, with the face of the model's journal."""

    def __init__(self, file: JournalFile) -> None:
        self.file = file

    def states(self) -> list[EpochState]:
        return self.file.epochs()

    def read(self, epoch: str, after_seq: int, limit: int) -> list[Entry]:
        return self.file.read(epoch, after_seq, limit)

    def trim(self, epoch: str, upto: int, digest: bytes | None) -> bool:
        return self.file.trim(epoch, upto, digest)


class Device:
    """A device whose journal is a real file, its session, and a cloud that outlives all its misfortunes."""

    def __init__(self, folder: Path, seed: int = 1) -> None:
        self.folder = folder
        self.bench = Bench(seed)
        self.said: dict[tuple[str, int], bytes] = {}
        self.file = JournalFile(folder / "j.db", "gate-1", Random(seed))
        self._use()

    def _use(self) -> None:
        self.bench.drop()
        self.bench.journal = FileJournal(self.file)  # type: ignore[assignment] # answers as the model's does

    def append(self, count: int) -> None:
        """Write records that somebody was told are accepted."""
        entries = self.file.append([written(len(self.said) + n) for n in range(count)])
        for entry in entries:
            assert (entry.epoch, entry.seq) not in self.said, "a number was used twice"
            self.said[entry.epoch, entry.seq] = entry.record or b""
        self.bench.do(self.bench.session.appended(entries, self.bench.now))

    def sync(self) -> None:
        self.bench.run(60_000)

    def image(self) -> Image:
        return Image.of(self.folder / "j.db")

    def restart(self, seed: int, image: Image | None = None) -> None:
        """Start again, from an image if there was a power cut."""
        self.file.close()
        if image is not None:
            image.write(self.folder / "j.db")
        self.file = JournalFile(self.folder / "j.db", "gate-1", Random(seed))
        self._use()

    def check(self) -> None:
        """Everything that was said is in the cloud, once and as it was."""
        assert self.bench.cloud.records == self.said
        assert self.bench.session.unsent == 0


# 4 and 5: torn and scattered writes


def test_fault_4_a_last_record_torn_at_any_byte_costs_at_most_itself(tmp_path: Path) -> None:
    file = JournalFile(tmp_path / "j.db", DEVICE, Random(1))
    file.append([written(n) for n in range(6)])
    before = Image.of(tmp_path / "j.db")
    file.append([written(6)])
    after = Image.of(tmp_path / "j.db")
    grown = range(len(before.part(LOG)), len(after.part(LOG)) + 1)
    kept = set()
    for place, length in enumerate([*grown[:60], *grown[60::97], *grown[-60:]]):
        torn = Image({FILE: before.part(FILE), LOG: after.part(LOG)[:length]})
        torn.write(tmp_path / "torn.db")

        reopened = JournalFile(tmp_path / "torn.db", DEVICE, Random(100 + place))

        read = [entry.record for entry in reopened.read(file.epoch, 0, 99)]
        assert read[:6] == [written(n) for n in range(6)]
        assert (reopened.damaged, reopened.epoch == file.epoch) == (0, False)
        assert reopened.append([written(7)])[0].seq == 1
        kept.add(len(read))
        reopened.close()
    assert kept == {6, 7}


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("crash", [disk.torn, disk.scattered])
def test_fault_5_a_power_cut_never_leaves_a_hole_and_the_old_epoch_drains(
    tmp_path: Path, seed: int, crash: object
) -> None:
    rng, device = Random(seed), Device(tmp_path, seed)
    with_small_log(device.file)
    for _ in range(rng.randrange(1, 12)):
        device.append(rng.randrange(1, 4))
    if rng.random() < 0.5:
        device.sync()
    before = device.image()
    dying = device.file.append([b"never told of"])[0]

    image = (
        disk.torn(before, device.image(), rng) if crash is disk.torn else disk.scattered(before, device.image(), rng)
    )
    device.restart(seed + 1_000, image)
    device.append(2)
    device.sync()

    if (dying.epoch, dying.seq) in device.bench.cloud.records:  # it landed though nobody was told
        device.said[dying.epoch, dying.seq] = b"never told of"
    device.check()
    assert device.bench.cloud.gaps == []


# 6 and 31: a disk that lies, an image from last month


@pytest.mark.parametrize("seed", range(SEEDS))
def test_fault_6_what_a_lying_disk_forgot_is_never_written_under_the_same_number(tmp_path: Path, seed: int) -> None:
    rng, device = Random(seed), Device(tmp_path, seed)
    device.append(5)
    before = device.image()
    device.append(rng.randrange(1, 9))
    device.sync()  # the cloud has what the disk will have forgotten

    device.restart(seed + 1_000, before)
    device.append(4)
    device.sync()

    device.check()
    assert [action.reason for action in device.bench.other if isinstance(action, Report)] == ["rollback"]


def test_fault_31_an_image_of_last_month_loses_nothing_that_the_cloud_had_and_reuses_no_number(tmp_path: Path) -> None:
    device = Device(tmp_path)
    device.append(9)
    device.sync()
    last_month = device.image()
    for restart in range(2, 6):
        device.restart(restart)
        device.append(20)
        device.sync()

    device.restart(99, last_month)
    device.append(7)
    device.sync()

    device.check()
    assert len({epoch for epoch, _ in device.said}) == 6


def test_fault_31_an_image_of_last_month_without_a_network_keeps_the_old_and_the_new(tmp_path: Path) -> None:
    device = Device(tmp_path)
    device.append(9)
    last_month = device.image()

    device.restart(99, last_month)
    device.append(7)
    device.sync()

    device.check()


# 7 and 8: flipped bits


def test_fault_7_a_bad_record_becomes_a_gap_and_the_later_ones_are_sent(tmp_path: Path) -> None:
    device = Device(tmp_path)
    device.append(9)
    epoch = device.file.epoch
    device.file.close()
    image = disk.flipped(Image.of(tmp_path / "j.db"), Random(1), within=written(4))
    device.restart(2, image)

    device.append(1)
    device.sync()

    del device.said[epoch, 5]
    device.check()
    assert [(gap.first_seq, gap.last_seq, gap.reason) for gap in device.bench.cloud.gaps] == [(5, 5, "unreadable")]
    assert device.file.damaged >= 1


@pytest.mark.parametrize("seed", range(SEEDS))
def test_fault_8_flipped_bits_anywhere_never_make_a_record_that_was_not_written(tmp_path: Path, seed: int) -> None:
    rng = Random(seed)
    first = opened(tmp_path, seed)
    for number in range(60):
        first.file.append([written(number)])
    entries = first.file.read(first.file.epoch, 0, 99)
    first.file.close()
    disk.flipped(Image.of(tmp_path / "j.db"), rng, bits=rng.randrange(1, 9)).write(tmp_path / "j.db")

    try:
        again = opened(tmp_path, seed + 1_000)
        read = again.file.read(first.file.epoch, 0, 99)
        (entry,) = again.file.append([b"new"])
    except (JournalBroken, JournalUnavailable):
        again = open_journal(
            tmp_path / "j.db", DEVICE, Random(7), stamp=at(), boot="b" * 16, firmware="0", broken="flipped"
        )
        (entry,) = again.file.append([b"new"])
        read = []

    assert {(found.seq, found.record) for found in read if found.record} <= {(e.seq, e.record) for e in entries}
    assert entry.epoch != first.file.epoch
    assert again.why == "set_aside" or len(read) == len(entries)


# 9: deleted


def test_fault_9_a_deleted_journal_is_an_alarm_and_the_gate_goes_on(tmp_path: Path) -> None:
    first = opened(tmp_path, 1)
    first.file.append([written(1)])
    first.file.close()
    for part in ("j.db", "j.db-wal", "j.db-shm"):
        (tmp_path / part).unlink(missing_ok=True)

    again = opened(tmp_path, 2)

    told = [msgspec.json.decode(entry.record or b"") for entry in again.entries]
    assert [(record["k"], record["w"]) for record in told] == [("open", "created"), ("alarm", "journal_lost")]
    assert told[1]["x"].endswith(first.file.epoch)
    assert again.file.epoch != first.file.epoch
    assert again.file.append([written(2)])[0].seq == 3


# 10, 12 and 13: full, read-only and slow disks under a gate


class LiveGate:
    """A gate with the product's journal thread on a real file and the machine's clock."""

    def __init__(self, folder: Path, *, disk_full: str = "open") -> None:
        self.path = folder / "j.db"
        self.clock = SystemClock()
        self.timekeeper = Timekeeper(self.clock, machine="ntp")
        self.file = opened(folder, 1).file
        self.journal = Journal(self.file, self.timekeeper)
        self.actuator = NotingActuator()
        self.durable: list[Entry] = []
        self.journal.on_durable = self.durable.extend
        self.watch = Watch(self.journal, self.timekeeper)
        door = replace(MAIN, disk_full=disk_full)  # type: ignore[arg-type] # open or deny
        self.pipeline = Pipeline(
            door, DEVICE, self.journal, self.actuator, self.timekeeper, self.clock, View(DEVICE),
            lambda: ALWAYS, lambda tap: tap.credential.hex(), lambda _roster: True,
        )  # fmt: skip

    async def tap(self, ref: str, reader: str = "reader-in") -> float:
        """Show a card; return how many seconds the gate took."""
        started = time.monotonic()
        await self.pipeline.handle(Tap(reader, ref.encode(), Medium.UID, self.clock.monotonic_ms()))
        return time.monotonic() - started

    def records(self) -> list[tuple[str, str, int | None]]:
        """Return what is durable: kind, reason, count."""
        found = [msgspec.to_builtins(msgspec.json.decode(e.record or b"", type=AnyRecord)) for e in self.durable]
        return [(record["k"], record["w"], record.get("n")) for record in found]


@pytest.mark.parametrize("fault", ["full", "read_only"])
async def test_fault_10_and_12_a_disk_that_takes_nothing_leaves_the_gate_working_and_every_loss_counted(
    tmp_path: Path, fault: str
) -> None:
    gate = LiveGate(tmp_path)
    if fault == "full":
        gate.file.append([written(0) for _ in range(100)])
        disk.fill(gate.file._db)
        while not gate.journal.unavailable:
            await asyncio.gather(gate.journal.append(written(89)), return_exceptions=True)
        gate.durable.clear()
    else:
        disk.forbid_writes(gate.file._db)
    lost_before = gate.journal.lost

    await gate.tap(ALIYA)
    gate.watch.look()
    await gate.tap(BORIS)
    assert gate.actuator.told == ["open in 1", "open in 2"]
    assert gate.durable == []
    disk.empty(gate.file._db)
    disk.allow_writes(gate.file._db)
    await gate.tap(ALIYA, "reader-out")
    gate.watch.look()
    await until_async(lambda: len(gate.durable) == 3, what="the alarm")

    alarm = "disk_full" if fault == "full" else "disk_read_only"
    loss = "disk_full" if fault == "full" else "io_error"
    assert gate.records() == [("loss", loss, lost_before + 2), ("decision", "ok", None), ("alarm", alarm, None)]
    await gate.journal.close()


async def test_fault_10_a_door_that_wants_a_record_stays_closed_without_one_but_not_to_those_who_leave(
    tmp_path: Path,
) -> None:
    gate = LiveGate(tmp_path, disk_full="deny")
    disk.forbid_writes(gate.file._db)

    await gate.tap(ALIYA)
    await gate.tap(BORIS, "reader-out")
    disk.allow_writes(gate.file._db)
    await gate.tap(ALIYA)

    assert gate.actuator.told == ["deny", "open out 1", "open in 2"]
    await gate.journal.close()


async def test_fault_13_a_slow_disk_holds_the_gate_for_a_tenth_of_a_second_and_the_record_lands_later(
    tmp_path: Path,
) -> None:
    gate = LiveGate(tmp_path)
    other = sqlite3.connect(gate.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")  # for as long as this lasts, the journal's own commit waits

    took_s = await gate.tap(ALIYA)

    assert gate.actuator.told == ["open in 1"]
    assert 0.09 < took_s < 1.0
    assert gate.durable == []
    other.execute("ROLLBACK")
    other.close()
    await until_async(lambda: len(gate.durable) == 1, what="the record")
    assert gate.records() == [("decision", "ok", None)]
    assert gate.journal.lost == 0
    await gate.journal.close()
