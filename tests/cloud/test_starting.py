"""What the programs of the service load when they start: nothing that only the solver of timetables needs."""

import sys
from asyncio import create_subprocess_exec
from asyncio.subprocess import PIPE

import pytest

# OR-tools brings pandas along. NumPy is taken by openpyxl wherever it is installed, so that it cannot stand here.
HEAVY = ("ortools", "pandas")
TOLD = "import sys, {program}; print(*(name for name in {heavy} if name in sys.modules))"


@pytest.mark.parametrize("program", ["cloud.app", "cloud.worker", "cloud.embedded", "cloud.cli"])
async def test_a_program_starts_without_what_only_the_solver_needs(program: str) -> None:
    assert await loaded_by(program) == []


async def test_the_solvers_own_program_needs_all_of_it() -> None:
    assert await loaded_by("cloud.timetable.program") == list(HEAVY)


async def loaded_by(program: str) -> list[str]:
    """Return which of the heavy modules a program loads, in an interpreter of its own."""
    asked = TOLD.format(program=program, heavy=HEAVY)
    child = await create_subprocess_exec(sys.executable, "-c", asked, stdout=PIPE)
    told, _ = await child.communicate()
    assert child.returncode == 0
    return told.decode().split()
