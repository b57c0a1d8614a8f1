"""The worker on a real broker and database: records become presence, devices are seen, shards are shared."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date

import pytest
from structlog.testing import capture_logs

from cloud.core.clock import SystemClock
from cloud.core.periodic import untroubled
from cloud.core.services import Services
from cloud.exports.jobs import order_export
from cloud.ingest import leases
from cloud.ingest.admission import MESSAGES_BURST
from cloud.ingest.partitions import make_partitions
from cloud.worker import Worker
from edge_agent.sync.actions import Publish
from edge_agent.sync.counters import Phase
from edge_agent.sync.mqtt import Broker, Link
from schemas.topics import SHARDS
from tests.cloud.exports.factory import GIVES_WAY_S, held_up, job_of, programs, until_held_up, write_key
from tests.cloud.ingest.device import Device, opened, tapped
from tests.cloud.ingest.rows import add_devices, eventually
from tests.cloud.schools.factory import SYSTEM
from tests.edge_agent.sync.live import Agent
from tests.edge_agent.sync.model import IDENTITY, SECRET
from tests.servers.mosquitto import Mosquitto
from tests.waiting import until_async

DEVICE = Device(IDENTITY.device, school=IDENTITY.school, shard=IDENTITY.shard, secret=SECRET)


@pytest.fixture(name="clock")
def _clock() -> SystemClock:
    return SystemClock()


@contextlib.asynccontextmanager
async def working(services: Services, broker: Mosquitto) -> AsyncIterator[Worker]:
    """Run a worker until the end of the block."""
    settings = replace(services.settings, mqtt_url=f"mqtt://127.0.0.1:{broker.port}")
    worker = Worker(replace(services, settings=settings))
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_an_agents_records_are_taken_in_and_it_is_seen(services: Services, mosquitto_server: Mosquitto) -> None:
    pool = services.database.pool
    await add_devices(pool, services.vault, services.clock, DEVICE)
    agent = Agent([f"mqtt://127.0.0.1:{mosquitto_server.port}"])
    async with working(services, mosquitto_server), agent.running():
        agent.append(opened(), tapped(1), tapped(2))

        await eventually(lambda: pool.fetchval("SELECT count(*) = 3 FROM record"))
        await eventually(lambda: pool.fetchval("SELECT bool_and(position = 3) FROM reader_cursor WHERE shard = 7"))
        await eventually(lambda: pool.fetchval("SELECT is_online AND seen_at IS NOT NULL FROM device"))


async def test_a_worker_that_leaves_has_said_when_records_last_came(
    services: Services, mosquitto_server: Mosquitto
) -> None:
    pool = services.database.pool
    await add_devices(pool, services.vault, services.clock, DEVICE)
    agent = Agent([f"mqtt://127.0.0.1:{mosquitto_server.port}"])
    async with agent.running():
        async with working(services, mosquitto_server) as worker:
            await eventually(lambda: pool.fetchval("SELECT is_online FROM device"))
            await pool.execute("UPDATE device SET seen_at = NULL")
            agent.append(opened())
            await until_async(lambda: worker.intake is not None and worker.intake.records == 1)

        assert await pool.fetchval("SELECT seen_at IS NOT NULL FROM device")


@pytest.mark.requirement("KZ456-3", part="uninterrupted")
async def test_a_worker_whose_broker_dies_goes_on_when_it_is_back(
    services: Services, mosquitto_server: Mosquitto
) -> None:
    pool = services.database.pool
    await add_devices(pool, services.vault, services.clock, DEVICE)
    agent = Agent([f"mqtt://127.0.0.1:{mosquitto_server.port}"])
    async with working(services, mosquitto_server), agent.running():
        agent.append(opened())
        await eventually(lambda: pool.fetchval("SELECT count(*) = 1 FROM record"))
        mosquitto_server.server.kill()
        agent.append(tapped(1))
        mosquitto_server.server.start()

        await eventually(lambda: pool.fetchval("SELECT count(*) = 2 FROM record"), 20)


async def test_taps_are_acknowledged_while_an_export_stands_still_in_its_midst(
    services: Services, mosquitto_server: Mosquitto
) -> None:
    """What writes it is stopped as a whole: were any of it in the worker's own loop, nothing would be taken in."""
    write_key(services)
    await add_devices(services.database.pool, services.vault, services.clock, DEVICE)
    school_id = await services.database.pool.fetchval("SELECT id FROM school")
    agent = Agent([f"mqtt://127.0.0.1:{mosquitto_server.port}"])
    await order_export(services, SYSTEM, school_id, [])
    async with working(services, mosquitto_server), agent.running():
        async with held_up(services):
            await until_held_up(services)
            (program,) = programs()
            os.kill(program, signal.SIGSTOP)
        agent.append(opened(), tapped(1), tapped(2))

        await until_async(lambda: agent.session.phase is Phase.FLOWING and agent.session.unsent == 0)

        assert (await job_of(services, school_id)).state == "running"
        os.kill(program, signal.SIGCONT)
        await eventually(lambda: services.database.pool.fetchval("SELECT state = 'done' FROM export_job"), GIVES_WAY_S)


async def test_fault_42_a_device_that_floods_is_alarmed_and_others_are_taken_in(
    services: Services, mosquitto_server: Mosquitto
) -> None:
    pool = services.database.pool
    hostile = Device("gate-evil", school=IDENTITY.school, shard=IDENTITY.shard)
    await add_devices(pool, services.vault, services.clock, DEVICE, hostile)
    agent = Agent([f"mqtt://127.0.0.1:{mosquitto_server.port}"])
    link = Link(Broker("127.0.0.1", mosquitto_server.port, is_tls=False), hostile.name, lambda *_: None)
    await link.open([])
    async with working(services, mosquitto_server) as worker, agent.running():
        await eventually(lambda: pool.fetchval("SELECT is_online FROM device WHERE name = $1", DEVICE.name))
        for _ in range(int(MESSAGES_BURST) + 500):
            link.publish(Publish(hostile.wire.topic("rec"), b"?"))
        agent.append(opened(), tapped(1))

        await eventually(lambda: pool.fetchval("SELECT count(*) = 2 FROM record"))
        await until_async(lambda: worker.intake is not None and worker.intake.turned_away > 0)
        await worker.note_floods()
    await link.close()

    rows = await pool.fetch("SELECT kind FROM alarm WHERE device = $1 ORDER BY kind", hostile.name)
    assert [row["kind"] for row in rows] == ["flood", "seal_broken"]


async def test_a_worker_that_was_killed_has_its_shards_at_once_when_it_is_the_only_one(services: Services) -> None:
    await leases.renew(services.database.pool, Worker(services).holder)

    assert len(await leases.renew(services.database.pool, Worker(services).holder)) == SHARDS


@pytest.mark.requirement("KZ456-3", part="uninterrupted")
async def test_workers_share_the_shards_and_a_dead_ones_are_taken_over(services: Services) -> None:
    pool = services.database.pool
    alone = await leases.renew(pool, "one")
    await leases.renew(pool, "two")
    shared = await leases.renew(pool, "one")
    other = await leases.renew(pool, "two")

    assert len(alone) == SHARDS
    assert len(shared) == len(other) == SHARDS // 2
    assert shared | other == alone
    assert shared <= alone
    await pool.execute("UPDATE worker_beat SET expires_at = clock_timestamp() - interval '1 s' WHERE holder = 'two'")
    await pool.execute("UPDATE shard_lease SET expires_at = clock_timestamp() - interval '1 s' WHERE holder = 'two'")
    assert await leases.renew(pool, "one") == alone


async def test_a_worker_that_leaves_lets_others_have_its_shards_at_once(services: Services) -> None:
    pool = services.database.pool
    await leases.renew(pool, "one")
    await leases.give_up(pool, "one")

    assert len(await leases.renew(pool, "two")) == SHARDS


async def test_the_log_of_work_that_failed_holds_nothing_of_a_row(services: Services) -> None:
    pool = services.database.pool
    await pool.execute("CREATE TABLE told (name text CONSTRAINT short CHECK (length(name) < 5))")

    with capture_logs() as logs:
        await untroubled(lambda: pool.execute("INSERT INTO told VALUES ('Ахметова')"))()

    (entry,) = logs
    assert (entry["event"], entry["error"]) == ("work.failed", ["CheckViolationError 23514 short"])


async def test_partitions_are_made_ahead_and_once(services: Services) -> None:
    pool = services.database.pool

    first = await make_partitions(pool, date(2026, 11, 25))
    again = await make_partitions(pool, date(2026, 12, 1))

    assert first == ["record_2026_11", "record_2026_12", "record_2027_01"]
    assert again == ["record_2027_02"]


async def test_a_part_that_fails_as_it_is_ended_does_not_begin_again(services: Services) -> None:
    begun: list[str] = []

    async def part() -> None:
        begun.append("ingest")
        try:
            await asyncio.Event().wait()
        finally:
            raise ConnectionError("the database went in the same moment")

    keeping = asyncio.create_task(Worker(services)._keep("ingest", part))
    await until_async(lambda: begun)
    keeping.cancel()
    done, _ = await asyncio.wait([keeping], timeout=30)

    assert done
    assert begun == ["ingest"]
