"""Schools with something of everything, for exports, and exports that a program of its own is in the midst of."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from cloud.accounts.actions import add_account
from cloud.attendance.queries import school_today
from cloud.core.actor import Reach, Role
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.exports.beside import MODULE
from cloud.exports.jobs import Job, jobs_of
from cloud.imports.actions import import_school
from cloud.ingest.accepting import accept
from cloud.ingest.postgres import PgStore
from cloud.ingest.senders import Senders
from cloud.menu.diets import forbid
from cloud.register.actions import mark
from cloud.register.kinds import BY_CODE
from tests.cloud.fixtures import VAULT_KEY
from tests.cloud.imports.factory import file
from tests.cloud.ingest.device import NOW_MS, Device, opened, tapped
from tests.cloud.ingest.rows import add_devices, eventually
from tests.cloud.schools.factory import SYSTEM, a_school

PASSPHRASE = "correct horse battery"
GIVES_WAY_S = 120.0  # for a program that lets all others go first, on a busy machine
HELD_UP = """
SELECT EXISTS (SELECT FROM export_job WHERE total > 0)
  AND EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database())
"""


async def a_full_school(services: Services) -> int:
    """Return a school with people, an account, and a device that has sent eight records and two that nobody reads."""
    school_id = await a_school(services)
    assert (await import_school(services, SYSTEM, school_id, file())).was_written
    await add_account(services, SYSTEM, "office-1", "=1+1;=2", Reach(Role.OFFICE, school_id))
    person_id = await services.database.pool.fetchval("SELECT min(id) FROM person WHERE role = 'student'")
    await forbid(services, SYSTEM, school_id, person_id, "nuts", "allergist's paper 12")
    await marked_ill(services, person_id)
    shard = await services.database.pool.fetchval("SELECT shard FROM school WHERE id = $1", school_id)
    device = Device(school="almaty5", shard=shard).write(opened(), *[tapped(number) for number in range(7)])
    device.write(b'{"k":"sonnet"}', b"\x00\xff")
    await add_devices(services.database.pool, services.vault, services.clock, device)
    store = PgStore(services.database.url, Senders(services.database.pool, services.vault, services.clock))
    await accept([device.batch(1, 10)], store, NOW_MS)
    await store.close()
    return school_id


async def marked_ill(services: Services, person_id: int) -> None:
    """Let the class register say that a student is ill today."""
    school = await school_today(services, SYSTEM, "almaty5", Right.PRESENCE_READ)
    ref, class_id = await services.database.pool.fetchrow(
        "SELECT ref, school_class_id FROM person WHERE id = $1", person_id
    )
    await mark(services, SYSTEM, school, class_id, school.on, ref, BY_CODE["absent_ill"], 0)


def write_key(services: Services) -> None:
    """Let another process find the key that these services hold."""
    services.settings.vault_key_file.touch(0o600)
    services.settings.vault_key_file.write_text(VAULT_KEY.hex() + "\n")


def programs() -> list[int]:
    """Return the programs that this process began and that live."""
    return [int(each) for each in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split() if is_ours(each)]


def is_ours(pid: str) -> bool:
    with suppress(OSError):
        return MODULE in command_of(int(pid))
    return False


def command_of(program: int) -> str:
    return Path(f"/proc/{program}/cmdline").read_text()


async def job_of(services: Services, school_id: int) -> Job:
    return (await jobs_of(services, SYSTEM, school_id))[0]


@asynccontextmanager
async def held_up(services: Services) -> AsyncIterator[None]:
    """Hold a table of the middle of an export, so that one that is begun within stays in its midst until the end."""
    async with services.database.pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE person IN ACCESS EXCLUSIVE MODE")
        yield


async def until_held_up(services: Services) -> None:
    await eventually(lambda: services.database.pool.fetchval(HELD_UP), GIVES_WAY_S)
