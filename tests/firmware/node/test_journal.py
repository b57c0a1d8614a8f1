"""What the ring journal promises besides what every journal does: room, levels, wear, and little memory."""

from random import Random

import pytest
from typing_extensions import override

from firmware.node.flash import SECTOR, Region
from firmware.node.journal import COLLAPSE, RECORD_BYTES_TYPICAL, RESERVE, ROOMY, WARN, Journal
from firmware.node.ring import APPEND_BYTES_MAX, JournalUnavailable
from firmware.node.shorthand import lengthen, shorten
from firmware.tools.flash_partitions import JOURNAL_SIZES
from schemas import codec
from simulators.flash import Flash

DEVICE = "gate-1"
LONGEST = b"\x07" + b"x" * 199  # it has no short form


def opened(flash: Flash, seed: int = 1, **options: int) -> Journal:
    return Journal(Region(flash), DEVICE, Random(seed).randbytes, **options)


def gate_records(number: int) -> list[bytes]:
    """Return what a gate writes of one person."""
    times = {"monotonic_ms": 800_000_000 + number, "wall_ms": 1_790_000_000_000 + number, "clock": "ntp"}
    where = {"gate": "main", "direction": "in", "person": f"k3v9x0a7{number % 10_000:04d}"}
    decided = {**times, **where, "outcome": "allowed", "reason": "ok", "roster": 28_771_200}
    passed = {**times, **where, "outcome": "passed", "decision_seq": number + 1}
    return [codec.encode("decision", decided), codec.encode("passage", passed)]


@pytest.mark.parametrize(("flash_mb", "promised"), [(4, 10_000), (16, 50_000)])
def test_a_board_holds_the_records_that_are_declared(flash_mb: int, promised: int) -> None:
    size = dict(JOURNAL_SIZES)[flash_mb << 20]

    assert opened(Flash(size // SECTOR)).capacity >= promised


def test_records_of_a_gate_take_no_more_room_than_is_reckoned() -> None:
    region = Region(Flash(40))
    journal = Journal(region, DEVICE, Random(1).randbytes)

    count = 0
    while journal.fill != RESERVE:
        journal.append(gate_records(count))
        count += 2

    assert journal.held == count
    assert count >= journal.capacity * 0.98
    assert region.programmed / count < RECORD_BYTES_TYPICAL


def test_no_append_programs_more_than_256_bytes() -> None:
    flash = Flash(4)
    journal = opened(flash)
    most = 0
    for _ in range(60):
        before = flash.programmed
        entry = journal.append([LONGEST])[0]
        most = max(most, flash.programmed - before)
        assert journal.trim(entry.epoch, entry.seq, entry.digest)

    assert 224 < most <= APPEND_BYTES_MAX


@pytest.mark.parametrize("record", [b'{"k":"passage","m":1,"t":1790000000000}', b"\x01\x02", b'{"a":"\xd3\x99"}', b" "])
def test_what_is_written_short_is_read_back_to_the_byte(record: bytes) -> None:
    short = shorten(record)

    assert short is None or lengthen(short) == record
    assert (short is None) == (min(record) < 32)


def test_a_full_journal_warns_then_collapses_then_keeps_room_for_what_is_urgent() -> None:
    journal, seen = opened(Flash(100)), [ROOMY]
    while journal.fill != RESERVE:
        journal.append([LONGEST])
        seen += [journal.fill] * (journal.fill != seen[-1])
    held = journal.held

    assert seen == [ROOMY, WARN, COLLAPSE, RESERVE]
    assert journal.append_urgent([b'{"k":"loss"}'])[0].seq == held + 1
    with pytest.raises(JournalUnavailable, match="disk_full"):
        journal.append([LONGEST])


def test_the_open_record_of_an_epoch_finds_room_in_a_journal_that_is_full() -> None:
    flash = Flash(20)
    full = opened(flash)
    while full.fill != RESERVE:
        full.append([LONGEST])

    journal = opened(flash, 2)

    assert journal.fill == RESERVE
    assert journal.append([b'{"k":"open"}'])[0].seq == 1
    with pytest.raises(JournalUnavailable, match="disk_full"):
        journal.append([LONGEST])


def test_nothing_is_overwritten_until_it_is_acknowledged_and_then_the_room_comes_back() -> None:
    journal = opened(Flash(6))
    first = journal.append([LONGEST])[0]
    with pytest.raises(JournalUnavailable, match="disk_full"):
        journal.append_urgent([LONGEST] * 999)
    last = journal.read(journal.epoch, journal.head - 1, 1)[0]

    assert journal.read(journal.epoch, 0, 1) == [first]
    assert journal.trim(journal.epoch, last.seq, last.digest)
    assert journal.fill == ROOMY
    assert journal.append([LONGEST])[0].seq == last.seq + 1


def test_every_sector_wears_alike() -> None:
    flash = Flash(8)
    journal = opened(flash)
    for _ in range(1_000):
        entry = journal.append([LONGEST])[0]
        journal.trim(entry.epoch, entry.seq, entry.digest)
        if journal.is_untidy:
            journal.tidy()

    assert max(flash.erasures) - min(flash.erasures) <= 1
    assert journal.wear in (min(flash.erasures) - 1, min(flash.erasures), max(flash.erasures))


def test_a_sector_erased_ahead_is_not_erased_again_when_it_is_taken() -> None:
    flash = Flash(8)
    journal = opened(flash)
    while not journal.is_untidy:
        journal.append([LONGEST])

    journal.tidy()
    erased = sum(flash.erasures)
    journal.append([LONGEST] * 15)

    assert sum(flash.erasures) == erased


def test_memory_lists_some_epochs_and_finds_the_others_when_these_are_done() -> None:
    flash = Flash(20)
    written = {}
    for seed in range(1, 30):
        journal = opened(flash, seed, epochs_max=4)
        written[journal.epoch] = journal.append([b'{"n":%d}' % seed, b"{}"])
    live = opened(flash, 99, epochs_max=4)
    live.append([b"{}"])

    drained = {}
    assert live.held == 59
    while len(states := live.epochs()) > 1:
        assert len(states) <= 5
        entries = live.read(states[0].epoch, states[0].tail - 1, 99)
        drained[states[0].epoch] = entries
        assert live.trim(states[0].epoch, entries[-1].seq, entries[-1].digest)

    assert drained == written
    assert list(drained) == list(written), "oldest first"
    assert live.held == 1


def test_an_epoch_that_was_set_aside_keeps_its_records_while_later_ones_go() -> None:
    flash = Flash(12)
    aside = opened(flash, 1).append([b'{"n":%d}' % number for number in range(50)])
    later = opened(flash, 2)
    for _ in range(60):
        entry = later.append([LONGEST])[0]
        assert later.trim(entry.epoch, entry.seq, entry.digest)
    later.close()

    reopened = opened(flash, 3)

    assert [state.epoch for state in reopened.epochs()] == [aside[0].epoch, reopened.epoch]
    assert reopened.read(aside[0].epoch, 0, 99) == aside


def test_flash_that_is_programmed_in_pages_gets_whole_pages() -> None:
    class Paged(Flash):
        @override
        def writeblocks(self, block: int, buffer: bytes, offset: int | None = None) -> None:
            assert (offset or 0) % 256 == len(buffer) % 256 == 0
            super().writeblocks(block, buffer, offset)

    flash = Paged(4)
    journal = Journal(Region(flash, page=256), DEVICE, Random(1).randbytes)
    entries = journal.append(gate_records(1))

    assert Journal(Region(flash, page=256), DEVICE, Random(2).randbytes).read(journal.epoch, 0, 9) == entries


def test_a_region_is_a_part_of_a_device() -> None:
    flash = Flash(10)
    journal = Journal(Region(flash, first=4, sectors=3), DEVICE, Random(1).randbytes)
    journal.append([b"{}"])

    assert [number for number, count in enumerate(flash.erasures) if count] == [4]
    assert Region(flash, first=4).sectors == 6
    assert Region(flash).is_blank(3)
    assert not Region(flash).is_blank(4)


@pytest.mark.parametrize("record", [b"", b"x" * 201])
def test_a_record_that_is_none_is_refused_before_anything_is_written(record: bytes) -> None:
    flash = Flash(4)

    with pytest.raises(ValueError, match="1 to 200 bytes"):
        opened(flash).append([record])

    assert flash.programmed == 0
