"""Faults of the answers a device gets: duplicates, forgeries, lost watermarks, restored images, wrong clocks."""

import pytest

from edge_agent.sync.actions import LearnTime, Report
from schemas.seal import derive, seal
from schemas.structs import Ack, Nack
from simulators.network import FAIR, Weather
from tests.edge_agent.sync.model import Bench

OLD, LIVE = "a" * 16, "e" * 16


@pytest.fixture
def waiting() -> Bench:
    """Return a bench whose device has five records in flight that no cloud will answer."""
    bench = Bench()
    bench.journal.open(LIVE)
    for number in range(5):
        bench.journal.append(LIVE, b"record %d" % number)
    bench.connect()
    bench.run(2)
    bench.is_cloud_up = False
    bench.run(10)
    return bench


def test_fault_17_what_the_broker_acknowledges_never_trims(waiting: Bench) -> None:
    """The session has no input for a PUBACK at all; late, double or unknown ones are the transport's to swallow."""
    waiting.run(4_000)

    assert waiting.session.counters.batches_sent >= 1
    assert waiting.journal.held[LIVE].tail == 1


def test_fault_21_a_restored_database_gets_everything_the_device_still_has() -> None:
    bench = Bench()
    bench.journal.open(LIVE)
    bench.connect()
    bench.append(LIVE, b"one", b"two")
    bench.run(1_000)
    backup = (dict(bench.cloud.marks), dict(bench.cloud.records))
    bench.append(LIVE, b"three", b"four")
    bench.run(1_000)
    bench.drop()
    bench.append(LIVE, b"five")
    bench.cloud.marks, bench.cloud.records = backup

    bench.run(10_000)

    assert bench.cloud.records[LIVE, 5] == b"five"
    assert [(gap.first_seq, gap.last_seq, gap.reason) for gap in bench.cloud.gaps] == [(3, 4, "trimmed")]
    assert bench.session.unsent == 0


@pytest.mark.parametrize("seed", range(20))
def test_fault_22_doubled_and_reordered_batches_leave_one_gapless_row_each(seed: int) -> None:
    bench = Bench(seed, Weather(loss=0.2, duplicate=0.4, reorder=0.4, delay_ms_max=400))
    bench.journal.open(LIVE)
    bench.connect()
    written = [b"record %d" % number for number in range(300)]

    for start in range(0, 300, 7):
        bench.append(LIVE, *written[start : start + 7])
        bench.run(100)
    bench.network.weather = FAIR
    bench.run(300_000)

    assert bench.cloud.written(LIVE) == written
    assert bench.session.unsent == 0


def test_fault_23_a_forged_ack_trims_nothing(waiting: Bench) -> None:
    digest = waiting.journal.held[LIVE].entries[4].digest.hex()
    body = b'{"k":"ack","e":"%s","u":5,"d":"%s"}' % (LIVE.encode(), digest.encode())

    waiting.deliver(seal(bytes(32), body))
    waiting.deliver(seal(derive(bytes(range(32)), "uplink"), body))

    assert waiting.session.counters.acks_forged == 2
    assert waiting.journal.trims == 0
    assert waiting.session.unsent == 5


def test_fault_23_an_ack_for_another_epoch_trims_nothing(waiting: Bench) -> None:
    waiting.deliver(Ack(epoch="f" * 16, upto=5, digest=waiting.journal.held[LIVE].entries[4].digest.hex()))

    assert waiting.session.counters.acks_foreign == 1
    assert waiting.journal.trims == 0


def test_fault_23_an_ack_ahead_of_the_head_trims_nothing(waiting: Bench) -> None:
    waiting.deliver(Ack(epoch=LIVE, upto=6, digest="0" * 32))

    assert waiting.session.counters.acks_ahead == 1
    assert waiting.journal.trims == 0
    assert waiting.session.unsent == 5


@pytest.mark.parametrize("upto", [3, 5])
def test_fault_23_an_ack_with_another_digest_trims_nothing(waiting: Bench, upto: int) -> None:
    waiting.deliver(Ack(epoch=LIVE, upto=upto, digest="0" * 32))

    assert waiting.session.counters.acks_mismatched == 1
    assert waiting.journal.trims == 0
    assert waiting.session.unsent == 5


def test_fault_23_an_old_ack_or_nack_played_back_moves_nothing(waiting: Bench) -> None:
    chain = [entry.digest.hex() for entry in waiting.journal.held[LIVE].entries]
    waiting.cloud.marks[LIVE] = (5, b"")
    waiting.deliver(Ack(epoch=LIVE, upto=5, digest=chain[4]))

    waiting.deliver(Ack(epoch=LIVE, upto=3, digest=chain[2]))
    waiting.deliver(Nack(code="out_of_order", retry_after_ms=0, epoch=LIVE, upto=2, digest=chain[1]))

    assert waiting.session.counters.acks_old == 1
    assert waiting.session.unsent == 0


def test_fault_27_a_device_at_1970_learns_the_time_from_the_welcome() -> None:
    bench = Bench()
    bench.journal.open(LIVE)

    bench.connect()
    bench.run(100)

    learnt = next(action for action in bench.other if isinstance(action, LearnTime))
    assert learnt.wall_ms >= 1_760_000_000_000
    assert learnt.error_ms <= 1


@pytest.mark.parametrize("jump_ms", [365 * 86_400_000, -14 * 86_400_000])
def test_fault_28_a_jump_of_the_wall_clock_changes_neither_order_nor_timers(jump_ms: int) -> None:
    bench = Bench()
    bench.journal.open(LIVE)
    bench.connect()
    bench.append(LIVE, b"before")
    bench.run(100)
    before = bench.session.wake_at_ms

    bench.wall_ms += jump_ms
    bench.append(LIVE, b"after")
    bench.run(100)

    assert bench.cloud.written(LIVE) == [b"before", b"after"]
    assert before is None
    assert bench.session.wake_at_ms is None


def test_fault_31_a_restored_card_completes_its_old_epoch_and_goes_on_under_a_new_one() -> None:
    first = Bench()
    first.journal.open(OLD)
    first.connect()
    first.append(OLD, *[b"day %d" % number for number in range(20)])
    first.run(1_000)
    restored = Bench(seed=2)
    restored.cloud = first.cloud
    restored.journal.open(OLD)
    for number in range(6):
        restored.journal.append(OLD, b"day %d" % number)
    restored.journal.open(LIVE)
    restored.journal.append(LIVE, b"after the restore")

    restored.connect()
    restored.run(1_000)

    assert restored.cloud.written(OLD) == [b"day %d" % number for number in range(20)]
    assert restored.cloud.written(LIVE) == [b"after the restore"]
    assert Report("rollback", f"epoch {OLD}") in restored.other
    assert restored.session.unsent == 0


def test_fault_31_a_roster_older_than_ours_is_not_asked_for() -> None:
    bench = Bench()
    bench.journal.open(LIVE)
    bench.is_cloud_up = False
    bench.connect()
    bench.session.roster_is(9)
    bench.is_cloud_up = True
    bench.run(20_000)

    assert not [action for action in bench.other if type(action).__name__ == "FetchRoster"]
