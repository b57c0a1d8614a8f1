"""A text is counted in the parts that it is paid as."""

import pytest

from cloud.core.sms import Text, parts_of


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 153 * 2, 2),
        ("a" * 153 * 2 + "a", 3),
        ("[" * 80, 1),  # each takes the place of two
        ("[" * 81, 2),
        ("ә" * 70, 1),
        ("ә" + "a" * 70, 2),  # one letter makes the whole text so
        ("ж" * 134, 2),
        ("ж" * 135, 3),
        ("😀" * 35, 1),  # two units each
        ("😀" * 36, 2),
    ],
)
def test_a_text_is_counted_in_parts(words: str, parts: int) -> None:
    assert parts_of(words) == parts


def test_neither_number_nor_words_are_told_of_a_text() -> None:
    told = repr(Text("+77015550101", "Password: k7mw-3hqp-x9tn"))

    assert "7701" not in told
    assert "k7mw" not in told
