"""Reads QR codes out of pictures, by a program that is none of ours (npm's jsqr)."""

import io
from pathlib import Path

from PIL import Image

from tests.servers.node import run_node

SCRIPT = Path(__file__).parent / "read_qr.mjs"


def read_qr(picture: bytes, folder: Path) -> str:
    """Return the text of the one QR code in a PNG. Raises ServerFailed when none can be read."""
    image = Image.open(io.BytesIO(picture)).convert("RGBA")
    pixels = folder / "pixels"
    pixels.write_bytes(image.tobytes())
    return run_node(SCRIPT, str(image.width), str(image.height), str(pixels))
