"""The table of requirements says what the tests' markers say, and the markers name rows that exist."""

from tests.repo.compliance import DOCUMENT, claims, document, requirements


def test_the_table_is_fresh() -> None:
    assert DOCUMENT.read_text() == document(), "run `make compliance`"


def test_every_marker_names_a_row_and_a_part_of_it() -> None:
    parts = {row.id: row.parts or (None,) for row in requirements()}

    assert [claim for claim in claims() if claim.part not in parts.get(claim.id, ())] == []
