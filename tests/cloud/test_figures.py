"""A worker's figures: its own shards' fleet, over HTTP, and nothing that names a device."""

import asyncio
import contextlib
from dataclasses import replace
from datetime import timedelta

import httpx2

from cloud.core.services import Services
from cloud.devices.actions import NewDevice, NewGate, register
from cloud.devices.alarms import note_alarm
from cloud.devices.commands import Action, command
from cloud.figures import Fleet, WorkerFigures, read_fleet, watch
from cloud.ledger.postings import OFFICE, top_up
from tests.cloud.ledger.factory import NOON, children, posted
from tests.cloud.notifications.factory import tell_all
from tests.cloud.schools.factory import SYSTEM, a_school
from tests.servers.process import free_port
from tests.waiting import until_async


async def a_fleet(services: Services) -> int:
    """Make a school with two devices, an alarm and a command; return its shard."""
    school_id, now, pool = await a_school(services), services.clock.now(), services.database.pool
    for name in ("gate-1", "gate-2"):
        await register(services, SYSTEM, school_id, NewDevice(name, (NewGate(name, "Е", "В", "D"),)))
    await pool.execute(
        "UPDATE device SET seen_at = $1, unsent = 47, certificate_until = $2 WHERE name = 'gate-1'",
        now - timedelta(hours=1), now + timedelta(days=3),
    )  # fmt: skip
    await note_alarm(pool, school_id, "gate-1", "clone", "", now)
    await command(services, SYSTEM, "gate-1", Action.LOCATE)
    shard: int = await pool.fetchval("SELECT shard FROM school")
    return shard


async def test_a_worker_counts_the_fleet_of_its_own_shards(services: Services) -> None:
    shard = await a_fleet(services)

    mine = await read_fleet(services.database.pool, [shard], services.clock)
    others = await read_fleet(services.database.pool, [(shard + 1) % 64], services.clock)

    assert mine == Fleet(
        devices={"offline": 1, "never": 1}, unsent=47, not_heard=1, ending=1, alarms={"severe": 1},
        commands={"waiting": 1, "unanswered": 0}, lost=0, behind={},
    )  # fmt: skip
    assert others == Fleet(commands={"waiting": 0, "unanswered": 0})


async def test_what_notices_have_not_met_is_counted(services: Services) -> None:
    school_id, (ref,) = await children(services, 1)
    await posted(
        services, school_id, top_up("cash:1", NOON, ref, 1_00, OFFICE), top_up("cash:2", NOON, ref, 1_00, OFFICE)
    )
    before = await read_fleet(services.database.pool, range(64), services.clock)

    await tell_all(services)

    after = await read_fleet(services.database.pool, range(64), services.clock)
    assert (before.behind, after.behind) == ({"notices_ledger": 2}, {"notices_ledger": 0})


async def test_figures_are_served_at_the_port_of_the_settings_and_name_nobody(services: Services) -> None:
    shard, port = await a_fleet(services), free_port()
    at = replace(services, settings=replace(services.settings, metrics_port=port))
    figures = WorkerFigures(lambda: [shard], lambda: None)
    serving = asyncio.create_task(watch(at, figures, lambda: [shard]))
    try:
        await until_async(lambda: bool(figures.fleet.devices))
        async with httpx2.AsyncClient(trust_env=False) as http:
            text = (await http.get(f"http://127.0.0.1:{port}/metrics")).text
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving

    assert 'esik_fleet_devices{state="offline"} 1.0' in text
    assert 'esik_fleet_alarms_open{severity="severe"} 1.0' in text
    assert "esik_worker_records_total 0.0" in text
    assert "gate-1" not in text
    assert "almaty5" not in text
