"""Files of messages: PDF or JPEG, looked at before they are kept as other papers are, sealed, handed out as files.

Rule: nothing of a file is ever shown in a page of ours, and its name is what its writer called it, without what a path
or a header could be made of.
"""

import hashlib
from collections.abc import Mapping, Sequence

import asyncpg

from cloud.consents.scans import PDF, checked_scan
from cloud.core.errors import NotFound
from cloud.core.file_names import as_attachment, safe_name
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.messages.kinds import FILE, FILE_NAME, Attached, FileRow, MessageRefused

FILES_MAX = 3
_NEXT = "SELECT nextval(pg_get_serial_sequence('announcement_file', 'id'))"
_PUT = """
INSERT INTO announcement_file (id, announcement_id, school_id, name_encrypted, media, size, digest, content_encrypted)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_LIST = "SELECT id, name_encrypted, size FROM announcement_file WHERE announcement_id = $1 ORDER BY id LIMIT $2"
_FIND = (
    "SELECT id, name_encrypted, media, content_encrypted FROM announcement_file WHERE id = $1 AND announcement_id = $2"
)


async def checked_files(uploads: Sequence[tuple[str, bytes]]) -> list[Attached]:
    """Return files that can be kept, of names and contents. Raises MessageRefused, ScanRefused or ScanTooLarge."""
    if len(uploads) > FILES_MAX:
        raise MessageRefused(message("{count} files at most go with a message.", count=FILES_MAX))
    files = []
    for name, content in uploads:
        scan = await checked_scan(content)
        files.append(Attached(_named(name, scan.media), scan.media, scan.content))
    return files


async def put_files(
    services: Services, connection: asyncpg.Connection, announcement_id: int, school_id: int, files: Sequence[Attached]
) -> None:
    """Keep the files of a message, in the transaction that keeps the message."""
    vault = services.vault
    for each in files:
        number = int(await connection.fetchval(_NEXT))
        await connection.execute(
            _PUT, number, announcement_id, school_id, vault.encrypt(each.name, FILE_NAME, str(number)), each.media,
            len(each.content), hashlib.sha256(each.content).hexdigest(),
            vault.encrypt_bytes(each.content, FILE, str(number)),
        )  # fmt: skip


async def files_of(services: Services, announcement_id: int) -> list[FileRow]:
    """Return which files go with a message; who asks was judged before."""
    rows = await services.database.pool.fetch(_LIST, announcement_id, FILES_MAX)
    return [FileRow(row["id"], _opened_name(services, row), row["size"]) for row in rows]


async def file_of(services: Services, announcement_id: int, file_id: int) -> Attached:
    """Return a file of a message; who asks was judged before. Raises NotFound."""
    row = await services.database.pool.fetchrow(_FIND, file_id, announcement_id)
    if row is None:
        raise NotFound
    content = services.vault.decrypt_bytes(row["content_encrypted"], FILE, str(row["id"]))
    return Attached(_opened_name(services, row), row["media"], content)


def headers_of(file: Attached) -> Mapping[str, str]:
    """Return the headers with which a browser keeps a file and shows none of it."""
    return as_attachment(file.name)


def _named(name: str, media: str) -> str:
    return safe_name(name, ".pdf" if media == PDF else ".jpg")


def _opened_name(services: Services, row: asyncpg.Record) -> str:
    return services.vault.decrypt(row["name_encrypted"], FILE_NAME, str(row["id"]))
