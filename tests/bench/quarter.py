"""What is measured of a quarter's end: every parent of a hundred schools opens the diary within an hour."""

import asyncio
import random
import time

import asyncpg
import httpx2

from cloud.core.database import address
from tests.bench.journal import CLASSES, COURSES, LESSONS, STUDENTS, TIMEOUT_S, fill
from tests.bench.line import SCHOOL_DEVICES, line
from tests.bench.table import Figure, at_least, at_most, percentile

SCHOOLS, PARENTS = 100, 1_000  # whose parents come; a school has a parent for each of so many students
FILLED = 3  # of them have rows here; the others would be the same
RATE = SCHOOLS * PARENTS / 3_600
WARM, LASTS_S, AT_ONCE, TOGETHER = 160, 45, 16, 640
SEED = 33
_PARENTS = (
    """
INSERT INTO account (password_hash, must_change, name, language, is_active, created_at)
SELECT 'x', false, ref, 'ru', true, now() FROM person WHERE school_id = $1 AND role = 'student'
""",
    """
INSERT INTO guardian (school_id, ref, name, account_id, created_at)
SELECT school_id, 'g' || substr(ref, 2), 'Сәуле', account.id, now() FROM person JOIN account ON account.name = ref
WHERE school_id = $1
""",
    """
INSERT INTO guardianship (guardian_id, person_id, relation, may_see, may_block_card, may_see_meals, may_pay,
  may_get_notices, may_order, may_limit, may_consent)
SELECT guardian.id, person.id, 'mother', true, true, true, true, true, true, true, true
FROM guardian JOIN person ON person.ref = 'j' || substr(guardian.ref, 2) WHERE guardian.school_id = $1
""",
    """
INSERT INTO grant_of_role (account_id, school_id, role)
SELECT account_id, school_id, 'guardian' FROM guardian WHERE school_id = $1
""",
    """
INSERT INTO sign_in (account_id, token_digest, created_at, expires_at)
SELECT account_id, encode(sha256(convert_to(ref, 'UTF8')), 'hex'), now(), now() + interval '1 day' FROM guardian
WHERE school_id = $1
""",
)
_FAMILIES = """
SELECT guardian.ref AS token, person.ref AS child FROM guardian JOIN guardianship ON guardian_id = guardian.id
JOIN person ON person.id = person_id ORDER BY guardian.ref
"""


def quarters_end() -> list[Figure]:
    """Open diaries at the rate of that hour, each by another parent, and then as quickly as they come."""
    with line(SCHOOL_DEVICES * FILLED) as running, running.cloud("web") as (_, pages):
        return asyncio.run(_measure(running.url, pages))


async def _measure(url: str, pages: str) -> list[Figure]:
    families = await _filled(url)
    random.Random(SEED).shuffle(families)
    headers = {"accept": "text/html"}
    limits = httpx2.Limits(max_connections=200, max_keepalive_connections=200)
    async with httpx2.AsyncClient(
        base_url=pages, timeout=TIMEOUT_S, trust_env=False, headers=headers, limits=limits
    ) as http:
        await _together(http, families[:WARM])  # connections and statements of a service that runs for a while
        came = families[WARM : WARM + round(RATE * LASTS_S)]
        began_s = time.perf_counter() + 0.1
        took_ms = await asyncio.gather(
            *(_opened(http, each, began_s + number / RATE) for number, each in enumerate(came))
        )
        a_second = await _together(http, families[-TOGETHER:])
    marks = FILLED * CLASSES * COURSES * STUDENTS * LESSONS
    method = (
        f"{SCHOOLS} schools of {PARENTS} parents in an hour: {RATE:.0f} diaries a second for {LASTS_S} s, each another "
        f"family's first, through one web process on PostgreSQL that syncs with {marks:,} marks"
    )
    return [
        Figure("quarter's end: a diary, p50", percentile(took_ms, 0.5), "ms", method),
        at_most("quarter's end: a diary, p99", percentile(took_ms, 0.99), "ms", method, ceiling=1_000),
        at_least(
            "quarter's end: diaries, as many as can be", a_second, "pages/s",
            f"{AT_ONCE} at once, one web process; the hour asks for {RATE:.0f}", floor=RATE,
        ),
    ]  # fmt: skip


async def _filled(url: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(**address(url))
    for row in await connection.fetch("SELECT id FROM school ORDER BY id"):
        await fill(connection, row["id"])
        for statement in _PARENTS:
            await connection.execute(statement, row["id"])
    await connection.execute("ANALYZE")
    families = await connection.fetch(_FAMILIES)
    await connection.close()
    return list(families)


async def _opened(http: httpx2.AsyncClient, family: asyncpg.Record, due_s: float) -> float:
    """Open a family's diary when it is due; return how long after that it was there, in ms."""
    await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
    cookie = {"cookie": f"esik_session={family['token']}; esik_language=ru"}
    answer = await http.get(f"/children/{family['child']}/diary", headers=cookie)
    answer.raise_for_status()
    return 1_000 * (time.perf_counter() - due_s)


async def _together(http: httpx2.AsyncClient, families: list[asyncpg.Record]) -> float:
    """Let some open diaries one after another, all at once; return how many they open in a second."""
    waiting = iter(families)

    async def some() -> None:
        for each in waiting:
            await _opened(http, each, 0.0)

    began_s = time.perf_counter()
    await asyncio.gather(*(some() for _ in range(AT_ONCE)))
    return len(families) / (time.perf_counter() - began_s)


MEASUREMENTS = (quarters_end,)
