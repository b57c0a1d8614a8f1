"""Files of homework, and of what is handed in: PDF or pictures, told by what is in them, kept sealed.

Rule: they are looked at and drawn anew as papers of portfolios are; who asks is judged before.
"""

import hashlib
from collections.abc import Collection, Sequence

import asyncpg

from cloud.accounts.actions import audit
from cloud.attendance.queries import SchoolToday
from cloud.consents.scans import PDF, Scan
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.file_names import safe_name
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.homework.errors import HomeworkRefused
from cloud.homework.kinds import ANSWER_FILE, FILE, FILE_NAME
from cloud.homework.reach import homework_kept
from cloud.journal.files import Attached, FileRow
from cloud.portfolio.files import checked_file

FILES_MAX, ANSWER_FILES_MAX, SHOWN_MAX = 5, 10, 2_000  # of homework; of what is handed in at once; of a page
_LOCK = "SELECT id FROM homework WHERE id = $1 FOR UPDATE"
_COUNT = "SELECT count(*) FROM homework_file WHERE homework_id = $1"
_NEXT = "SELECT nextval(pg_get_serial_sequence('homework_file', 'id'))"
_PUT = """
INSERT INTO homework_file (id, homework_id, school_id, name_encrypted, media, size, digest, content_encrypted, added_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_LIST = (
    "SELECT id, homework_id, name_encrypted, size FROM homework_file WHERE homework_id = ANY($1) ORDER BY id LIMIT $2"
)
_FIND = "SELECT name_encrypted, media, content_encrypted FROM homework_file WHERE id = $1 AND homework_id = $2"
_DROP = "DELETE FROM homework_file WHERE id = $1 AND homework_id = $2 RETURNING id"
_ANSWER_COUNT = "SELECT count(*) FROM homework_answer_file WHERE answer_id = $1"
_ANSWER_NEXT = "SELECT nextval(pg_get_serial_sequence('homework_answer_file', 'id'))"
_ANSWER_PUT = """
INSERT INTO homework_answer_file (id, school_id, answer_id, media, size, digest, content_encrypted, added_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_ANSWER_FIND = """
SELECT file.id, media, content_encrypted FROM homework_answer_file AS file
JOIN homework_answer AS answer ON answer.id = answer_id
WHERE file.id = $1 AND homework_id = $2 AND person_id = $3 AND number >= $4
"""


async def checked_files(uploads: Sequence[tuple[str, bytes]]) -> list[Attached]:
    """Return files that can be kept, of names and contents. Raises EntryRefused, ScanRefused or ScanTooLarge."""
    files = []
    for name, content in uploads:
        scan = await checked_file(content)
        files.append(Attached(safe_name(name, ending_of(scan.media)), scan.media, scan.content))
    return files


async def add_file(
    services: Services, actor: Actor, school: SchoolToday, homework_id: int, name: str, content: bytes
) -> None:
    """Keep a file of homework for students and families.

    Raises NotAllowed, NotFound, HomeworkRefused, EntryRefused, ScanRefused or ScanTooLarge.
    """
    await homework_kept(services, actor, school, homework_id)
    files = await checked_files([(name, content)])
    async with services.database.transaction() as transaction:
        await put_files(services, raw(transaction), school.id, homework_id, files)
        await audit(
            transaction, actor, "homework.file_added", f"homework:{homework_id}", school_id=school.id,
            at=services.clock.now(),
        )  # fmt: skip


async def put_files(
    services: Services, connection: asyncpg.Connection, school_id: int, homework_id: int, files: Sequence[Attached]
) -> None:
    """Keep files of homework in a transaction of the caller's, who has checked who asks. Raises HomeworkRefused."""
    await connection.execute(_LOCK, homework_id)
    if await connection.fetchval(_COUNT, homework_id) + len(files) > FILES_MAX:
        raise HomeworkRefused(message("Homework has {count} files at most.", count=FILES_MAX))
    vault, now = services.vault, services.clock.now()
    for each in files:
        number: int = await connection.fetchval(_NEXT)
        await connection.execute(
            _PUT, number, homework_id, school_id, vault.encrypt(each.name, FILE_NAME, str(number)), each.media,
            len(each.content), hashlib.sha256(each.content).hexdigest(),
            vault.encrypt_bytes(each.content, FILE, str(number)), now,
        )  # fmt: skip


async def drop_file(services: Services, actor: Actor, school: SchoolToday, homework_id: int, file_id: int) -> None:
    """Take a file of homework away. Raises NotAllowed or NotFound."""
    await homework_kept(services, actor, school, homework_id)
    async with services.database.transaction() as transaction:
        if await raw(transaction).fetchval(_DROP, file_id, homework_id) is None:
            raise NotFound
        await audit(
            transaction, actor, "homework.file_dropped", f"homework:{homework_id}", school_id=school.id,
            at=services.clock.now(),
        )  # fmt: skip


async def files_of(services: Services, homework_ids: Collection[int]) -> dict[int, list[FileRow]]:
    """Return which files homework has; who asks was judged before."""
    files: dict[int, list[FileRow]] = {}
    for row in await services.database.pool.fetch(_LIST, list(homework_ids), SHOWN_MAX):
        name = services.vault.decrypt(row["name_encrypted"], FILE_NAME, str(row["id"]))
        files.setdefault(row["homework_id"], []).append(FileRow(row["id"], name, row["size"]))
    return files


async def file_of(services: Services, homework_id: int, file_id: int) -> Attached:
    """Return a file of homework; who asks was judged before. Raises NotFound."""
    row = await services.database.pool.fetchrow(_FIND, file_id, homework_id)
    if row is None:
        raise NotFound
    vault, named = services.vault, str(file_id)
    content = vault.decrypt_bytes(row["content_encrypted"], FILE, named)
    return Attached(vault.decrypt(row["name_encrypted"], FILE_NAME, named), row["media"], content)


async def put_answer_files(
    services: Services, connection: asyncpg.Connection, school_id: int, answer_id: int, files: Sequence[Scan]
) -> None:
    """Keep files of a draft in a transaction of the caller's, who holds it. Raises HomeworkRefused."""
    if files and await connection.fetchval(_ANSWER_COUNT, answer_id) + len(files) > ANSWER_FILES_MAX:
        raise HomeworkRefused(message("{count} files at most are handed in at once.", count=ANSWER_FILES_MAX))
    for each in files:
        number: int = await connection.fetchval(_ANSWER_NEXT)
        await connection.execute(
            _ANSWER_PUT, number, school_id, answer_id, each.media, len(each.content),
            hashlib.sha256(each.content).hexdigest(),
            services.vault.encrypt_bytes(each.content, ANSWER_FILE, str(number)), services.clock.now(),
        )  # fmt: skip


async def answer_file_of(
    services: Services, homework_id: int, person_id: int, file_id: int, *, first: int = 1
) -> Attached:
    """Return a file of what somebody handed in, from the number `first` on: 0 is the family's draft.

    Who asks was judged before. Raises NotFound.
    """
    row = await services.database.pool.fetchrow(_ANSWER_FIND, file_id, homework_id, person_id, first)
    if row is None:
        raise NotFound
    content = services.vault.decrypt_bytes(row["content_encrypted"], ANSWER_FILE, str(row["id"]))
    return Attached(f"homework-{file_id}{ending_of(row['media'])}", row["media"], content)


def ending_of(media: str) -> str:
    """Return the ending of a file's name."""
    return ".pdf" if media == PDF else ".jpg"
