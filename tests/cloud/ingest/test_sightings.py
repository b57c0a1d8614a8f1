"""Sightings in the registry: what devices said and when they were heard, newest first and never backwards."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from cloud.core.services import Services
from cloud.devices.health import KEPT, Health, forget_health, health_since
from cloud.ingest.plan import Healthy, Plan, Sighting
from cloud.ingest.sightings import Sightings
from tests.cloud.ingest.device import NOW_MS, Device
from tests.cloud.ingest.rows import add_devices

MINUTE_MS = 60_000


@pytest.fixture(name="device_id")
async def _device_id(services: Services) -> int:
    await add_devices(services.database.pool, services.vault, services.clock, Device())
    found: int = await services.database.pool.fetchval("SELECT id FROM device")
    return found


def instant(at_ms: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)


def told(device_id: int, at_ms: int = NOW_MS, *, unsent: int | None = None, roster: int | None = None) -> Plan:
    return Plan(sightings={"gate-1": Sighting(device_id, at_ms, unsent=unsent, roster=roster)})


async def seen_at(pool: asyncpg.Pool) -> datetime | None:
    at: datetime | None = await pool.fetchval("SELECT seen_at FROM device")
    return at


async def test_a_device_that_only_sends_records_is_seen_by_them(services: Services, device_id: int) -> None:
    sightings, pool = Sightings(), services.database.pool
    for at_ms in (NOW_MS, NOW_MS + MINUTE_MS):
        sightings.note(Plan(heard={device_id: at_ms}))

    await sightings.write_heard(pool)

    assert await seen_at(pool) == instant(NOW_MS + MINUTE_MS)


async def test_what_is_written_late_turns_no_clock_back(services: Services, device_id: int) -> None:
    sightings, pool = Sightings(), services.database.pool
    sightings.note(Plan(heard={device_id: NOW_MS}))
    sightings.note(told(device_id, NOW_MS + MINUTE_MS))

    await sightings.write(pool)
    await sightings.write_heard(pool)

    assert await seen_at(pool) == instant(NOW_MS + MINUTE_MS)


async def test_what_a_database_did_not_take_is_written_later_under_what_came_since(
    services: Services, device_id: int
) -> None:
    """As that a device came or went, which nothing would tell again."""
    sightings, pool = Sightings(), services.database.pool
    sightings.note(Plan(sightings={"gate-1": Sighting(device_id, NOW_MS, is_online=True, unsent=7)}))
    await pool.execute("ALTER TABLE device RENAME TO device_away")
    with pytest.raises(asyncpg.UndefinedTableError):
        await sightings.write(pool)
    await pool.execute("ALTER TABLE device_away RENAME TO device")
    sightings.note(told(device_id, NOW_MS + 1, unsent=3))

    await sightings.write(pool)

    assert tuple(await pool.fetchrow("SELECT is_online, unsent FROM device")) == (True, 3)


async def test_a_later_word_leaves_what_it_does_not_speak_of(services: Services, device_id: int) -> None:
    sightings, pool = Sightings(), services.database.pool
    sightings.note(told(device_id, unsent=300, roster=12))
    sightings.note(told(device_id, NOW_MS + 1, unsent=0))
    assert await sightings.write(pool) == 1

    assert tuple(await pool.fetchrow("SELECT unsent, roster_version FROM device")) == (0, 12)
    assert await sightings.write(pool) == 0


async def test_when_records_came_and_were_acknowledged_is_kept_with_their_epoch(
    services: Services, device_id: int
) -> None:
    sightings, pool = Sightings(), services.database.pool
    sightings.note(Plan(heard={device_id: NOW_MS}, acked={device_id: (NOW_MS, "e" * 16)}))
    await sightings.write_heard(pool)
    sightings.note(Plan(heard={device_id: NOW_MS + MINUTE_MS}))  # refused: another word, and no ack

    await sightings.write_heard(pool)

    row = await pool.fetchrow("SELECT recorded_at, acked_at, epoch FROM device_contact")
    assert tuple(row) == (instant(NOW_MS + MINUTE_MS), instant(NOW_MS), "e" * 16)


async def test_how_a_device_was_is_kept_once_for_an_instant_and_for_some_days(
    services: Services, device_id: int
) -> None:
    sightings, pool = Sightings(), services.database.pool
    now = services.clock.now()
    now_ms = int(now.timestamp() * 1_000)
    old_ms = now_ms - int(KEPT.total_seconds() * 1_000) - MINUTE_MS
    for at_ms in (now_ms, now_ms, old_ms):
        sightings.note(Plan(healths=[Healthy(device_id, at_ms, 81, 3, 14_000, -7, 30, -67)]))
        await sightings.write_heard(pool)

    await forget_health(pool, now)

    async with pool.acquire() as connection:
        kept = await health_since(connection, device_id, now - KEPT)
    assert kept == [Health(device_id, instant(now_ms), 81, 3, 14_000, -7, 30, -67)]
