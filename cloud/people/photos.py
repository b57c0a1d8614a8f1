"""Photos of people: small, without what a camera writes beside a picture, encrypted, and only while consented to.

Rule: a photo goes with the consent: it is deleted in the transaction that notes the withdrawal, or the leaving.
"""

import asyncio
import hashlib
import io
import warnings
from dataclasses import dataclass
from http import HTTPStatus

import asyncpg
from PIL import Image, ImageOps, UnidentifiedImageError

from cloud.accounts.actions import audit
from cloud.core.actor import Actor, Role
from cloud.core.database import raw
from cloud.core.errors import NotFound, Refused
from cloud.core.messages import Message, message
from cloud.core.services import Services

UPLOAD_MAX = 8 * 1024 * 1024
PIXELS_MAX = 40_000_000  # what is told to be larger is not unpacked; unpacked, a pixel takes four bytes
SIDE = 320
BYTES_MAX = 20_000  # so that a gate can keep a school's faces
FORMATS = ("JPEG", "PNG", "WEBP")
PHOTO = "person.photo"  # context of the vault
KEEPERS = (Role.OFFICE,)
LOOKERS = (Role.OFFICE, Role.GUARD)
_QUALITIES = (80, 65, 50, 35, 20, 5)
_ONE_AT_A_TIME = asyncio.Semaphore(1)  # in a process: a large picture takes some 200 MB while it is made small
_FACE = (0.5, 0.35)  # what is kept of an upright picture when it is cut to a square
_PERSON = """
SELECT school_id,
  EXISTS (SELECT FROM consent WHERE person_id = person.id AND purpose = 'photo' AND withdrawn_on IS NULL) AS consented
FROM person WHERE id = $1 AND is_active
"""
_KEEP = """
INSERT INTO person_photo (person_id, digest, webp_encrypted, put_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (person_id) DO UPDATE SET digest = excluded.digest, webp_encrypted = excluded.webp_encrypted,
  put_at = excluded.put_at
"""
_FIND = """
SELECT school_id, webp_encrypted FROM person_photo JOIN person ON person.id = person_id
WHERE person.ref = $1 AND digest = $2
"""


class PhotoRefused(Refused):
    """A file is no photo that can be kept."""

    code = "photo_refused"


class PhotoTooLarge(PhotoRefused):
    """A file is larger than any photo needs to be."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "photo_too_large"

    def __init__(self) -> None:
        super().__init__(message("The file is larger than 8 MB, or has too many pixels. Make the photo smaller first."))


@dataclass(frozen=True, slots=True)
class Small:
    """A photo as it is kept: WebP, 320 by 320 pixels, at most 20 kB; the digest is its SHA-256 in hex."""

    webp: bytes
    digest: str


async def put_photo(services: Services, actor: Actor, person_id: int, upload: bytes) -> None:
    """Keep a photo of a person in place of the one before. Raises NotAllowed, NotFound or PhotoRefused."""
    await _check_welcome(services, actor, person_id)
    async with _ONE_AT_A_TIME:
        small = await asyncio.to_thread(small_of, upload)
    sealed, now = services.vault.encrypt_bytes(small.webp, PHOTO), services.clock.now()
    async with services.database.transaction() as connection:
        row = await raw(connection).fetchrow(f"{_PERSON} FOR NO KEY UPDATE", person_id)
        school_id = _school_of(row, actor)
        await raw(connection).execute(_KEEP, person_id, small.digest, sealed, now)
        await audit(connection, actor, "photo.put", f"person:{person_id}", school_id=school_id, at=now)


async def drop_photo(services: Services, actor: Actor, person_id: int) -> None:
    """Delete a person's photo. Raises NotAllowed or NotFound."""
    async with services.database.transaction() as connection:
        school_id = await raw(connection).fetchval("SELECT school_id FROM person WHERE id = $1", person_id)
        if school_id is None:
            raise NotFound
        actor.require(KEEPERS, school_id)
        await forget_photo(raw(connection), person_id)
        now = services.clock.now()
        await audit(connection, actor, "photo.dropped", f"person:{person_id}", school_id=school_id, at=now)


async def forget_photo(connection: asyncpg.Connection, person_id: int) -> None:
    """Delete a person's photo in a transaction of the caller's, if there is one."""
    await connection.execute("DELETE FROM person_photo WHERE person_id = $1", person_id)


async def photo_of(services: Services, actor: Actor, ref: str, digest: str) -> bytes:
    """Return a person's photo, WebP, for who works at the gate or in the office. Raises NotFound."""
    row = await services.database.pool.fetchrow(_FIND, ref, digest)
    if row is None or not any(actor.may(role, row["school_id"]) for role in LOOKERS):
        raise NotFound
    return services.vault.decrypt_bytes(row["webp_encrypted"], PHOTO)


async def _check_welcome(services: Services, actor: Actor, person_id: int) -> None:
    """Refuse before a picture is unpacked."""
    _school_of(await services.database.pool.fetchrow(_PERSON, person_id), actor)


def _school_of(row: asyncpg.Record | None, actor: Actor) -> int:
    """Return the school of somebody whose photo may be kept. Raises NotFound, NotAllowed or PhotoRefused."""
    if row is None:
        raise NotFound
    actor.require(KEEPERS, row["school_id"])
    if not row["consented"]:
        raise PhotoRefused(message("Nobody has consented to a photo of this person. Note the consent first."))
    return int(row["school_id"])


def small_of(upload: bytes) -> Small:
    """Return a photo made small. Raises PhotoRefused or PhotoTooLarge."""
    if len(upload) > UPLOAD_MAX:
        raise PhotoTooLarge
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # judged below, by our own measure
            with Image.open(io.BytesIO(upload), formats=FORMATS) as picture:
                if picture.width * picture.height > PIXELS_MAX:
                    raise PhotoTooLarge
                picture.draft("RGB", (4 * SIDE, 4 * SIDE))  # a JPEG is unpacked small at once
                picture.thumbnail((4 * SIDE, 4 * SIDE))
                upright = ImageOps.exif_transpose(picture).convert("RGB")
    except Image.DecompressionBombError:
        raise PhotoTooLarge from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise PhotoRefused(_unreadable()) from None
    return _fitted(ImageOps.fit(upright, (SIDE, SIDE), centering=_FACE))


def _fitted(face: Image.Image) -> Small:
    """Return a square picture in as many bytes as may be; noise at the least quality takes some 15 kB."""
    for quality in _QUALITIES:
        out = io.BytesIO()
        face.save(out, "WEBP", quality=quality, method=6)
        if out.tell() <= BYTES_MAX:
            webp = out.getvalue()
            return Small(webp, hashlib.sha256(webp).hexdigest())
    raise PhotoRefused(_unreadable())


def _unreadable() -> Message:
    return message("This is no photo that can be read. Choose a JPEG, PNG or WebP file.")
