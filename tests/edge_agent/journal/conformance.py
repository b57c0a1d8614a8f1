"""What every journal must do, whatever it is made of: subclass, say how one is opened, and inherit the tests.

A microcontroller's ring passes the same suite when its class answers to `Journalled`.
"""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_agent.journal.entry import Entry, EpochState
from schemas.chain import genesis, link

DEVICE = "gate-1"


class Journalled(Protocol):
    """A journal, as the suite uses it."""

    @property
    def epoch(self) -> str: ...
    @property
    def head(self) -> int: ...
    @property
    def digest(self) -> bytes: ...
    @property
    def held(self) -> int: ...
    def append(self, records: Sequence[bytes]) -> list[Entry]: ...
    def epochs(self) -> list[EpochState]: ...
    def read(self, epoch: str, after_seq: int, limit: int) -> list[Entry]: ...
    def trim(self, epoch: str, upto: int, digest: bytes | None) -> bool: ...
    def close(self) -> None: ...


def records(count: int, first: int = 1) -> list[bytes]:
    return [b'{"k":"alarm","n":%d}' % number for number in range(first, first + count)]


class Conformance:
    """The suite. `open` opens, or opens again, the journal in a folder; `seed` draws its epoch.

    `spoil` changes a record where it lies, behind the back of a journal that is closed.
    """

    def open(self, folder: Path, seed: int = 1) -> Journalled:
        raise NotImplementedError

    def spoil(self, folder: Path, entry: Entry) -> None:
        raise NotImplementedError

    # Appending

    def test_a_new_journal_is_one_empty_epoch(self, tmp_path: Path) -> None:
        journal = self.open(tmp_path)

        assert journal.epochs() == [EpochState(journal.epoch, 1, 0, genesis(DEVICE, journal.epoch))]
        assert (journal.head, journal.held, journal.digest) == (0, 0, genesis(DEVICE, journal.epoch))
        assert journal.read(journal.epoch, 0, 10) == []

    def test_records_are_numbered_from_one_and_chained(self, tmp_path: Path) -> None:
        journal = self.open(tmp_path)

        entries = journal.append(records(2)) + journal.append(records(1, 3))

        digest = genesis(DEVICE, journal.epoch)
        for seq, (entry, record) in enumerate(zip(entries, records(3), strict=True), start=1):
            digest = link(digest, record)
            assert entry == Entry(journal.epoch, seq, record, digest)
        assert (journal.head, journal.held, journal.digest) == (3, 3, digest)
        assert journal.read(journal.epoch, 0, 10) == entries

    def test_reading_begins_after_a_number_and_has_a_limit(self, tmp_path: Path) -> None:
        journal = self.open(tmp_path)
        entries = journal.append(records(9))

        assert journal.read(journal.epoch, 3, 4) == entries[3:7]
        assert journal.read(journal.epoch, 8, 4) == entries[8:]
        assert journal.read(journal.epoch, 9, 4) == []
        assert journal.read(journal.epoch, 99, 4) == []
        assert journal.read("f" * 16, 0, 4) == []

    def test_nothing_appended_is_nothing_written(self, tmp_path: Path) -> None:
        journal = self.open(tmp_path)

        assert journal.append([]) == []
        assert journal.head == 0

    # Epochs

    def test_every_opening_begins_an_epoch_and_older_ones_drain_first(self, tmp_path: Path) -> None:
        first = self.open(tmp_path, 1)
        entries = first.append(records(3))
        first.close()

        second = self.open(tmp_path, 2)
        second.append(records(2))

        assert second.epoch != first.epoch
        assert [(state.epoch, state.tail, state.head) for state in second.epochs()] == [
            (first.epoch, 1, 3),
            (second.epoch, 1, 2),
        ]
        assert second.read(first.epoch, 0, 10) == entries
        assert second.held == 5

    def test_the_same_random_bits_are_not_the_same_epoch(self, tmp_path: Path) -> None:
        first = self.open(tmp_path, 1)
        first.append(records(1))
        first.close()

        assert self.open(tmp_path, 1).epoch != first.epoch

    def test_an_epoch_without_records_leaves_nothing(self, tmp_path: Path) -> None:
        self.open(tmp_path, 1).close()
        second = self.open(tmp_path, 2)

        assert [state.epoch for state in second.epochs()] == [second.epoch]

    # Trimming

    def test_trimming_needs_the_digest_at_that_place(self, tmp_path: Path) -> None:
        journal = self.open(tmp_path)
        entries = journal.append(records(5))

        assert not journal.trim(journal.epoch, 3, entries[3].digest)
        assert not journal.trim(journal.epoch, 6, entries[4].digest)
        assert not journal.trim("f" * 16, 3, entries[2].digest)
        assert not journal.trim(journal.epoch, 5, None)
        assert journal.held == 5

        assert journal.trim(journal.epoch, 3, entries[2].digest)
        assert journal.epochs() == [EpochState(journal.epoch, 4, 5, entries[2].digest)]
        assert journal.held == 2

    def test_trimming_twice_or_less_than_before_changes_nothing(self, tmp_path: Path) -> None:
        journal = self.open(tmp_path)
        entries = journal.append(records(5))
        journal.trim(journal.epoch, 3, entries[2].digest)

        assert journal.trim(journal.epoch, 3, entries[2].digest)
        assert not journal.trim(journal.epoch, 3, entries[1].digest)
        journal.trim(journal.epoch, 2, entries[1].digest)

        assert journal.epochs() == [EpochState(journal.epoch, 4, 5, entries[2].digest)]
        assert journal.held == 2

    def test_what_is_not_trimmed_is_read_as_before(self, tmp_path: Path) -> None:
        journal = self.open(tmp_path)
        entries = journal.append(records(5))

        journal.trim(journal.epoch, 3, entries[2].digest)

        assert journal.read(journal.epoch, 3, 9) == entries[3:]
        assert journal.append(records(1, 6))[0].seq == 6

    def test_a_live_epoch_that_is_trimmed_whole_goes_on(self, tmp_path: Path) -> None:
        journal = self.open(tmp_path)
        entries = journal.append(records(2))

        journal.trim(journal.epoch, 2, entries[1].digest)
        more = journal.append(records(1, 3))

        assert more[0] == Entry(journal.epoch, 3, records(1, 3)[0], link(entries[1].digest, records(1, 3)[0]))
        assert journal.epochs() == [EpochState(journal.epoch, 3, 3, entries[1].digest)]

    def test_a_closed_epoch_may_be_given_up_whole(self, tmp_path: Path) -> None:
        first = self.open(tmp_path, 1)
        first.append(records(3))
        first.close()
        second = self.open(tmp_path, 2)

        assert second.trim(first.epoch, 3, None)

        assert [state.epoch for state in second.epochs()] == [second.epoch]
        assert second.held == 0

    def test_a_trim_is_remembered_once_something_was_written_after_it(self, tmp_path: Path) -> None:
        first = self.open(tmp_path, 1)
        entries = first.append(records(5))
        first.trim(first.epoch, 3, entries[2].digest)
        first.append(records(1, 6))
        first.close()

        second = self.open(tmp_path, 2)

        assert second.epochs()[0] == EpochState(first.epoch, 4, 6, entries[2].digest)
        assert second.held == 3

    def test_a_trim_that_a_crash_forgot_costs_a_second_sending_only(self, tmp_path: Path) -> None:
        first = self.open(tmp_path, 1)
        entries = first.append(records(5))
        first.trim(first.epoch, 3, entries[2].digest)
        del first  # as a crash would

        second = self.open(tmp_path, 2)
        state = second.epochs()[0]

        assert state.tail <= 4
        assert second.read(state.epoch, state.tail - 1, 9) == entries[state.tail - 1 :]
        assert second.trim(state.epoch, 3, entries[2].digest)
        assert second.epochs()[0] == EpochState(state.epoch, 4, 5, entries[2].digest)

    # Damage

    @pytest.mark.parametrize("seq", [1, 4, 9])
    def test_fault_7_a_spoiled_record_stays_in_its_place_and_the_others_are_read(
        self, tmp_path: Path, seq: int
    ) -> None:
        first = self.open(tmp_path, 1)
        entries = first.append(records(9))
        first.close()
        self.spoil(tmp_path, entries[seq - 1])

        second = self.open(tmp_path, 2)
        found = second.read(first.epoch, 0, 99)

        gone = found.pop(seq - 1)
        assert (gone.epoch, gone.seq, gone.record) == (first.epoch, seq, None)
        assert gone.digest == entries[seq - 1].digest or (seq == 9 and gone.digest == bytes(16))
        assert found == entries[: seq - 1] + entries[seq:]
        assert second.epochs()[0].head == 9

    def test_fault_7_a_spoiled_record_contradicts_nobody(self, tmp_path: Path) -> None:
        first = self.open(tmp_path, 1)
        entries = first.append(records(5))
        first.close()
        self.spoil(tmp_path, entries[2])

        second = self.open(tmp_path, 2)

        assert not second.trim(first.epoch, 2, b"x" * 16)
        assert second.trim(first.epoch, 3, b"x" * 16)
        assert second.epochs()[0] == EpochState(first.epoch, 4, 5, b"x" * 16)
        assert second.trim(first.epoch, 5, entries[4].digest)

    # Whatever happens

    @settings(
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
        max_examples=40,
    )
    @given(
        st.lists(
            st.one_of(
                st.tuples(st.just("append"), st.integers(0, 5)),
                st.tuples(st.just("trim"), st.integers(0, 30)),
                st.tuples(st.just("reopen"), st.just(0)),
            ),
            max_size=25,
        ),
        st.integers(0, 2**32),
    )
    def test_it_keeps_what_a_model_keeps(
        self, tmp_path_factory: pytest.TempPathFactory, story: list[tuple[str, int]], seed: int
    ) -> None:
        folder, rng, number = tmp_path_factory.mktemp("journal"), Random(seed), 0
        journal = self.open(folder, 0)
        model: dict[str, list[Entry]] = {journal.epoch: []}
        trimmed = {journal.epoch: 0}
        for step, value in story:
            if step == "append":
                number += 1
                model[journal.epoch] += journal.append([b"%d.%d" % (number, n) for n in range(value)])
            elif step == "trim":
                epoch = rng.choice(sorted(model))
                if 0 < value <= len(model[epoch]):
                    assert journal.trim(epoch, value, model[epoch][value - 1].digest) or value < trimmed[epoch]
                    trimmed[epoch] = max(trimmed[epoch], value)
            else:
                journal.append([])  # what is written after a trim makes it last
                journal.close()
                journal = self.open(folder, rng.getrandbits(32))
                model[journal.epoch], trimmed[journal.epoch] = [], 0

        alive = {state.epoch: state for state in journal.epochs()}
        for epoch, entries in model.items():
            if trimmed[epoch] == len(entries) and epoch != journal.epoch:
                assert epoch not in alive
                continue
            assert (alive[epoch].tail, alive[epoch].head) == (trimmed[epoch] + 1, len(entries))
            assert journal.read(epoch, trimmed[epoch], 1_000) == entries[trimmed[epoch] :]
        assert journal.held == sum(len(entries) - trimmed[epoch] for epoch, entries in model.items())
        journal.close()
