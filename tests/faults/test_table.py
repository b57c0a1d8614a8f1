"""docs/reliability.md names every test of every fault, and none that is not there."""

import pytest

from tests.faults.table import NOT_YET, PAGE, named_tests, written_into

# The rows of the straight line; others come with what they are about.
WANTED = (1, 2, 4, 5, 6, 8, 9, 10, 13, *range(15, 21), 22, 23, 24, 27, 28, 30, 31, 36, 38, 40, 44)


def test_the_table_of_faults_is_current() -> None:
    page = PAGE.read_text()

    assert page == written_into(page), "run `python -m tests.faults.table`"


@pytest.mark.parametrize("number", WANTED)
def test_a_fault_of_the_straight_line_has_tests(number: int) -> None:
    row = next(line for line in PAGE.read_text().splitlines() if line.startswith(f"| {number} |"))

    assert named_tests()[number]
    assert NOT_YET not in row
