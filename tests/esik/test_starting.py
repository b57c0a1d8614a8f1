"""What is imported is spared by the collector, which works again afterwards, whatever happens."""

import gc

import pytest

from esik.starting import without_collecting


def test_what_was_made_meanwhile_is_spared_and_the_collector_works_again() -> None:
    before = gc.get_freeze_count()

    with without_collecting():
        is_working = gc.isenabled()
        made: list[list[int]] = [[] for _ in range(1_000)]

    assert not is_working
    assert gc.isenabled()
    assert gc.get_freeze_count() - before >= len(made)


def test_the_collector_works_again_after_an_import_that_failed() -> None:
    with pytest.raises(ImportError), without_collecting():
        raise ImportError

    assert gc.isenabled()
