"""A real worker on a real database and broker measures its server, finds what is wrong, and tells an operator."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from cloud.core.clock import SystemClock
from cloud.core.services import Services
from cloud.monitoring import servers, troubles
from cloud.monitoring.pages import health_of
from cloud.worker import Worker
from tests.cloud.ingest.rows import eventually
from tests.cloud.monitoring.factory import told_by_mail
from tests.cloud.schools.factory import SYSTEM
from tests.servers.mosquitto import Mosquitto
from tests.waiting import until_async


@pytest.fixture(name="clock")
def _clock() -> SystemClock:
    return SystemClock()


@contextlib.asynccontextmanager
async def working(services: Services, mosquitto_server: Mosquitto, **settings: object) -> AsyncIterator[Worker]:
    changed = replace(services.settings, mqtt_url=f"mqtt://127.0.0.1:{mosquitto_server.port}", **settings)  # type: ignore[arg-type]  # names of settings
    worker = Worker(replace(services, settings=changed))
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.mark.requirement("KZ456-5.18")
async def test_processor_memory_disks_network_and_processes_are_seen_live(
    services: Services, mosquitto_server: Mosquitto
) -> None:
    pool = services.database.pool
    async with working(services, mosquitto_server) as worker:
        await eventually(lambda: pool.fetchval("SELECT count(*) > 0 FROM service_process"))
        at = replace(
            services, settings=replace(services.settings, mqtt_url=f"mqtt://127.0.0.1:{mosquitto_server.port}")
        )
        health = await health_of(at, SYSTEM)
        assert [(each.name, each.part) for each in health.processes] == [(worker.holder, "worker")]
    await eventually(lambda: pool.fetchval("SELECT count(*) = 0 FROM service_process"))  # it said that it ended

    (server,) = health.servers
    snapshot = server.reading.snapshot
    assert 0 <= snapshot.processor <= 100
    assert 0 < server.reading.memory < 100
    assert all(0 < each.share <= 100 for each in snapshot.disks)
    assert snapshot.disks
    assert "postgres" in {each.name for each in snapshot.programs}
    assert (health.broker.lost, health.broker.refused) == ("", "")
    assert health.database.connections > 0
    assert await pool.fetchval("SELECT count(*) FROM server_minute") >= 1


@pytest.mark.requirement("KZ456-5.19")
async def test_what_is_wrong_is_found_and_told_to_the_operator(
    services: Services, mosquitto_server: Mosquitto, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    async with told_by_mail(services) as (at, mailbox), working(at, mosquitto_server, backup_folder=folder):
        await until_async(lambda: any("backup" in each["Subject"] for each in mailbox.letters), timeout_s=60)
        assert "backup_old" in {each.kind for each in await troubles.open_troubles(services.database.pool)}

    (letter,) = (each for each in mailbox.letters if "backup" in each["Subject"])
    assert (letter["To"], letter["Subject"]) == ("ops@example.kz", "There is no backup of the last day: backup")
    assert "docs/runbooks.md#backup_old" in letter.get_content()
    assert len(await servers.readings(services.database.pool)) == 1
