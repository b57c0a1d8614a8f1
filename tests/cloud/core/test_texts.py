"""What people type is kept in one line, without what no database takes."""

import pytest

from cloud.core.texts import has_unseen, one_line


@pytest.mark.parametrize(
    "text", ["тамақ\x00 салқын", " тамақ\r\n\tсалқын ", "тамақ\ud800салқын", "тамақ\x1b\u2028 салқын"]
)
def test_a_text_is_one_line_that_a_database_takes(text: str) -> None:
    assert one_line(text) == "тамақ салқын"
    one_line(text).encode()


def test_a_text_with_nothing_unseen_stays_as_it_is() -> None:
    assert one_line("Ғ 🥶 “№ 7”") == "Ғ 🥶 “№ 7”"
    assert [has_unseen(text) for text in ("өтініш\n№ 7", "өтініш\x00", "\udc00")] == [False, True, True]
