"""The node's session by itself, against the same cloud that judges the agent's: nothing lost, doubled or believed."""

from typing import Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.node import actions as node
from firmware.node.clock import FLOOR
from firmware.node.session import FLOWING, HELLO_EPOCHS_MAX, REFUSED, Session
from firmware.node.wire import MESSAGE_MAX
from schemas.chain import genesis
from schemas.seal import seal
from schemas.structs import Ack, AnyFrame, Batch, Cmd, Hello, Nack, Notice, Welcome, WelcomeMark
from simulators.network import FOUL, Weather
from tests.edge_agent.sync.model import IDENTITY
from tests.firmware.node.conversation import NODE, Bench

OLD, LIVE = "a" * 16, "e" * 16


def bench_with(*records: bytes, weather: Weather | None = None, seed: int = 1) -> Bench:
    bench = Bench(seed, weather)
    bench.journal.begin(LIVE)
    bench.journal.append(*records)
    return bench


def records(count: int, size: int = 20) -> list[bytes]:
    return [f"{number:0{size}}".encode() for number in range(count)]


def frames(bench: Bench) -> list[AnyFrame]:
    """Return the first line of everything that was sent, as the schemas read it."""
    decoder = msgspec.json.Decoder(AnyFrame)
    return [decoder.decode(message.payload.split(b"\n")[1]) for message in bench.sent]


# Sending


def test_what_stands_in_the_journal_is_sent_after_the_welcome_and_trimmed_after_the_ack() -> None:
    bench = bench_with(*records(5))

    bench.run(1_000)

    assert bench.cloud.written(LIVE) == records(5)
    assert [(state.tail, state.head) for state in bench.journal.epochs()] == [(6, 5)]
    assert bench.cloud.online == [True]


def test_no_message_is_longer_than_1_kib_and_one_is_under_way() -> None:
    bench = bench_with(*records(300, 200), weather=Weather(delay_ms_min=5, delay_ms_max=5))

    bench.run(100)
    under_way = bench.session.counters.batches - bench.session.counters.acks
    bench.run(20_000)

    assert under_way <= 1
    assert bench.cloud.written(LIVE) == records(300, 200)
    assert max(len(message.payload) for message in bench.sent) <= MESSAGE_MAX
    counts = [frame.count for frame in frames(bench) if isinstance(frame, Batch)]
    assert set(counts) == {4}


def test_a_record_of_now_goes_at_once() -> None:
    bench = bench_with()
    bench.run(1_000)
    batches = bench.session.counters.batches

    bench.append(b"one")

    assert bench.session.counters.batches == batches + 1


def test_older_epochs_drain_first_and_more_than_a_hello_names_are_greeted_in_turn() -> None:
    bench = Bench()
    for number in range(20):
        bench.journal.begin(f"{number:016x}")
        bench.journal.append(*records(2))

    bench.run(5_000)

    assert [bench.cloud.written(f"{number:016x}") for number in range(20)] == [records(2)] * 20
    assert [state.epoch for state in bench.journal.epochs()] == [f"{19:016x}"]
    named = [len(frame.epochs) for frame in frames(bench) if isinstance(frame, Hello)]
    assert max(named) <= HELLO_EPOCHS_MAX
    assert len(named) >= 3


def test_an_epoch_that_begins_while_connected_needs_no_mark() -> None:
    bench = bench_with(*records(2))
    bench.run(1_000)

    bench.journal.begin(OLD)
    bench.append(*records(3))
    bench.run(1_000)

    assert bench.cloud.written(OLD) == records(3)
    assert bench.session.counters.hellos == 1


def test_a_message_that_cannot_be_made_is_not_under_way() -> None:
    bench = bench_with()
    bench.run(1_000)
    batch = bench.session.wire.batch
    bench.session.wire.batch = _no_memory  # type: ignore[method-assign, assignment]
    with pytest.raises(MemoryError):
        bench.append(b"one")
    bench.session.wire.batch = batch  # type: ignore[method-assign]

    bench.append(b"two")
    bench.run(1_000)

    assert bench.cloud.written(LIVE) == [b"one", b"two"]


def _no_memory(*_arguments: object) -> bytes:
    raise MemoryError


def test_without_an_ack_it_sends_again_more_and_more_rarely_then_connects_anew() -> None:
    bench = bench_with()
    bench.run(1_000)
    bench.is_cloud_up = False

    bench.append(b"one")
    sent = bench.session.counters.batches
    bench.run(4_900)
    assert bench.session.counters.batches == sent
    bench.run(200_000)

    assert bench.session.counters.batches - sent == 3
    assert ("no ack came",) in bench.told(node.DISCONNECT)
    bench.is_cloud_up = True
    bench.run(60_000)
    assert bench.cloud.written(LIVE) == [b"one"]


def test_without_a_welcome_three_hellos_are_said_and_the_connection_is_given_up() -> None:
    bench = bench_with()
    bench.is_cloud_up = False
    bench.away_ms = 10**9

    bench.run(60_000)

    nonces = [frame.nonce for frame in frames(bench) if isinstance(frame, Hello)]
    assert len(nonces) == len(set(nonces)) == 3
    assert bench.told(node.DISCONNECT) == [("no welcome came",)]


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32), is_cut=st.booleans())
def test_fault_22_in_foul_weather_every_record_arrives_once_and_in_order(seed: int, is_cut: bool) -> None:
    bench = bench_with(*records(20, 150), weather=FOUL, seed=seed)

    bench.run(5_000)
    if is_cut:
        bench.drop()
    bench.append(*records(5, 100))
    bench.network.weather = Weather()
    bench.run(200_000)

    assert bench.cloud.written(LIVE) == records(20, 150) + records(5, 100)
    assert bench.journal.epochs()[0].tail == 26


# What is not believed


def ack(upto: int, digest: bytes, epoch: str = LIVE) -> Ack:
    return Ack(epoch=epoch, upto=upto, digest=digest.hex())


def test_fault_23_an_ack_that_is_forged_foreign_ahead_or_of_another_chain_trims_nothing() -> None:
    bench = bench_with()
    bench.run(1_000)
    bench.is_cloud_up = False
    bench.append(*records(5))
    digest = bench.journal.read(LIVE, 4, 1)[0].digest

    bench.deliver(seal(IDENTITY.uplink_key, msgspec.json.encode(ack(5, digest))))
    bench.deliver(ack(5, bytes(16)))
    bench.deliver(ack(6, digest))
    bench.deliver(ack(5, digest, epoch=OLD))
    bench.deliver(b"garbage")

    assert bench.journal.epochs()[0].tail == 1
    assert bench.session.counters.refused == 4
    assert bench.session.counters.acks == 0


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"7", b'{"k":7}', b'{"k":"ack"}', b'{"k":"ack","e":7,"u":1,"d":""}', b"\xff\xfe",
        b'{"k":"ack","e":"' + LIVE.encode() + b'","u":-1,"d":"00"}', b'{"k":"welcome"}', b'{"k":"nack","c":7}',
        b'{"k":"ack","e":"' + LIVE.encode() + b'","u":1,"d":"zz"}', b'{"k":"new","v":2}',
        b'{"k":"nack","c":"x","ra":1}',
        b'{"k":"cmd","id":"x"}', b'{"k":"notice"}', b'{"k":"hello"}', b"[" * 500,
    ],
)  # fmt: skip
def test_a_sealed_frame_that_is_none_changes_nothing(body: bytes) -> None:
    bench = bench_with(*records(2))
    bench.is_cloud_up = False
    bench.run(100)

    bench.deliver(seal(IDENTITY.downlink_key, body))

    assert bench.session.counters.refused == 1
    assert bench.done == []
    bench.is_cloud_up = True
    bench.run(30_000)
    assert bench.cloud.written(LIVE) == records(2)


def test_the_welcome_of_another_hello_is_not_believed() -> None:
    bench = bench_with(*records(3))
    bench.is_cloud_up = False
    bench.connect()
    mark = WelcomeMark(epoch=LIVE, upto=3, digest=bench.journal.read(LIVE, 2, 1)[0].digest.hex())

    bench.deliver(Welcome(nonce="0" * 16, marks=[mark], wall_ms=1, roster=9))

    assert bench.journal.epochs()[0].tail == 1
    assert bench.done == []


# Where the cloud and the journal differ


def test_fault_21_a_cloud_that_went_back_is_told_of_what_was_trimmed_and_gets_the_rest() -> None:
    bench = bench_with(*records(4))
    bench.run(1_000)
    bench.append(b"five")
    bench.run(1_000)
    bench.drop()
    bench.cloud.marks[LIVE] = (2, bench.cloud.mark(LIVE)[1])
    bench.cloud.marks[LIVE] = (2, _digest_at(records(4), 2))

    bench.append(b"six")
    bench.run(5_000)

    assert [(gap.first_seq, gap.last_seq, gap.reason) for gap in bench.cloud.gaps] == [(3, 5, "trimmed")]
    assert bench.cloud.written(LIVE)[-1] == b"six"


def test_fault_6_a_cloud_that_has_more_of_an_old_epoch_completes_it() -> None:
    bench = Bench()
    bench.journal.begin(OLD)
    bench.journal.append(*records(2))
    bench.journal.begin(LIVE)
    bench.cloud.marks[OLD] = (9, bytes(16))

    bench.run(1_000)

    assert [state.epoch for state in bench.journal.epochs()] == [LIVE]
    assert bench.told(node.REPORT) == [("rollback", "epoch " + OLD)]


def test_fault_30_a_cloud_that_has_more_of_the_live_epoch_means_a_clone() -> None:
    bench = bench_with(*records(2))
    bench.cloud.marks[LIVE] = (9, bytes(16))

    bench.run(1_000)

    assert bench.told(node.NEW_EPOCH) == [("clone_suspected",)]
    assert bench.journal.epochs()[0].tail == 1


def test_fault_7_a_record_that_cannot_be_read_is_told_of_and_the_ones_behind_it_go() -> None:
    bench = bench_with(*records(5))
    bench.journal.memory.spoil(LIVE, 2)
    bench.journal.memory.spoil(LIVE, 3)

    bench.run(2_000)

    assert [(gap.first_seq, gap.last_seq, gap.reason) for gap in bench.cloud.gaps] == [(2, 3, "unreadable")]
    assert bench.cloud.written(LIVE) == [records(5)[at] for at in (0, 3, 4)]
    assert bench.journal.epochs()[0].tail == 6


def test_an_epoch_the_cloud_has_no_mark_for_is_set_aside() -> None:
    bench = bench_with(*records(2))
    bench.is_cloud_up = False
    bench.connect()
    nonce = next(frame.nonce for frame in frames(bench) if isinstance(frame, Hello))

    bench.deliver(Welcome(nonce=nonce, marks=[], wall_ms=1, roster=0))

    assert bench.told(node.REPORT) == [("journal_damaged", "no watermark: " + LIVE)]
    assert bench.session.counters.batches == 0


# Nacks


def flowing() -> Bench:
    bench = bench_with()
    bench.run(1_000)
    bench.is_cloud_up = False
    bench.append(*records(2))
    return bench


def test_busy_waits_at_least_as_long_as_was_asked() -> None:
    bench = flowing()
    sent = bench.session.counters.batches

    bench.deliver(Nack(code="busy", retry_after_ms=20_000))
    bench.run(19_900)
    assert bench.session.counters.batches == sent
    bench.run(6_000)

    assert bench.session.counters.batches == sent + 1


def test_out_of_order_begins_again_where_the_cloud_is() -> None:
    bench = flowing()
    digest = bench.journal.read(LIVE, 0, 1)[0].digest

    bench.cloud.marks[LIVE] = (1, digest)
    bench.deliver(Nack(code="out_of_order", retry_after_ms=0, epoch=LIVE, upto=1, digest=digest.hex()))

    last = frames(bench)[-1]
    assert isinstance(last, Batch)
    assert (last.first_seq, last.count) == (2, 1)


def test_a_cloud_that_insists_on_less_than_it_had_is_greeted_anew() -> None:
    bench = bench_with(*records(3))
    bench.run(1_000)
    bench.is_cloud_up = False
    less = Nack(code="out_of_order", retry_after_ms=0, epoch=LIVE, upto=1, digest="0" * 32)

    bench.deliver(less)
    assert bench.told(node.DISCONNECT) == []
    bench.deliver(less)

    assert bench.told(node.DISCONNECT) == [("the cloud was restored",)]


@pytest.mark.parametrize("code", ["malformed", "chain_broken"])
def test_an_epoch_the_cloud_cannot_take_is_set_aside_after_three_complaints(
    code: Literal["malformed", "chain_broken"],
) -> None:
    bench = flowing()
    for _ in range(3):
        bench.deliver(Nack(code=code, retry_after_ms=0, epoch=LIVE))
        bench.run(1_000)
    sent = bench.session.counters.batches

    bench.run(60_000)

    assert bench.told(node.REPORT) == [("journal_damaged", f"{code}: {LIVE}")]
    assert bench.session.counters.batches == sent


@pytest.mark.parametrize("code", ["seal", "device_unknown", "device_revoked", "wrong_school"])
def test_a_node_that_is_not_wanted_is_quiet_for_a_minute(
    code: Literal["seal", "device_unknown", "device_revoked", "wrong_school"],
) -> None:
    bench = flowing()
    sent = len(bench.sent)

    bench.deliver(Nack(code=code, retry_after_ms=0))
    bench.run(59_000)
    assert (bench.session.phase, bench.session.refused_code, len(bench.sent)) == (REFUSED, code, sent)
    bench.is_cloud_up = True
    bench.run(30_000)

    assert bench.session.phase == FLOWING
    assert bench.cloud.written(LIVE) == records(2)


# Time, notices, commands


def test_the_clock_is_set_by_the_welcome_half_a_round_trip_ago() -> None:
    bench = bench_with(weather=Weather(delay_ms_min=100, delay_ms_max=100))

    bench.run(1_000)

    assert bench.told(node.LEARN_TIME) == [(1_760_000_000_000 + 100, 200)]


def test_a_newer_roster_is_fetched_and_other_news_is_told() -> None:
    bench = bench_with()
    bench.run(1_000)
    bench.session.roster_is(5)
    bench.done.clear()

    bench.deliver(Notice(what="roster", roster=5, wall_ms=0))
    bench.deliver(Notice(what="roster", roster=6, wall_ms=0))
    bench.deliver(Notice(what="update", wall_ms=0))

    assert bench.done == [(node.FETCH_ROSTER, 6), (node.HEAR, "update")]


CLOUD_MS = 1_760_000_000_000  # what the cloud of tests says in its welcome


def command(counter: int, expires_ms: int = CLOUD_MS + 10**9) -> Cmd:
    return Cmd(id="c" * 16, counter=counter, expires_ms=expires_ms, action="open_once", gate="main")


def test_a_command_is_obeyed_once_and_not_when_it_is_late_or_was_before_the_restart() -> None:
    bench = bench_with()
    bench.session = Session(NODE, bench.journal, bench.network._rng, command_counter=7)
    bench.run(1_000)
    bench.done.clear()

    for cmd in (command(7), command(8), command(8), command(9, CLOUD_MS + 900), command(10)):
        bench.deliver(cmd)

    obeyed = [action[1] for action in bench.done]
    assert [(it.counter, it.action, it.gate) for it in obeyed if isinstance(it, node.Command)] == [
        (8, "open_once", "main"),
        (10, "open_once", "main"),
    ]
    assert bench.session.counters.commands_refused == 3


def test_whether_a_command_is_late_is_judged_by_the_clouds_time_whatever_the_clock_says() -> None:
    bench = bench_with()
    bench.run(1_000)
    bench.done.clear()
    bench.quality = FLOOR

    bench.deliver(command(1, CLOUD_MS + 900))
    bench.deliver(command(2, CLOUD_MS + 2_000))

    assert [it.counter for (it,) in bench.told(node.OBEY) if isinstance(it, node.Command)] == [2]


def test_a_command_before_the_welcome_is_not_obeyed() -> None:
    bench = bench_with()
    bench.is_cloud_up = False
    bench.connect()

    bench.deliver(command(1))

    assert bench.told(node.OBEY) == []


def _digest_at(written: list[bytes], upto: int) -> bytes:
    from schemas.chain import link

    digest = genesis(NODE.device, LIVE)
    for record in written[:upto]:
        digest = link(digest, record)
    return digest
