"""Charts as numbers: where columns, their segments and the lines behind them stand, for `core/chart.html` to draw.

Rule: what a chart shows stands in a table beside it; a chart holds no figure that is written nowhere else.
"""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HIGH = 360, 140  # of the drawing, in its own units; the columns' room
LEFT, RIGHT, TOP = 50, 4, 8  # the figures of the lines stand at the left
LABELS_MAX = 8
TICKS_MAX = 4
GAP = 0.25  # of a column's place


@dataclass(frozen=True, slots=True)
class Column:
    """A column to be drawn: what stands under it, what it says when it is pointed at, its values from below."""

    label: str
    title: str
    values: Sequence[int]


@dataclass(frozen=True, slots=True)
class Segment:
    """A drawn piece of a column; `series` is the place of its value."""

    series: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Drawn:
    """A drawn column; without a label where there is no room for all of them."""

    x: float
    width: float
    label: str
    title: str
    segments: Sequence[Segment]

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True, slots=True)
class Tick:
    """A line behind the columns, at a value."""

    y: float
    value: int


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawn chart."""

    columns: Sequence[Drawn]
    ticks: Sequence[Tick]
    left: int = LEFT
    width: int = WIDTH
    base: int = TOP + HIGH  # where columns stand

    @property
    def height(self) -> int:
        return self.base + 18


def chart_of(columns: Sequence[Column]) -> Chart:
    """Return columns as they are drawn; values are whole and not below zero."""
    highest = max((sum(column.values) for column in columns), default=0)
    step = _step(highest)
    top = step * max(1, -(-highest // step))
    place = (WIDTH - LEFT - RIGHT) / max(1, len(columns))
    shown = -(-len(columns) // LABELS_MAX)
    drawn = [
        Drawn(
            round(LEFT + place * (number + GAP / 2), 1), round(place * (1 - GAP), 1),
            column.label if number % max(1, shown) == 0 else "", column.title, _segments(column.values, top),
        )
        for number, column in enumerate(columns)
    ]  # fmt: skip
    ticks = [Tick(_y(value, top), value) for value in range(step, top + 1, step)] if highest else []
    return Chart(drawn, ticks)


def share_of(value: int, most: int, width: int = 100) -> float:
    """Return how long a bar is that stands for a value where `most` fills the width."""
    return round(width * value / most, 1) if most > 0 else 0.0


def _segments(values: Sequence[int], top: int) -> list[Segment]:
    segments, below = [], 0
    for series, value in enumerate(values):
        if value > 0:
            y = _y(below + value, top)
            segments.append(Segment(series, y, round(_y(below, top) - y, 1)))
        below += value
    return segments


def _y(value: int, top: int) -> float:
    return round(TOP + HIGH - HIGH * value / top, 1)


def _step(highest: int) -> int:
    """Return the least of 1, 2, 5, 10, 20, ... that makes few lines."""
    unit = 1
    while True:
        for step in (unit, 2 * unit, 5 * unit):
            if highest <= step * TICKS_MAX:
                return step
        unit *= 10
