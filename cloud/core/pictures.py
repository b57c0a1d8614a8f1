"""Pictures made small: WebP of at most 20 kB, upright, without what a camera writes beside a picture."""

import asyncio
import hashlib
import io
import warnings
from dataclasses import dataclass
from http import HTTPStatus

from PIL import Image, ImageOps, UnidentifiedImageError

from cloud.core.errors import Refused
from cloud.core.messages import Message, message

UPLOAD_MAX = 8 * 1024 * 1024
PIXELS_MAX = 40_000_000  # what is told to be larger is not unpacked; unpacked, a pixel takes four bytes
BYTES_MAX = 20_000  # so that a gate can keep a school's faces, and a till its dishes
FORMATS = ("JPEG", "PNG", "WEBP")
MEDIA_TYPE = "image/webp"
_QUALITIES = (80, 65, 50, 35, 20, 5)
_ONE_AT_A_TIME = asyncio.Semaphore(1)  # in a process: a large picture takes some 200 MB while it is made small


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
class Frame:
    """What a picture is cut to, in pixels, and which part of it is kept: 0.5, 0.5 is its middle."""

    width: int
    height: int
    centre: tuple[float, float] = (0.5, 0.5)


@dataclass(frozen=True, slots=True)
class Small:
    """A photo as it is kept: WebP of its frame's size, at most BYTES_MAX; the digest is its SHA-256 in hex."""

    webp: bytes
    digest: str


async def made_small(upload: bytes, frame: Frame) -> Small:
    """Return a photo made small, off the event loop, one at a time. Raises PhotoRefused or PhotoTooLarge."""
    async with _ONE_AT_A_TIME:
        return await asyncio.to_thread(small_of, upload, frame)


def small_of(upload: bytes, frame: Frame) -> Small:
    """Return a photo made small. Raises PhotoRefused or PhotoTooLarge."""
    if not upload:
        raise PhotoRefused(message("Choose a file first."))
    if len(upload) > UPLOAD_MAX:
        raise PhotoTooLarge
    large = (4 * frame.width, 4 * frame.height)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # judged below, by our own measure
            with Image.open(io.BytesIO(upload), formats=FORMATS) as picture:
                if picture.width * picture.height > PIXELS_MAX:
                    raise PhotoTooLarge
                picture.draft("RGB", large)  # a JPEG is unpacked small at once
                picture.thumbnail(large)
                upright = ImageOps.exif_transpose(picture).convert("RGB")
    except Image.DecompressionBombError:
        raise PhotoTooLarge from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise PhotoRefused(_unreadable()) from None
    return _fitted(ImageOps.fit(upright, (frame.width, frame.height), centering=frame.centre))


def _fitted(cut: Image.Image) -> Small:
    """Return a picture in as many bytes as may be; noise at the least quality takes some 15 kB a 100,000 pixels."""
    for quality in _QUALITIES:
        out = io.BytesIO()
        cut.save(out, "WEBP", quality=quality, method=6)
        if out.tell() <= BYTES_MAX:
            webp = out.getvalue()
            return Small(webp, hashlib.sha256(webp).hexdigest())
    raise PhotoRefused(_unreadable())


def _unreadable() -> Message:
    return message("This is no photo that can be read. Choose a JPEG, PNG or WebP file.")
