"""The session over a damaged journal: what cannot be read any more contradicts nobody and holds nobody up."""

from schemas.structs import Ack
from tests.edge_agent.sync.model import Bench

LIVE = "e" * 16
RECORDS = [b"record %d" % number for number in range(9)]


def bench_with_a_lost_end() -> Bench:
    bench = Bench()
    bench.journal.open(LIVE)
    for record in RECORDS:
        bench.journal.append(LIVE, record)
    bench.journal.spoil(LIVE, 9)
    return bench


def test_a_mark_at_a_record_that_cannot_be_read_is_believed_whatever_its_digest() -> None:
    bench = bench_with_a_lost_end()
    bench.cloud.records = {(LIVE, seq): record for seq, record in enumerate(RECORDS, 1)}
    bench.cloud.marks[LIVE] = (9, b"\1" * 16)

    bench.connect()
    bench.run(1_000)

    assert bench.session.unsent == 0
    assert bench.journal.held[LIVE].tail == 10
    assert not bench.cloud.gaps


def test_an_ack_of_a_gap_is_believed_whatever_its_digest() -> None:
    bench = bench_with_a_lost_end()
    bench.connect()
    bench.run(2)
    bench.is_cloud_up = False
    bench.cloud.marks[LIVE] = (9, b"\1" * 16)

    bench.deliver(Ack(epoch=LIVE, upto=9, digest="01" * 16))

    assert bench.session.unsent == 0
    assert bench.journal.held[LIVE].tail == 10


def test_an_ack_of_records_that_can_be_read_is_not() -> None:
    bench = bench_with_a_lost_end()
    bench.connect()
    bench.run(2)
    bench.is_cloud_up = False

    bench.deliver(Ack(epoch=LIVE, upto=8, digest="01" * 16))

    assert bench.session.unsent == 9
    assert bench.session.counters.acks_mismatched == 1
    assert bench.journal.held[LIVE].tail == 1
