"""Releases as the cloud keeps them: taken in when a trusted key signed them, read back by ranges.

Rule: what is given to a device is verified again at that moment, so that who can write the database gives nobody a
program.
"""

from dataclasses import dataclass
from hashlib import sha256

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.releases.errors import ReleaseNotTaken, ReleaseUnknown
from cloud.releases.keys import is_signed, trusted
from schemas.release import Manifest, ReleaseRefused, open_manifest

BLOCK_BYTES = 256 * 1024
RANGE_BYTES_MAX = 1 << 20

_ADD = """
INSERT INTO release (product, board, counter, version, size, manifest, notes_kk, notes_ru, notes_en, added_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING id
"""
_ADD_BLOCKS = "INSERT INTO release_block (release_id, number, content) VALUES ($1, $2, $3)"
_HIGHEST = "SELECT max(counter) FROM release WHERE product = $1 AND board = $2"
_FIND = "SELECT id, size FROM release WHERE product = $1 AND board = $2 AND counter = $3"
_BLOCKS = """
SELECT content FROM release_block WHERE release_id = $1 AND number BETWEEN $2 AND $3 ORDER BY number
"""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes of a payload, and how many there are in all."""

    content: bytes
    first: int
    size: int


async def add_release(services: Services, actor: Actor, manifest_file: bytes, payload: bytes) -> Manifest:
    """Take a release in. Raises NotAllowed, ReleaseKeyMissing, ReleaseKeyRefused or ReleaseNotTaken."""
    actor.require_everywhere(Right.RELEASES_KEEP)
    manifest = verified(services, manifest_file)
    _check_payload(manifest, payload)
    now, notes = services.clock.now(), manifest.notes
    async with services.database.transaction() as connection:
        plain = raw(connection)
        highest = await plain.fetchval(_HIGHEST, manifest.product, manifest.board) or 0
        if manifest.counter <= highest:
            raise ReleaseNotTaken(f"counter: there is {highest} of this product and board already")
        release_id = await plain.fetchval(
            _ADD, manifest.product, manifest.board, manifest.counter, manifest.version, manifest.size, manifest_file,
            notes["kk"], notes["ru"], notes["en"], now,
        )  # fmt: skip
        if release_id is None:
            raise ReleaseNotTaken(f"counter: there is {manifest.counter} of this product and board already")
        blocks = [payload[at : at + BLOCK_BYTES] for at in range(0, len(payload), BLOCK_BYTES)]
        await plain.executemany(_ADD_BLOCKS, [(release_id, number, block) for number, block in enumerate(blocks)])
        await audit(connection, actor, "release.added", subject_of(manifest), {"version": manifest.version}, at=now)
    return manifest


def verified(services: Services, manifest_file: bytes) -> Manifest:
    """Return what a manifest says that a trusted key has signed. Raises as `add_release`."""
    keys = trusted(services.settings.data)
    try:
        return open_manifest(manifest_file, lambda signature, signed: is_signed(keys, signature, signed))
    except ReleaseRefused as refused:
        raise ReleaseNotTaken(str(refused)) from refused


async def piece_of(services: Services, product: str, board: str, counter: int, first: int, last: int) -> Piece:
    """Return a range of a payload, at most a megabyte. Raises ReleaseUnknown, also for a range beyond its end."""
    async with services.database.pool.acquire() as connection:
        row = await connection.fetchrow(_FIND, product, board, counter)
        if row is None or not 0 <= first <= last or first >= row["size"]:
            raise ReleaseUnknown(counter)
        last = min(last, row["size"] - 1, first + RANGE_BYTES_MAX - 1)
        content = await _blocks(connection, row["id"], first, last)
    return Piece(content, first, row["size"])


def subject_of(manifest: Manifest) -> str:
    """Return what a release is called in the audit journal."""
    return f"release:{manifest.product}/{manifest.board}/{manifest.counter}"


async def _blocks(connection: asyncpg.Connection, release_id: int, first: int, last: int) -> bytes:
    begin, end = first // BLOCK_BYTES, last // BLOCK_BYTES
    rows = await connection.fetch(_BLOCKS, release_id, begin, end)
    joined = b"".join(row["content"] for row in rows)
    return joined[first - begin * BLOCK_BYTES : last + 1 - begin * BLOCK_BYTES]


def _check_payload(manifest: Manifest, payload: bytes) -> None:
    if len(payload) != manifest.size:
        raise ReleaseNotTaken(f"size: the payload has {len(payload)} bytes, the manifest says {manifest.size}")
    for file in manifest.files:
        if sha256(payload[file.offset : file.offset + file.size]).hexdigest() != file.digest:
            raise ReleaseNotTaken(f"digest: {file.path} is not what was signed")
