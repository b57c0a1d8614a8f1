"""What is done with rosters: issuing a new version when something changed, and giving a file of one to a device.

Rule: versions only grow, also when a database was restored: a version is at least the seconds since 2026 began. No
number is given twice at a school, not even to rosters of two kinds.
"""

import asyncio
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.ingest.announcing import announce_canteen, announce_desk, announce_roster
from cloud.rosters.building import rows_of
from cloud.rosters.keys import roster_key
from cloud.rosters.kinds import RosterKind
from schemas.compact import compact
from schemas.roster import body_of, difference, digest_of, pack
from schemas.seal import mac

LASTS = timedelta(days=30)
ISSUED_ANEW_AFTER = timedelta(days=1)  # so that a device that hears of us has most of LASTS before it
VERSIONS_KEPT = 50
COMPACTED_KEPT = 16  # some 300 kB each
COMPACT_LASTS = timedelta(days=7)  # after which a file is fetched again, also when only its dates are new
DELTA_SHARE = 0.5  # of the snapshot's size; a larger delta is not worth applying
_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
_EPOCH_START = datetime(1970, 1, 1, tzinfo=UTC)

_NEWEST = """
SELECT version, digest, body, issued_at, not_after FROM roster_version
WHERE school_id = $1 AND kind = $2 ORDER BY version DESC LIMIT 1
"""
_KEEP = """
INSERT INTO roster_version (school_id, kind, version, body, digest, issued_at, not_after)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_FORGET = """
DELETE FROM roster_version WHERE school_id = $1 AND kind = $2 AND version <= (
  SELECT version FROM roster_version WHERE school_id = $1 AND kind = $2 ORDER BY version DESC OFFSET $3 LIMIT 1
)
"""
_LAST_OF_KIND = "SELECT coalesce(max(version), 0) FROM roster_version WHERE school_id = $1 AND kind = $2"
_LAST = "SELECT coalesce(max(version), 0) FROM roster_version WHERE school_id = $1"
_KEPT = "SELECT body, issued_at FROM roster_version WHERE school_id = $1 AND kind = $2 AND version = $3"
_STALE = """
SELECT device.school_id FROM device
LEFT JOIN roster_version ON roster_version.school_id = device.school_id AND kind = 'doors'
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
    """Issue a new version of each roster that changed, or whose newest is a day old; return the doors' newest version.

    Raises NotAllowed or NotFound.
    """
    return (await _publish(services, actor, school_id, tuple(RosterKind)))[0]


async def publish_canteen(services: Services, actor: Actor, school_id: int) -> int:
    """Issue the canteen's roster alone, as `publish` does; return its newest version, 0 where there is no till."""
    return (await _publish(services, actor, school_id, (RosterKind.CANTEEN,)))[0]


async def _publish(services: Services, actor: Actor, school_id: int, kinds: Sequence[RosterKind]) -> list[int]:
    actor.require_everywhere(Right.ROSTERS_PUBLISH)
    async with services.database.transaction() as connection:
        if not await raw(connection).fetchval("SELECT true FROM school WHERE id = $1 FOR NO KEY UPDATE", school_id):
            raise NotFound
        return [await _issue(services, connection, kind, school_id) for kind in kinds]


async def _issue(services: Services, connection: BaseDBAsyncClient, kind: RosterKind, school_id: int) -> int:
    """Issue a roster if it changed or is a day old; return its newest version, 0 when the school has none such."""
    plain, now = raw(connection), services.clock.now()
    newest = await _newest(plain, kind, school_id)
    body = body_of(await rows_of(plain, services.vault, school_id, now, kind))
    digest = digest_of(body)
    is_none = not body and (newest is None or kind is not RosterKind.DESK)  # no guards any more: that must be told
    if is_none or (newest and newest.digest == digest and now - newest.issued_at < ISSUED_ANEW_AFTER):
        return newest.version if newest else 0
    last = await plain.fetchval(_LAST, school_id)
    version = int(max(last + 1, (now - _BEGINNING) // timedelta(seconds=1)))
    await roster_key(services, plain, school_id)
    await plain.execute(_KEEP, school_id, kind, version, zlib.compress(body, 6), digest, now, now + LASTS)
    await plain.execute(_FORGET, school_id, kind, VERSIONS_KEPT)
    match kind:
        case RosterKind.DOORS:
            await announce_roster(connection, school_id, version)
        case RosterKind.CANTEEN:
            await announce_canteen(connection, school_id)
        case RosterKind.DESK:
            await announce_desk(connection, school_id)
    return version


async def file_for(
    services: Services, school_id: int, school: str, base: int, kind: RosterKind = RosterKind.DOORS
) -> bytes:
    """Return the newest roster as a signed file: a delta on `base` if that is kept and worth it, else a snapshot.

    Who may have it is the caller's to check. Raises NotFound while the school has none.
    """
    async with services.database.pool.acquire() as connection:
        newest = await _newest(connection, kind, school_id)
        if newest is None:
            raise NotFound
        old = None if base in {0, newest.version} else await _body(connection, kind, school_id, base)
        key = await roster_key(services, connection, school_id)
    header: dict[str, object] = {
        "school": school,
        "version": newest.version,
        "base": 0,
        "issued_ms": _ms(newest.issued_at),
        "not_after_ms": _ms(newest.not_after),
        **kind.header,
    }
    if old is not None:
        delta = b"".join(line + b"\n" for line in difference(_lines(old), _lines(newest.body)))
        if len(delta) < len(newest.body) * DELTA_SHARE:
            return pack({**header, "base": base}, delta, newest.body, _signer(key))
    return pack(header, newest.body, newest.body, _signer(key))


async def newest_version(services: Services, school_id: int, kind: RosterKind) -> int:
    """Return the newest version of a school's roster of a kind, 0 when it has none."""
    return int(await services.database.pool.fetchval(_LAST_OF_KIND, school_id, kind))


async def compact_file_for(services: Services, school_id: int, school: str, key: bytes, base: int = 0) -> bytes | None:
    """Return the newest roster in the compact form of schemas/compact.py, signed by a device's own http key.

    The same version gives the same bytes, so that a device may fetch them by ranges. None when version `base`, which
    the device holds, says the same and is good for some weeks more. Raises NotFound while the school has none.
    """
    async with services.database.pool.acquire() as connection:
        row = await connection.fetchrow(_NEWEST, school_id, RosterKind.DOORS)
        held = await connection.fetchrow(_KEPT, school_id, RosterKind.DOORS, base) if base else None
    if row is None:
        raise NotFound
    body = await asyncio.to_thread(_compacted, row["body"])
    if held is not None and await _is_as_good(held, row, body):
        return None
    header: dict[str, object] = {
        "school": school,
        "version": row["version"],
        "base": 0,
        "issued_ms": _ms(row["issued_at"]),
        "not_after_ms": _ms(row["not_after"]),
    }
    return pack(header, body, body, lambda message: mac(key, message))


async def _is_as_good(held: asyncpg.Record, newest: asyncpg.Record, body: bytes) -> bool:
    """Tell whether a version still kept says in the compact form what the newest says, and is good for long."""
    if newest["issued_at"] - held["issued_at"] >= COMPACT_LASTS:
        return False
    return await asyncio.to_thread(_compacted, held["body"]) == body


async def stale_schools(services: Services) -> list[int]:
    """Return schools with devices whose newest roster is a day old, or that have none."""
    rows = await services.database.pool.fetch(_STALE, services.clock.now() - ISSUED_ANEW_AFTER)
    return [row["school_id"] for row in rows]


async def _newest(connection: asyncpg.Connection, kind: RosterKind, school_id: int) -> Issued | None:
    row = await connection.fetchrow(_NEWEST, school_id, kind)
    if row is None:
        return None
    return Issued(row["version"], zlib.decompress(row["body"]), row["digest"], row["issued_at"], row["not_after"])


async def _body(connection: asyncpg.Connection, kind: RosterKind, school_id: int, version: int) -> bytes | None:
    row = await connection.fetchrow(_KEPT, school_id, kind, version)
    return None if row is None else zlib.decompress(row["body"])


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
