"""The page of what was sold takes from its forms only what names a place."""

import pytest

from cloud.meals.rules import Place
from cloud.office.sold_pages import place_of


def test_a_form_names_a_place() -> None:
    assert place_of(f"till-1:{'e' * 16}:7") == Place("till-1", "e" * 16, 7)


@pytest.mark.parametrize(
    "text", ["", "till-1", "till-1:e:", "till-1:e:٣", "till\x00:e:7", "till-1:\ud800:7", f"till-1:e:{'9' * 17}"]
)
def test_what_names_no_place_is_passed_over(text: str) -> None:
    assert place_of(text) is None
