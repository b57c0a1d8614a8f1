"""Choices of every kind for tests: of declared keys, and of texts that somebody may send in their place."""

import random
from datetime import date

from hypothesis import strategies as st

from cloud.builder.choice import Choice, Filter
from cloud.builder.declared import Column, Subject
from cloud.builder.kinds import CHOSEN, FIGURES, Drawing, Kind, Period, Shape
from cloud.builder.subjects import SUBJECTS

HOSTILE = ("x'; DROP TABLE person; --", "1) OR (1=1", '"', "$1", "Қ\u00a0= 'ә'", "%s", "{schools}")


def a_choice(rng: random.Random, subject: Subject) -> Choice:
    """Return a choice of a subject that it allows."""
    columns, grouping = list(subject.columns), [each for each in subject.columns if each.groups]
    groups = tuple(each.key for each in rng.sample(grouping, rng.randint(0, min(3, len(grouping)))))
    measures = tuple(rng.sample(subject.reckoned, rng.randint(1, min(6, len(subject.reckoned)))))
    listed = tuple(each.key for each in rng.sample(columns, rng.randint(1, min(12, len(columns)))))
    shape = rng.choice(list(Shape))
    shown = listed if shape is Shape.ROWS else (*groups, *measures)
    filters = tuple(a_filter(rng, each) for each in columns if is_filtered(each) and rng.random() < 0.5)
    sort = rng.choice(("", "-")) + rng.choice(shown) if rng.random() < 0.7 else ""
    return Choice(
        subject.key, Period.DAYS, date(2026, 8, 1), date(2026, 9, 1), shape, groups, measures, listed, filters, sort,
        rng.choice(list(Drawing)),
    )  # fmt: skip


def a_filter(rng: random.Random, column: Column) -> Filter:
    """Return a filter that a column allows."""
    if column.kind in FIGURES:
        return Filter(column.key, least=rng.randint(-5, 5), most=rng.randint(6, 10**9))
    if column.words is not None:
        return Filter(column.key, tuple(rng.sample(list(column.words), min(2, len(column.words)))))
    if column.kind is Kind.YES:
        return Filter(column.key, ("yes",))
    if column.kind in {Kind.WEEKDAY, Kind.GRADE}:
        return Filter(column.key, ("1", "5"))
    return Filter(column.key, HOSTILE)


def is_filtered(column: Column) -> bool:
    return column.kind in FIGURES or column.kind in CHOSEN


@st.composite
def choices(draw: st.DrawFn) -> Choice:
    """Any choice of any subject that it allows."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    return a_choice(rng, draw(st.sampled_from(list(SUBJECTS.values()))))
