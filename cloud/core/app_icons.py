"""The app's icons: our own door (static/door.svg), drawn as PNG in the sizes that phones ask for.

Rule: no picture of anybody else's is needed, and none is committed: the same lines give the same bytes.
"""

import io
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageDraw

Points = tuple[tuple[float, float], ...]
BOX = 24.0  # the drawing's own units, as in door.svg
FINER = 3  # drawn so many times larger and made small: edges become smooth
GROUND, LINE, LEAF, CLEAR = "#0a6570", "#ffffff", "#3f8f98", (0, 0, 0, 0)
STROKE = 2.0
FRAME: Points = ((4.0, 21.5), (4.0, 2.5), (15.0, 2.5), (15.0, 6.0))
FLOOR: Points = ((2.0, 21.5), (22.0, 21.5))
DOOR: Points = ((9.0, 6.2), (18.5, 4.0), (18.5, 21.5), (9.0, 21.5), (9.0, 6.2))
KNOB: Points = ((12.5, 12.5), (12.5, 14.5))


@dataclass(frozen=True, slots=True)
class Drawing:
    """An icon: pixels a side, how much of them the door takes, how round its corners are; a badge has no ground."""

    size: int
    share: float
    corner: float = 0.0
    has_ground: bool = True


DRAWINGS = {
    "icon-192": Drawing(192, 0.72, 0.22),
    "icon-512": Drawing(512, 0.72, 0.22),
    "maskable-512": Drawing(512, 0.56),  # phones cut away all but a circle of 80 %
    "touch-180": Drawing(180, 0.68),  # rounded by the phone itself
    "badge-96": Drawing(96, 0.92, has_ground=False),  # of a message: phones take its shape only
}


@cache
def icon_png(name: str) -> bytes:
    """Return an icon of DRAWINGS as PNG; some 20 ms, once a process. Raises KeyError for any other name."""
    drawing = DRAWINGS[name]
    large = drawing.size * FINER
    picture = Image.new("RGBA", (large, large), CLEAR)
    pen = ImageDraw.Draw(picture)
    if drawing.has_ground:
        pen.rounded_rectangle((0, 0, large - 1, large - 1), drawing.corner * large, fill=GROUND)
    _draw_door(pen, large, drawing)
    out = io.BytesIO()
    picture.resize((drawing.size, drawing.size), Image.Resampling.LANCZOS).save(out, "PNG", optimize=True)
    return out.getvalue()


def _draw_door(pen: ImageDraw.ImageDraw, large: int, drawing: Drawing) -> None:
    scale = large * drawing.share / BOX
    margin = (large - BOX * scale) / 2

    def placed(points: Points) -> list[tuple[float, float]]:
        return [(margin + x * scale, margin + y * scale) for x, y in points]

    for points in (FRAME, FLOOR):
        _stroke(pen, placed(points), STROKE * scale)
    pen.polygon(placed(DOOR), fill=LEAF if drawing.has_ground else CLEAR)  # the door stands before its frame
    for points in (DOOR, KNOB):
        _stroke(pen, placed(points), STROKE * scale)


def _stroke(pen: ImageDraw.ImageDraw, points: list[tuple[float, float]], width: float) -> None:
    pen.line(points, fill=LINE, width=round(width), joint="curve")
    half = width / 2
    for x, y in points:  # round ends, as the drawing on the pages has
        pen.ellipse((x - half, y - half, x + half, y + half), fill=LINE)
