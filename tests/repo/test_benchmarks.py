"""The page of benchmarks: each row says what it is of; what is not measured anew stays."""

from tests.bench.__main__ import DOCUMENT, measurements
from tests.bench.table import HEAD, Figure, document


def test_every_row_names_a_measurement_that_can_be_run_again() -> None:
    written = DOCUMENT.read_text()
    table = written[written.index(HEAD.splitlines()[0]) :]

    assert document(written, {}, measurements() | measurements("LONG"), "abcdef0") == table


def test_what_is_measured_takes_the_place_of_its_rows_and_of_no_others() -> None:
    first = document("", {"a.one": [Figure("x", 1, "s", "so")], "b.two": [Figure("y", 2, "s", "so")]}, ORDER, "1111111")
    second = document(first, {"a.one": [Figure("x", 3, "s", "so"), Figure("z", 4, "s", "so")]}, ORDER, "2222222")

    assert [line.split(" | ")[:2] + line.split(" | ")[-1:] for line in second.splitlines()[2:]] == [
        ["| x", "3", "`a.one` 2222222 |"], ["| z", "4", "`a.one` 2222222 |"], ["| y", "2", "`b.two` 1111111 |"],
    ]  # fmt: skip


ORDER = ("a.one", "b.two")
