"""An export of a hundred times as much takes no more memory: whoever is impatient takes nothing from the service."""

import asyncio
from pathlib import Path

from cloud.core.services import Services
from cloud.imports.actions import import_school
from tests.cloud.exports.factory import write_key
from tests.cloud.exports.peak import export, fill
from tests.cloud.imports.factory import file
from tests.cloud.schools.factory import SYSTEM, a_school

FEW, MANY = 2_000, 200_000
MORE_MB_MAX = 32.0  # SQLite's own cache is half of it


async def test_two_hundred_thousand_rows_take_no_more_memory_than_two_thousand(
    services: Services, tmp_path: Path
) -> None:
    await import_school(services, SYSTEM, await a_school(services), file())
    write_key(services)
    settings = {
        "edition": "server", "data": tmp_path, "database_url": services.settings.database_url,
        "mqtt_url": "mqtt://127.0.0.1:1",
    }  # fmt: skip
    pool = services.database.pool
    await fill(pool, 0, FEW)
    small = await asyncio.to_thread(export, settings, "almaty5", tmp_path / "few.zip")

    await fill(pool, FEW, MANY)
    large = await asyncio.to_thread(export, settings, "almaty5", tmp_path / "many.zip")

    assert (small.passages, large.passages) == (FEW, MANY)
    assert large.file_mb > 10 * small.file_mb
    assert large.memory_mb < small.memory_mb + MORE_MB_MAX, f"{small} {large}"
