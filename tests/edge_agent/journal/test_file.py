"""The journal's file: it passes the suite for journals, and keeps what SQLite alone would not."""

import sqlite3
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest
from typing_extensions import override

from edge_agent.journal.entry import Entry, JournalBroken
from edge_agent.journal.file import FORGET_MAX, JournalFile
from schemas.chain import genesis, link
from simulators.disk import FILE, Image
from tests.edge_agent.journal.conformance import DEVICE, Conformance, Journalled, records

NAME = "journal.db"


def opened(folder: Path, seed: int = 1, **more: Any) -> JournalFile:
    return JournalFile(folder / NAME, DEVICE, Random(seed), **more)


def change(folder: Path, sql: str, *values: object) -> None:
    """Change something behind the journal's back."""
    db = sqlite3.connect(folder / NAME)
    with db:
        db.execute(sql, values)
    db.close()


class TestFile(Conformance):
    @override
    def open(self, folder: Path, seed: int = 1) -> Journalled:
        return opened(folder, seed)

    @override
    def spoil(self, folder: Path, entry: Entry) -> None:
        change(folder, "UPDATE entries SET record = ? WHERE seq = ?", b"flipped", entry.seq)


class TestFileThatKeepsNothingTrimmed(TestFile):
    @override
    def open(self, folder: Path, seed: int = 1) -> Journalled:
        return opened(folder, seed, keep=0)


# Trimmed rows


def test_trimmed_rows_stay_for_a_while_and_tell_a_restart_what_happened_lately(tmp_path: Path) -> None:
    first = opened(tmp_path, 1)
    entries = first.append(records(5))
    first.trim(first.epoch, 5, entries[4].digest)
    first.append(records(1, 6))
    first.close()

    second = opened(tmp_path, 2)

    assert [entry.seq for entry in second.recent(3)] == [4, 5, 6]
    assert second.recent(100) == [*entries, *second.read(first.epoch, 5, 1)]
    assert second.held == 1


def test_the_oldest_trimmed_rows_are_deleted_a_few_at_a_time(tmp_path: Path) -> None:
    file = opened(tmp_path, keep=10)
    entries = [entry for _ in range(30) for entry in file.append(records(100))]
    file.trim(file.epoch, 2_990, entries[2_989].digest)
    assert file.surplus == 2_980

    file.tidy()
    assert file.surplus == 2_980 - FORGET_MAX
    for _ in range(2):
        file.tidy()

    assert file.surplus == 0
    assert not file.is_untidy
    assert rows_in(tmp_path) == 20
    assert file.read(file.epoch, 2_990, 99) == entries[2_990:]


def test_closed_epochs_that_are_trimmed_go_whole(tmp_path: Path) -> None:
    names = []
    for seed in range(5):
        file = opened(tmp_path, seed, keep=6)
        names.append(file.epoch)
        for state in file.epochs():
            file.trim(state.epoch, state.head, None)
        file.append(records(4))
        file.tidy()
        file.tidy()
        file.close()

    file = opened(tmp_path, 9, keep=6)

    assert [state.epoch for state in file.epochs()] == [names[-1], file.epoch]
    assert rows_in(tmp_path) <= 10
    assert file.before.epoch == names[-1]


def rows_in(folder: Path) -> int:
    db = sqlite3.connect(folder / NAME)
    try:
        return int(db.execute("SELECT count(*) FROM entries").fetchone()[0])
    finally:
        db.close()


def test_a_tidy_journal_opens_where_it_was(tmp_path: Path) -> None:
    first = opened(tmp_path, 1, keep=0)
    entries = first.append(records(50))
    first.trim(first.epoch, 40, entries[39].digest)
    first.tidy()
    first.close()

    second = opened(tmp_path, 2, keep=0)

    state = second.epochs()[0]
    assert (state.tail, state.head, state.tail_digest) == (41, 50, entries[39].digest)
    assert second.read(first.epoch, 40, 99) == entries[40:]


# Faults 7 and 8: flipped bits


def test_fault_7_a_bad_record_is_kept_aside_and_the_later_ones_are_read(tmp_path: Path) -> None:
    first = opened(tmp_path)
    entries = first.append(records(9))
    first.close()
    change(tmp_path, "UPDATE entries SET record = ? WHERE seq = 4", b"flipped")

    file = opened(tmp_path, 2)
    read = file.read(first.epoch, 0, 99)

    assert read == [*entries[:3], Entry(first.epoch, 4, None, entries[3].digest), *entries[4:]]
    assert file.damaged == 1
    assert file._db.execute("SELECT seq, record FROM damaged").fetchall() == [(4, b"flipped")]
    assert file.trim(first.epoch, 9, entries[8].digest)


def test_fault_12_on_a_disk_that_is_read_only_now_what_stands_beside_a_bad_record_is_still_read(tmp_path: Path) -> None:
    file = opened(tmp_path)
    entries = file.append(records(3))
    file._db.execute("UPDATE entries SET record = ? WHERE seq = 2", (b"flipped",))
    file._db.execute("PRAGMA query_only = ON")

    read = file.read(file.epoch, 0, 9)

    assert read == [entries[0], Entry(file.epoch, 2, None, entries[1].digest), entries[2]]


@pytest.mark.parametrize("after_seq", range(9))
@pytest.mark.parametrize("limit", [1, 2, 99])
def test_fault_8_a_flipped_digest_is_mended_by_its_neighbours(tmp_path: Path, after_seq: int, limit: int) -> None:
    first = opened(tmp_path)
    entries = first.append(records(9))
    first.close()
    change(tmp_path, "UPDATE entries SET digest = ? WHERE seq = 4", b"\1" * 16)

    file = opened(tmp_path, 2)

    assert file.read(first.epoch, after_seq, limit) == entries[after_seq : after_seq + limit]
    assert file.trim(first.epoch, 4, entries[3].digest)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE epochs SET epoch = 'ffffffffffffffff'",
        "UPDATE epochs SET crc = 1",
        "UPDATE epochs SET upto = 9",
        "UPDATE epochs SET upto = -1",
        "UPDATE epochs SET upto = 1000000",
        "UPDATE epochs SET upto_digest = x'00'",
        "UPDATE notes SET value = 'ffffffffffffffff' WHERE name LIKE 'epoch:%'",
    ],
)
def test_fault_8_a_flipped_head_or_tail_is_found_again_in_the_records(tmp_path: Path, sql: str) -> None:
    first = opened(tmp_path, 1)
    entries = first.append(records(10))
    first.trim(first.epoch, 6, entries[5].digest)
    first.append([])
    first.close()
    change(tmp_path, sql)

    state = opened(tmp_path, 2).epochs()[0]

    assert state.epoch == first.epoch
    assert state.head == 10
    assert state.tail in (1, 7)
    assert state.tail_digest == (entries[5].digest if state.tail == 7 else genesis(DEVICE, first.epoch))


def test_fault_8_with_old_rows_gone_a_flipped_tail_is_the_first_row_there_is(tmp_path: Path) -> None:
    first = opened(tmp_path, 1, keep=2)
    entries = first.append(records(10))
    first.trim(first.epoch, 6, entries[5].digest)
    first.tidy()
    first.close()
    change(tmp_path, "UPDATE epochs SET upto_digest = x'00'")

    state = opened(tmp_path, 2).epochs()[0]

    assert (state.tail, state.head, state.tail_digest) == (6, 10, entries[4].digest)


def test_fault_8_a_flipped_number_is_mended_by_the_chain(tmp_path: Path) -> None:
    first = opened(tmp_path, 1)
    entries = first.append(records(9))
    first.close()
    image = Image.of(tmp_path / NAME)
    page = bytearray(image.part(FILE))
    at = page.index(records(9)[6]) - 1  # the number stands before its record in the row
    assert page[at] == 7
    page[at] = 6
    Image({FILE: bytes(page)}).write(tmp_path / NAME)

    assert opened(tmp_path, 2).read(first.epoch, 0, 99) == entries


@pytest.mark.parametrize("seq", [2, 5, 8, 9])
@pytest.mark.parametrize("flipped", [0, 7], ids=["nothing", "a fraction"])  # what kind of value the number becomes
def test_fault_8_a_number_that_is_none_any_more_costs_its_record_at_most_and_is_told(
    tmp_path: Path, seq: int, flipped: int
) -> None:
    first = opened(tmp_path, 1)
    entries = first.append(records(9))
    first.close()
    image = Image.of(tmp_path / NAME)
    page = bytearray(image.part(FILE))
    at = page.index(records(9)[seq - 1]) - 4  # before it stand the kinds of number, record and digest, and the number
    assert page[at : at + 5] == bytes((1, 12 + 2 * 19, 12 + 2 * 16, seq)) + b"{"
    page[at] = flipped
    Image({FILE: bytes(page)}).write(tmp_path / NAME)

    file = opened(tmp_path, 2)

    read = file.read(first.epoch, 0, 99)
    assert [entry.seq for entry in read] == [entry.seq for entry in entries]
    assert {entry.seq for entry in read if entry.record is None} <= {seq, seq + 1}
    assert all(entry == entries[entry.seq - 1] for entry in read if entry.record is not None)


@pytest.mark.parametrize(("seq", "number"), [(9, 1), (9, 100), (2, 100), (5, 127)])
def test_fault_8_a_number_flipped_at_either_end_hides_no_other_record(tmp_path: Path, seq: int, number: int) -> None:
    first = opened(tmp_path, 1)
    entries = first.append(records(9))
    first.close()
    image = Image.of(tmp_path / NAME)
    page = bytearray(image.part(FILE))
    page[page.index(records(9)[seq - 1]) - 1] = number
    Image({FILE: bytes(page)}).write(tmp_path / NAME)

    read = opened(tmp_path, 2).read(first.epoch, 0, 99)

    assert [entry.seq for entry in read] == [entry.seq for entry in entries]
    assert sum(entry.record is None for entry in read) <= 2


@pytest.mark.parametrize("last", [None, 1, "one", 2**62], ids=["lost", "behind", "no number", "flipped"])
def test_fault_6_an_epoch_never_takes_a_number_whose_rows_still_stand(tmp_path: Path, last: object) -> None:
    for seed in (1, 2, 3):
        opened(tmp_path, seed).append(records(9))
    change(tmp_path, "DELETE FROM epochs WHERE ep > 1")  # a disk that lied kept the rows and lost this
    change(tmp_path, "UPDATE sqlite_sequence SET seq = ?", last)

    file = opened(tmp_path, 4)

    entries = file.append(records(4))
    assert file.read(file.epoch, 0, 99) == entries


def test_fault_6_a_row_that_stands_where_a_new_one_belongs_is_a_broken_file(tmp_path: Path) -> None:
    file = opened(tmp_path, 1)
    file.append(records(2))
    change(tmp_path, "INSERT INTO entries VALUES (1, 4, x'00', x'00')")

    with pytest.raises(JournalBroken, match="UNIQUE"):
        file.append(records(2))


def test_fault_7_a_damaged_page_costs_what_stands_on_it_and_is_told(tmp_path: Path) -> None:
    first = opened(tmp_path, 1)
    entries = first.append(records(2_000))
    first.close()
    image = Image.of(tmp_path / NAME)
    page = bytearray(image.part(FILE))
    page[page.index(records(2_000)[1_000]) & ~4_095] = 0xFF  # what kind of page it is
    Image({FILE: bytes(page)}).write(tmp_path / NAME)

    file = opened(tmp_path, 2)

    read = [entry for after in range(0, 2_000, 300) for entry in file.read(first.epoch, after, 300)]
    assert [entry.seq for entry in read] == list(range(1, 2_001))
    assert 1 < sum(entry.record is None for entry in read) < 200
    assert all(entry == entries[entry.seq - 1] for entry in read if entry.record is not None)
    assert file.append(records(1))


def test_a_record_that_cannot_be_read_contradicts_no_digest(tmp_path: Path) -> None:
    first = opened(tmp_path, 1)
    entries = first.append(records(9))
    first.close()
    change(tmp_path, "UPDATE entries SET record = x'00', digest = x'00' WHERE seq = 9")

    file = opened(tmp_path, 2)

    assert not file.trim(first.epoch, 7, b"\1" * 16)
    assert file.trim(first.epoch, 9, entries[8].digest)


def test_rows_that_are_gone_stand_as_unreadable_and_never_as_a_hole(tmp_path: Path) -> None:
    first = opened(tmp_path, 1)
    entries = first.append(records(9))
    first.close()
    change(tmp_path, "DELETE FROM entries WHERE seq IN (4, 5)")

    read = opened(tmp_path, 2).read(first.epoch, 0, 99)

    assert [(entry.seq, entry.record is not None) for entry in read] == [(n, n not in (4, 5, 6)) for n in range(1, 10)]
    assert read[5].digest == entries[5].digest
    assert read[6:] == entries[6:]


@pytest.mark.parametrize("far", [20_000, 2**40])
def test_a_number_far_beyond_the_others_is_a_flipped_bit(tmp_path: Path, far: int) -> None:
    first = opened(tmp_path, 1)
    entries = first.append(records(9))
    first.close()
    change(tmp_path, "UPDATE entries SET seq = ? WHERE seq = 9", far)

    file = opened(tmp_path, 2)

    assert file.epochs()[0].head == 9
    assert file.read(first.epoch, 0, 99) == entries


def test_a_file_that_is_no_journal_is_broken(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"not a database at all" * 500)

    with pytest.raises(JournalBroken):
        opened(tmp_path)


# Small notes


def test_a_note_is_kept_and_replaced(tmp_path: Path) -> None:
    first = opened(tmp_path)
    assert first.recall("counter") is None
    first.remember("counter", "1")
    first.remember("counter", "2")
    first.close()

    assert opened(tmp_path, 2).recall("counter") == "2"


# A large one


def grown(folder: Path, count: int) -> None:
    """Write a journal of `count` records quickly, as one transaction that the journal itself would take minutes for."""
    file = opened(folder)
    digest, rows = file.digest, []
    for seq in range(1, count + 1):
        record = b'{"k":"decision","m":%d,"t":1788145200000,"q":"ntp","g":"main","d":"in","o":"allowed","w":"ok"}' % seq
        digest = link(digest, record)
        rows.append((file._live.ep, seq, record, digest))
    with file._db:
        file._db.execute("BEGIN")
        file._db.executemany("INSERT INTO entries VALUES (?, ?, ?, ?)", rows)
    file.close()


def test_a_large_journal_opens_in_less_than_two_seconds_and_stays_quick(tmp_path: Path) -> None:
    grown(tmp_path, 200_000)

    started = time.process_time()  # not what other programs of a busy machine take
    file = opened(tmp_path, 2)
    entries = file.append(records(1))
    states = file.epochs()
    newest = file.recent(100)
    took_s = time.process_time() - started

    assert took_s < 2
    assert (states[0].head, file.held) == (200_000, 200_001)
    assert [entry.seq for entry in newest] == list(range(199_901, 200_001))
    assert entries[0].seq == 1
    assert file.trim(states[0].epoch, 150_000, file.read(states[0].epoch, 149_999, 1)[0].digest)
    assert file.held == 50_001
