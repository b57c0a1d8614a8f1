"""Charts as numbers: columns stand within the drawing, as high as their values, labelled where there is room."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.core.charts import LABELS_MAX, LEFT, TICKS_MAX, TOP, WIDTH, Column, chart_of, share_of


def columns(*values: tuple[int, ...]) -> list[Column]:
    return [Column(str(number), f"day {number}", each) for number, each in enumerate(values)]


def test_columns_are_as_high_as_their_values() -> None:
    chart = chart_of(columns((50, 0), (25, 25), (0, 0)))

    assert [[(each.series, each.y, each.height) for each in column.segments] for column in chart.columns] == [
        [(0, 31.3, 116.7)],
        [(0, 89.7, 58.3), (1, 31.3, 58.4)],
        [],
    ]
    assert [tick.value for tick in chart.ticks] == [20, 40, 60]
    assert [column.title for column in chart.columns] == ["day 0", "day 1", "day 2"]


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), max_size=60))
def test_everything_stands_within_the_drawing(values: list[tuple[int, ...]]) -> None:
    chart = chart_of(columns(*values))

    highest = max((sum(each) for each in values), default=0)
    assert bool(highest) <= len(chart.ticks) <= TICKS_MAX
    assert not chart.ticks or chart.ticks[-1].value >= highest
    assert sum(bool(column.label) for column in chart.columns) <= LABELS_MAX
    for column in chart.columns:
        assert LEFT <= column.x <= column.x + column.width <= WIDTH
        assert all(TOP - 0.2 <= each.y <= each.y + each.height <= chart.base + 0.2 for each in column.segments)
    assert all(
        left.x + left.width <= right.x + 0.2
        for left, right in zip(chart.columns, chart.columns[1:], strict=False)
    )  # fmt: skip


@pytest.mark.parametrize(("value", "most", "length"), [(5, 10, 50.0), (0, 10, 0.0), (0, 0, 0.0), (10, 10, 100.0)])
def test_a_bar_is_a_share_of_the_most(value: int, most: int, length: float) -> None:
    assert share_of(value, most) == length
