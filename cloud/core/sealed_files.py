"""Files with a name, kept sealed in a slice's own table: put, listed, handed out, taken away.

Rule: who asks, and whether a file can be, the slice judges before. Texts are made of the names of its own table alone.
"""

import hashlib
from collections.abc import Collection, Sequence

import asyncpg

from cloud.core.errors import NotFound
from cloud.core.handed_files import Attached, FileRow, Shelf
from cloud.core.services import Services

SHOWN_MAX = 2_000  # of what one page tells of


async def put_files(
    services: Services, connection: asyncpg.Connection, shelf: Shelf, school_id: int, owner_id: int,
    files: Sequence[Attached],
) -> list[int]:  # fmt: skip
    """Keep files in a transaction of the caller's, and return their ids."""
    vault, ids = services.vault, []
    columns = [
        "id", "school_id", shelf.owner, "name_encrypted", "media", "size", "digest", "content_encrypted",
        *(["added_at"] if shelf.is_dated else []),
    ]  # fmt: skip
    places = ", ".join(f"${number + 1}" for number in range(len(columns)))
    put = f"INSERT INTO {shelf.table} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608 (names of ours)
    added_at = [services.clock.now()] if shelf.is_dated else []
    for each in files:
        number = int(await connection.fetchval(f"SELECT nextval(pg_get_serial_sequence('{shelf.table}', 'id'))"))
        await connection.execute(
            put, number, school_id, owner_id, vault.encrypt(each.name, shelf.name, str(number)), each.media,
            len(each.content), hashlib.sha256(each.content).hexdigest(),
            vault.encrypt_bytes(each.content, shelf.content, str(number)), *added_at,
        )  # fmt: skip
        ids.append(number)
    return ids


async def count_files(connection: asyncpg.Connection, shelf: Shelf, owner_id: int) -> int:
    """Return how many files something has."""
    asked = f"SELECT count(*) FROM {shelf.table} WHERE {shelf.owner} = $1"  # noqa: S608 (names of ours)
    return int(await connection.fetchval(asked, owner_id))


async def files_of(services: Services, shelf: Shelf, owner_ids: Collection[int]) -> dict[int, list[FileRow]]:
    """Return which files each of these has, in the order in which they were put; who asks was judged before."""
    files: dict[int, list[FileRow]] = {}
    asked = (
        f"SELECT id, {shelf.owner} AS owner, name_encrypted, size, media FROM {shelf.table}"  # noqa: S608 (names of ours)
        f" WHERE {shelf.owner} = ANY($1) ORDER BY id LIMIT $2"
    )
    for row in await services.database.pool.fetch(asked, list(owner_ids), SHOWN_MAX):
        name = services.vault.decrypt(row["name_encrypted"], shelf.name, str(row["id"]))
        files.setdefault(row["owner"], []).append(FileRow(row["id"], name, row["size"], row["media"]))
    return files


async def files_of_one(services: Services, shelf: Shelf, owner_id: int) -> list[FileRow]:
    """Return which files something has; who asks was judged before."""
    return (await files_of(services, shelf, [owner_id])).get(owner_id, [])


async def file_of(services: Services, shelf: Shelf, owner_id: int, file_id: int) -> Attached:
    """Return a file of something; who asks was judged before. Raises NotFound."""
    asked = (
        f"SELECT id, name_encrypted, media, content_encrypted FROM {shelf.table}"  # noqa: S608 (names of ours)
        f" WHERE id = $1 AND {shelf.owner} = $2"
    )
    row = await services.database.pool.fetchrow(asked, file_id, owner_id)
    if row is None:
        raise NotFound
    return opened(services, shelf, row)


async def drop_file(connection: asyncpg.Connection, shelf: Shelf, owner_id: int, file_id: int) -> None:
    """Take a file away. Raises NotFound."""
    gone = f"DELETE FROM {shelf.table} WHERE id = $1 AND {shelf.owner} = $2 RETURNING id"  # noqa: S608 (names of ours)
    if await connection.fetchval(gone, file_id, owner_id) is None:
        raise NotFound


def opened(services: Services, shelf: Shelf, row: asyncpg.Record) -> Attached:
    """Return the file of a row with its id, name, medium and content."""
    vault, named = services.vault, str(row["id"])
    content = vault.decrypt_bytes(row["content_encrypted"], shelf.content, named)
    return Attached(vault.decrypt(row["name_encrypted"], shelf.name, named), row["media"], content)
