"""A worker on database tables of another version: it takes nothing, says so, and nothing is lost when it may again."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from cloud.brokers.embedded import EmbeddedBroker
from cloud.core.clock import SystemClock
from cloud.core.services import Services
from cloud.devices.ca import Authority
from cloud.worker import Worker
from edge_agent.sync.tls import Credentials
from tests.cloud.ingest.device import Device, opened, tapped
from tests.cloud.ingest.rows import add_devices, eventually
from tests.cloud.schools.factory import a_school
from tests.edge_agent.sync.live import LIVE, Agent
from tests.edge_agent.sync.model import IDENTITY, SECRET
from tests.servers.process import free_port
from tests.waiting import until_async

DEVICE = Device(IDENTITY.device, school=IDENTITY.school, shard=IDENTITY.shard, secret=SECRET)


@pytest.fixture(name="clock")
def _clock() -> SystemClock:
    return SystemClock()


@pytest.fixture(name="agent")
async def _agent(services: Services, tmp_path: Path) -> AsyncIterator[Agent]:
    """Yield an agent, with a broker and a worker whose tables somebody has brought to a later version."""
    await a_school(services, IDENTITY.school)
    await services.database.pool.execute("UPDATE school SET shard = $1", IDENTITY.shard)
    await add_devices(services.database.pool, services.vault, services.clock, DEVICE)
    await services.database.pool.execute(
        "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('cloud', '9999_later', now())"
    )
    at = replace(services, settings=replace(services.settings, broker_port=free_port()))
    broker = EmbeddedBroker(at)
    tasks = [asyncio.create_task(broker.run())]
    await until_async(lambda: broker.listens.is_set() or tasks[0].done())
    tasks.append(asyncio.create_task(Worker(at).run()))
    issued = Authority.load(services.settings.data / "ca", services.vault).for_device(DEVICE.name, services.clock.now())
    (tmp_path / "device.pem").write_text(issued.certificate_pem)
    (tmp_path / "device.key").write_text(issued.key_pem)
    ca = Authority.load(services.settings.data / "ca", services.vault).root_pem
    try:
        yield Agent(
            [f"mqtts://127.0.0.1:{at.settings.broker_port}"],
            credentials=Credentials(ca, tmp_path / "device.pem", tmp_path / "device.key"),
        )
    finally:
        for task in reversed(tasks):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def test_fault_45_a_worker_on_tables_of_another_version_acknowledges_nothing_alarms_and_nothing_is_lost(
    services: Services, agent: Agent
) -> None:
    pool = services.database.pool
    async with agent.running():
        agent.append(opened(), tapped(), tapped())
        await eventually(lambda: pool.fetchval("SELECT count FROM alarm WHERE kind = 'tables_other'"))
        held, kept = agent.journal.held[LIVE].tail, await pool.fetchval("SELECT count(*) FROM record")

        await pool.execute("DELETE FROM tortoise_migrations WHERE name = '9999_later'")
        await until_async(lambda: agent.journal.held[LIVE].tail == 4, 30)

    assert (held, kept) == (1, 0)
    assert await pool.fetchval("SELECT count(*) FROM record") == 3
