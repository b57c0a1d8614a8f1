"""The ring journal against power cuts, flipped bits and flash that fails, seed by seed."""

from random import Random

import pytest

from edge_agent.journal.entry import Entry
from firmware.node import frames
from firmware.node.flash import SECTOR, Region
from firmware.node.journal import Journal
from firmware.node.ring import JournalUnavailable
from simulators.flash import Flash, PowerCut
from tests.firmware.node.ring_story import DEVICE, Story, record


@pytest.mark.parametrize("start", range(0, 200, 50))
def test_fault_4_a_power_cut_at_any_byte_loses_nothing_that_was_accepted(start: int) -> None:
    for seed in range(start, start + 50):
        story = Story(seed)
        for _ in range(4):
            story.cut(3_000)
            story.check()


def test_fault_5_no_sequence_has_a_hole_and_no_epoch_is_used_twice() -> None:
    for seed in range(1_000, 1_020):
        story = Story(seed)
        story.live(150)
        story.check()


def test_fault_7_one_flipped_bit_costs_one_record_at_most_and_is_noticed() -> None:
    for seed in range(60):
        rng = Random(seed)
        flash, entries = _written(rng, 60 + rng.randrange(80))

        flash.flip(rng.randrange(flash.sectors * SECTOR * 8))

        reopened = Journal(Region(flash), DEVICE, rng.randbytes)
        found = entries_of(reopened, entries[0].epoch, 0, 999)
        changed = [(one, other) for one, other in zip(found, entries, strict=True) if one != other]
        assert len(changed) <= 1
        for one, other in changed:
            assert (one.seq, one.record) == (other.seq, None)
            assert one.digest == other.digest or one.seq == len(entries)


def test_fault_7_a_flipped_bit_in_many_epochs_costs_one_record_at_most_and_never_the_end_of_an_epoch() -> None:
    for seed in range(60):
        story = Story(seed)
        story.live(60 + seed * 2)
        used = [sector for sector, count in enumerate(story.flash.erasures) if count]

        story.flash.flip((story.rng.choice(used) * SECTOR + story.rng.randrange(SECTOR)) * 8 + story.rng.randrange(8))
        story.restart()

        assert len(story.lost()) <= 1, seed


def test_fault_8_a_header_whose_first_copy_is_spoiled_is_read_from_the_second() -> None:
    flash, entries = _written(Random(8), 200)

    for sector in range(4):
        flash.flip((sector * SECTOR + 9) * 8)

    reopened = Journal(Region(flash), DEVICE, Random(9).randbytes)
    assert entries_of(reopened, entries[0].epoch, 0, 999) == entries


def test_fault_8_a_journal_whose_headers_are_spoiled_is_not_taken_for_an_empty_one() -> None:
    for sector in range(1, 4):
        flash, entries = _written(Random(8), 200)

        for at in (9, 9 + frames.HEADER_BYTES):
            flash.flip((sector * SECTOR + at) * 8)

        reopened = Journal(Region(flash), DEVICE, Random(9).randbytes)
        assert entries_of(reopened, entries[0].epoch, 0, 999) == entries, sector


def test_what_was_no_journal_is_said_to_be_set_aside() -> None:
    flash = Flash(4)
    flash.writeblocks(2, b"something else", 0)

    journal = Journal(Region(flash), DEVICE, Random(1).randbytes)

    assert journal.why == "set_aside"
    assert journal.append([b"{}"])[0].seq == 1


def test_a_torn_record_was_never_there_and_the_journal_goes_on() -> None:
    flash, entries = _written(Random(3), 5)
    journal = Journal(Region(flash), DEVICE, Random(4).randbytes)
    before = [Entry(*journal.append([b"{}"])[0])]
    flash.cut_after(9)
    with pytest.raises(PowerCut):
        journal.append([record(Random(5))])
    flash.restore()

    reopened = Journal(Region(flash), DEVICE, Random(6).randbytes)

    assert reopened.why == "recovered"
    assert entries_of(reopened, before[0].epoch, 0, 9) == before
    assert (reopened.before.head, reopened.before.digest) == (1, before[0].digest)
    assert reopened.append([b"{}"])[0].seq == 1
    assert entries_of(reopened, entries[0].epoch, 0, 9) == entries


def test_flash_that_takes_nothing_refuses_and_the_next_append_goes_elsewhere() -> None:
    flash, _ = _written(Random(3), 5)
    journal = Journal(Region(flash), DEVICE, Random(4).randbytes)
    first = [Entry(*entry) for entry in journal.append([b'{"n":1}'])]
    flash.is_failing = True
    with pytest.raises(JournalUnavailable, match="io_error"):
        journal.append([b'{"n":2}'])
    flash.is_failing = False

    second = [Entry(*entry) for entry in journal.append([b'{"n":3}'])]

    assert second[0].seq == 2
    reopened = Journal(Region(flash), DEVICE, Random(6).randbytes)
    assert entries_of(reopened, journal.epoch, 0, 9) == first + second


def entries_of(journal: Journal, epoch: str, after_seq: int, limit: int) -> list[Entry]:
    return [Entry(*entry) for entry in journal.read(epoch, after_seq, limit)]


def test_flash_that_fails_now_and_then_keeps_what_was_accepted_and_nothing_else() -> None:
    for seed in range(25):
        story = Story(seed)
        story.flash.fails_one_in = 30
        for _ in range(3):
            story.live(80)
            story.restart()
            story.maybe.clear()  # a refused record is not there
            story.check()


def _written(rng: Random, count: int) -> tuple[Flash, list[Entry]]:
    """Return a flash with one epoch of so many records."""
    flash = Flash(12)
    journal = Journal(Region(flash), DEVICE, rng.randbytes)
    return flash, [Entry(*journal.append([record(rng)])[0]) for _ in range(count)]
