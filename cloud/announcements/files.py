"""Files of announcements: looked at and named as those of messages are, sealed, and handed out as files."""

import hashlib
from collections.abc import Sequence

import asyncpg

from cloud.announcements.kinds import FILE, FILE_NAME
from cloud.core.errors import NotFound
from cloud.core.services import Services
from cloud.messages.files import FILES_MAX
from cloud.messages.kinds import Attached, FileRow

_NEXT = "SELECT nextval(pg_get_serial_sequence('posting_file', 'id'))"
_PUT = """
INSERT INTO posting_file (id, school_id, posting_id, name_encrypted, media, size, digest, content_encrypted)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_LIST = "SELECT id, name_encrypted, size FROM posting_file WHERE posting_id = $1 ORDER BY id LIMIT $2"
_FIND = "SELECT name_encrypted, media, content_encrypted FROM posting_file WHERE id = $1 AND posting_id = $2"


async def put_files(
    services: Services, connection: asyncpg.Connection, school_id: int, posting_id: int, files: Sequence[Attached]
) -> None:
    """Keep the files of an announcement, in the transaction that keeps it."""
    vault = services.vault
    for each in files:
        number = int(await connection.fetchval(_NEXT))
        await connection.execute(
            _PUT, number, school_id, posting_id, vault.encrypt(each.name, FILE_NAME, str(number)), each.media,
            len(each.content), hashlib.sha256(each.content).hexdigest(),
            vault.encrypt_bytes(each.content, FILE, str(number)),
        )  # fmt: skip


async def files_of(services: Services, posting_id: int) -> list[FileRow]:
    """Return which files go with an announcement; who asks was judged before."""
    rows = await services.database.pool.fetch(_LIST, posting_id, FILES_MAX)
    return [
        FileRow(row["id"], services.vault.decrypt(row["name_encrypted"], FILE_NAME, str(row["id"])), row["size"])
        for row in rows
    ]


async def file_of(services: Services, posting_id: int, file_id: int) -> Attached:
    """Return a file of an announcement; who asks was judged before. Raises NotFound."""
    row = await services.database.pool.fetchrow(_FIND, file_id, posting_id)
    if row is None:
        raise NotFound
    vault, named = services.vault, str(file_id)
    content = vault.decrypt_bytes(row["content_encrypted"], FILE, named)
    return Attached(vault.decrypt(row["name_encrypted"], FILE_NAME, named), row["media"], content)
