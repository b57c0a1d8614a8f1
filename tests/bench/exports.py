"""What is measured of exports: all that a school of 2,000 has after a month, into the sealed file of a worker."""

import time
from datetime import date

from cloud.core.services import Services
from cloud.exports.jobs import jobs_of, order_export
from cloud.exports.making import make_next
from tests.bench.reports import DAYS, FIRST, STUDENTS, fill, with_services
from tests.bench.table import Figure, at_most
from tests.cloud.schools.factory import SYSTEM

MOVEMENT = """
INSERT INTO movement (shard, position, school_id, person_id, "on", at, received_at, direction, gate, kind, reason,
  let, let_reason, passage, clock, device, epoch, seq, is_double)
SELECT shard, person.id * 100 + n, school_id, person.id, $2::date + n / 2, now(), now(),
  CASE n % 2 WHEN 0 THEN 'in' ELSE 'out' END, 'north', 'card', 'ok', '', '', '', 'ntp', 'gate-north', 'e',
  person.id * 100 + n, false
FROM person, generate_series(0, 2 * $1::int - 1) n
"""


def export_of_a_school() -> list[Figure]:
    """Make the ordered export of a school where everybody came and ate on each day of a month."""
    return with_services(_export)


async def _export(services: Services) -> list[Figure]:
    await fill(services, 1, STUDENTS)
    await _move(services, DAYS, FIRST)
    school_id = await services.database.pool.fetchval("SELECT id FROM school")
    await order_export(services, SYSTEM, school_id, [])
    began_s = time.perf_counter()
    assert await make_next(services), "nothing was ordered"
    took_s = time.perf_counter() - began_s
    (job,) = await jobs_of(services, SYSTEM, school_id)
    assert job.state == "done", job.failed
    method = f"{STUDENTS} students, {DAYS} days of passages and meals, {job.size / 1e6:.0f} MB, sealed on the disk"
    return [at_most("full export of a school of 2,000", took_s, "s", method, ceiling=60.0)]


async def _move(services: Services, days: int, first: date) -> None:
    async with services.database.pool.acquire() as connection:
        await connection.execute(MOVEMENT, days, first, timeout=600)


MEASUREMENTS = (export_of_a_school,)
