"""The journal's front: one thread, grouped appends, losses that are counted and told, and a file that is replaced."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import msgspec
import pytest

from edge_agent.journal import journal as module
from edge_agent.journal.entry import Entry, Fill, JournalBroken, JournalUnavailable
from edge_agent.journal.file import JournalFile
from edge_agent.journal.journal import Journal
from edge_agent.journal.losses import RESERVE_BYTES, Losses, Reserve
from edge_agent.journal.opening import Opened, open_journal
from edge_agent.timekeeper import Timekeeper
from schemas.structs import Loss
from simulators import disk
from simulators.clock import SimulatedClock
from tests.edge_agent.journal.conformance import records
from tests.edge_agent.school import at
from tests.waiting import until_async

BIG = [b'{"k":"alarm","x":"' + b"x" * 150 + b'%d"}' % number for number in range(200)]


class Bench:
    """A journal in a folder, and everything it said was durable."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "journal.db"
        self.clock = SimulatedClock()
        self.timekeeper = Timekeeper(self.clock)
        self.rng = Random(1)
        self.durable: list[Entry] = []
        self.reopened: list[str] = []
        self.journal = self.begin(self.open("").file)

    def begin(self, file: JournalFile | None, capacity: int = 1_000_000) -> Journal:
        journal = Journal(file, self.timekeeper, capacity=capacity, reopen=self.open)
        journal.on_durable = self.durable.extend
        return journal

    def open(self, broken: str) -> Opened:
        self.reopened.append(broken)
        return open_journal(self.path, "gate-1", self.rng, stamp=at(), boot="b" * 16, firmware="0.1.0", broken=broken)

    @property
    def db(self) -> sqlite3.Connection:
        assert self.journal._file is not None
        return self.journal._file._db

    async def lose(self, count: int) -> None:
        """Append single records that fail."""
        for number in range(count):
            failed = self.journal.append(*records(1, number))
            with pytest.raises(JournalUnavailable):
                await failed

    def told(self) -> list[Loss]:
        told = [entry.record for entry in self.durable if entry.record and b'"k":"loss"' in entry.record]
        return [msgspec.json.decode(record, type=Loss) for record in told]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    await bench.journal.close()


async def test_an_append_is_told_when_it_is_durable(bench: Bench) -> None:
    (entry,) = await bench.journal.append(*records(1))

    assert (entry.seq, entry.record) == (2, records(1)[0])  # the first is the epoch's opening
    assert bench.durable == [entry]
    assert await bench.journal.read(bench.journal.epoch, 1, 9) == [entry]
    assert bench.journal.held == 2


async def test_appends_under_load_are_grouped_and_keep_their_order(bench: Bench) -> None:
    waiting = [bench.journal.append(*records(2, number)) for number in range(500)]

    entries = [entry for done in waiting for entry in await done]

    assert [entry.seq for entry in entries] == list(range(2, 1002))
    assert bench.durable == entries


async def test_a_record_that_is_too_long_is_a_mistake_of_ours(bench: Bench) -> None:
    with pytest.raises(AssertionError, match="too long"):
        _ = bench.journal.append(b"x" * 201)


async def test_trimming_reading_and_notes_go_through_the_one_thread(bench: Bench) -> None:
    (entry,) = await bench.journal.append(*records(1))

    assert await bench.journal.trim(entry.epoch, entry.seq, entry.digest)
    await bench.journal.remember("counter", "7")

    assert await bench.journal.recall("counter") == "7"
    assert [state.tail for state in await bench.journal.epochs()] == [3]
    assert bench.journal.held == 0


@pytest.mark.parametrize(
    ("count", "fill"), [(0, Fill.ROOMY), (79, Fill.ROOMY), (80, Fill.WARN), (90, Fill.COLLAPSE), (98, Fill.RESERVE)]
)
async def test_how_full_it_is_counts_what_the_cloud_does_not_have(tmp_path: Path, count: int, fill: Fill) -> None:
    file = JournalFile(tmp_path / "j.db", "gate-1", Random(1))
    file.append(records(count))
    journal = Journal(file, Timekeeper(SimulatedClock()), capacity=100)

    assert journal.fill is fill

    await journal.close()


# Losses


async def test_what_a_full_disk_refuses_is_counted_and_told_when_there_is_room(bench: Bench) -> None:
    disk.forbid_writes(bench.db)
    await bench.lose(3)
    assert bench.journal.unavailable == "read_only"
    assert (bench.journal.lost, bench.durable) == (3, [])

    disk.allow_writes(bench.db)
    (entry,) = await bench.journal.append(*records(1))

    assert bench.journal.unavailable == ""
    assert [(loss.count, loss.reason) for loss in bench.told()] == [(3, "io_error")]
    assert entry.seq == 3
    assert bench.journal.lost == 3
    await bench.journal.append(*records(1))
    assert len(bench.told()) == 1


async def test_a_loss_is_told_in_the_reserved_room_when_the_disk_stays_full(bench: Bench) -> None:
    await bench.journal.append(*records(1))
    reserve = bench.path.with_name("journal.db.reserve")
    assert reserve.stat().st_size == RESERVE_BYTES

    disk.forbid_writes(bench.db)
    await bench.lose(1)
    assert reserve.exists()
    bench.clock.advance(61)
    await bench.lose(1)
    await until_async(lambda: not reserve.exists())  # given up to tell of the loss: this disk would not take it
    disk.allow_writes(bench.db)
    await bench.journal.append(*records(1))

    assert [loss.count for loss in bench.told()] == [2]
    assert reserve.exists()


async def test_what_is_not_tried_is_counted_too(bench: Bench) -> None:
    bench.journal.lose(5)

    await bench.journal.append(*records(1))

    assert [(loss.count, loss.reason) for loss in bench.told()] == [(5, "queue_full")]


async def test_what_was_lost_is_told_at_the_end_if_nothing_else_was_written(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.journal.lose(2)

    await bench.journal.close()

    file = JournalFile(bench.path, "gate-1", Random(9))
    assert b'"loss"' in (file.recent(1)[0].record or b"")


async def test_more_appends_than_may_wait_are_lost_and_counted(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUEUE_MAX", 2)
    blocker = sqlite3.connect(bench.path)
    blocker.execute("BEGIN IMMEDIATE")

    waiting = [bench.journal.append(*records(1, number)) for number in range(4)]
    with pytest.raises(JournalUnavailable, match="2 appends wait"):
        await waiting[2]
    blocker.rollback()
    blocker.close()

    assert len(await waiting[0]) == len(await waiting[1]) == 1
    with pytest.raises(JournalUnavailable):
        await waiting[3]
    assert bench.journal.lost == 2


def test_losses_counted_while_one_is_told_are_told_later() -> None:
    losses = Losses()
    losses.count(2, "disk_full", at())
    assert len(losses.record(at(1))) == 1

    losses.count(3, "queue_full", at(2))
    losses.told()

    (record,) = losses.record(at(3))
    assert msgspec.json.decode(record, type=Loss).count == 3
    losses.told()
    assert losses.record(at(4)) == []
    assert losses.total == 5


def test_a_reserve_that_cannot_be_had_is_done_without(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "nowhere" / "reserve")

    reserve.hold()

    assert not reserve.is_held
    assert not reserve.release()


# A file that breaks, or is not there


def break_file(bench: Bench) -> None:
    """Damage the file so that its next page to be read is no page."""
    bench.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = bench.path.stat().st_size
    with bench.path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    bench.db.execute("PRAGMA cache_size = 0")
    bench.db.execute("PRAGMA shrink_memory")


async def test_a_file_that_breaks_is_set_aside_and_a_new_one_begun(bench: Bench) -> None:
    await bench.journal.append(*BIG)
    old = bench.journal.epoch
    break_file(bench)

    with pytest.raises(JournalBroken):
        await bench.journal.append(*records(1))
    await until_async(lambda: bench.journal.epoch != old, what="a new file")
    (entry,) = await bench.journal.append(*records(1))

    assert entry.epoch == bench.journal.epoch
    assert bench.reopened[-1]
    assert list(bench.path.parent.glob("journal.db.broken-*"))
    begun = [e for e in bench.durable if e.epoch == entry.epoch]
    assert [e.seq for e in begun] == [1, 2, 3, 4]
    assert b'"set_aside"' in (begun[0].record or b"")
    assert b'"journal_damaged"' in (begun[1].record or b"")
    assert bench.told()[-1].count == 1


async def test_without_a_file_appends_fail_until_one_can_be_opened(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    await bench.journal.close()
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")
    bench.path = blocked / "journal.db"
    bench.journal = bench.begin(None)
    assert (bench.journal.epoch, bench.journal.held, bench.journal.fill) == ("", 0, Fill.ROOMY)

    await bench.lose(2)
    with pytest.raises(JournalUnavailable):
        await bench.journal.epochs()
    blocked.unlink()
    (entry,) = await bench.journal.append(*records(1))

    assert entry.epoch == bench.journal.epoch
    assert [loss.count for loss in bench.told()] == [2]
    await bench.journal.close()


async def test_a_mistake_of_ours_does_not_end_the_thread(bench: Bench) -> None:
    bench.journal._put(lambda: 1 / 0)  # type: ignore[arg-type] # what a mistake would put there

    assert len(await bench.journal.append(*records(1))) == 1


async def test_a_mistake_of_ours_leaves_nobody_waiting(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def mistaken(*_given: object) -> list[Entry]:
        raise ValueError("a mistake")

    monkeypatch.setattr(JournalFile, "append", mistaken)
    monkeypatch.setattr(JournalFile, "read", mistaken)

    async with asyncio.timeout(30):
        with pytest.raises(JournalUnavailable, match="a mistake"):
            await bench.journal.append(*records(1))
        with pytest.raises(ValueError, match="a mistake"):
            await bench.journal.read(bench.journal.epoch, 0, 1)

    assert bench.journal._queued == 0
    assert bench.journal.lost == 1


async def test_closing_writes_what_is_queued(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    waiting = [bench.journal.append(*records(1, number)) for number in range(50)]

    await bench.journal.close()

    assert len(await asyncio.gather(*waiting)) == 50
