"""What is done with rosters: issuing a new version when something changed, and giving a file of one to a device.

Rule: versions only grow, also when a database was restored: a version is at least the seconds since 2026 began.
"""

import asyncio
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.services import Services
from cloud.ingest.announcing import announce_roster
from cloud.rosters.building import rows_of
from cloud.rosters.keys import roster_key
from schemas.compact import compact
from schemas.roster import body_of, difference, digest_of, pack
from schemas.seal import mac

LASTS = timedelta(days=30)
ISSUED_ANEW_AFTER = timedelta(days=1)  # so that a device that hears of us has most of LASTS before it
VERSIONS_KEPT = 50
COMPACTED_KEPT = 16  # some 300 kB each
DELTA_SHARE = 0.5  # of the snapshot's size; a larger delta is not worth applying
_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
_EPOCH_START = datetime(1970, 1, 1, tzinfo=UTC)

_NEWEST = """
SELECT version, digest, body, issued_at, not_after FROM roster_version
WHERE school_id = $1 ORDER BY version DESC LIMIT 1
"""
_KEEP = """
INSERT INTO roster_version (school_id, version, body, digest, issued_at, not_after) VALUES ($1, $2, $3, $4, $5, $6)
"""
_FORGET = """
DELETE FROM roster_version WHERE school_id = $1 AND version <= (
  SELECT version FROM roster_version WHERE school_id = $1 ORDER BY version DESC OFFSET $2 LIMIT 1
)
"""
_STALE = """
SELECT device.school_id FROM device LEFT JOIN roster_version ON roster_version.school_id = device.school_id
WHERE device.state = 'active' GROUP BY device.school_id
HAVING coalesce(max(roster_version.issued_at), 'epoch') < $1 ORDER BY device.school_id LIMIT 1000
"""


@dataclass(frozen=True, slots=True)
class Issued:
    """A version as it is kept."""

    version: int
    body: bytes
    digest: str
    issued_at: datetime
    not_after: datetime


async def publish(services: Services, actor: Actor, school_id: int) -> int:
    """Issue a new version if anything changed, or the newest is a day old; return the newest version.

    Raises NotAllowed or NotFound.
    """
    actor.require_operator()
    now = services.clock.now()
    async with services.database.transaction() as connection:
        plain = raw(connection)
        if not await plain.fetchval("SELECT true FROM school WHERE id = $1 FOR NO KEY UPDATE", school_id):
            raise NotFound
        newest = await _newest(plain, school_id)
        body = body_of(await rows_of(plain, school_id, now))
        digest = digest_of(body)
        if newest is not None and newest.digest == digest and now - newest.issued_at < ISSUED_ANEW_AFTER:
            return newest.version
        version = max((newest.version if newest else 0) + 1, (now - _BEGINNING) // timedelta(seconds=1))
        await roster_key(services, plain, school_id)
        await plain.execute(_KEEP, school_id, version, zlib.compress(body, 6), digest, now, now + LASTS)
        await plain.execute(_FORGET, school_id, VERSIONS_KEPT)
        await announce_roster(connection, school_id, version)
    return version


async def file_for(services: Services, school_id: int, school: str, base: int) -> bytes:
    """Return the newest roster as a signed file: a delta on `base` if that is kept and worth it, else a snapshot.

    Who may have it is the caller's to check. Raises NotFound while the school has none.
    """
    async with services.database.pool.acquire() as connection:
        newest = await _newest(connection, school_id)
        if newest is None:
            raise NotFound
        old = None if base in {0, newest.version} else await _body(connection, school_id, base)
        key = await roster_key(services, connection, school_id)
    header: dict[str, object] = {
        "school": school,
        "version": newest.version,
        "base": 0,
        "issued_ms": _ms(newest.issued_at),
        "not_after_ms": _ms(newest.not_after),
    }
    if old is not None:
        delta = b"".join(line + b"\n" for line in difference(_lines(old), _lines(newest.body)))
        if len(delta) < len(newest.body) * DELTA_SHARE:
            return pack({**header, "base": base}, delta, newest.body, _signer(key))
    return pack(header, newest.body, newest.body, _signer(key))


async def compact_file_for(services: Services, school_id: int, school: str, key: bytes) -> bytes:
    """Return the newest roster in the compact form of schemas/compact.py, signed by a device's own http key.

    The same version gives the same bytes, so that a device may fetch them by ranges. Raises NotFound while the school
    has none.
    """
    async with services.database.pool.acquire() as connection:
        row = await connection.fetchrow(_NEWEST, school_id)
    if row is None:
        raise NotFound
    body = await asyncio.to_thread(_compacted, row["body"])
    header: dict[str, object] = {
        "school": school,
        "version": row["version"],
        "base": 0,
        "issued_ms": _ms(row["issued_at"]),
        "not_after_ms": _ms(row["not_after"]),
    }
    return pack(header, body, body, lambda message: mac(key, message))


async def stale_schools(services: Services) -> list[int]:
    """Return schools with devices whose newest roster is a day old, or that have none."""
    rows = await services.database.pool.fetch(_STALE, services.clock.now() - ISSUED_ANEW_AFTER)
    return [row["school_id"] for row in rows]


async def _newest(connection: asyncpg.Connection, school_id: int) -> Issued | None:
    row = await connection.fetchrow(_NEWEST, school_id)
    if row is None:
        return None
    return Issued(row["version"], zlib.decompress(row["body"]), row["digest"], row["issued_at"], row["not_after"])


async def _body(connection: asyncpg.Connection, school_id: int, version: int) -> bytes | None:
    body = await connection.fetchval(
        "SELECT body FROM roster_version WHERE school_id = $1 AND version = $2", school_id, version
    )
    return None if body is None else zlib.decompress(body)


@lru_cache(COMPACTED_KEPT)
def _compacted(deflated: bytes) -> bytes:
    """Return the compact form of a kept snapshot; a device asks for it a range at a time."""
    return compact(_lines(zlib.decompress(deflated)))


def _signer(key: Ed25519PrivateKey) -> Callable[[bytes], bytes]:
    return key.sign


def _lines(body: bytes) -> list[bytes]:
    return body.split(b"\n")[:-1]


def _ms(instant: datetime) -> int:
    return (instant - _EPOCH_START) // timedelta(milliseconds=1)
