"""Files of posts: photos (JPEG, PNG, WebP) and PDF, told by what is in them as those of portfolios are, kept sealed.

Rule: a picture is drawn anew before it is kept, so the page may show it; a PDF is handed out as a file and shown in no
page. A name is what its giver called it, without what a path or a header could be made of.
"""

import hashlib
from collections.abc import Collection, Sequence

import asyncpg

from cloud.consents.scans import PDF
from cloud.core.errors import NotFound
from cloud.core.file_names import safe_name
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.messages.kinds import Attached
from cloud.portfolio.files import checked_file
from cloud.talks.kinds import FILE, FILE_NAME, FileRow, TalkRefused

FILES_MAX, SHOWN_MAX = 4, 400  # of a post; of a page
_NEXT = "SELECT nextval(pg_get_serial_sequence('talk_file', 'id'))"
_PUT = """
INSERT INTO talk_file (id, school_id, post_id, name_encrypted, media, size, digest, content_encrypted)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_LIST = "SELECT id, post_id, name_encrypted, size, media FROM talk_file WHERE post_id = ANY($1) ORDER BY id LIMIT $2"
_FIND = """
SELECT talk_file.id, name_encrypted, media, content_encrypted,
  deleted_at IS NOT NULL OR hidden_at IS NOT NULL AS is_gone
FROM talk_file JOIN talk_post ON talk_post.id = post_id WHERE talk_file.id = $1 AND talk_id = $2
"""


async def checked_files(uploads: Sequence[tuple[str, bytes]]) -> list[Attached]:
    """Return files that can be kept, of names and contents. Raises TalkRefused, EntryRefused or ScanRefused."""
    if len(uploads) > FILES_MAX:
        raise TalkRefused(message("{count} files at most go with a post.", count=FILES_MAX))
    files = []
    for name, content in uploads:
        file = await checked_file(content)
        files.append(Attached(safe_name(name, ".pdf" if file.media == PDF else ".jpg"), file.media, file.content))
    return files


async def put_files(
    services: Services, connection: asyncpg.Connection, school_id: int, post_id: int, files: Sequence[Attached]
) -> None:
    """Keep the files of a post, in the transaction that keeps the post."""
    vault = services.vault
    for each in files:
        number = int(await connection.fetchval(_NEXT))
        await connection.execute(
            _PUT, number, school_id, post_id, vault.encrypt(each.name, FILE_NAME, str(number)), each.media,
            len(each.content), hashlib.sha256(each.content).hexdigest(),
            vault.encrypt_bytes(each.content, FILE, str(number)),
        )  # fmt: skip


async def files_of(services: Services, post_ids: Collection[int]) -> dict[int, list[FileRow]]:
    """Return which files posts have; who asks was judged before."""
    files: dict[int, list[FileRow]] = {}
    for row in await services.database.pool.fetch(_LIST, list(post_ids), SHOWN_MAX):
        name = services.vault.decrypt(row["name_encrypted"], FILE_NAME, str(row["id"]))
        files.setdefault(row["post_id"], []).append(FileRow(row["id"], name, row["size"], row["media"] != PDF))
    return files


async def file_of(services: Services, talk_id: int, file_id: int, *, moderates: bool) -> Attached:
    """Return a file of a post of a talk; of a post that is gone for who moderates alone. Raises NotFound."""
    row = await services.database.pool.fetchrow(_FIND, file_id, talk_id)
    if row is None or (row["is_gone"] and not moderates):
        raise NotFound
    vault, named = services.vault, str(row["id"])
    content = vault.decrypt_bytes(row["content_encrypted"], FILE, named)
    return Attached(vault.decrypt(row["name_encrypted"], FILE_NAME, named), row["media"], content)
