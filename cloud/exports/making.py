"""The worker's part that makes ordered exports, one after the other, and deletes their files when their days are over.

Rule: a job belongs to who holds it now; a worker that was stopped leaves it to the next one, which begins it anew.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import asyncpg
import structlog

from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import kinds_of
from cloud.core.files import whole
from cloud.core.services import Services
from cloud.exports.actions import Wanted, note_made, write_export
from cloud.exports.jobs import CHANNEL, KEY, folders_in, tell_page
from cloud.exports.keeping import FILE, SealedFile, place_of, sweep
from cloud.exports.sealing import SealingKey
from cloud.exports.shapes import Secret
from cloud.schools.queries import school_of_id

LOOK_S = 30.0
BEAT_S, HELD_S = 20.0, 90.0
AGAIN_S = 60.0  # after a failure
TRIES_MAX = 3
KEPT = timedelta(days=3)
SYSTEM = Actor.system("an export that was ordered")
_CLAIM = """
UPDATE export_job SET state = 'running', tries = tries + 1, held_until = $2, done = 0, total = 0
WHERE id = (
  SELECT id FROM export_job WHERE state IN ('waiting', 'running') AND (held_until IS NULL OR held_until <= $1)
  ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING id, school_id, secrets, key_encrypted, tries
"""
_BEAT = "UPDATE export_job SET held_until = $3 WHERE id = $1 AND tries = $2 AND state = 'running' RETURNING id"
_TELL = "UPDATE export_job SET done = $3, total = $4 WHERE id = $1 AND tries = $2"
_DONE = """
UPDATE export_job SET state = 'done', key_encrypted = NULL, held_until = NULL, done = total, size = $3, failed = '',
  finished_at = $4, expires_at = $5
WHERE id = $1 AND tries = $2 AND state = 'running' RETURNING id
"""
_OLDER = "UPDATE export_job SET state = 'gone' WHERE school_id = $1 AND id < $2 AND state = 'done'"
_FAILED = """
UPDATE export_job SET failed = $3, held_until = $4, state = CASE WHEN tries >= $5 THEN 'failed' ELSE 'waiting' END,
  key_encrypted = CASE WHEN tries >= $5 THEN NULL ELSE key_encrypted END
WHERE id = $1 AND tries = $2 AND state = 'running'
"""
_EXPIRE = "UPDATE export_job SET state = 'gone' WHERE state = 'done' AND expires_at <= $1 RETURNING school_id"
_KEPT = "SELECT id, tries FROM export_job WHERE state IN ('running', 'done')"
logger = structlog.get_logger()


class Lost(Exception):
    """Another worker holds the job."""


class StoppedAgain(Exception):
    """Workers were stopped in the midst of it, again and again."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job that this worker holds."""

    id: int
    school_id: int
    secrets: tuple[Secret, ...]
    key_encrypted: bytes
    tries: int


@dataclass(slots=True)
class Exporter:
    """Makes exports until cancelled."""

    services: Services

    async def run(self) -> None:
        """Make what is ordered, and look for what is to be deleted."""
        async with await self.services.wakeups.subscribe(CHANNEL) as news:
            while True:
                while await make_next(self.services):
                    pass
                await delete_old(self.services)
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await anext(news)


async def make_next(services: Services) -> bool:
    """Make one export that waits, or that another worker left; return whether there was any."""
    now = services.clock.now()
    row = await services.database.pool.fetchrow(_CLAIM, now, now + timedelta(seconds=HELD_S))
    if row is None:
        return False
    job = _claimed(row)
    try:
        await _make(services, job)
    except Exception as error:  # noqa: BLE001 - the job's own end: it is noted, and tried again a few times
        await _fail(services, job, error)
    return True


async def delete_old(services: Services) -> int:
    """Delete the files whose days are over and what stopped workers left; return how many folders went."""
    pool, folder = services.database.pool, services.settings.exports_folder
    there = await asyncio.to_thread(folders_in, folder)  # before the table: what is claimed after is not there
    for row in await pool.fetch(_EXPIRE, services.clock.now()):
        await tell_page(pool, row["school_id"])
    kept = {place_of(folder, row["id"], row["tries"]) for row in await pool.fetch(_KEPT)}
    return await asyncio.to_thread(sweep, there, kept)


async def _make(services: Services, job: Claimed) -> None:
    if job.tries > TRIES_MAX:
        raise StoppedAgain
    place = place_of(services.settings.exports_folder, job.id, job.tries)
    await asyncio.to_thread(_make_folder, place)
    async with asyncio.TaskGroup() as group:
        beating = group.create_task(_beat(services, job), name="export.beat")
        await _write(services, job, place)
        beating.cancel()
    logger.info("export.made", export=job.id)


async def _write(services: Services, job: Claimed, place: Path) -> None:
    school = await school_of_id(services, job.school_id)
    key = SealingKey.unpacked(services.vault.decrypt_bytes(job.key_encrypted, KEY, str(job.id)))
    wanted = Wanted(frozenset(job.secrets), key)

    async def progress(done: int, total: int) -> None:
        await services.database.pool.execute(_TELL, job.id, job.tries, done, total)
        await tell_page(services.database.pool, job.school_id)

    with whole(place / FILE) as out, SealedFile.on(out, services.vault, job.id) as file:
        exported = await write_export(services, school, file, wanted, place, progress)
    now = services.clock.now()
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        if await connection.fetchval(_DONE, job.id, job.tries, file.size, now, now + KEPT) is None:
            raise Lost
        await connection.execute(_OLDER, job.school_id, job.id)
        await note_made(transaction, SYSTEM, school, exported, wanted, now)
    await tell_page(services.database.pool, job.school_id)


async def _beat(services: Services, job: Claimed) -> None:
    """Hold the job while it is written. Raises Lost."""
    while True:
        await services.clock.sleep(BEAT_S)
        until = services.clock.now() + timedelta(seconds=HELD_S)
        if await services.database.pool.fetchval(_BEAT, job.id, job.tries, until) is None:
            raise Lost


async def _fail(services: Services, job: Claimed, error: Exception) -> None:
    """Note why an export was not made; it is tried again in a minute, a few times."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    kinds, again = kinds_of(error), services.clock.now() + timedelta(seconds=AGAIN_S)
    logger.warning("export.failed", export=job.id, tries=job.tries, error=kinds)
    await services.database.pool.execute(_FAILED, job.id, job.tries, kinds[0], again, TRIES_MAX)
    await tell_page(services.database.pool, job.school_id)


def _claimed(row: asyncpg.Record) -> Claimed:
    secrets = tuple(map(Secret, row["secrets"]))
    return Claimed(row["id"], row["school_id"], secrets, row["key_encrypted"], row["tries"])


def _make_folder(place: Path) -> None:
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    place.mkdir(mode=0o700, exist_ok=True)
