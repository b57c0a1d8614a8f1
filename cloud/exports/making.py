"""The worker's part that makes ordered exports, one after the other, and deletes their files when their days are over.

Rule: a job belongs to who holds it now; a worker that was stopped leaves it to the next one, which begins it anew.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog

from cloud.core.ending import is_ended
from cloud.core.errors import kinds_of
from cloud.core.services import Services
from cloud.exports.beside import NotMade, finish_beside
from cloud.exports.finishing import Claimed, Lost, finish
from cloud.exports.jobs import CHANNEL, folders_in, tell_page
from cloud.exports.keeping import clear, place_of, sweep

LOOK_S = 30.0
BEAT_S, HELD_S = 20.0, 90.0
AGAIN_S = 60.0  # after a failure
TRIES_MAX = 3
_CLAIM = """
UPDATE export_job SET state = 'running', tries = tries + 1, held_until = $2, done = 0, total = 0
WHERE id = (
  SELECT id FROM export_job WHERE state IN ('waiting', 'running') AND (held_until IS NULL OR held_until <= $1)
  ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING id, school_id, secrets, key_encrypted, tries
"""
_BEAT = "UPDATE export_job SET held_until = $3 WHERE id = $1 AND tries = $2 AND state = 'running' RETURNING id"
_FAILED = """
UPDATE export_job SET failed = $3, held_until = $4, state = CASE WHEN tries >= $5 THEN 'failed' ELSE 'waiting' END,
  key_encrypted = CASE WHEN tries >= $5 THEN NULL ELSE key_encrypted END
WHERE id = $1 AND tries = $2 AND state = 'running'
"""
_EXPIRE = "UPDATE export_job SET state = 'gone' WHERE state = 'done' AND expires_at <= $1 RETURNING school_id"
_KEPT = "SELECT id, tries FROM export_job WHERE state = 'done' OR (state = 'running' AND held_until > $1)"
Finishing = Callable[[Services, Claimed], Awaitable[None]]
logger = structlog.get_logger()


class StoppedAgain(Exception):
    """Workers were stopped in the midst of it, again and again."""


@dataclass(slots=True)
class Exporter:
    """Makes exports until cancelled, one at a time, each by a program of its own."""

    services: Services
    finishing: Finishing = finish_beside

    async def run(self) -> None:
        """Look for what is to be deleted, first of all what a crash left, and make what is ordered."""
        async with await self.services.wakeups.subscribe(CHANNEL) as news:
            while True:
                await delete_old(self.services)
                while await make_next(self.services, self.finishing):
                    await delete_old(self.services)
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await anext(news)


async def make_next(services: Services, finishing: Finishing = finish) -> bool:
    """Make one export that waits, or that another worker left; return whether there was any."""
    now = services.clock.now()
    row = await services.database.pool.fetchrow(_CLAIM, now, now + timedelta(seconds=HELD_S))
    if row is None:
        return False
    job = Claimed.of(row)
    try:
        await _make(services, job, finishing)
    except Exception as error:  # the job's own end: it is noted, and tried again a few times
        if is_ended():
            raise asyncio.CancelledError from error  # the next worker makes it
        await _fail(services, job, error)
    return True


async def delete_old(services: Services) -> int:
    """Delete the files whose days are over and what stopped workers left; return how many folders went."""
    pool, folder = services.database.pool, services.settings.exports_folder
    there = await asyncio.to_thread(folders_in, folder)  # before the table: what is claimed after is not there
    for row in await pool.fetch(_EXPIRE, services.clock.now()):
        await tell_page(pool, row["school_id"])
    kept = {place_of(folder, row["id"], row["tries"]) for row in await pool.fetch(_KEPT, services.clock.now())}
    return await asyncio.to_thread(sweep, there, kept)


async def _make(services: Services, job: Claimed, finishing: Finishing) -> None:
    if job.tries > TRIES_MAX:
        raise StoppedAgain
    place = job.place(services)
    await asyncio.to_thread(_make_folder, place)
    try:
        async with asyncio.TaskGroup() as group:
            beating = group.create_task(_beat(services, job), name="export.beat")
            await finishing(services, job)
            beating.cancel()
    finally:
        clear(place)  # two files at most: also when this is cancelled
    logger.info("export.made", export=job.id)


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
    kinds = error.kinds if isinstance(error, NotMade) else kinds_of(error)
    again = services.clock.now() + timedelta(seconds=AGAIN_S)
    logger.warning("export.failed", export=job.id, tries=job.tries, error=kinds)
    await services.database.pool.execute(_FAILED, job.id, job.tries, kinds[0], again, TRIES_MAX)
    await tell_page(services.database.pool, job.school_id)


def _make_folder(place: Path) -> None:
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    place.mkdir(mode=0o700, exist_ok=True)
