"""Photos of people: small, without what a camera writes beside a picture, encrypted, and only while consented to.

Rule: a photo goes with the consent: it is deleted in the transaction that notes the withdrawal, or the leaving.
"""

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.pictures import Frame, PhotoRefused, made_small
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.wakeups import notify
from cloud.people.consents import consented_to
from cloud.people.kinds import CHANGED, Purpose

FACE = Frame(320, 320, (0.5, 0.35))  # what is kept of an upright picture when it is cut to a square
PHOTO = "person.photo"  # context of the vault
FACES_MAX = 5_000  # as a till keeps
_PERSON = f"""
SELECT school_id,
  {consented_to(Purpose.PHOTO)} AS consented
FROM person WHERE id = $1 AND is_active
"""  # noqa: S608 (a text of ours)
_KEEP = """
INSERT INTO person_photo (person_id, digest, webp_encrypted, put_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (person_id) DO UPDATE SET digest = excluded.digest, webp_encrypted = excluded.webp_encrypted,
  put_at = excluded.put_at
"""
_FIND = """
SELECT school_id, webp_encrypted FROM person_photo JOIN person ON person.id = person_id
WHERE person.ref = $1 AND digest = $2
"""
_CONSENTED = f"""
FROM person_photo JOIN person ON person.id = person_id
WHERE person.school_id = $1 AND is_active AND {consented_to(Purpose.PHOTO)}
"""
_FACES = f"SELECT ref, digest {_CONSENTED} ORDER BY ref LIMIT $2"
_FACE = f"SELECT webp_encrypted {_CONSENTED} AND digest = $2 LIMIT 1"
_REFUSED = """
DELETE FROM person_photo USING person
WHERE person.id = person_id AND school_id = $1 AND is_refused(person.id, 'photo')
"""


async def put_photo(services: Services, actor: Actor, person_id: int, upload: bytes) -> None:
    """Keep a photo of a person in place of the one before. Raises NotAllowed, NotFound or PhotoRefused."""
    await _check_welcome(services, actor, person_id)
    small = await made_small(upload, FACE)
    sealed, now = services.vault.encrypt_bytes(small.webp, PHOTO), services.clock.now()
    async with services.database.transaction() as connection:
        row = await raw(connection).fetchrow(f"{_PERSON} FOR NO KEY UPDATE", person_id)
        school_id = _school_of(row, actor)
        await raw(connection).execute(_KEEP, person_id, small.digest, sealed, now)
        await audit(connection, actor, "photo.put", f"person:{person_id}", school_id=school_id, at=now)
        await notify(connection, CHANGED, str(school_id))


async def drop_photo(services: Services, actor: Actor, person_id: int) -> None:
    """Delete a person's photo. Raises NotAllowed or NotFound."""
    async with services.database.transaction() as connection:
        school_id = await raw(connection).fetchval("SELECT school_id FROM person WHERE id = $1", person_id)
        if school_id is None:
            raise NotFound
        actor.require(Right.PHOTOS_KEEP, school_id)
        await forget_photo(raw(connection), person_id)
        now = services.clock.now()
        await audit(connection, actor, "photo.dropped", f"person:{person_id}", school_id=school_id, at=now)
        await notify(connection, CHANGED, str(school_id))


async def forget_photo(connection: asyncpg.Connection, person_id: int) -> None:
    """Delete a person's photo in a transaction of the caller's, if there is one."""
    await connection.execute("DELETE FROM person_photo WHERE person_id = $1", person_id)


async def forget_refused(connection: asyncpg.Connection, school_id: int) -> None:
    """Delete the photos that somebody has refused, after many answers at once, as an import writes them."""
    await connection.execute(_REFUSED, school_id)


async def photo_of(services: Services, actor: Actor, ref: str, digest: str) -> bytes:
    """Return a person's photo, WebP, for who works at the gate or in the office. Raises NotFound."""
    row = await services.database.pool.fetchrow(_FIND, ref, digest)
    if row is None or not actor.can(Right.PHOTOS_READ, row["school_id"]):
        raise NotFound
    return services.vault.decrypt_bytes(row["webp_encrypted"], PHOTO)


async def faces_of(connection: asyncpg.Connection, school_id: int) -> list[tuple[str, str]]:
    """Return whose photos tills may show: reference and digest, only of who is there and consented to it."""
    return [(row["ref"], row["digest"]) for row in await connection.fetch(_FACES, school_id, FACES_MAX)]


async def face_of(services: Services, school_id: int, digest: str) -> bytes:
    """Return a photo that a till may show, WebP; whether it is a till is the caller's to check. Raises NotFound."""
    row = await services.database.pool.fetchrow(_FACE, school_id, digest)
    if row is None:
        raise NotFound
    return services.vault.decrypt_bytes(row["webp_encrypted"], PHOTO)


async def _check_welcome(services: Services, actor: Actor, person_id: int) -> None:
    """Refuse before a picture is unpacked."""
    _school_of(await services.database.pool.fetchrow(_PERSON, person_id), actor)


def _school_of(row: asyncpg.Record | None, actor: Actor) -> int:
    """Return the school of somebody whose photo may be kept. Raises NotFound, NotAllowed or PhotoRefused."""
    if row is None:
        raise NotFound
    actor.require(Right.PHOTOS_KEEP, row["school_id"])
    if not row["consented"]:
        raise PhotoRefused(message("Nobody has consented to a photo of this person. Note the consent first."))
    return int(row["school_id"])
