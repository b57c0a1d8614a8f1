"""What is measured of monthly reports: a month of a school of 2,000, and of a thousand schools one after the other."""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from cloud.core.database import Database
from cloud.core.i18n import Language
from cloud.core.logs import configure
from cloud.core.migrating import migrate
from cloud.core.services import Services
from cloud.core.settings import Settings
from cloud.core.vault import Vault
from cloud.core.wakeups import Wakeups
from cloud.reports.attendance import ATTENDANCE
from cloud.reports.files import Form, file_of
from cloud.reports.making import make, make_due
from cloud.reports.meals import MEALS
from cloud.reports.months import Month
from cloud.reports.queries import reports_of
from simulators.clock import SimulatedClock
from tests.bench.table import Figure, at_least, at_most
from tests.cloud.fixtures import SEED, VAULT_KEY
from tests.cloud.schools.factory import SYSTEM
from tests.servers.postgres import postgres

SCHOOLS, STUDENTS, FEW, DAYS = 1_000, 2_000, 5, 22
FIRST = date(2026, 9, 1)
NEXT = datetime(2026, 9, 30, 22, 0, tzinfo=UTC)
UNTOLD = "ALTER TABLE meal_sale DISABLE TRIGGER USER"  # nobody is to be told of these
SCHOOL = """
INSERT INTO school (code, shard, name_kk, name_ru, name_en, zone, school_days, passback, created_at)
SELECT 's' || n, n % 64, 'x', 'x', 'x', 'Asia/Almaty', 5, 'off', now() FROM generate_series(1, $1::int) n
"""
PERSON = """
INSERT INTO person (school_id, shard, ref, role, surname, given_name, patronymic, sort_key, position, is_active,
  created_at)
SELECT id, shard, lpad((id * 10000 + n)::text, 12, '0'), 'student', 'x', 'x', '', n::text, '', true, now()
FROM school, generate_series(1, $1::int) n WHERE code LIKE 's%'
"""
PRESENCE = """
INSERT INTO presence (shard, school_id, person_id, "on", first_in_at, is_inside, late_min, without_card, entries,
  updated_at)
SELECT shard, school_id, person.id, $2::date + n - 1, now(), true, 0, false, 1, now()
FROM person, generate_series(1, $1::int) n
"""
SALE = """
INSERT INTO meal_sale (school_id, id, device, epoch, seq, shift, meal, payment, person_id, is_known, amount_tiyn,
  full_tiyn, returned_tiyn, is_void, is_unconfirmed, clock, at, "on")
SELECT school_id, person.id || '-' || n, 'till-' || school_id, 'e', person.id * 100 + n, 's', 'lunch', 'free',
  person.id, true, 0, 57700, 0, false, false, 'ntp', now(), $2::date + n - 1 FROM person,
  generate_series(1, $1::int) n
"""
LINE = """
INSERT INTO meal_line (school_id, sale, device, epoch, seq, dish, version, count, price_tiyn)
SELECT school_id, id, device, epoch, seq, (seq % 30)::text, 1, 1, 57700 FROM meal_sale
"""
FILL = (UNTOLD, SCHOOL, PERSON, PRESENCE, SALE, LINE, "ANALYZE")


def month_of_a_school() -> list[Figure]:
    """Make the report of a school where everybody eats free on each day."""
    return with_services(_one)


def attendance_of_a_school() -> list[Figure]:
    """Make the report of attendance of a school where everybody comes on each day, and draw its files."""
    return with_services(_attendance)


def month_of_many_schools() -> list[Figure]:
    """Make the reports of a thousand schools as a worker does on the 1st."""
    return with_services(_many)


async def _one(services: Services) -> list[Figure]:
    await fill(services, 1, STUDENTS)
    school_id = await services.database.pool.fetchval("SELECT id FROM school")
    began_s = time.perf_counter()
    await make(services, SYSTEM, school_id, MEALS, Month.of(FIRST))
    took_s = time.perf_counter() - began_s
    (row,) = await reports_of(services, SYSTEM, school_id, MEALS)
    assert row.totals.together.meals == STUDENTS * DAYS, "the report is not whole"
    method = f"{STUDENTS} students, {STUDENTS * DAYS} free meals, from the tables to the kept report"
    return [at_most("a month's report of a school of 2,000", took_s, "s", method, ceiling=5.0)]


async def _attendance(services: Services) -> list[Figure]:
    await fill(services, 1, STUDENTS)
    school_id = await services.database.pool.fetchval("SELECT id FROM school")
    began_s = time.perf_counter()
    await make(services, SYSTEM, school_id, ATTENDANCE, Month.of(FIRST))
    took_s = time.perf_counter() - began_s
    (row,) = await reports_of(services, SYSTEM, school_id, ATTENDANCE)
    assert row.totals.students.heads.came == STUDENTS * DAYS, "the report is not whole"
    began_s, sizes = time.perf_counter(), {}
    for form in Form:
        sizes[form] = len((await file_of(services, SYSTEM, school_id, row.id, form, Language.KK)).body)
    drawn_s = time.perf_counter() - began_s
    method = f"{STUDENTS} students on {DAYS} days, from the tables to the kept report"
    files = ", ".join(f"{form.value.upper()} {size / 1e6:.1f} MB" for form, size in sizes.items())
    return [
        at_most("a month's attendance of a school of 2,000", took_s, "s", method, ceiling=10.0),
        at_most("files of a month's attendance of a school of 2,000", drawn_s, "s", files, ceiling=60.0),
    ]


async def _many(services: Services) -> list[Figure]:
    await fill(services, SCHOOLS, FEW)
    began_s, made = time.perf_counter(), 0
    while count := await make_due(services, MEALS):
        made += count
    took_s = time.perf_counter() - began_s
    assert made == SCHOOLS, "a school has no report"
    method = f"{SCHOOLS} schools with {FEW * DAYS} meals each, one after the other, by one worker"
    return [at_least("reports of a thousand schools", made / took_s, "reports/s", method, floor=5.0)]


async def fill(services: Services, schools: int, students: int) -> None:
    """Write schools where everybody came and ate free on each day of the month."""
    async with services.database.pool.acquire() as connection:
        values = ((), (schools,), (students,), (DAYS, FIRST), (DAYS, FIRST), (), ())
        for statement, asked in zip(FILL, values, strict=True):
            await connection.execute(statement, *asked, timeout=600)


def with_services(measure: Callable[[Services], Coroutine[None, None, list[Figure]]]) -> list[Figure]:
    """Measure on a new, migrated database."""
    with postgres() as server, TemporaryDirectory() as folder:
        return asyncio.run(_measured(server.create("bench"), Path(folder), measure))


async def _measured(
    url: str, folder: Path, measure: Callable[[Services], Coroutine[None, None, list[Figure]]]
) -> list[Figure]:
    configure("warning", "text")
    await migrate(url)
    database, clock = await Database.open(url, 10), SimulatedClock(started_at=NEXT)
    settings = Settings(data=folder, database_url=url, public_url="https://esik.test")
    try:
        return await measure(
            Services(settings, clock, database, Vault(VAULT_KEY), Wakeups(url, clock), random.Random(SEED))
        )
    finally:
        await database.close()


MEASUREMENTS = (month_of_a_school, attendance_of_a_school, month_of_many_schools)
