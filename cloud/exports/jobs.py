"""Exports that a school orders on its page: one at a time, made by a worker, kept sealed for some days, then deleted.

Rule: the passphrase of the sealed part is shown once and kept nowhere; what a download may be is asked again each time.
"""

import asyncio
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound, Refused
from cloud.core.messages import message
from cloud.core.page_wakeups import CHANNEL as PAGES
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.wakeups import notify
from cloud.exports.keeping import FILE, place_of, read_sealed
from cloud.exports.sealing import SealingKey, draw_passphrase
from cloud.exports.shapes import Secret
from cloud.schools.queries import school_of_id

CHANNEL = "esik_exports"
KEY = "export_job.key"
LIVE = "export"  # the page's key among a school's live pages
ORDERED_MAX = 5  # of a school in a day
SHOWN_MAX = 10
DAY = timedelta(days=1)
_ADD = """
INSERT INTO export_job (school_id, asked_at, asked_by, secrets)
SELECT $1, $2, $3, $4 WHERE (SELECT count(*) FROM export_job WHERE school_id = $1 AND asked_at > $5) < $6 RETURNING id
"""
_KEEP_KEY = "UPDATE export_job SET key_encrypted = $2 WHERE id = $1"
_JOBS = """
SELECT id, asked_at, asked_by, secrets, state, tries, done, total, size, finished_at, expires_at, failed
FROM export_job WHERE school_id = $1 ORDER BY id DESC LIMIT $2
"""
_READY = """
SELECT tries, size, finished_at FROM export_job WHERE school_id = $1 AND id = $2 AND state = 'done' AND expires_at > $3
"""
_DROP = """
UPDATE export_job SET state = 'gone', expires_at = $3 WHERE school_id = $1 AND id = $2 AND state = 'done' RETURNING id
"""


class ExportNotOrdered(Refused):
    """An export cannot be ordered now."""

    status = HTTPStatus.CONFLICT
    code = "export_not_ordered"


class ExportNotThere(Refused):
    """The file of an export lies elsewhere, or was deleted by hand."""

    status = HTTPStatus.NOT_FOUND
    code = "export_not_there"


@dataclass(frozen=True, slots=True)
class Job:
    """An export that was ordered."""

    id: int
    asked_at: datetime
    asked_by: str
    secrets: tuple[Secret, ...]
    state: str
    tries: int
    done: int
    total: int
    size: int
    finished_at: datetime | None
    expires_at: datetime | None
    failed: str

    @property
    def is_open(self) -> bool:
        return self.state in {"waiting", "running"}

    @property
    def percent(self) -> int:
        return self.done * 100 // self.total if self.total else 0


@dataclass(frozen=True, slots=True)
class Download:
    """An export on its way to a person."""

    name: str
    size: int
    chunks: Iterator[bytes]


async def order_export(services: Services, actor: Actor, school_id: int, secrets: Collection[Secret]) -> str:
    """Order an export and return the passphrase of its sealed part, which nobody can ask for again.

    Raises NotAllowed, NotFound or ExportNotOrdered.
    """
    actor.require(Right.SCHOOL_EXPORT, school_id)
    school, now = await school_of_id(services, school_id), services.clock.now()
    passphrase = draw_passphrase()
    key = await asyncio.to_thread(SealingKey.of, passphrase)
    asked = sorted(secret.value for secret in set(secrets))
    try:
        async with services.database.transaction() as transaction:
            connection = raw(transaction)
            job_id = await connection.fetchval(_ADD, school_id, now, actor.name, asked, now - DAY, ORDERED_MAX)
            if job_id is None:
                raise _too_many()
            kept = services.vault.encrypt_bytes(key.packed, KEY, str(job_id))
            await connection.execute(_KEEP_KEY, job_id, kept)
            detail = {"export": str(job_id), "secrets": ", ".join(asked) or "none"}
            await audit(transaction, actor, "school.export_ordered", f"school:{school.code}", detail,
                        school_id=school_id, at=now)  # fmt: skip
            await notify(transaction, CHANNEL, str(job_id))
    except asyncpg.UniqueViolationError:
        raise ExportNotOrdered(
            message("An export of this school is being made. Wait until it is ready, then order the next one.")
        ) from None
    return passphrase


async def jobs_of(services: Services, actor: Actor, school_id: int) -> list[Job]:
    """Return a school's exports, the newest first. Raises NotAllowed."""
    actor.require(Right.SCHOOL_EXPORT, school_id)
    rows = await services.database.pool.fetch(_JOBS, school_id, SHOWN_MAX)
    return [Job(**{**dict(row), "secrets": tuple(Secret(each) for each in row["secrets"])}) for row in rows]


async def download(services: Services, actor: Actor, school_id: int, job_id: int) -> Download:
    """Return an export's file, and note who has it. Raises NotAllowed, NotFound or ExportNotThere."""
    actor.require(Right.SCHOOL_EXPORT, school_id)
    school, now = await school_of_id(services, school_id), services.clock.now()
    row = await services.database.pool.fetchrow(_READY, school_id, job_id, now)
    if row is None:
        raise NotFound
    path = place_of(services.settings.exports_folder, job_id, row["tries"]) / FILE
    if not await asyncio.to_thread(path.is_file):
        raise ExportNotThere(
            message("The export is ready, but its file is not in this server's folder. Tell the service's operator.")
        )
    async with services.database.transaction() as transaction:
        await audit(transaction, actor, "school.export_read", f"school:{school.code}", {"export": str(job_id)},
                    school_id=school_id, at=now)  # fmt: skip
    name = f"{school.code}-{row['finished_at'].astimezone(school.zone):%Y-%m-%d}.zip"
    return Download(name, row["size"], read_sealed(path, services.vault, job_id))


async def drop_export(services: Services, actor: Actor, school_id: int, job_id: int) -> None:
    """Delete an export's file before its time. Raises NotAllowed or NotFound."""
    actor.require(Right.SCHOOL_EXPORT, school_id)
    school, now = await school_of_id(services, school_id), services.clock.now()
    async with services.database.transaction() as transaction:
        if await raw(transaction).fetchval(_DROP, school_id, job_id, now) is None:
            raise NotFound
        await audit(transaction, actor, "school.export_dropped", f"school:{school.code}", {"export": str(job_id)},
                    school_id=school_id, at=now)  # fmt: skip
        await notify(transaction, CHANNEL, str(job_id))
        await tell_page(transaction, school_id)


async def tell_page(at: BaseDBAsyncClient | asyncpg.Pool, school_id: int) -> None:
    """Let the open pages of a school's exports be drawn anew."""
    if isinstance(at, BaseDBAsyncClient):
        await notify(at, PAGES, f"{school_id}:{LIVE}")
        return
    async with at.acquire() as connection:
        await notify(connection, PAGES, f"{school_id}:{LIVE}")


def folders_in(folder: Path) -> list[Path]:
    """Return what lies in the folder of exports."""
    return [each for each in folder.iterdir() if each.is_dir()] if folder.is_dir() else []


def _too_many() -> ExportNotOrdered:
    return ExportNotOrdered(
        message("{count} exports were ordered within a day. Download the last one, or order again tomorrow.",
                count=ORDERED_MAX)
    )  # fmt: skip
