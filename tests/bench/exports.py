"""What is measured of exports: all that a school of 2,000 has after a month, into the sealed file of a worker.

And what taps have of it: how soon they are committed while a worker's program writes such exports beside its intake.
"""

import asyncio
import time
from datetime import date

from cloud.core.services import Services, open_services
from cloud.core.settings import Edition, Settings
from cloud.exports.jobs import jobs_of, order_export
from cloud.exports.making import make_next
from tests.bench.cloud import DEVICES, paced
from tests.bench.line import Line, line
from tests.bench.load import Outcome
from tests.bench.reports import DAYS, FIRST, STUDENTS, fill, with_services
from tests.bench.table import Figure, at_most, percentile
from tests.cloud.schools.factory import SYSTEM
from tests.waiting import until

BESIDE, LIVE_RATE, LIVE_SECONDS = 2, 200.0, 10.0  # exports one after the other, and taps while they are made
MADE_S = 300.0
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


def taps_beside_an_export() -> list[Figure]:
    """Send taps to a whole worker, alone and while it has exports made."""
    with line(DEVICES) as running:
        asyncio.run(_fill(running))
        with running.cloud("worker"):
            alone = _taps(running)
            asyncio.run(_order(running))
            until(lambda: _jobs(running, "'running' AND total > 0"), 60.0, "an export to be under way")
            beside = _taps(running)
            assert _jobs(running, "'waiting'") + _jobs(running, "'running'"), "the taps outlasted the exports"
            until(lambda: _jobs(running, "'done'") == BESIDE, MADE_S, "the exports to be made")
    quiet, busy = (percentile(each.latencies_ms, 0.99) for each in (alone, beside))
    method = (
        f"{LIVE_RATE:g}/s of single records from {DEVICES} connections for {LIVE_SECONDS:g} s; the worker with all its "
        f"readers, beside it a program that exports a school of {STUDENTS:,}"
    )
    return [
        Figure("taps' commit without an export, p99", quiet, "ms", method),
        at_most("taps' commit beside an export, p99", busy, "ms", method, ceiling=max(100.0, 2 * quiet)),
    ]


def _taps(running: Line) -> Outcome:
    outcome = running.load(paced(running, DEVICES, LIVE_RATE, LIVE_SECONDS)).outcome()
    assert outcome.unanswered == 0, "something was not acknowledged"
    return outcome


def _jobs(running: Line, state: str) -> int:
    return running.count(f"export_job WHERE state = {state}")


async def _fill(running: Line) -> None:
    async with open_services(_settings(running)) as services:
        await fill(services, BESIDE, STUDENTS)
        await _move(services, DAYS, FIRST)


async def _order(running: Line) -> None:
    async with open_services(_settings(running)) as services:
        for row in await services.database.pool.fetch("SELECT id FROM school WHERE code LIKE 's%'"):
            await order_export(services, SYSTEM, row["id"], [])


def _settings(running: Line) -> Settings:
    return Settings(data=running.folder, edition=Edition.SERVER, database_url=running.url)


MEASUREMENTS = (export_of_a_school, taps_beside_an_export)
