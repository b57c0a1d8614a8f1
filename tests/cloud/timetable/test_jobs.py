"""Solves that a school orders: by a program of its own, one at a time, told while they run, taken over or left."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cloud.core.errors import NotAllowed, NotFound
from cloud.timetable.beside import INHERITED, MODULE, NotSolved, solve_beside
from cloud.timetable.errors import SolveRefused
from cloud.timetable.jobs import Solver, order, solve_next, solves_of, take_over
from cloud.timetable.problem import Outcome, Problem, Progress
from cloud.timetable.program import MEMORY_MAX
from cloud.timetable.rules import Slot
from cloud.timetable.versions import slots_of_version
from simulators.clock import SimulatedClock
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.timetable.factory import Planned
from tests.cloud.timetable.frames import school as a_frame

Listening = Callable[[Progress], Awaitable[None]]
SECONDS = 5


async def test_a_draft_is_solved_beside_and_what_was_found_is_taken_over(school: Planned) -> None:
    services, here = school.services, school.school_id
    draft = await school.draft(Slot(3, 1, school.history))
    job = await order(services, school.studies.deputy, here, draft, SECONDS)

    assert await solve_next(services, patient)

    (solve,) = await solves_of(services, here, draft)
    assert (solve.id, solve.state, solve.failed) == (job, "done", "")
    assert solve.outcome is not None
    assert solve.outcome.missing == {}
    assert solve.progress is not None
    await take_over(services, school.studies.deputy, here, draft, job)
    held = await slots_of_version(services.database.pool, draft)
    assert len(held.slots) == 5 + 2 + 5 + 3 + 3  # each week's lessons of the five courses
    assert [(slot.weekday, slot.course_id) for slot in held.fixed] == [(3, school.history)]
    assert not await solve_next(services, solve_beside)


async def patient(problem: Problem, listening: Listening) -> Outcome:
    """Solve beside, by work instead of seconds: the machine may be busy."""
    return await solve_beside(replace(problem, seconds=300.0, effort=2.0), listening)


async def test_one_at_a_time_within_limits_and_by_who_may(school: Planned) -> None:
    services, here = school.services, school.school_id
    draft = await school.draft()
    with pytest.raises(NotAllowed):
        await order(services, school.studies.teachers[0], here, draft, SECONDS)
    with pytest.raises(SolveRefused):
        await order(services, SYSTEM, here, draft, 601)
    await order(services, SYSTEM, here, draft, SECONDS)

    with pytest.raises(SolveRefused, match="is being made"):
        await order(services, SYSTEM, here, draft, SECONDS)

    with pytest.raises(NotFound):
        await take_over(services, SYSTEM, here, draft, 1)


async def test_a_failure_is_tried_again_and_then_told(school: Planned, clock: SimulatedClock) -> None:
    services, here = school.services, school.school_id
    draft = await school.draft()
    await order(services, SYSTEM, here, draft, SECONDS)

    async def failing(problem: Problem, listening: Listening) -> Outcome:
        await listening(Progress("finding", 0))
        raise RuntimeError(problem)

    for state in ("waiting", "waiting", "failed"):
        assert await solve_next(services, failing)
        (solve,) = await solves_of(services, here, draft)
        assert (solve.state, solve.failed) == (state, "RuntimeError")
        assert not await solve_next(services, failing)
        clock.advance(timedelta(minutes=2).total_seconds())


async def test_the_program_ends_with_who_began_it() -> None:
    heard = asyncio.Event()

    async def listening(_: Progress) -> None:
        heard.set()

    solving = asyncio.create_task(solve_beside(Problem(a_frame(12), seconds=60.0), listening))
    async with asyncio.timeout(120):
        await heard.wait()
    assert len(programs()) == 1
    solving.cancel()
    await asyncio.wait({solving})

    assert programs() == []


async def test_the_program_knows_no_setting_and_has_a_limit_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_SECRET", "not for the solver")
    told: list[tuple[set[str], str]] = []

    async def listening(_: Progress) -> None:
        if not told:
            (program,) = programs()
            names = known_of(program, "environ").split("\0")
            told.append(({each.partition("=")[0] for each in names if each}, known_of(program, "limits")))

    outcome = await solve_beside(Problem(a_frame(2), seconds=5.0), listening)

    assert outcome.missing == {}
    ((names, limits),) = told
    assert "PATH" in names
    assert names <= set(INHERITED)
    assert f"Max address space {MEMORY_MAX} {MEMORY_MAX} bytes" in " ".join(limits.split())


async def test_a_worker_that_is_ended_as_its_solver_fails_ends_and_leaves_the_job_to_the_next(school: Planned) -> None:
    services, here = school.services, school.school_id
    draft = await school.draft()
    await order(services, SYSTEM, here, draft, SECONDS)
    begun = asyncio.Event()

    async def failing(_problem: Problem, _listening: Listening) -> Outcome:
        begun.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            raise NotSolved("in the instant in which the worker is ended")

    solving = asyncio.create_task(Solver(services, failing).run())
    async with asyncio.timeout(30):
        await begun.wait()
    solving.cancel()
    done, _ = await asyncio.wait([solving], timeout=30)

    assert done, "it went on"
    (solve,) = await solves_of(services, here, draft)
    assert (solve.state, solve.failed) == ("running", "")


def programs() -> list[int]:
    """Return the solvers that this process began and that live."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return [int(each) for each in children if MODULE in Path(f"/proc/{each}/cmdline").read_text()]


def known_of(program: int, what: str) -> str:
    """Return what the kernel knows of a program."""
    return Path(f"/proc/{program}/{what}").read_text()
