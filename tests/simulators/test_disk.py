"""The broken disk, tried under a real journal: what it leaves is what SQLite survives, and what not."""

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from edge_agent.journal.entry import JournalBroken, JournalUnavailable
from edge_agent.journal.file import JournalFile
from simulators import disk
from simulators.disk import FILE, LOG, Image

Crash = Callable[[Image, Image, Random], Image]


def journal(path: Path, seed: int, count: int = 0) -> JournalFile:
    file = JournalFile(path, "gate-1", Random(seed))
    file._db.execute("PRAGMA wal_autocheckpoint = 8")  # so that a short test sees checkpoints
    for number in range(count):
        file.append([b"record %d" % number])
    return file


@pytest.mark.parametrize("crash", [disk.torn, disk.scattered])
@pytest.mark.parametrize("seed", range(40))
def test_a_power_cut_within_an_append_costs_at_most_that_append(tmp_path: Path, seed: int, crash: Crash) -> None:
    rng = Random(seed)
    path, done = tmp_path / "journal.db", rng.randrange(30)
    file = journal(path, seed, done)

    before = Image.of(path)
    file.append([b"record %d" % done])
    image = crash(before, Image.of(path), rng)
    image.write(tmp_path / "after.db")
    reopened = journal(tmp_path / "after.db", seed + 1)

    kept = [entry.record for entry in reopened.read(file.epoch, 0, 100)]
    assert kept in ([b"record %d" % n for n in range(done)], [b"record %d" % n for n in range(done + 1)])
    assert reopened.epoch != file.epoch
    assert reopened.damaged == 0


@pytest.mark.parametrize("seed", range(20))
def test_a_lie_about_fsync_may_cost_much_but_never_gives_a_record_that_was_not_written(
    tmp_path: Path, seed: int
) -> None:
    rng = Random(seed)
    path = tmp_path / "journal.db"
    file = journal(path, seed, 10)
    before = Image.of(path)
    for number in range(10, 20):
        file.append([b"record %d" % number])

    disk.lied(before, Image.of(path), rng).write(tmp_path / "after.db")

    try:
        reopened = journal(tmp_path / "after.db", seed + 1)
        kept = [entry.record for entry in reopened.read(file.epoch, 0, 100) if entry.record]
    except JournalBroken:
        kept = []
    assert set(kept) <= {b"record %d" % n for n in range(20)}


def test_a_flipped_bit_in_a_record_hits_where_it_was_aimed(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    file = journal(path, 1, 9)
    image = Image.of(path)

    broken = disk.flipped(image, Random(3), within=b"record 7")

    differing = [at for at in range(len(image.part(LOG))) if image.part(LOG)[at] != broken.part(LOG)[at]]
    assert file.head == 9
    assert len(differing) <= 1
    assert image.part(FILE) == broken.part(FILE) or not differing


def test_a_full_disk_refuses_with_sqlites_own_words_and_takes_again_when_there_is_room(tmp_path: Path) -> None:
    file = journal(tmp_path / "journal.db", 1, 3)

    disk.fill(file._db)
    with pytest.raises(JournalUnavailable, match="disk_full"):
        [file.append([b"x" * 200]) for _ in range(200)]
    disk.empty(file._db)

    head = file.head
    assert file.append([b"again"])[0].seq == head + 1


def test_a_read_only_disk_refuses_and_then_takes_again(tmp_path: Path) -> None:
    file = journal(tmp_path / "journal.db", 1, 3)

    disk.forbid_writes(file._db)
    with pytest.raises(JournalUnavailable, match="read_only"):
        file.append([b"refused"])
    disk.allow_writes(file._db)

    assert file.append([b"again"])[0].seq == 4


def test_the_command_writes_a_broken_copy_and_leaves_the_journal_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "journal.db"
    journal(path, 1, 20).close()
    image = Image.of(path)

    assert disk.main(["flip", str(path), str(tmp_path / "copy.db"), "--bits", "3"]) == 0

    assert Image.of(path) == image
    assert Image.of(tmp_path / "copy.db").part(FILE) != image.part(FILE)
    assert "copy.db: flip, seed 1" in capsys.readouterr().out
