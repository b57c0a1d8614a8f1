"""Files of entries: PDF, JPEG, PNG or WebP, told by what is in them, weighed before they are kept, and kept sealed.

Rule: a picture is drawn anew, so that nothing a camera writes beside it is kept; a PDF that would do something when it
is opened is refused; nothing is shown within a page of ours.
"""

import asyncio
import hashlib
import io
import warnings

import asyncpg
from PIL import Image, ImageOps, UnidentifiedImageError

from cloud.consents.scans import JPEG, PDF, PIXELS_MAX, SIDE_MAX, Scan, checked_scan
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.portfolio.errors import EntryRefused
from cloud.portfolio.kinds import FILE

PICTURE_MAX = 8 * 1024 * 1024  # of what is sent; a PDF is as long as other papers are
ENTRY_MAX, PERSON_MAX = 6, 200  # files of one entry, and of all entries of somebody
FORMATS = ("JPEG", "PNG", "WEBP")
_ONE_AT_A_TIME = asyncio.Semaphore(1)  # in a process: a large picture takes some 200 MB while it is drawn
_COUNT = """
SELECT count(*) FILTER (WHERE entry_id = $1) AS of_entry, count(*) AS of_person
FROM portfolio_file JOIN portfolio_entry ON portfolio_entry.id = entry_id
WHERE person_id = (SELECT person_id FROM portfolio_entry WHERE id = $1)
"""
_NEXT = "SELECT nextval(pg_get_serial_sequence('portfolio_file', 'id'))"
_PUT = """
INSERT INTO portfolio_file (id, school_id, entry_id, media, digest, size, content_encrypted, put_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_FIND = """
SELECT portfolio_file.id, media, content_encrypted FROM portfolio_file
JOIN portfolio_entry ON portfolio_entry.id = entry_id
WHERE portfolio_file.id = $1 AND entry_id = $2 AND person_id = $3
"""


async def checked_file(upload: bytes) -> Scan:
    """Return a file that can be kept. Raises EntryRefused, ScanRefused or ScanTooLarge."""
    if upload.startswith(b"%PDF-"):
        return await checked_scan(upload)
    if len(upload) > PICTURE_MAX:
        raise _too_large()
    async with _ONE_AT_A_TIME:
        return Scan(JPEG, await asyncio.to_thread(_redrawn, upload))


async def put_file(
    services: Services, connection: asyncpg.Connection, school_id: int, entry_id: int, file: Scan
) -> None:  # fmt: skip
    """Keep a file in a transaction of the caller's, who has checked who asks. Raises EntryRefused."""
    kept = await connection.fetchrow(_COUNT, entry_id)
    if kept["of_entry"] >= ENTRY_MAX or kept["of_person"] >= PERSON_MAX:
        raise EntryRefused(message("So many files are kept already. Put them together into one PDF."))
    file_id: int = await connection.fetchval(_NEXT)
    sealed = services.vault.encrypt_bytes(file.content, FILE, str(file_id))
    digest = hashlib.sha256(file.content).hexdigest()
    await connection.execute(
        _PUT, file_id, school_id, entry_id, file.media, digest, len(file.content), sealed, services.clock.now()
    )


async def file_of(services: Services, person_id: int, entry_id: int, file_id: int) -> Scan:
    """Return a file of somebody whose portfolio the caller's reader may see. Raises NotFound."""
    row = await services.database.pool.fetchrow(_FIND, file_id, entry_id, person_id)
    if row is None:
        raise NotFound
    return Scan(row["media"], services.vault.decrypt_bytes(row["content_encrypted"], FILE, str(row["id"])))


def name_of(file: Scan, file_id: int) -> str:
    """Return what a browser calls a file when it keeps it."""
    return f"portfolio-{file_id}.{'pdf' if file.media == PDF else 'jpg'}"


def _too_large() -> EntryRefused:
    return EntryRefused(message("The picture is larger than 8 MB, or has too many pixels. Make it smaller first."))


def _redrawn(upload: bytes) -> bytes:
    """Return a JPEG with the same picture, upright and on white, and nothing else."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # judged below, by our own measure
            with Image.open(io.BytesIO(upload), formats=FORMATS) as picture:
                if picture.width * picture.height > PIXELS_MAX:
                    raise _too_large()
                picture.draft("RGB", (SIDE_MAX, SIDE_MAX))  # a JPEG is unpacked small at once
                picture.thumbnail((SIDE_MAX, SIDE_MAX))
                upright = ImageOps.exif_transpose(picture).convert("RGBA")
    except Image.DecompressionBombError:
        raise _too_large() from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise EntryRefused(
            message("This is no file that can be read. Choose a PDF, or a photo as JPEG, PNG or WebP.")
        ) from None
    white = Image.new("RGBA", upright.size, "#fff")
    out = io.BytesIO()
    Image.alpha_composite(white, upright).convert("RGB").save(out, "JPEG", quality=80)
    return out.getvalue()
