"""Choices: read from forms and from what was kept, the same again."""

from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.builder.choice import (
    COLUMNS_MAX,
    FILTERS_MAX,
    GROUPS_MAX,
    MEASURES_MAX,
    VALUES_MAX,
    Choice,
    Filter,
    choice_kept,
    choice_typed,
    fields_of,
)
from cloud.builder.errors import ChoiceRefused
from cloud.builder.kinds import Drawing, Period, Shape
from tests.cloud.builder.choices import choices


def many(fields: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """Return fields as a form holds them."""
    form: dict[str, list[str]] = {}
    for name, value in fields:
        form.setdefault(name, []).append(value)
    return form


@given(choices())
def test_what_is_kept_is_read_as_it_was(choice: Choice) -> None:
    assert choice_kept(choice.encoded()) == choice


@given(choices())
def test_a_form_says_what_the_choice_said(choice: Choice) -> None:
    again = choice_typed(many(fields_of(choice)), choice.subject)

    assert set(again.filters) == set(choice.filters[:FILTERS_MAX]) or len(choice.filters) > FILTERS_MAX
    assert (again.groups, again.measures, again.columns) == (choice.groups, choice.measures, choice.columns)
    assert (again.period, again.shape, again.drawing, again.sort) == (
        choice.period, choice.shape, choice.drawing, choice.sort,
    )  # fmt: skip
    assert (again.first_on, again.last_on) == (choice.first_on, choice.last_on)


@given(st.dictionaries(st.text(max_size=12), st.lists(st.text(max_size=90), max_size=60), max_size=40))
def test_whatever_is_sent_is_a_choice_within_its_limits(form: dict[str, list[str]]) -> None:
    choice = choice_typed(form, "attendance")

    assert len(choice.groups) <= GROUPS_MAX
    assert len(choice.measures) <= MEASURES_MAX
    assert len(choice.columns) <= COLUMNS_MAX
    assert len(choice.filters) <= FILTERS_MAX
    assert all(len(each.values) <= VALUES_MAX for each in choice.filters)


def test_a_form_is_read_leniently() -> None:
    form = {
        "period": ["nonsense"], "first": ["01.09.2026"], "last": ["31.06.2026"], "shape": ["rows"], "g": ["", "class"],
        "f_class": ["5А", "5А", ""], "least_late_min": ["11"], "most_late_min": ["x"], "drawing": ["bars"],
        "sort": ["-late_min"],
    }  # fmt: skip

    assert choice_typed(form, "attendance") == Choice(
        "attendance", Period.THIRTY, date(2026, 9, 1), None, Shape.ROWS, ("class",), (), (),
        (Filter("class", ("5А",)), Filter("late_min", least=11)), "-late_min", Drawing.BARS,
    )  # fmt: skip


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"subject": "x"}', Choice("x").encoded().replace("thirty", "ever")])
def test_what_another_version_kept_is_refused_in_words(text: str) -> None:
    with pytest.raises(ChoiceRefused, match="another version"):
        choice_kept(text)
