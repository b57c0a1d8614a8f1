"""What is measured of statistics: a director's page under load, how far counts are behind in a morning, the nation."""

import asyncio
import gc
import hashlib
import random
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2

from cloud.accounts.models import Account, Grant, SignIn
from cloud.accounts.web import HOST_COOKIE
from cloud.app import create_app
from cloud.core.actor import Role
from cloud.core.clock import SystemClock
from cloud.core.database import Database
from cloud.core.logs import configure
from cloud.core.migrating import migrate
from cloud.core.services import Services
from cloud.core.settings import Mfa, Settings
from cloud.core.vault import Vault
from cloud.core.wakeups import Wakeups
from cloud.statistics.comparing import seen_above
from cloud.statistics.kinds import NAMES
from cloud.statistics.rolling import follow, roll
from cloud.statistics.spans import By, stretch_of
from tests.bench.table import Figure, at_least, at_most, percentile
from tests.cloud.fixtures import SEED, VAULT_KEY
from tests.cloud.schools.factory import SYSTEM
from tests.servers.postgres import postgres

SHARDS = range(64)
STUDENTS, CLASSES, DAYS = 2_000, 80, 22
MORNING_SCHOOLS, MORNING_STUDENTS, MORNING_S = 300, 475, 60
NATION, SCHOOL_YEAR, REGION = 8_000, 180, 300
RATE, SECONDS = 50, 20
SCHOOL = """
INSERT INTO school (code, shard, name_kk, name_ru, name_en, zone, school_days, passback, created_at)
SELECT 's' || n, n % 64, 'x', 'x', 'x', 'Asia/Almaty', 6, 'off', now() FROM generate_series(1, $1::int) n
"""
CLASS = """
INSERT INTO school_class (school_id, grade, letter, shift, is_active)
SELECT id, 1 + n % 11, chr(1040 + n / 11), 1, true FROM school, generate_series(0, $1::int - 1) n
"""
PERSON = """
INSERT INTO person (school_id, shard, ref, role, surname, given_name, patronymic, sort_key, position, is_active,
  created_at, school_class_id)
SELECT school.id, shard, lpad((school.id * 10000 + n)::text, 12, '0'), 'student', 'x', 'x', '', n::text, '', true,
  now() - make_interval(days => $3), of[1 + n % $2::int]
FROM school CROSS JOIN generate_series(1, $1::int) n
CROSS JOIN LATERAL (SELECT array_agg(id ORDER BY id) AS of FROM school_class WHERE school_id = school.id) AS classes
"""
CAME = """
INSERT INTO presence (shard, school_id, person_id, "on", first_in_at, is_inside, late_min, without_card, entries,
  updated_at)
SELECT shard, school_id, id, $1, now(), true, (id % 20 = 0)::int * 5, false, 1, now() FROM person
WHERE id % $2::int = $3::int
"""
SALE = """
INSERT INTO meal_sale (school_id, id, device, epoch, seq, shift, meal, payment, person_id, is_known, amount_tiyn,
  full_tiyn, returned_tiyn, is_void, is_unconfirmed, clock, at, "on")
SELECT school_id, id || '-' || $1::date, 'till', 'e', id, 's', 'lunch', 'free', id, true, 0, 57700, 0, false, false,
  'ntp', now(), $1 FROM person
"""
COUNTED = f"""
INSERT INTO statistics_day (school_id, "on", kind, class_id, by_meal, made_at, {", ".join(NAMES)})
SELECT id, $1::date - n, 'school', 0, '{{}}', now(), {", ".join(["400"] * len(NAMES))}
FROM school, generate_series(0, $2::int - 1) n
"""  # noqa: S608 (names of ours)
LAG = "SELECT coalesce(extract(epoch FROM clock_timestamp() - min(at)), 0)::float8 FROM statistics_touched"


def a_directors_page() -> list[Figure]:
    """Ask for a director's page of a school of 2,000, a day's and a month's, 50 times a second."""
    return _with_services(_page)


def a_morning() -> list[Figure]:
    """Let 300 schools come within a minute, and look how old the oldest change is that is not counted yet."""
    return _with_services(_morning)


def the_nation() -> list[Figure]:
    """Add up a month of every school there is, and a year of a region's."""
    return _with_services(_nation)


async def _page(services: Services) -> list[Figure]:
    await _people(services, 1, STUDENTS, CLASSES, since_days=90)
    today, pool = _today(services), services.database.pool
    for back in range(DAYS):
        await pool.execute(CAME, today - timedelta(days=back), 1, 0, timeout=600)
        await pool.execute(SALE, today - timedelta(days=back), timeout=600)
    began_s, count = time.perf_counter(), 0
    while counted := await roll(services, SHARDS):
        count += counted
    took_s = time.perf_counter() - began_s
    school_id = await pool.fetchval("SELECT id FROM school")
    token = await _session(services, school_id)
    samples = await _asked(services, token, [f"/schools/s1/statistics?by={by}" for by in ("day", "month", "year")])
    method = f"{RATE} requests a second for {SECONDS} s, {STUDENTS} students, {CLASSES} classes, by day, month and year"
    of_day = f"{DAYS} days of {STUDENTS} students with presence and meals, with who is in which class"
    return [
        Figure("a director's page, p50", percentile(samples, 0.5), "ms", method),
        at_most("a director's page, p99", percentile(samples, 0.99), "ms", method, ceiling=200),
        at_least("days of a school of 2,000 counted", DAYS / took_s, "days/s", of_day, floor=2),
    ]


async def _morning(services: Services) -> list[Figure]:
    await _people(services, MORNING_SCHOOLS, MORNING_STUDENTS, 20, since_days=0)
    today, pool, lags = _today(services), services.database.pool, list[float]()
    while await roll(services, SHARDS):
        pass
    follower = asyncio.create_task(follow(services, lambda: SHARDS), name="bench.follow")
    began_s, late_s = time.perf_counter(), 0.0
    for part in range(MORNING_S):
        late_s = max(late_s, time.perf_counter() - began_s - part)
        await asyncio.sleep(max(0.0, began_s + part - time.perf_counter()))
        await pool.execute(CAME, today, MORNING_S, part, timeout=600)
        lags.append(await pool.fetchval(LAG))
    while lag := await pool.fetchval(LAG):
        lags.append(lag)
        await asyncio.sleep(0.5)
    follower.cancel()
    with suppress(asyncio.CancelledError):
        await follower
    came = await pool.fetchval("SELECT sum(came) FROM statistics_day WHERE kind = 'school' AND \"on\" = $1", today)
    assert came == MORNING_SCHOOLS * MORNING_STUDENTS, "a day is not counted whole"
    rate = MORNING_SCHOOLS * MORNING_STUDENTS / MORNING_S
    method = (
        f"{MORNING_SCHOOLS} schools, {rate:.0f} arrivals a second for {MORNING_S} s, one worker; {late_s:.1f} s late"
    )
    return [
        Figure("age of what is not counted, p50", percentile(lags, 0.5), "s", method),
        at_most("age of what is not counted, p99", percentile(lags, 0.99), "s", method, ceiling=30),
    ]


async def _nation(services: Services) -> list[Figure]:
    pool, today = services.database.pool, _today(services)
    await pool.execute(SCHOOL, NATION, timeout=600)
    await pool.execute(COUNTED, today, 31, timeout=600)
    month = await _above(services, By.MONTH, today)
    await pool.execute("DELETE FROM statistics_day", timeout=600)
    await pool.execute("DELETE FROM school WHERE id > (SELECT min(id) + $1 - 1 FROM school)", REGION, timeout=600)
    await pool.execute(COUNTED, today, SCHOOL_YEAR, timeout=600)
    year = await _above(services, By.YEAR, today)
    return [
        at_most("a month of the nation", month, "s", f"{NATION} schools, best of three", ceiling=3),
        at_most("a year of a region", year, "s", f"{REGION} schools, {SCHOOL_YEAR} days, best of three", ceiling=1),
    ]


async def _above(services: Services, by: By, today: date) -> float:
    await services.database.pool.execute("VACUUM ANALYZE statistics_day", timeout=600)
    took = []
    for _ in range(3):
        began_s = time.perf_counter()
        above = await seen_above(services, SYSTEM, "", stretch_of(by, today))
        took.append(time.perf_counter() - began_s)
        assert above.figures.came > 0, "nothing is counted"
    return min(took)


async def _people(services: Services, schools: int, students: int, classes: int, since_days: int) -> None:
    pool = services.database.pool
    await pool.execute(SCHOOL, schools)
    await pool.execute(CLASS, classes)
    await pool.execute("DELETE FROM statistics_touched")  # a new school's earlier days, on which there was nobody
    await pool.execute(PERSON, students, classes, since_days, timeout=600)
    await pool.execute("ANALYZE")


async def _session(services: Services, school_id: int) -> str:
    now, token = services.clock.now(), "director"
    account = await Account.create(password_hash="x", must_change=False, name="Бақыт Оразов", created_at=now)
    await Grant(account_id=account.id, school_id=school_id, role=Role.DIRECTOR).save()
    digest = hashlib.sha256(token.encode()).hexdigest()
    ends = now + timedelta(days=1)
    await SignIn(account_id=account.id, token_digest=digest, created_at=now, expires_at=ends).save()
    return token


async def _asked(services: Services, token: str, addresses: list[str]) -> list[float]:
    """Ask for pages in turn at a rate, whether or not the ones before came; return how long each took, in ms."""
    transport, headers = httpx2.ASGITransport(create_app(services)), {"accept": "text/html"}
    async with httpx2.AsyncClient(
        transport=transport, base_url="https://esik.test", headers=headers, cookies={HOST_COOKIE: token}
    ) as client:

        async def ask(number: int, due_s: float) -> float:
            await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
            answer = await client.get(addresses[number % len(addresses)])
            assert answer.status_code == 200, answer.status_code
            return 1_000 * (time.perf_counter() - due_s)

        await ask(0, time.perf_counter())  # the first request sets up what is kept
        gc.collect()
        gc.freeze()  # as the service does
        began_s = time.perf_counter() + 0.1
        return list(await asyncio.gather(*(ask(each, began_s + each / RATE) for each in range(RATE * SECONDS))))


def _today(services: Services) -> date:
    return (services.clock.now() + timedelta(hours=5)).date()  # at the schools


def _with_services(measure: Callable[[Services], Coroutine[None, None, list[Figure]]]) -> list[Figure]:
    """Measure on a new, migrated database, by the clock of the machine."""
    with postgres() as server, TemporaryDirectory() as folder:
        return asyncio.run(_measured(server.create("bench"), Path(folder), measure))


async def _measured(
    url: str, folder: Path, measure: Callable[[Services], Coroutine[None, None, list[Figure]]]
) -> list[Figure]:
    configure("warning", "text")
    await migrate(url)
    database, clock = await Database.open(url, 10), SystemClock()
    settings = Settings(data=folder, database_url=url, public_url="https://esik.test", mfa=Mfa.OPTIONAL)
    try:
        return await measure(
            Services(settings, clock, database, Vault(VAULT_KEY), Wakeups(url, clock), random.Random(SEED))
        )
    finally:
        await database.close()


MEASUREMENTS = (a_directors_page, a_morning, the_nation)
