"""The store in PostgreSQL: what a window writes, two workers at one shard, and every way a commit can fail."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from cloud.core.database import Database, address
from cloud.core.services import Services
from cloud.devices.alarm_kinds import Severity
from cloud.devices.alarm_list import AlarmFilters, alarms_of
from cloud.devices.registry import CHANGED
from cloud.ingest.accepting import accept
from cloud.ingest.messages import Arrived
from cloud.ingest.plan import Plan
from cloud.ingest.postgres import PgStore
from cloud.ingest.reading import Unreadable, read_record
from cloud.ingest.senders import Senders
from cloud.ingest.store import StoreFailed
from schemas.structs import AnyRecord, Nack
from simulators.clock import SimulatedClock
from simulators.proxy import Proxy
from tests.cloud.ingest.device import EPOCH, NOW_MS, Device, opened, tapped, welcome_of
from tests.cloud.ingest.rows import add_devices, eventually, revoke
from tests.cloud.schools.factory import SYSTEM
from tests.edge_agent.sync.model import At
from tests.waiting import until_async

OTHER = "f" * 16


@pytest.fixture
async def device(services: Services) -> Device:
    device = Device().write(opened(), *[tapped(number) for number in range(99)])
    await add_devices(services.database.pool, services.vault, services.clock, device)
    return device


@pytest.fixture
async def store(services: Services) -> AsyncIterator[PgStore]:
    store = new_store(services)
    yield store
    await store.close()


def new_store(services: Services, url: str = "") -> PgStore:
    senders = Senders(services.database.pool, services.vault, services.clock)
    return PgStore(url or services.database.url, senders)


async def take(store: PgStore, *arrived: Arrived) -> Plan:
    return await accept(arrived, store, NOW_MS)


async def written(database: Database, epoch: str = EPOCH) -> list[bytes]:
    rows = await database.pool.fetch("SELECT record FROM record WHERE epoch = $1 ORDER BY seq", epoch)
    return [bytes(row["record"]) for row in rows]


async def positions(database: Database) -> list[int]:
    return [row["position"] for row in await database.pool.fetch("SELECT position FROM record ORDER BY position")]


async def alarms(database: Database) -> dict[str, int]:
    return {row["kind"]: row["count"] for row in await database.pool.fetch("SELECT kind, count FROM alarm")}


async def test_a_window_writes_records_heads_and_watermarks_in_one_transaction(
    store: PgStore, device: Device, database: Database
) -> None:
    plan = await take(store, device.hello(), device.batch(1, 4), device.batch(5, 10))

    assert await written(database) == device.lines[EPOCH][:10]
    assert await positions(database) == list(range(1, 11))
    assert await database.pool.fetchval("SELECT position FROM shard_head WHERE shard = 7") == 10
    row = await database.pool.fetchrow("SELECT upto, digest, boot, gaps FROM watermark")
    assert tuple(row) == (10, device.chains[EPOCH][10], device.boot, "")
    assert device.ack(10) in device.heard(plan)


async def test_a_worker_that_remembers_nothing_goes_on_where_the_last_one_stood(
    store: PgStore, services: Services, device: Device, database: Database
) -> None:
    await take(store, device.hello(), device.batch(1, 4), device.gap(5, 6), device.batch(7, 8))
    other = new_store(services)

    welcome = welcome_of(device.heard(await take(other, device.hello())))
    plan = await take(other, device.batch(2, 3), device.batch(5, 5), device.batch(9, 10))
    await other.close()

    assert welcome.marks[0].upto == 8
    assert device.heard(plan) == [device.ack(10)]
    assert await database.pool.fetchval("SELECT gaps FROM watermark") == "6-6"
    assert await positions(database) == list(range(1, len(await written(database)) + 1))


async def test_duplicates_are_known_from_the_table_and_from_memory(
    store: PgStore, services: Services, device: Device, database: Database
) -> None:
    await take(store, *[device.batch(first, first + 9) for first in range(1, 90, 10)])
    other = new_store(services)

    plans = [await take(each, device.batch(13, 17), device.batch(1, 2)) for each in (store, other)]
    await other.close()

    assert [plan.duplicates for plan in plans] == [7, 7]
    assert len(await written(database)) == 90
    assert await alarms(database) == {}


async def test_everything_that_is_not_a_record_finds_its_table(
    store: PgStore, services: Services, device: Device, database: Database
) -> None:
    clone = Device().write(*device.lines[EPOCH][:2], tapped(777))
    poison = Device("gate-2").write(tapped(), b'{"k":"sonnet\\u0000"}', b"\x00\xff")
    await add_devices(database.pool, services.vault, services.clock, poison)

    await take(store, device.batch(1, 3), clone.batch(1, 3), device.gap(4, 5), poison.batch(1, 3))

    kept = await database.pool.fetch("SELECT device, seq, reason FROM quarantine ORDER BY device, seq")
    assert [tuple(row) for row in kept] == [
        ("gate-1", 3, "conflict"),
        ("gate-2", 2, "unknown"),
        ("gate-2", 3, "malformed"),
    ]
    lost = await database.pool.fetch("SELECT first_seq, last_seq, reason FROM loss")
    assert [tuple(row) for row in lost] == [(4, 5, "unreadable")]
    assert set(await alarms(database)) == {"record_conflict", "record_unknown", "record_malformed", "records_lost"}


async def test_text_that_no_row_can_hold_is_cleaned_and_stops_nobody(
    store: PgStore, device: Device, database: Database
) -> None:
    await take(store, Arrived("esik/v1/07/alm005/\ud800\0/rec", b"", NOW_MS), device.batch(1, 2))

    assert len(await written(database)) == 2
    assert await alarms(database) == {"topic_foreign": 1}


async def test_alarms_alike_are_counted_in_one_row(store: PgStore, device: Device, database: Database) -> None:
    for _ in range(3):
        await take(store, Device(secret=b"x" * 32).write(tapped()).batch(1, 1))

    assert await alarms(database) == {"seal_broken": 3}
    assert device.name == await database.pool.fetchval("SELECT device FROM alarm")


async def test_fault_30_a_clone_stands_on_the_list_of_its_school_until_somebody_looked_into_it(
    store: PgStore, device: Device, services: Services
) -> None:
    other = Device(boot="2" * 16).write(opened("2" * 16), tapped(3), epoch=OTHER)
    await take(store, device.hello(EPOCH), device.batch(1, 2))
    await take(store, other.hello(OTHER), other.batch(1, 2, epoch=OTHER))
    for _ in range(2):
        await take(store, device.hello(EPOCH), other.hello(OTHER))
    school_id = await services.database.pool.fetchval("SELECT id FROM school")

    found = await alarms_of(services, SYSTEM, school_id, AlarmFilters(severity=Severity.SEVERE))

    assert [(alarm.kind, alarm.device, alarm.acknowledged_at) for alarm in found.alarms] == [
        ("clone", device.name, None)
    ]


async def test_boots_outlive_the_worker(store: PgStore, services: Services, device: Device, database: Database) -> None:
    blind = Device(boot="2" * 16).write(opened("2" * 16), tapped(at=At(40_000, 0, "none")), epoch=OTHER)
    await take(store, device.hello(), blind.hello(at=At(100_000, 0, "none")))
    other = new_store(services)

    await take(other, blind.batch(1, 2, epoch=OTHER), device.hello())
    await other.close()

    corrected = await database.pool.fetchval("SELECT corrected_ms FROM record WHERE seq = 2")
    assert corrected == NOW_MS - 60_000
    assert "clone" in await alarms(database)


async def test_fault_36_a_newer_kind_leaves_quarantine_after_the_upgrade(
    store: PgStore, device: Device, database: Database
) -> None:
    def older(line: bytes) -> tuple[AnyRecord, str]:
        record, kind = read_record(line)
        if kind == "decision":
            raise Unreadable("unknown")
        return record, kind

    await accept([device.batch(1, 10)], store, NOW_MS, older)
    assert len(await written(database)) == 1

    assert [await store.reinterpret(), await store.reinterpret()] == [9, 0]

    assert await written(database) == device.lines[EPOCH][:10]
    assert await positions(database) == list(range(1, 11))
    assert (await take(store, device.batch(1, 12))).duplicates == 0
    assert await positions(database) == list(range(1, 13))


# Failing commits


async def test_fault_18_a_worker_that_dies_before_its_commit_leaves_nothing(
    services: Services, device: Device, database: Database
) -> None:
    dying = new_store(services)
    with pytest.raises(asyncio.CancelledError):
        await _die_in_a_window(dying, device)
    other = new_store(services)

    plan = await take(other, device.batch(1, 4))
    await other.close()

    assert device.heard(plan) == [device.ack(4)]
    assert await positions(database) == [1, 2, 3, 4]


async def test_fault_20_a_connection_that_ends_mid_window_writes_nothing_and_the_next_window_is_right(
    store: PgStore, device: Device, database: Database
) -> None:
    await take(store, device.batch(1, 2))
    async with database.pool.acquire() as holder, holder.transaction():
        await holder.execute("SELECT 1 FROM shard_head WHERE shard = 7 FOR UPDATE")
        taking = asyncio.create_task(take(store, device.batch(3, 4)))
        await _cut(database)
        with pytest.raises(StoreFailed):
            await taking

    plan = await take(store, device.batch(3, 4))

    assert device.heard(plan) == [device.ack(4)]
    assert await positions(database) == [1, 2, 3, 4]


async def test_fault_20_a_commit_whose_answer_was_lost_is_a_failure_and_found_again_as_a_duplicate(
    services: Services, device: Device, database: Database
) -> None:
    server = address(database.url)
    proxy = Proxy(server["host"], server["port"])
    port = await proxy.start()
    store = new_store(services, database.url.replace(f":{server['port']}/", f":{port}/"))
    await take(store, device.batch(1, 2))
    proxy.delay_ms = 100
    taking = asyncio.create_task(take(store, device.batch(3, 4)))

    await eventually(lambda: database.pool.fetchval("SELECT count(*) = 4 FROM record"))
    proxy.unplug()
    with pytest.raises(StoreFailed):
        await taking
    proxy.delay_ms = 0
    proxy.plug()
    plan = await take(store, device.batch(3, 4))
    await store.close()
    await proxy.stop()

    assert device.heard(plan) == [device.ack(4)]
    assert plan.duplicates == 2
    assert await positions(database) == [1, 2, 3, 4]


async def test_a_database_that_is_away_is_a_failure_and_is_found_again(
    services: Services, device: Device, database: Database
) -> None:
    proxy = Proxy("127.0.0.1", address(database.url)["port"])
    port = await proxy.start()
    store = new_store(services, database.url.replace(f":{address(database.url)['port']}/", f":{port}/"))
    proxy.unplug()

    with pytest.raises(StoreFailed):
        await take(store, device.batch(1, 2))
    proxy.plug()
    plan = await take(store, device.batch(1, 2))
    await store.close()
    await proxy.stop()

    assert device.heard(plan) == [device.ack(2)]


async def test_fault_44_two_workers_that_race_on_one_device_keep_one_watermark(
    services: Services, device: Device, database: Database
) -> None:
    stores = [new_store(services), new_store(services)]

    async def push(store: PgStore) -> None:
        for first in range(1, 101, 3):
            await take(store, device.batch(first, min(first + 2, 100)))

    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        for store in stores:
            group.create_task(push(store))
    for store in stores:
        await store.close()

    assert await written(database) == device.lines[EPOCH]
    assert await positions(database) == list(range(1, 101))
    assert await database.pool.fetchval("SELECT upto FROM watermark") == 100
    assert await database.pool.fetchval("SELECT count(*) FROM quarantine") == 0


async def test_fault_44_workers_over_many_shards_do_not_wait_for_each_other_in_a_circle(
    services: Services, database: Database
) -> None:
    devices = [Device(f"gate-{shard}", school=f"alm{shard:03}", shard=shard) for shard in range(6)]
    for each in devices:
        each.write(*[tapped(number) for number in range(20)])
    await add_devices(database.pool, services.vault, services.clock, *devices)
    stores = [new_store(services) for _ in range(3)]

    async def push(number: int, store: PgStore) -> None:
        order = devices[number:] + devices[:number]
        for seq in range(1, 21):
            await take(store, *[each.batch(seq, seq) for each in order])

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        for number, store in enumerate(stores):
            group.create_task(push(number, store))
    for store in stores:
        await store.close()

    rows = await database.pool.fetch("SELECT shard, count(*), max(position) FROM record GROUP BY shard")
    assert [(row["count"], row["max"]) for row in rows] == [(20, 20)] * 6


async def test_fault_21_a_database_restored_from_a_backup_takes_again_what_it_lost(
    store: PgStore, services: Services, device: Device, database: Database
) -> None:
    await take(store, device.batch(1, 6))
    await database.pool.execute("DELETE FROM record WHERE seq > 2")
    await database.pool.execute("TRUNCATE watermark, shard_head")
    await database.pool.execute(
        "INSERT INTO watermark VALUES ('gate-1', $1, 7, 2, $2, '')", EPOCH, device.chains[EPOCH][2]
    )
    await database.pool.execute("INSERT INTO shard_head VALUES (7, 2, 0)")
    restored = new_store(services)

    mark = welcome_of(device.heard(await take(restored, device.hello()))).marks[0]
    plan = await take(restored, device.gap(3, 4, trimmed=True), device.batch(5, 8))
    await restored.close()

    assert mark.upto == 2
    assert device.heard(plan) == [device.ack(8)]
    assert await positions(database) == [1, 2, 3, 4, 5, 6]


# Revocation


@pytest.mark.parametrize("tell", [True, False], ids=["by a wake-up", "by looking"])
async def test_a_revocation_bites_on_a_live_session(
    services: Services, device: Device, database: Database, tell: bool
) -> None:
    senders = Senders(database.pool, services.vault, services.clock)
    store = PgStore(database.url, senders)
    await take(store, device.batch(1, 2))
    async with await services.wakeups.subscribe(CHANGED):  # the database listens from here on, whoever follows
        following = asyncio.create_task(senders.follow(services.wakeups))
        await asyncio.sleep(0)

    await revoke(database.pool, services.clock, device, tell=tell)
    if tell:
        await until_async(lambda: not senders.on_shards({7}))
    else:
        await senders.check()
    plan = await take(store, device.batch(3, 4))
    following.cancel()
    await store.close()

    assert device.heard(plan) == [Nack(code="device_revoked", retry_after_ms=3_600_000)]
    assert len(await written(database)) == 2


async def test_a_device_added_later_is_found_when_it_is_asked_for_again(
    store: PgStore, services: Services, clock: SimulatedClock
) -> None:
    late = Device("gate-5").write(tapped())
    assert (await take(store, late.batch(1, 1))).replies == []
    await add_devices(services.database.pool, services.vault, clock, late)
    clock.advance(5)

    plan = await take(store, late.batch(1, 1))

    assert late.heard(plan) == [late.ack(1)]


async def _die_in_a_window(store: PgStore, device: Device) -> None:
    async with store.window([device.shard]) as window:
        await window.write(Plan(heads={device.shard: 5}))
        raise asyncio.CancelledError


async def _cut(database: Database) -> None:
    """End every connection of ingest that waits for a lock, as a server does that fails over."""
    await eventually(
        lambda: database.pool.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE application_name = 'esik-ingest' AND wait_event_type = 'Lock' AND datname = current_database()"
        )
    )
