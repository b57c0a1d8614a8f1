"""What people type is kept in one line, without what no database takes."""

import pytest

from cloud.core.texts import has_unseen, is_email, one_line, paragraphs


@pytest.mark.parametrize(
    "text", ["тамақ\x00 салқын", " тамақ\r\n\tсалқын ", "тамақ\ud800салқын", "тамақ\x1b\u2028 салқын"]
)
def test_a_text_is_one_line_that_a_database_takes(text: str) -> None:
    assert one_line(text) == "тамақ салқын"
    one_line(text).encode()


def test_a_text_with_nothing_unseen_stays_as_it_is() -> None:
    assert one_line("Ғ 🥶 “№ 7”") == "Ғ 🥶 “№ 7”"
    assert [has_unseen(text) for text in ("өтініш\n№ 7", "өтініш\x00", "\udc00")] == [False, True, True]


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("office@school.kz", True), ("a.b+c@mail.example.kz", True), ("nobody", False), ("a@b", False),
        ("a@b.kz\nbcc: c@d.kz", False), ("<a@b.kz>", False), ("a@b.kz, c@d.kz", False), ("а@мектеп.kz", False),
        ("a b@c.kz", False), ("a@@b.kz", False), (f"{'a' * 60}@{'b' * 60}.kz", False),
    ],
)  # fmt: skip
def test_an_address_is_one_that_letters_can_be_sent_to(text: str, is_one: bool) -> None:
    assert is_email(text) is is_one


def test_paragraphs_keep_their_lines_and_nothing_else() -> None:
    assert paragraphs("  Бейсенбіде \t 18:00.\r\n\r\n\r\n\r\n Ортақ\u00a0зал. \n") == "Бейсенбіде 18:00.\n\nОртақ зал."
