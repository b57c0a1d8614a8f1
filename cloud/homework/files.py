"""Files of homework, and of what is handed in: PDF or pictures, told by what is in them, kept sealed.

Rule: they are looked at and drawn anew as papers of portfolios are; who asks is judged before.
"""

import hashlib
from collections.abc import Sequence

import asyncpg

from cloud.accounts.actions import audit
from cloud.attendance.queries import SchoolToday
from cloud.consents.scans import Scan
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.handed_files import Attached, Shelf, ending_of, named
from cloud.core.messages import message
from cloud.core.sealed_files import count_files, drop_file, put_files
from cloud.core.services import Services
from cloud.homework.errors import HomeworkRefused
from cloud.homework.kinds import ANSWER_FILE
from cloud.homework.reach import homework_kept
from cloud.portfolio.files import checked_file

FILES = Shelf("homework_file", "homework_id", is_dated=True)
FILES_MAX, ANSWER_FILES_MAX = 5, 10  # of homework; of what is handed in at once
_LOCK = "SELECT id FROM homework WHERE id = $1 FOR UPDATE"
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
        files.append(named(name, scan.media, scan.content))
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
        await put_homework_files(services, raw(transaction), school.id, homework_id, files)
        await audit(
            transaction, actor, "homework.file_added", f"homework:{homework_id}", school_id=school.id,
            at=services.clock.now(),
        )  # fmt: skip


async def put_homework_files(
    services: Services, connection: asyncpg.Connection, school_id: int, homework_id: int, files: Sequence[Attached]
) -> None:
    """Keep files of homework in a transaction of the caller's, who has checked who asks. Raises HomeworkRefused."""
    await connection.execute(_LOCK, homework_id)
    if await count_files(connection, FILES, homework_id) + len(files) > FILES_MAX:
        raise HomeworkRefused(message("Homework has {count} files at most.", count=FILES_MAX))
    await put_files(services, connection, FILES, school_id, homework_id, files)


async def drop_homework_file(
    services: Services, actor: Actor, school: SchoolToday, homework_id: int, file_id: int
) -> None:
    """Take a file of homework away. Raises NotAllowed or NotFound."""
    await homework_kept(services, actor, school, homework_id)
    async with services.database.transaction() as transaction:
        await drop_file(raw(transaction), FILES, homework_id, file_id)
        await audit(
            transaction, actor, "homework.file_dropped", f"homework:{homework_id}", school_id=school.id,
            at=services.clock.now(),
        )  # fmt: skip


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
