"""Pictures: made small and anonymous, whatever is sent."""

import io
from random import Random

import pytest
from PIL import Image

from cloud.core import pictures
from cloud.core.pictures import BYTES_MAX, Frame, PhotoRefused, PhotoTooLarge, small_of
from tests.cloud.core.pictures import picture

SIDE = 320
SQUARE, WIDE = Frame(SIDE, SIDE, (0.5, 0.35)), Frame(400, 300)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_made_small_upright_and_forgets_the_camera(form: str) -> None:
    small = small_of(picture(form=form), SQUARE)

    shown = Image.open(io.BytesIO(small.webp))
    assert (shown.format, shown.size) == ("WEBP", (SIDE, SIDE))
    assert len(small.webp) <= BYTES_MAX
    assert not shown.getexif()
    assert b"Somebody" not in small.webp
    red, _, blue = shown.convert("RGB").getpixel((SIDE // 2, 10))  # type: ignore[misc] # three bands
    assert blue > red


@pytest.mark.parametrize("frame", [SQUARE, WIDE])
def test_a_photo_full_of_noise_fits_all_the_same(frame: Frame) -> None:
    noise = Image.frombytes("RGB", (640, 640), Random(1).randbytes(640 * 640 * 3))
    out = io.BytesIO()
    noise.save(out, "PNG")

    assert len(small_of(out.getvalue(), frame).webp) <= BYTES_MAX


@pytest.mark.parametrize(
    "upload", [b"x", b"GIF89a" + bytes(40), b"<svg xmlns='http://www.w3.org/2000/svg'/>", picture()[:200]]
)
def test_what_is_no_photo_is_refused(upload: bytes) -> None:
    with pytest.raises(PhotoRefused, match="no photo"):
        small_of(upload, SQUARE)


def test_what_would_fill_the_memory_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "PIXELS_MAX", 300 * 400 - 1)
    with pytest.raises(PhotoTooLarge):
        small_of(picture(), SQUARE)
    with pytest.raises(PhotoTooLarge):
        small_of(bytes(pictures.UPLOAD_MAX + 1), SQUARE)


def test_no_file_at_all_is_asked_for() -> None:
    with pytest.raises(PhotoRefused, match="Choose a file"):
        small_of(b"", SQUARE)
