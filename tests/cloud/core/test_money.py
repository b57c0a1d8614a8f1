"""An amount that a form shows is read back as the same, and nothing else is an amount."""

import pytest

from cloud.core.money import plain, tiyn_of


@pytest.mark.parametrize(("amount_tiyn", "shown"), [(0, "0"), (57_700, "577"), (57_750, "577,50"), (5, "0,05")])
def test_what_a_form_shows_is_read_back_as_the_same(amount_tiyn: int, shown: str) -> None:
    assert plain(amount_tiyn) == shown
    assert tiyn_of(shown) == amount_tiyn


@pytest.mark.parametrize("text", ["", "-1", "1,", "1,234", "1e3", "૧૨", "1 00"])
def test_nothing_else_is_an_amount(text: str) -> None:
    assert tiyn_of(text) is None
