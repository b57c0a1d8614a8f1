"""How one ordered export is finished: its file is written, sealed, and the job is done.

Rule: a job belongs to who holds it now, by its number of tries; whoever lost it changes nothing.
"""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import asyncpg

from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.files import whole
from cloud.core.services import Services
from cloud.exports.actions import Wanted, note_made, write_export
from cloud.exports.jobs import KEY, tell_page
from cloud.exports.keeping import FILE, SealedFile, place_of
from cloud.exports.sealing import SealingKey
from cloud.exports.shapes import Secret
from cloud.schools.queries import school_of_id

KEPT = timedelta(days=3)
SYSTEM = Actor.system("an export that was ordered")
_HELD = """
SELECT id, school_id, secrets, key_encrypted, tries FROM export_job WHERE id = $1 AND tries = $2 AND state = 'running'
"""
_TELL = "UPDATE export_job SET done = $3, total = $4 WHERE id = $1 AND tries = $2"
_DONE = """
UPDATE export_job SET state = 'done', key_encrypted = NULL, held_until = NULL, done = total, size = $3, failed = '',
  finished_at = $4, expires_at = $5
WHERE id = $1 AND tries = $2 AND state = 'running' RETURNING id
"""
_OLDER = "UPDATE export_job SET state = 'gone' WHERE school_id = $1 AND id < $2 AND state = 'done'"


class Lost(Exception):
    """Another worker holds the job."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job that is held."""

    id: int
    school_id: int
    secrets: tuple[Secret, ...]
    key_encrypted: bytes
    tries: int

    @classmethod
    def of(cls, row: asyncpg.Record) -> "Claimed":
        """Return the job of a row."""
        secrets = tuple(map(Secret, row["secrets"]))
        return cls(row["id"], row["school_id"], secrets, row["key_encrypted"], row["tries"])

    def place(self, services: Services) -> Path:
        """Return the folder of this try."""
        return place_of(services.settings.exports_folder, self.id, self.tries)


async def held(services: Services, job_id: int, tries: int) -> Claimed:
    """Return a job that somebody claimed. Raises Lost."""
    row = await services.database.pool.fetchrow(_HELD, job_id, tries)
    if row is None:
        raise Lost
    return Claimed.of(row)


async def finish(services: Services, job: Claimed) -> None:
    """Write the file into its folder, which is there, and note that it is ready. Raises Lost."""
    school = await school_of_id(services, job.school_id)
    key = SealingKey.unpacked(services.vault.decrypt_bytes(job.key_encrypted, KEY, str(job.id)))
    wanted, place = Wanted(frozenset(job.secrets), key), job.place(services)

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
