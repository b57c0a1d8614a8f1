"""The session by itself: greeting, sending, acks, nacks, gaps, time."""

from random import Random
from typing import Literal

import pytest

from edge_agent.sync.actions import Disconnect, FetchRoster, LearnTime, Obey, Report, Trim
from edge_agent.sync.counters import Phase
from edge_agent.sync.sender import Limits
from schemas.chain import genesis
from schemas.codec import BATCH_BYTES_MAX
from schemas.seal import seal
from schemas.structs import Ack, Cmd, Nack, Notice, Welcome, WelcomeMark
from simulators.network import Weather
from tests.edge_agent.sync.model import IDENTITY, Bench, Held, MemoryCloud

OLD, LIVE = "a" * 16, "e" * 16


def bench_with(*records: bytes, weather: Weather | None = None, limits: Limits | None = None) -> Bench:
    bench = Bench(weather=weather, limits=limits)
    bench.journal.open(LIVE)
    for record in records:
        bench.journal.append(LIVE, record)
    return bench


def records(count: int, size: int = 20) -> list[bytes]:
    return [f"{number:0{size}}".encode() for number in range(count)]


def test_what_stands_in_the_journal_is_sent_after_the_welcome_and_trimmed_after_the_ack() -> None:
    bench = bench_with(*records(5))

    bench.connect()
    bench.run(1_000)

    assert bench.cloud.written(LIVE) == records(5)
    assert bench.session.unsent == 0
    assert bench.journal.held[LIVE].tail == 6
    assert bench.cloud.online == [True]


def test_nothing_is_sent_before_the_welcome() -> None:
    bench = bench_with(*records(5))
    bench.is_cloud_up = False

    bench.connect()

    assert bench.session.counters.batches_sent == 0
    assert bench.session.phase is Phase.GREETING


def test_a_lone_record_goes_at_once_and_the_next_wait_for_at_most_the_window() -> None:
    bench = bench_with(weather=Weather(delay_ms_min=50, delay_ms_max=50))
    bench.connect()
    bench.run(200)
    started_ms = bench.now_ms

    bench.append(LIVE, b"first")
    assert bench.session.counters.batches_sent == 1
    bench.append(LIVE, b"second")
    bench.append(LIVE, b"third")
    assert bench.session.counters.batches_sent == 1
    assert bench.session.wake_at_ms == started_ms + 20

    bench.run(20)
    assert bench.session.counters.batches_sent == 2
    bench.run(100)
    assert bench.cloud.written(LIVE) == [b"first", b"second", b"third"]


def test_a_backlog_goes_in_full_batches_of_at_most_64_kib_four_in_flight() -> None:
    written = records(4_000, 180)
    bench = bench_with(*written, weather=Weather(delay_ms_min=50, delay_ms_max=50))

    bench.connect()
    bench.run(150)

    assert bench.session.counters.batches_sent == 4
    bench.run(5_000)
    assert bench.cloud.written(LIVE) == written
    assert bench.largest <= BATCH_BYTES_MAX
    assert bench.cloud.batches <= 13


def test_older_epochs_drain_first_and_in_order() -> None:
    bench = Bench(weather=Weather(delay_ms_min=10, delay_ms_max=10))
    for epoch in (OLD, "c" * 16, LIVE):
        bench.journal.open(epoch)
        for record in records(3):
            bench.journal.append(epoch, record)

    bench.connect()
    bench.run(1_000)

    assert list(bench.cloud.marks) == [OLD, "c" * 16, LIVE]
    assert [held.epoch for held in bench.journal.states()] == [LIVE]


def test_more_epochs_than_a_hello_holds_all_drain() -> None:
    bench = Bench()
    epochs = [f"{number:016x}" for number in range(40)]
    for epoch in epochs:
        bench.journal.open(epoch)
        bench.journal.append(epoch, b"one")

    bench.connect()
    bench.run(5_000)

    assert list(bench.cloud.marks) == epochs
    assert bench.session.counters.hellos == 3


def test_an_unacknowledged_batch_is_sent_again_after_a_while_and_then_the_connection_is_given_up() -> None:
    bench = bench_with()
    bench.connect()
    bench.run(100)
    bench.is_cloud_up = False

    bench.append(LIVE, b"one")
    bench.run(8_000)
    assert bench.session.counters.records_resent == 1
    bench.run(90_000)

    assert Disconnect("no_ack") in bench.other
    assert bench.journal.held[LIVE].tail == 1
    bench.is_cloud_up = True
    bench.run(30_000)
    assert bench.cloud.written(LIVE) == [b"one"]


def test_without_a_welcome_the_connection_is_given_up() -> None:
    bench = bench_with()
    bench.is_cloud_up = False

    bench.connect()
    bench.run(40_000)

    assert Disconnect("no_welcome") in bench.other


@pytest.mark.parametrize("code", ["busy", "too_large", "malformed"])
def test_a_nack_makes_the_device_wait_and_send_again(code: Literal["busy", "too_large", "malformed"]) -> None:
    bench = bench_with()
    bench.connect()
    bench.run(100)
    bench.network.swallow("device", "cloud")
    bench.append(LIVE, b"one")
    bench.network.mend("device", "cloud")

    bench.deliver(Nack(code=code, retry_after_ms=700, epoch=LIVE))
    bench.run(600)

    assert bench.cloud.written(LIVE) == []
    assert bench.session.counters.nacks == 1
    bench.run(400)
    assert bench.cloud.written(LIVE) == [b"one"]


def test_a_lost_batch_is_sent_again_from_the_watermark_that_the_nack_names() -> None:
    bench = bench_with()
    bench.connect()
    bench.run(100)
    bench.network.swallow("device", "cloud")
    bench.append(LIVE, b"one")
    bench.network.mend("device", "cloud")
    bench.append(LIVE, b"two")

    bench.run(500)

    assert bench.cloud.written(LIVE) == [b"one", b"two"]
    assert bench.session.counters.timeouts == 0


def test_an_epoch_that_the_cloud_cannot_take_is_set_aside_and_the_next_goes_on() -> None:
    bench = Bench()
    bench.journal.open(OLD)
    bench.journal.append(OLD, b"one")
    bench.journal.open(LIVE)
    bench.journal.append(LIVE, b"two")
    bench.cloud.marks[OLD] = (0, bytes(16))

    bench.connect()
    bench.run(5_000)

    assert bench.cloud.written(LIVE) == [b"two"]
    assert bench.session.counters.epochs_stuck == 1
    assert bench.journal.held[OLD].tail == 1
    assert any(isinstance(action, Report) and OLD in action.detail for action in bench.other)


def test_a_refused_device_waits_a_minute_and_greets_again() -> None:
    bench = bench_with(b"one")
    bench.is_cloud_up = False
    bench.connect()

    bench.deliver(Nack(code="device_revoked", retry_after_ms=0))
    assert bench.session.phase is Phase.REFUSED
    assert bench.session.refused_code == "device_revoked"
    bench.is_cloud_up = True
    bench.run(50_000)
    assert bench.cloud.written(LIVE) == []
    bench.run(30_000)

    assert bench.cloud.written(LIVE) == [b"one"]


def test_records_that_cannot_be_read_are_told_as_a_gap_and_the_rest_follows() -> None:
    written = records(9)
    bench = bench_with(*written)
    for seq in (4, 5):
        bench.journal.spoil(LIVE, seq)

    bench.connect()
    bench.run(1_000)

    assert bench.cloud.written(LIVE) == written[:3] + written[5:]
    assert [(gap.first_seq, gap.last_seq, gap.reason) for gap in bench.cloud.gaps] == [(4, 5, "unreadable")]
    assert bench.session.unsent == 0


def test_a_cloud_restored_from_backup_gets_what_is_left_and_a_gap_for_what_was_trimmed() -> None:
    bench = bench_with(*records(5))
    bench.connect()
    bench.run(100)
    backup = dict(bench.cloud.marks)
    bench.append(LIVE, *records(5))
    bench.run(100)
    bench.is_cloud_up = False
    bench.append(LIVE, b"new")
    bench.run(20_000)  # the waits for an ack have grown
    bench.cloud.marks, bench.is_cloud_up = backup, True
    while not bench.session.counters.nacks:
        bench.run(100)

    bench.run(2_000)

    assert [(gap.first_seq, gap.last_seq, gap.reason) for gap in bench.cloud.gaps] == [(6, 10, "trimmed")]
    assert bench.cloud.records[LIVE, 11] == b"new"
    assert bench.session.unsent == 0


def test_an_ack_beyond_a_closed_epochs_head_completes_it_as_a_rollback() -> None:
    bench = Bench()
    bench.journal.open(OLD)
    bench.journal.append(OLD, b"one")
    bench.journal.open(LIVE)
    bench.journal.append(LIVE, b"two")
    bench.cloud.marks[OLD] = (9, bytes(16))

    bench.connect()
    bench.run(1_000)

    assert bench.session.counters.rollbacks == 1
    assert Report("rollback", f"epoch {OLD}") in bench.other
    assert [held.epoch for held in bench.journal.states()] == [LIVE]
    assert bench.cloud.written(LIVE) == [b"two"]


def test_a_cloud_ahead_of_the_live_epoch_means_a_clone_and_nothing_is_trimmed() -> None:
    bench = bench_with(b"one")
    bench.cloud.marks[LIVE] = (9, bytes(16))

    bench.connect()
    bench.run(1_000)

    assert Report("clone_suspected", f"epoch {LIVE}") in bench.other
    assert bench.journal.trims == 0


def test_a_welcome_to_another_hello_is_not_believed() -> None:
    bench = bench_with(b"one")
    bench.is_cloud_up = False
    bench.connect()

    mark = WelcomeMark(epoch=LIVE, upto=1, digest="0" * 32)
    bench.deliver(Welcome(nonce="0" * 16, marks=[mark], wall_ms=0, roster=0))

    assert bench.session.phase is Phase.GREETING
    assert bench.session.counters.welcomes_stale == 1
    assert bench.journal.trims == 0


def test_the_clock_offset_is_learnt_from_the_welcome_with_its_error() -> None:
    bench = bench_with(weather=Weather(delay_ms_min=30, delay_ms_max=30))

    bench.connect()
    bench.run(100)

    assert LearnTime(wall_ms=1_760_000_000_030, monotonic_ms=60, error_ms=30) in bench.other


def test_a_newer_roster_is_heard_of_in_the_welcome_and_by_notice() -> None:
    bench = bench_with()
    bench.connect()
    bench.run(100)
    assert FetchRoster(3) in bench.other

    bench.session.roster_is(3)
    bench.other.clear()
    bench.deliver(Notice(what="roster", roster=3, wall_ms=0))
    assert bench.other == []
    bench.deliver(Notice(what="roster", roster=4, wall_ms=0))

    assert bench.other == [FetchRoster(4)]


def test_a_command_is_obeyed_once_and_never_late() -> None:
    bench = bench_with()
    bench.connect()
    bench.run(100)
    cmd = Cmd(id="1" * 16, counter=1, expires_ms=bench.now.wall_ms + 1, action="report")
    late = Cmd(id="2" * 16, counter=2, expires_ms=bench.now.wall_ms - 100, action="report")

    for each in (cmd, cmd, late):
        bench.deliver(each)

    assert [action for action in bench.other if isinstance(action, Obey)] == [Obey(cmd)]
    assert bench.session.counters.commands_refused == 2


def test_a_recorded_command_is_worth_nothing_before_a_welcome_nor_by_a_clock_that_was_set_back() -> None:
    bench = bench_with()
    cmd = Cmd(id="1" * 16, counter=1, expires_ms=bench.now.wall_ms + 60_000, action="report")
    bench.connect()
    bench.deliver(cmd)
    bench.run(70_000)
    bench.wall_ms -= 3_600_000

    bench.deliver(cmd)

    assert [action for action in bench.other if isinstance(action, Obey)] == []
    assert bench.session.counters.commands_refused == 2


def test_an_ack_in_the_middle_of_a_batch_is_checked_against_the_journal() -> None:
    bench = bench_with(*records(5))
    chain = [entry.digest.hex() for entry in bench.journal.held[LIVE].entries]
    bench.connect()
    bench.run(2)
    bench.is_cloud_up = False
    bench.run(5)
    bench.cloud.marks[LIVE] = (3, bytes(16))

    bench.deliver(Ack(epoch=LIVE, upto=3, digest=chain[1]))
    assert bench.journal.trims == 0
    bench.deliver(Ack(epoch=LIVE, upto=3, digest=chain[2]))

    assert bench.journal.held[LIVE].tail == 4


def test_the_same_seed_says_the_same() -> None:
    def payloads(seed: int) -> int:
        bench = Bench(seed)
        bench.journal.open(LIVE)
        bench.connect()
        bench.append(LIVE, *records(50))
        bench.run(1_000)
        return bench.session.counters.batches_sent

    assert payloads(5) == payloads(5)


def test_an_epoch_begun_while_connected_is_sent_after_the_old_one() -> None:
    bench = bench_with(*records(3))
    bench.connect()
    bench.run(100)

    bench.journal.open("f" * 16)
    bench.append("f" * 16, b"new")
    bench.run(100)

    assert bench.cloud.written("f" * 16) == [b"new"]


def test_a_message_sealed_with_another_key_changes_nothing() -> None:
    bench = bench_with(b"one")
    bench.is_cloud_up = False
    bench.connect()

    bench.deliver(seal(Random(1).randbytes(32), b'{"k":"ack"}'))
    bench.deliver(seal(IDENTITY.downlink_key, b'{"k":"later"}'))
    bench.deliver(b"short")

    assert bench.session.counters.acks_forged == 2
    assert bench.session.counters.messages_refused == 1


def test_genesis_of_the_device_and_epoch_begins_the_chain() -> None:
    bench = bench_with(b"one")

    assert bench.journal.held[LIVE].tail_digest == genesis("gate-1", LIVE)


def test_a_session_that_waits_for_its_journal_sets_no_timer_that_is_already_due() -> None:
    """A window left over would wake it again and again at once, for as long as a slow disk takes to answer."""
    bench = Bench()
    bench.journal.open(LIVE)
    bench.connect()
    bench.run(10)
    bench.is_cloud_up = False
    bench.append(LIVE, b"one", b"two")
    bench.append(LIVE, b"three")
    digest = bench.journal.held[LIVE].entries[0].digest

    actions = bench.session.received(MemoryCloud.sealed(Ack(epoch=LIVE, upto=1, digest=digest.hex())), bench.now)

    assert Trim(LIVE, 1, digest) in actions
    assert bench.session.wake_at_ms is None


def test_the_answer_to_an_older_trim_proves_nothing_about_a_newer_claim() -> None:
    """A slow disk may answer what an earlier connection asked only after the next welcome."""
    bench = bench_with(*records(9))
    chain = [entry.digest for entry in bench.journal.held[LIVE].entries]
    for record in records(9):
        bench.cloud.records[LIVE, len(bench.cloud.records) + 1] = record
    bench.cloud.marks[LIVE] = (9, chain[8])
    session = bench.session
    hello = session.connected(bench.journal.states(), 0, bench.now)[-1]
    welcome = bench.cloud.answer(hello.payload)  # type: ignore[union-attr]
    assert welcome is not None
    assert Trim(LIVE, 9, chain[8]) in session.received(welcome, bench.now)

    session.trimmed(LIVE, 7, bench.now, fitted=True)
    assert session.unsent == 9
    session.trimmed(LIVE, 9, bench.now, fitted=True)

    assert session.unsent == 0
    assert session.counters.acks_accepted == 1


def test_a_record_that_became_durable_while_the_journal_was_asked_is_sent_at_once() -> None:
    bench = bench_with()
    asked = [Held(LIVE, base=bench.journal.held[LIVE].base)]
    bench.append(LIVE, b"in between")
    bench.is_connected = True

    bench.do(bench.session.connected(asked, 0, bench.now))
    bench.run(1_000)

    assert bench.cloud.written(LIVE) == [b"in between"]
