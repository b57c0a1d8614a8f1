"""What is measured of backups: how quick a school is written, sealed, restored and compared; and a million rows out."""

import asyncio
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from cloud.cli.archive import write_archive
from cloud.cli.drilling import drill
from cloud.cli.restoring import restore_archive
from cloud.core.clock import SystemClock
from cloud.core.migrating import migrate
from cloud.core.services import open_services
from cloud.core.settings import Edition, Settings
from cloud.core.vault import make_key_file
from tests.bench.reports import DAYS, STUDENTS, fill
from tests.bench.table import Figure, at_least, at_most
from tests.cloud.exports.peak import export
from tests.cloud.exports.peak import fill as fill_passages
from tests.servers.postgres import Durability, Postgres, postgres

ROWS, FEW_ROWS = 1_000_000, 1_000
MORE_MB_MAX = 32.0
HOLDER = X25519PrivateKey.from_private_bytes(bytes(range(32)))


def backup_and_restore() -> list[Figure]:
    """Write a backup, sealed, restore it into an empty database with every row compared, and drill one of now."""
    with postgres(Durability.FULL) as server, TemporaryDirectory() as folder:
        return asyncio.run(_there_and_back(server, Path(folder)))


async def _there_and_back(server: Postgres, folder: Path) -> list[Figure]:
    source, clock, out = await _filled(server, folder), SystemClock(), folder / "esik.sealed"
    began_s = time.perf_counter()
    manifest = await write_archive(source, out, clock.now(), with_keys=True, recipients=[HOLDER.public_key()])
    written_s = time.perf_counter() - began_s
    target = Settings(data=folder / "target", edition=Edition.SERVER, database_url=server.create("target"))
    began_s = time.perf_counter()
    await restore_archive(target, out, over=False, private=HOLDER)
    restored_s = time.perf_counter() - began_s
    drilled = await drill(source, clock, lambda _line: None)
    assert drilled.found.wrong == 0, drilled.found.named[:3]
    rows, size = sum(manifest.rows.values()), out.stat().st_size / 1e6
    method = f"{rows:,} rows of {len(manifest.rows)} tables, {size:.0f} MB sealed; PostgreSQL with fsync"
    return [
        at_least("backup, sealed", rows / written_s, "rows/s", method, floor=20_000),
        at_least(
            "restore, every row compared", rows / restored_s, "rows/s", f"{method}; tables and indexes made first",
            floor=5_000,
        ),
        at_most("drill of now", drilled.took_s, "s", f"{method}; backup, restore, chains and books", ceiling=600.0),
    ]  # fmt: skip


def a_million_rows() -> list[Figure]:
    """Let somebody impatient export a school of a million passages, by a process of its own; and one of a thousand."""
    with postgres() as server, TemporaryDirectory() as folder:
        settings = asyncio.run(_filled(server, Path(folder), passages=FEW_ROWS))
        words = {"edition": "server", "data": settings.data, "database_url": settings.database_url,
                 "mqtt_url": "mqtt://127.0.0.1:1"}  # fmt: skip
        few = export(words, "s1", Path(folder) / "few.zip")
        asyncio.run(_add_passages(settings, FEW_ROWS, ROWS))
        taken = export(words, "s1", Path(folder) / "own.zip")
    assert taken.passages == ROWS, "rows are missing"
    method = f"{ROWS:,} passages as CSV, JSON and SQLite, {taken.file_mb:.0f} MB, by `esik cloud export`"
    return [
        Figure("export of a million rows", taken.took_s, "s", method),
        at_most(
            "export of a million rows, memory", taken.memory_mb, "MB",
            f"{method}; peak. {FEW_ROWS:,} rows took {few.memory_mb:.0f} MB", ceiling=few.memory_mb + MORE_MB_MAX,
        ),
    ]  # fmt: skip


async def _filled(server: Postgres, folder: Path, passages: int = STUDENTS * DAYS * 4) -> Settings:
    """Return the settings of a school with a month of meals, presence and passages."""
    settings = Settings(data=folder / "source", edition=Edition.SERVER, database_url=server.create("source"))
    make_key_file(settings.vault_key_file)
    await migrate(settings.database_url, key_file=settings.vault_key_file)
    async with open_services(settings) as services:
        await fill(services, 1, STUDENTS)
    await _add_passages(settings, 0, passages)
    return settings


async def _add_passages(settings: Settings, before: int, passages: int) -> None:
    async with open_services(settings) as services:
        await fill_passages(services.database.pool, before, passages)
        await services.database.pool.execute("ANALYZE", timeout=600)


MEASUREMENTS = (backup_and_restore, a_million_rows)
