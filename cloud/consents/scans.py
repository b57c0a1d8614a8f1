"""Papers about consents, scanned: PDF or JPEG, weighed and looked at before they are kept, and kept encrypted.

Rule: nothing of a scan is ever opened here but a JPEG's own picture, which is written anew; a PDF is kept as it came
and handed out as a file, never shown in a page.
"""

import asyncio
import hashlib
import io
import re
import warnings
from dataclasses import dataclass
from http import HTTPStatus

import asyncpg
from PIL import Image, ImageOps, UnidentifiedImageError

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.errors import NotFound, Refused
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services

SCAN = "consent_scan.scan"  # context of the vault
SCAN_MAX = 5 * 1024 * 1024
FORM_BYTES_MAX = 10 * 1024 * 1024  # of files that are sent at once: a little less than what a form may have
PIXELS_MAX = 40_000_000
SIDE_MAX = 2_400
SCANS_MAX = 100  # of one person
PDF, JPEG = "application/pdf", "image/jpeg"
# What makes a PDF do something when it is opened, or carries other files.
ACTIVE = (b"/JavaScript", b"/JS", b"/Launch", b"/EmbeddedFile", b"/OpenAction", b"/AA", b"/RichMedia", b"/XFA")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")  # a letter of a name, as PDF lets one write it: /J#61vaScript
_ONE_AT_A_TIME = asyncio.Semaphore(1)
_PUT = """
INSERT INTO consent_scan (school_id, person_id, media, digest, size, scan_encrypted, put_at)
SELECT school_id, id, $2, $3, $4, $5, $6 FROM person WHERE id = $1
  AND (SELECT count(*) FROM consent_scan WHERE person_id = $1) < $7 RETURNING id
"""
_FIND = """
SELECT consent_scan.school_id, media, scan_encrypted, person_id FROM consent_scan
JOIN person ON person.id = person_id WHERE consent_scan.id = $1 AND person.ref = $2
"""


class ScanRefused(Refused):
    """A file is no scan that can be kept."""

    code = "scan_refused"


class ScanTooLarge(ScanRefused):
    """A file is larger than a scan needs to be."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "scan_too_large"

    def __init__(self) -> None:
        super().__init__(message("The scan is larger than 5 MB, or has too many pixels. Scan it smaller."))


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan as it is kept."""

    media: str
    content: bytes


async def checked_scan(upload: bytes) -> Scan:
    """Return a scan that can be kept. Raises ScanRefused or ScanTooLarge.

    A PDF is looked at as it stands: what is packed, as in the object streams of many honest files, or encrypted, is
    not seen. That is why it is handed out as a file and opened by no page.
    """
    if len(upload) > SCAN_MAX:
        raise ScanTooLarge
    if upload.startswith(b"%PDF-") and b"%%EOF" in upload[-1_024:]:
        plain = _ESCAPED.sub(lambda found: bytes((int(found[1], 16),)), upload)
        if any(word in plain for word in ACTIVE):
            raise ScanRefused(message("This PDF holds more than a picture of a paper. Scan the paper anew."))
        return Scan(PDF, upload)
    async with _ONE_AT_A_TIME:
        return Scan(JPEG, await asyncio.to_thread(_redrawn, upload))


async def put_scan(services: Services, connection: asyncpg.Connection, person_id: int, scan: Scan) -> int:
    """Keep a scan in a transaction of the caller's, who has checked who asks. Raises ScanRefused."""
    scan_id: int | None = await connection.fetchval(
        _PUT, person_id, scan.media, hashlib.sha256(scan.content).hexdigest(), len(scan.content),
        services.vault.encrypt_bytes(scan.content, SCAN), services.clock.now(), SCANS_MAX,
    )  # fmt: skip
    if scan_id is None:
        raise ScanRefused(message("{count} papers of this person are kept already.", count=SCANS_MAX))
    return scan_id


async def scan_of(services: Services, actor: Actor, ref: str, scan_id: int) -> Scan:
    """Return a person's scan, and note who asked for it. Raises NotFound or NotAllowed."""
    row = await services.database.pool.fetchrow(_FIND, scan_id, ref)
    if row is None:
        raise NotFound
    actor.require(Right.CONSENTS_KEEP, row["school_id"])
    async with services.database.transaction() as connection:
        await audit(
            connection, actor, "consent.scan_read", f"person:{row['person_id']}", {"scan": str(scan_id)},
            school_id=row["school_id"], at=services.clock.now(),
        )  # fmt: skip
    return Scan(row["media"], services.vault.decrypt_bytes(row["scan_encrypted"], SCAN))


def _redrawn(upload: bytes) -> bytes:
    """Return a JPEG with the same picture and nothing else."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # judged below, by our own measure
            with Image.open(io.BytesIO(upload), formats=("JPEG",)) as picture:
                if picture.width * picture.height > PIXELS_MAX:
                    raise ScanTooLarge
                picture.draft("RGB", (SIDE_MAX, SIDE_MAX))
                picture.thumbnail((SIDE_MAX, SIDE_MAX))
                upright = ImageOps.exif_transpose(picture).convert("RGB")
    except Image.DecompressionBombError:
        raise ScanTooLarge from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise ScanRefused(message("This is no scan that can be read. Choose a PDF or JPEG file.")) from None
    out = io.BytesIO()
    upright.save(out, "JPEG", quality=80)
    return out.getvalue()
