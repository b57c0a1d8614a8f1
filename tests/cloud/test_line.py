"""The straight line in the embedded edition: an agent's own uplink, TLS, the embedded broker, the worker, presence."""

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
from schemas.structs import Decision
from tests.cloud.ingest.device import Device, line, opened, tapped
from tests.cloud.ingest.rows import add_devices, eventually
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import a_school
from tests.edge_agent.sync.live import LIVE, Agent
from tests.edge_agent.sync.model import IDENTITY, SECRET
from tests.servers.process import free_port
from tests.waiting import until_async

DEVICE = Device(IDENTITY.device, school=IDENTITY.school, shard=IDENTITY.shard, secret=SECRET)
BURST = 2_000


@pytest.fixture(name="clock")
def _clock() -> SystemClock:
    return SystemClock()


@pytest.fixture(name="agent")
async def _agent(services: Services, tmp_path: Path) -> AsyncIterator[Agent]:
    """Run the embedded edition's broker and worker, and return an agent that knows the way there."""
    at = replace(services, settings=replace(services.settings, broker_port=free_port()))
    broker = EmbeddedBroker(at)
    tasks = [asyncio.create_task(broker.run())]
    await until_async(lambda: broker.listens.is_set() or tasks[0].done())
    tasks.append(asyncio.create_task(Worker(at).run()))
    try:
        port = at.settings.broker_port
        yield Agent([f"mqtts://127.0.0.1:{port}"], credentials=_credentials(services, tmp_path))
    finally:
        for task in reversed(tasks):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def _credentials(services: Services, folder: Path) -> Credentials:
    authority = Authority.load(services.settings.data / "ca", services.vault)
    issued = authority.for_device(IDENTITY.device, services.clock.now())
    certificate, key = folder / "device.pem", folder / "device.key"
    certificate.write_text(issued.certificate_pem)
    key.write_text(issued.key_pem)
    return Credentials(authority.root_pem, certificate, key)


async def _pupil(services: Services) -> str:
    """Enter the agent's school with one student; return the student's reference."""
    pool = services.database.pool
    school_id = await a_school(services, IDENTITY.school)
    await pool.execute("UPDATE school SET shard = $1", IDENTITY.shard)
    await a_student(services, school_id)
    await add_devices(pool, services.vault, services.clock, DEVICE)
    return str(await pool.fetchval("SELECT ref FROM person"))


def _arrived(services: Services, ref: str) -> bytes:
    now_ms = int(services.clock.now().timestamp() * 1_000)
    return line(
        Decision(
            monotonic_ms=9_000, wall_ms=now_ms, clock="ntp", gate="main", direction="in", outcome="allowed",
            reason="ok", roster=1, person=ref,
        )
    )  # fmt: skip


async def test_a_tap_becomes_a_record_presence_and_an_acknowledgement(services: Services, agent: Agent) -> None:
    ref, pool = await _pupil(services), services.database.pool
    async with agent.running():
        agent.append(opened(), _arrived(services, ref))

        await eventually(lambda: pool.fetchval("SELECT is_inside FROM presence"))
        await until_async(lambda: agent.journal.held[LIVE].tail == 3)

    assert await pool.fetchval("SELECT count(*) FROM record") == 2


async def test_a_backlog_goes_through_the_embedded_broker_no_faster_than_it_is_acknowledged(
    services: Services, agent: Agent
) -> None:
    ref, pool = await _pupil(services), services.database.pool
    agent.append(opened(), *[tapped(number) for number in range(BURST)], _arrived(services, ref))
    async with agent.running():
        await until_async(lambda: agent.journal.held[LIVE].tail == BURST + 3, 30)
        await eventually(lambda: pool.fetchval("SELECT is_inside FROM presence"))

    assert await pool.fetchval("SELECT count(*) FROM record") == BURST + 2
