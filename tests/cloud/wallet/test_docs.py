"""The page about the wallet tells of every column that comes in or goes out."""

import re
from pathlib import Path

from cloud.wallet.columns import COLUMNS, EXPORTED, KNOWN, OF_REJECTED, headings
from cloud.wallet.kinds import FileKind

PAGE = Path(__file__).parents[3] / "docs/wallet.md"


def test_every_column_is_told_with_what_it_means() -> None:
    told = set(re.findall(r"`([a-z_]+)`", PAGE.read_text()))
    columns = {column.key for kind in FileKind for column in COLUMNS[kind]}

    assert {*columns, *EXPORTED, *OF_REJECTED} - told == set()


def test_a_column_is_known_by_each_of_its_headings_and_by_no_others() -> None:
    for kind in FileKind:
        for column in COLUMNS[kind]:
            assert {KNOWN[kind][name.casefold()] for name in (column.key, *column.names)} == {column.key}
        assert {len(set(headings(kind, language))) for language in ("kk", "ru", "en")} == {len(COLUMNS[kind])}
