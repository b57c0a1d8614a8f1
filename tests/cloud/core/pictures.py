"""Pictures for tests, as a camera writes them."""

import io

from PIL import Image

ORIENTATION, MAKER = 0x0112, 0x010F
SIDEWAYS = 6


def picture(width: int = 300, height: int = 400, form: str = "JPEG") -> bytes:
    """Return a red picture with a blue upper half, as a camera writes it: on its side, and with its name."""
    upright = Image.new("RGB", (width, height), "red")
    upright.paste("blue", (0, 0, width, height // 2))
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKER] = SIDEWAYS, "Camera of Somebody"
    out = io.BytesIO()
    upright.rotate(90, expand=True).save(out, form, exif=exif)
    return out.getvalue()
