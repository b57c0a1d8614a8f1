"""The page of rights is the table's own."""

from tests.repo.rights import DOCUMENT, document


def test_the_page_of_rights_is_current() -> None:
    assert DOCUMENT.read_text() == document(), "run `python -m tests.repo.rights`"
