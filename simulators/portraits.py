"""Drawn faces in place of photos of people, for pages in tests and for demonstrations."""

import io

from PIL import Image, ImageDraw


def portrait(colour: str) -> bytes:
    """Return a picture of a head and shoulders before a colour, WebP of 320 by 320, as the cloud keeps photos."""
    picture = Image.new("RGB", (320, 320), colour)
    pen = ImageDraw.Draw(picture)
    pen.ellipse((20, 210, 300, 470), fill="#34495e")
    pen.ellipse((95, 60, 225, 235), fill="#e8c39e")
    pen.pieslice((85, 40, 235, 220), 180, 360, fill="#3b2a20")
    for left in (128, 178):
        pen.ellipse((left, 140, left + 14, 154), fill="#2c2c2c")
    pen.arc((130, 165, 190, 205), 20, 160, fill="#8a4b3a", width=5)
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=60)
    return out.getvalue()
