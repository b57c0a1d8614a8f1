"""Drawn plates in place of photos of dishes, for demonstrations and for pages in tests."""

import io

from PIL import Image, ImageDraw


def plate(colour: str) -> bytes:
    """Return a picture of a dish of a colour on a plate, PNG of 800 by 600."""
    picture = Image.new("RGB", (800, 600), "#e9eef0")
    pen = ImageDraw.Draw(picture)
    pen.ellipse((130, 40, 670, 560), fill="#ffffff", outline="#c9d1d3", width=6)
    pen.ellipse((210, 120, 590, 480), fill=colour)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
