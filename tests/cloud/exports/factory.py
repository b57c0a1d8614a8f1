"""Schools with something of everything, for exports."""

from cloud.accounts.actions import add_account
from cloud.core.actor import Reach, Role
from cloud.core.services import Services
from cloud.imports.actions import import_school
from cloud.ingest.accepting import accept
from cloud.ingest.postgres import PgStore
from cloud.ingest.senders import Senders
from cloud.menu.diets import forbid
from tests.cloud.imports.factory import file
from tests.cloud.ingest.device import NOW_MS, Device, opened, tapped
from tests.cloud.ingest.rows import add_devices
from tests.cloud.schools.factory import SYSTEM, a_school

PASSPHRASE = "correct horse battery"


async def a_full_school(services: Services) -> int:
    """Return a school with people, an account, and a device that has sent eight records and two that nobody reads."""
    school_id = await a_school(services)
    assert (await import_school(services, SYSTEM, school_id, file())).was_written
    await add_account(services, SYSTEM, "office-1", "=1+1;=2", Reach(Role.OFFICE, school_id))
    person_id = await services.database.pool.fetchval("SELECT min(id) FROM person WHERE role = 'student'")
    await forbid(services, SYSTEM, school_id, person_id, "nuts", "allergist's paper 12")
    shard = await services.database.pool.fetchval("SELECT shard FROM school WHERE id = $1", school_id)
    device = Device(school="almaty5", shard=shard).write(opened(), *[tapped(number) for number in range(7)])
    device.write(b'{"k":"sonnet"}', b"\x00\xff")
    await add_devices(services.database.pool, services.vault, services.clock, device)
    store = PgStore(services.database.url, Senders(services.database.pool, services.vault, services.clock))
    await accept([device.batch(1, 10)], store, NOW_MS)
    await store.close()
    return school_id
