"""docs/reliability.md names every test of every fault, and none that is not there."""

import pytest

from tests.faults.table import NOT_YET, PAGE, named_tests, written_into

FAULTS = 45


def test_the_table_of_faults_is_current() -> None:
    page = PAGE.read_text()

    assert page == written_into(page), "run `python -m tests.faults.table`"


@pytest.mark.parametrize("number", range(1, FAULTS + 1))
def test_a_fault_has_tests(number: int) -> None:
    row = next(line for line in PAGE.read_text().splitlines() if line.startswith(f"| {number} |"))

    assert named_tests()[number]
    assert NOT_YET not in row
