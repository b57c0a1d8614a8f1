"""An export is a program of its own: what it does or suffers holds nobody up, and it never outlives who began it."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE

import pytest

from cloud.core.clock import SystemClock
from cloud.core.services import Services
from cloud.core.vault_keys import make_key_file
from cloud.exports.beside import MODULE, NICE, finish_beside
from cloud.exports.jobs import order_export
from cloud.exports.making import Exporter, make_next
from tests.cloud.exports.factory import (
    a_full_school,
    command_of,
    held_up,
    job_of,
    programs,
    until_held_up,
    write_key,
)
from tests.cloud.schools.factory import SYSTEM, a_school
from tests.waiting import until_async


@pytest.fixture(name="clock")
def _clock() -> SystemClock:
    return SystemClock()


@pytest.fixture(name="services")
def _services(services: Services) -> Services:
    write_key(services)
    return services


async def test_a_program_of_its_own_makes_the_export_and_gives_way_to_others(services: Services) -> None:
    school_id = await a_full_school(services)
    await order_export(services, SYSTEM, school_id, [])
    async with asyncio.TaskGroup() as tasks:
        async with held_up(services):
            making = tasks.create_task(make_next(services, finish_beside))
            await until_held_up(services)
            (program,) = programs()
            assert os.getpriority(os.PRIO_PROCESS, program) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + NICE)
            assert services.database.url not in command_of(program)
            (place,) = services.settings.exports_folder.iterdir()
            assert [each.name for each in place.iterdir()] == ["school.sealed.part"]
        assert await making

    assert (await job_of(services, school_id)).state == "done"
    assert programs() == []


async def test_a_worker_that_is_stopped_ends_its_export_and_leaves_nothing_of_it(services: Services) -> None:
    school_id = await a_school(services)
    await order_export(services, SYSTEM, school_id, [])
    async with held_up(services):
        exporting = asyncio.create_task(Exporter(services).run())
        await until_held_up(services)

        exporting.cancel()
        await asyncio.wait([exporting])

        assert programs() == []
        assert list(services.settings.exports_folder.iterdir()) == []
    assert (await job_of(services, school_id)).state == "running"  # and the next worker begins it anew


async def test_an_export_ends_when_the_worker_that_began_it_is_killed(services: Services) -> None:
    school_id = await a_school(services)
    await order_export(services, SYSTEM, school_id, [])
    await services.database.pool.execute("UPDATE export_job SET state = 'running', tries = 1")
    (services.settings.exports_folder / "1-1").mkdir(parents=True)
    program = await asyncio.create_subprocess_exec(sys.executable, "-m", MODULE, stdin=PIPE, stdout=PIPE)
    assert program.stdin is not None
    assert program.stdout is not None
    order = {"settings": services.settings.as_environment(), "export": 1, "tries": 1}
    async with held_up(services):
        program.stdin.write(json.dumps(order).encode() + b"\n")
        await until_held_up(services)

        program.stdin.close()  # as the pipe does when its other end dies

        assert await program.stdout.read() == b"Left"
        assert await program.wait() == 1
    assert list((services.settings.exports_folder / "1-1").iterdir()) == []


async def test_what_ended_a_program_is_noted_with_its_job(services: Services) -> None:
    school_id = await a_school(services)
    await order_export(services, SYSTEM, school_id, [])
    services.settings.vault_key_file.unlink()
    make_key_file(services.settings.vault_key_file)  # of somebody else

    assert await make_next(services, finish_beside)

    job = await job_of(services, school_id)
    assert (job.state, job.failed) == ("waiting", "VaultLocked")


async def test_a_program_that_is_killed_is_tried_again(services: Services) -> None:
    school_id = await a_school(services)
    await order_export(services, SYSTEM, school_id, [])
    async with asyncio.TaskGroup() as tasks, held_up(services):
        making = tasks.create_task(make_next(services, finish_beside))
        await until_held_up(services)

        os.kill(programs()[0], signal.SIGKILL)  # as a machine does that has no memory left

        await until_async(making.done)
    job = await job_of(services, school_id)
    assert (job.state, job.failed) == ("waiting", "exit status -9")
    assert list(services.settings.exports_folder.iterdir()) == []
