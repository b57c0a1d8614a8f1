"""Files of lessons: PDF or JPEG, looked at before they are kept as papers are, sealed, handed out as files."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from cloud.accounts.actions import audit
from cloud.attendance.queries import SchoolToday
from cloud.consents.scans import PDF, checked_scan
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.file_names import safe_name
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.journal.errors import JournalRefused
from cloud.journal.kinds import FILE, FILE_NAME
from cloud.journal.marking import Place, locked
from cloud.journal.rules import Hand

FILES_MAX, SHOWN_MAX = 5, 2_000  # of a lesson; of a page
_COUNT = "SELECT count(*) FROM lesson_file WHERE lesson_id = $1"
_NEXT = "SELECT nextval(pg_get_serial_sequence('lesson_file', 'id'))"
_PUT = """
INSERT INTO lesson_file (id, lesson_id, school_id, name_encrypted, media, size, digest, content_encrypted, added_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_LIST = "SELECT id, lesson_id, name_encrypted, size FROM lesson_file WHERE lesson_id = ANY($1) ORDER BY id LIMIT $2"
_FIND = "SELECT name_encrypted, media, content_encrypted FROM lesson_file WHERE id = $1 AND lesson_id = $2"
_DROP = "DELETE FROM lesson_file WHERE id = $1 AND lesson_id = $2 RETURNING id"


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file of a lesson, without what stands in it."""

    id: int
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Attached:
    """A file as it is handed out."""

    name: str
    media: str
    content: bytes


async def add_file(
    services: Services, actor: Actor, school: SchoolToday, place: Place, name: str, content: bytes
) -> int:  # fmt: skip
    """Keep a file of a lesson for students and families, and return its id.

    Raises NotAllowed, JournalRefused, ScanRefused or ScanTooLarge.
    """
    _check(place)
    scan = await checked_scan(content)
    named = safe_name(name, ".pdf" if scan.media == PDF else ".jpg")
    async with services.database.transaction() as transaction:
        connection, vault, now = await locked(transaction, school.id), services.vault, services.clock.now()
        if await connection.fetchval(_COUNT, place.lesson.id) >= FILES_MAX:
            raise JournalRefused(message("A lesson has {count} files at most.", count=FILES_MAX))
        number = int(await connection.fetchval(_NEXT))
        await connection.execute(
            _PUT, number, place.lesson.id, school.id, vault.encrypt(named, FILE_NAME, str(number)), scan.media,
            len(scan.content), hashlib.sha256(scan.content).hexdigest(),
            vault.encrypt_bytes(scan.content, FILE, str(number)), now,
        )  # fmt: skip
        detail = {"lesson": str(place.lesson.id), "size": str(len(scan.content))}
        await audit(
            transaction, actor, "lesson.file_added", f"lesson:{place.lesson.id}", detail, school_id=school.id, at=now
        )
    return number


async def drop_file(services: Services, actor: Actor, school: SchoolToday, place: Place, file_id: int) -> None:
    """Take a file of a lesson away. Raises NotAllowed or NotFound."""
    _check(place)
    async with services.database.transaction() as transaction:
        if await raw(transaction).fetchval(_DROP, file_id, place.lesson.id) is None:
            raise NotFound
        await audit(
            transaction, actor, "lesson.file_dropped", f"lesson:{place.lesson.id}", school_id=school.id,
            at=services.clock.now(),
        )  # fmt: skip


async def files_of(services: Services, lesson_ids: Collection[int]) -> dict[int, list[FileRow]]:
    """Return which files lessons have; who asks was judged before."""
    files: dict[int, list[FileRow]] = {}
    for row in await services.database.pool.fetch(_LIST, list(lesson_ids), SHOWN_MAX):
        name = services.vault.decrypt(row["name_encrypted"], FILE_NAME, str(row["id"]))
        files.setdefault(row["lesson_id"], []).append(FileRow(row["id"], name, row["size"]))
    return files


async def file_of(services: Services, lesson_id: int, file_id: int) -> Attached:
    """Return a file of a lesson; who asks was judged before. Raises NotFound."""
    row = await services.database.pool.fetchrow(_FIND, file_id, lesson_id)
    if row is None:
        raise NotFound
    vault, named = services.vault, str(file_id)
    content = vault.decrypt_bytes(row["content_encrypted"], FILE, named)
    return Attached(vault.decrypt(row["name_encrypted"], FILE_NAME, named), row["media"], content)


def _check(place: Place) -> None:
    if place.hand is not Hand.TEACHER:
        raise NotAllowed
