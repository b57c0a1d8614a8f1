"""The judge over a store in memory: every kind of message, good, doubled, late, foreign and broken."""

import msgspec
import pytest

from cloud.ingest.messages import Arrived
from cloud.ingest.plan import Plan
from cloud.ingest.reading import Unreadable, read_record
from cloud.ingest.store import StoreFailed
from schemas.seal import derive, seal
from schemas.structs import Ack, AnyRecord, Nack
from simulators.memory_store import MemoryStore, Tables
from tests.cloud.ingest.device import BOOT, EPOCH, NOW_MS, Device, healthy, opened, tapped, welcome_of
from tests.edge_agent.sync.model import At

OTHER, THIRD = "f" * 16, "a" * 16


@pytest.fixture
def device() -> Device:
    return Device().write(opened(), *[tapped(number) for number in range(9)])


@pytest.fixture
def store(device: Device) -> MemoryStore:
    return MemoryStore(Tables(senders={device.name: device.sender}, rosters={device.school: 12}))


def accept(store: MemoryStore, *arrived: Arrived) -> Plan:
    return store.accept_now(arrived, NOW_MS)


def test_records_are_stored_in_order_and_acknowledged_up_to_the_last(store: MemoryStore, device: Device) -> None:
    plan = accept(store, device.batch(1, 4), device.batch(5, 10))

    assert store.tables.written(device.name, EPOCH) == device.lines[EPOCH]
    assert [row.position for row in store.tables.records] == list(range(1, 11))
    assert [row.kind for row in store.tables.records[:2]] == ["open", "decision"]
    assert device.heard(plan) == [device.ack(10)]


def test_a_hello_is_answered_with_nonce_watermarks_time_and_roster(store: MemoryStore, device: Device) -> None:
    accept(store, device.batch(1, 4))

    plan = accept(store, device.hello(EPOCH, OTHER, nonce="1" * 16))

    welcome = welcome_of(device.heard(plan))
    assert (welcome.nonce, welcome.wall_ms, welcome.roster) == ("1" * 16, NOW_MS, 12)
    assert [(mark.epoch, mark.upto) for mark in welcome.marks] == [(EPOCH, 4), (OTHER, 0)]
    assert welcome.marks[0].digest == device.chains[EPOCH][4].hex()
    sighting = store.tables.sightings[device.name]
    assert (sighting.is_online, sighting.boot, sighting.firmware) == (True, BOOT, "0.1.0")


def test_a_hello_alone_leaves_no_watermark_behind(store: MemoryStore, device: Device) -> None:
    accept(store, device.hello(OTHER))

    assert store.tables.marks == {}


@pytest.mark.parametrize("stretch", [(1, 4), (2, 3), (4, 4), (1, 1)])
def test_a_duplicate_is_acknowledged_and_stored_once(
    store: MemoryStore, device: Device, stretch: tuple[int, int]
) -> None:
    accept(store, device.batch(1, 4))

    plan = accept(store, device.batch(*stretch))

    assert len(store.tables.records) == 4
    assert device.heard(plan) == [device.ack(4)]
    assert plan.duplicates == stretch[1] - stretch[0] + 1


def test_a_duplicate_is_known_again_by_a_worker_that_remembers_nothing(store: MemoryStore, device: Device) -> None:
    accept(store, device.batch(1, 8))

    plan = MemoryStore(store.tables).accept_now([device.batch(2, 5)], NOW_MS)

    assert device.heard(plan) == [device.ack(8)]
    assert not store.tables.quarantined


def test_an_overlap_brings_only_what_is_new(store: MemoryStore, device: Device) -> None:
    accept(store, device.batch(1, 4))

    plan = accept(store, device.batch(3, 6))

    assert store.tables.written(device.name, EPOCH) == device.lines[EPOCH][:6]
    assert device.heard(plan) == [device.ack(6)]


def test_what_comes_too_early_is_answered_with_the_watermark(store: MemoryStore, device: Device) -> None:
    accept(store, device.batch(1, 2))

    plan = accept(store, device.batch(5, 6))

    assert device.heard(plan) == [device.nack(2)]
    assert len(store.tables.records) == 2


def test_batches_out_of_order_in_one_window_leave_one_ack_and_one_nack(store: MemoryStore, device: Device) -> None:
    plan = accept(store, device.batch(5, 6), device.batch(1, 2), device.batch(9, 10), device.batch(3, 4))

    assert device.heard(plan) == [device.ack(4), device.nack(4)]


def test_the_same_numbers_with_other_records_go_into_quarantine_and_are_acknowledged(
    store: MemoryStore, device: Device
) -> None:
    clone = Device().write(*device.lines[EPOCH][:2], tapped(77), tapped(78))
    accept(store, device.batch(1, 4))

    plan = accept(store, clone.batch(1, 4))

    assert device.heard(plan) == [clone.ack(4)]
    assert [row.seq for row in store.tables.quarantined.values()] == [3, 4]
    assert store.tables.written(device.name, EPOCH) == device.lines[EPOCH][:4]
    assert "record_conflict" in store.tables.alarmed()


def test_a_clone_that_runs_ahead_on_the_same_numbers_loses_nothing(store: MemoryStore, device: Device) -> None:
    clone = Device().write(*device.lines[EPOCH][:2], *[tapped(70 + number) for number in range(4)])
    accept(store, device.batch(1, 4))

    plan = accept(store, clone.batch(3, 6))

    assert [row.record for row in store.tables.quarantined.values()] == clone.lines[EPOCH][2:6]
    assert device.heard(plan) == [clone.ack(6)]
    assert accept(store, device.batch(5, 6)).records


def test_records_that_do_not_continue_the_chain_are_kept_twice(store: MemoryStore, device: Device) -> None:
    """In the cloud's quarantine, and with the device, which is told where the cloud stands."""
    other = Device().write(*[tapped(50 + number) for number in range(6)])
    accept(store, device.batch(1, 4))

    accept(store, other.batch(5, 6))
    plan = accept(store, other.batch(5, 6))

    assert device.heard(plan) == [device.nack(4, "chain_broken", wait_ms=1_000)]
    assert [row.reason for row in store.tables.quarantined.values()] == ["chain", "chain"]
    assert store.tables.marks[device.name, EPOCH].upto == 4


# Gaps


def test_a_gap_is_logged_and_the_watermark_advances(store: MemoryStore, device: Device) -> None:
    accept(store, device.batch(1, 3))

    plan = accept(store, device.gap(4, 6), device.batch(7, 8))

    assert device.heard(plan) == [device.ack(8)]
    assert [(loss.first_seq, loss.last_seq, loss.reason) for loss in store.tables.losses] == [(4, 6, "unreadable")]
    assert store.tables.marks[device.name, EPOCH].gaps == ((4, 6),)
    assert "records_lost" in store.tables.alarmed()


def test_a_gap_that_is_told_twice_is_logged_once(store: MemoryStore, device: Device) -> None:
    accept(store, device.batch(1, 3), device.gap(4, 6))

    plan = accept(store, device.gap(4, 6))

    assert device.heard(plan) == [device.ack(6)]
    assert len(store.tables.losses) == 1


def test_a_gap_over_records_we_have_changes_nothing(store: MemoryStore, device: Device) -> None:
    accept(store, device.batch(1, 8))

    plan = accept(store, device.gap(4, 6, trimmed=True))

    assert device.heard(plan) == [device.ack(8)]
    assert store.tables.losses == []


@pytest.mark.parametrize("stretch", [(4, 6), (5, 5), (2, 7), (4, 10)])
def test_a_real_record_that_turns_up_later_wins_over_a_gap(
    store: MemoryStore, device: Device, stretch: tuple[int, int]
) -> None:
    accept(store, device.batch(1, 3), device.gap(4, 6), device.batch(7, 8))
    first, last = stretch

    plan = accept(store, device.batch(first, last))

    wanted = [*device.lines[EPOCH][:3], *device.lines[EPOCH][max(first, 4) - 1 : min(last, 6)]]
    wanted += device.lines[EPOCH][6 : max(last, 8)]
    assert store.tables.written(device.name, EPOCH) == wanted
    assert device.heard(plan) == [device.ack(max(last, 8))]
    assert [row.position for row in store.tables.records] == list(range(1, len(wanted) + 1))
    assert accept(store, device.batch(first, last)).records == []


def test_a_gap_filled_piece_by_piece_is_whole_again(store: MemoryStore, device: Device) -> None:
    accept(store, device.batch(1, 3), device.gap(4, 6), device.batch(7, 8))

    for seq in (5, 4, 6):
        accept(store, device.batch(seq, seq))

    assert store.tables.marks[device.name, EPOCH].gaps == ()
    assert store.tables.written(device.name, EPOCH) == device.lines[EPOCH][:8]


def test_false_records_for_a_gap_go_into_quarantine(store: MemoryStore, device: Device) -> None:
    clone = Device().write(*device.lines[EPOCH][:3], *[tapped(70 + number) for number in range(3)])
    accept(store, device.batch(1, 3), device.gap(4, 6), device.batch(7, 8))

    plan = accept(store, clone.batch(4, 6))

    assert device.heard(plan) == [clone.ack(6)]
    assert {row.reason for row in store.tables.quarantined.values()} == {"conflict"}
    assert store.tables.marks[device.name, EPOCH].gaps == ((4, 6),)


def test_an_epoch_whose_end_never_came_is_noticed_when_the_next_one_opens(store: MemoryStore, device: Device) -> None:
    accept(store, device.batch(1, 4))
    device.write(opened(previous=(EPOCH, 10)), epoch=OTHER)

    accept(store, device.batch(1, 1, epoch=OTHER))

    alarm = next(alarm for alarm in store.tables.alarms if alarm.code == "tail_missing")
    assert alarm.detail == f"epoch {EPOCH}, 5 to 10"


def test_fault_31_an_older_copy_of_a_journal_is_noticed_when_it_opens_its_next_epoch(
    store: MemoryStore, device: Device
) -> None:
    accept(store, device.batch(1, 4))
    device.write(opened(previous=(EPOCH, 2)), epoch=OTHER)

    accept(store, device.batch(1, 1, epoch=OTHER))

    alarm = next(alarm for alarm in store.tables.alarms if alarm.code == "rollback")
    assert alarm.detail == f"epoch {EPOCH}, 4 known here, 2 to the device"


def test_an_epoch_that_came_whole_raises_no_alarm_when_the_next_one_opens(store: MemoryStore, device: Device) -> None:
    device.write(opened(previous=(EPOCH, 10)), epoch=OTHER)

    accept(store, device.batch(1, 10), device.batch(1, 1, epoch=OTHER))

    assert store.tables.alarms == []


# Strangers, and messages that are not to be believed


def test_a_device_nobody_knows_is_alarmed_and_gets_no_answer(store: MemoryStore) -> None:
    stranger = Device("gate-9").write(tapped())

    plan = accept(store, stranger.batch(1, 1))

    assert plan.replies == []
    assert store.tables.alarmed() == {"device_unknown"}


def test_a_message_under_another_school_is_refused_and_alarmed(store: MemoryStore, device: Device) -> None:
    abroad = Device(school="ast001").write(tapped())

    plan = accept(store, abroad.batch(1, 1))

    assert abroad.heard(plan) == [Nack(code="wrong_school", retry_after_ms=600_000)]
    assert store.tables.alarmed() == {"wrong_school"}
    assert store.tables.records == []


def test_a_message_on_another_shard_is_refused(store: MemoryStore) -> None:
    abroad = Device(shard=8).write(tapped())

    plan = accept(store, abroad.batch(1, 1))

    assert abroad.heard(plan) == [Nack(code="wrong_school", retry_after_ms=600_000)]


def test_a_frame_that_names_another_device_is_refused_and_alarmed(store: MemoryStore, device: Device) -> None:
    other = Device("gate-2").write(tapped())
    inner = other.batch(1, 1).payload.split(b"\n", 1)[1]

    plan = accept(store, Arrived(device.wire.topic("rec"), seal(derive(device.secret, "uplink"), inner), NOW_MS))

    assert device.heard(plan) == [Nack(code="malformed", retry_after_ms=1_000)]
    assert store.tables.alarmed() == {"name_foreign"}


def test_a_wrong_seal_is_refused_and_alarmed(store: MemoryStore, device: Device) -> None:
    forged = Device(secret=b"x" * 32).write(tapped())

    plan = accept(store, forged.batch(1, 1))

    assert device.heard(plan) == [Nack(code="seal", retry_after_ms=60_000)]
    assert store.tables.alarmed() == {"seal_broken"}


def test_a_revoked_device_is_told_so_and_stores_nothing(store: MemoryStore, device: Device) -> None:
    store.tables.senders[device.name] = msgspec.structs.replace(device.sender, is_revoked=True)

    plan = accept(store, device.hello(), device.batch(1, 4))

    assert device.heard(plan) == [Nack(code="device_revoked", retry_after_ms=3_600_000)]
    assert store.tables.records == []


def test_a_message_that_is_too_large_is_refused(store: MemoryStore, device: Device) -> None:
    huge = seal(derive(device.secret, "uplink"), bytes(65_536))

    plan = accept(store, Arrived(device.wire.topic("rec"), huge, NOW_MS))

    assert device.heard(plan) == [Nack(code="too_large", retry_after_ms=0)]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b'"batch"', b'{"k":"batch"}', b'{"k":"sonnet"}', b"\xff\xfe", b'{"k":"ack","e":"%s"}' % (b"0" * 16)],
)
def test_a_frame_that_cannot_be_read_is_kept_and_refused(store: MemoryStore, device: Device, body: bytes) -> None:
    message = Arrived(device.wire.topic("rec"), seal(derive(device.secret, "uplink"), body), NOW_MS)

    plan = accept(store, message)

    assert device.heard(plan) == [Nack(code="malformed", retry_after_ms=1_000)]
    assert [row.record for row in store.tables.quarantined.values()] == [body]


def test_a_frame_on_the_wrong_channel_is_refused(store: MemoryStore, device: Device) -> None:
    message = Arrived(device.wire.topic("hello"), device.batch(1, 1).payload, NOW_MS)

    plan = accept(store, message)

    assert device.heard(plan) == [Nack(code="malformed", retry_after_ms=1_000)]


def test_a_batch_that_promises_more_than_it_holds_is_refused(store: MemoryStore, device: Device) -> None:
    body = device.batch(1, 3).payload.split(b"\n", 1)[1].rsplit(b"\n", 1)[0]

    plan = accept(store, Arrived(device.wire.topic("rec"), seal(derive(device.secret, "uplink"), body), NOW_MS))

    assert device.heard(plan) == [Nack(code="malformed", retry_after_ms=1_000, epoch=EPOCH)]


@pytest.mark.parametrize("topic", ["esik/v1/07/alm005/gate-1", "$SYS/broker", "esik/v1/99/alm005/gate-1/rec", ""])
def test_a_topic_that_is_not_ours_is_alarmed(store: MemoryStore, device: Device, topic: str) -> None:
    plan = accept(store, Arrived(topic, device.batch(1, 1).payload, NOW_MS))

    assert plan.replies == []
    assert store.tables.alarmed() == {"topic_foreign"}


# Fault 36: records that cannot be understood


@pytest.mark.parametrize(
    ("poison", "reason"),
    [
        (b'{"k":"sonnet","m":1,"t":2,"q":"ntp"}', "unknown"),
        (b'{"k":"decision","v":2,"m":1}', "version"),
        (b'{"k":"decision","m":-1}', "malformed"),
        (b"\xff\x00 not JSON", "malformed"),
        (b"", "malformed"),
        (b'{"k":"alarm","x":"' + b"y" * 300 + b'"}', "oversize"),
    ],
)
def test_fault_36_a_poison_record_is_kept_acknowledged_and_stops_nothing(
    store: MemoryStore, poison: bytes, reason: str
) -> None:
    device = Device().write(tapped(1), poison, tapped(2))

    plan = accept(store, device.batch(1, 3))

    assert device.heard(plan) == [device.ack(3)]
    assert store.tables.written(device.name, EPOCH) == [tapped(1), tapped(2)]
    assert [(row.seq, row.reason, row.record) for row in store.tables.quarantined.values()] == [(2, reason, poison)]
    assert accept(store, device.batch(1, 3)).quarantined == []


def test_fault_36_a_newer_kind_is_interpreted_after_the_upgrade_once(store: MemoryStore, device: Device) -> None:
    plan = store.accept_now([device.batch(1, 10)], NOW_MS, _without_decisions)
    assert device.heard(plan) == [device.ack(10)]
    assert [row.kind for row in store.tables.records] == ["open"]

    released = [store.reinterpret_now(), store.reinterpret_now()]

    assert released == [9, 0]
    assert store.tables.written(device.name, EPOCH) == device.lines[EPOCH]
    assert [row.position for row in store.tables.records] == list(range(1, 11))
    assert not store.tables.quarantined
    assert accept(store, device.batch(1, 10)).duplicates == 10


def _without_decisions(line: bytes) -> tuple[AnyRecord, str]:
    record, kind = read_record(line)
    if kind == "decision":
        raise Unreadable("unknown")
    return record, kind


# Clones, clocks, presence


def test_fault_30_two_machines_with_one_identity_raise_an_alarm_and_both_are_kept(store: MemoryStore) -> None:
    one = Device(boot="1" * 16).write(opened("1" * 16), tapped(1), tapped(2))
    two = Device(boot="2" * 16).write(opened("2" * 16), tapped(3), tapped(4), epoch=OTHER)
    accept(store, one.hello(EPOCH), one.batch(1, 2))
    accept(store, two.hello(OTHER), two.batch(1, 2, epoch=OTHER))
    assert "clone" not in store.tables.alarmed()

    accept(store, one.hello(EPOCH), one.batch(3, 3))
    accept(store, two.batch(3, 3, epoch=OTHER))

    assert "clone" in store.tables.alarmed()
    assert store.tables.written("gate-1", EPOCH) == one.lines[EPOCH]
    assert store.tables.written("gate-1", OTHER) == two.lines[OTHER]


def test_a_message_of_the_last_boot_that_was_late_on_its_way_is_no_clone(store: MemoryStore) -> None:
    before = Device(boot="1" * 16).write(opened("1" * 16), tapped(1))
    after = Device(boot="2" * 16).write(opened("2" * 16, previous=(EPOCH, 2)), epoch=OTHER)
    accept(store, before.hello(EPOCH))
    accept(store, after.hello(EPOCH, OTHER))

    late = before.batch(1, 2)._replace(at_ms=NOW_MS + 3_600_000)
    store.accept_now([late], NOW_MS + 3_600_000)

    assert "clone" not in store.tables.alarmed()


@pytest.mark.parametrize("clock", ["floor", "none"])
def test_fault_27_a_record_without_a_clock_gets_its_time_from_the_hello(store: MemoryStore, clock: str) -> None:
    quality = msgspec.convert(clock, At.__annotations__["quality"])
    device = Device().write(opened(), tapped(at=At(40_000, 0, quality)))

    accept(store, device.hello(at=At(100_000, 0, quality)), device.batch(1, 2))

    stored = store.tables.places[device.name, EPOCH, 2]
    assert stored.corrected_ms == NOW_MS - 60_000
    assert stored.record == device.lines[EPOCH][1]


def test_fault_27_of_several_hellos_the_least_delayed_one_counts(store: MemoryStore) -> None:
    device = Device().write(opened(), tapped(at=At(40_000, 0, "none")))
    late = device.hello(at=At(100_000))._replace(at_ms=NOW_MS + 20_000)

    accept(store, late, device.hello(at=At(100_000)), device.batch(1, 2))

    assert store.tables.places[device.name, EPOCH, 2].corrected_ms == NOW_MS - 60_000


def test_a_record_with_a_good_clock_keeps_its_own_time(store: MemoryStore) -> None:
    device = Device().write(opened(), tapped(at=At(3_600_000, NOW_MS - 123_456)))

    accept(store, device.hello(at=At(3_700_000)), device.batch(1, 2))

    assert store.tables.places[device.name, EPOCH, 2].corrected_ms == NOW_MS - 123_456


@pytest.mark.parametrize("jump_ms", [365 * 86_400_000, -14 * 86_400_000])
def test_fault_28_a_clock_that_jumped_is_alarmed_and_corrected(store: MemoryStore, jump_ms: int) -> None:
    device = Device().write(opened(), tapped(at=At(40_000, NOW_MS + jump_ms, "rtc")))

    accept(store, device.hello(at=At(100_000)), device.batch(1, 2))

    assert store.tables.places[device.name, EPOCH, 2].corrected_ms == NOW_MS - 60_000
    assert "clock_wrong" in store.tables.alarmed()


def test_a_record_is_never_later_than_its_arrival(store: MemoryStore) -> None:
    device = Device().write(tapped(at=At(1, NOW_MS + 86_400_000, "rtc")))

    accept(store, device.batch(1, 1))

    assert store.tables.places[device.name, EPOCH, 1].corrected_ms == NOW_MS


def test_presence_follows_state_but_not_the_will_of_an_earlier_boot(store: MemoryStore) -> None:
    before, after = Device(boot="1" * 16), Device(boot="2" * 16)
    accept(store, before.hello(), before.state(is_online=True))
    accept(store, after.hello(), after.state(is_online=True))

    accept(store, before.state(is_online=False))
    assert store.tables.sightings["gate-1"].is_online

    accept(store, after.state(is_online=False))
    assert store.tables.sightings["gate-1"].is_online is False


def test_a_state_in_the_window_of_its_hello_leaves_what_the_hello_said(store: MemoryStore, device: Device) -> None:
    plan = accept(store, device.hello(), device.state(is_online=True))

    told = plan.sightings["gate-1"]
    assert (told.is_online, told.firmware, told.roster, told.unsent) == (True, "0.1.0", 3, 0)


def test_a_device_is_heard_with_every_message_of_records(store: MemoryStore, device: Device) -> None:
    for message in (device.batch(1, 4), device.batch(1, 4), device.batch(7, 8), device.gap(5, 6)):
        assert accept(store, message).heard == {device.sender.device_id: NOW_MS}


def test_a_health_record_tells_how_its_device_is(store: MemoryStore) -> None:
    device = Device().write(opened(), tapped(), healthy(unsent=47, at=At(600_000, NOW_MS, "hub")))

    told = accept(store, device.batch(1, 3, at=At(600_200))).sightings["gate-1"]

    assert (told.unsent, told.roster, told.clock, told.firmware) == (47, 12, "hub", "0.2.0")
    assert (told.is_online, told.boot) == (None, None)


@pytest.mark.parametrize("boot", [BOOT, "0" * 16])
def test_health_of_long_ago_or_of_an_earlier_boot_says_nothing(store: MemoryStore, boot: str) -> None:
    waited_ms = 7_200_000 if boot == BOOT else 0
    device = Device().write(opened(boot), healthy(unsent=47, at=At(600_000)))

    accept(store, device.hello(), device.batch(1, 2, at=At(600_000 + waited_ms)))

    assert store.tables.sightings["gate-1"].unsent == 0


# Workers, commits, restores


def test_fault_18_a_worker_that_dies_before_its_commit_leaves_nothing(store: MemoryStore, device: Device) -> None:
    store.fails_before_commit = True
    with pytest.raises(StoreFailed):
        accept(store, device.batch(1, 4))
    assert store.tables.records == []

    plan = MemoryStore(store.tables).accept_now([device.batch(1, 4)], NOW_MS)

    assert device.heard(plan) == [device.ack(4)]
    assert store.tables.written(device.name, EPOCH) == device.lines[EPOCH][:4]


def test_fault_19_a_commit_whose_ack_was_lost_is_recognised_and_acknowledged_again(
    store: MemoryStore, device: Device
) -> None:
    store.fails_after_commit = True
    with pytest.raises(StoreFailed):
        accept(store, device.batch(1, 4))
    store.fails_after_commit = False

    plan = accept(store, device.batch(1, 4))

    assert device.heard(plan) == [device.ack(4)]
    assert len(store.tables.records) == 4


def test_fault_44_two_workers_that_take_turns_keep_one_watermark(store: MemoryStore, device: Device) -> None:
    workers = [store, MemoryStore(store.tables)]

    for seq in range(1, 11):
        plan = workers[seq % 2].accept_now([device.batch(seq, seq)], NOW_MS)
        assert device.heard(plan) == [device.ack(seq)]

    assert store.tables.written(device.name, EPOCH) == device.lines[EPOCH]


def test_fault_21_a_restored_store_takes_again_what_it_lost(store: MemoryStore, device: Device) -> None:
    accept(store, device.batch(1, 4))
    backup = store.backup()
    accept(store, device.batch(5, 8))
    store.restore(backup)

    mark = welcome_of(device.heard(accept(store, device.hello()))).marks[0]
    plan = accept(store, device.gap(5, 6, trimmed=True), device.batch(7, 10))

    assert (mark.upto, mark.digest) == (4, device.chains[EPOCH][4].hex())
    assert device.heard(plan) == [device.ack(10)]
    assert [(loss.first_seq, loss.last_seq, loss.reason) for loss in store.tables.losses] == [(5, 6, "trimmed")]


def test_two_devices_of_one_shard_share_a_gapless_log(store: MemoryStore, device: Device) -> None:
    other = Device("gate-2").write(*[tapped(20 + number) for number in range(4)])
    store.tables.senders["gate-2"] = other.sender

    plan = accept(store, device.batch(1, 2), other.batch(1, 2), device.batch(3, 4), other.batch(3, 4))

    assert [row.position for row in store.tables.records] == list(range(1, 9))
    assert other.heard(plan) == [Ack(epoch=EPOCH, upto=4, digest=other.chains[EPOCH][4].hex())]
