"""What is measured of signing in: whole sign-ins by the page, fifty a second, each with its argon2id; and one hash."""

import asyncio
import time
from collections import Counter
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx2

from cloud.accounts.logins import kept
from cloud.accounts.models import Account, Grant
from cloud.accounts.passwords import AT_ONCE, HASHER
from cloud.core.actor import Role
from cloud.core.clock import SystemClock
from cloud.core.database import Database
from cloud.core.vault import Vault, read_keys
from tests.bench.line import SCHOOL_DEVICES, Line, line
from tests.bench.table import Figure, at_most, percentile

RATE, SECONDS = 50.0, 10.0
PAGES_RATE = 10.0  # of somebody who only looks
PEOPLE = 100
HASHES = 30
PASSWORD = "lamp river 42 stone"
TIMEOUT_S = 120.0


def sign_ins() -> list[Figure]:
    """Let people sign in at a steady pace, each from an address of the own, whoever has come in."""
    hash_ms = _hash_ms()
    with line(SCHOOL_DEVICES) as running, running.cloud("web") as (_, pages):
        asyncio.run(_enter(running))
        took_ms, looked_ms, got = asyncio.run(_sign_in_ms(pages))
    came = 100 * got[httpx2.codes.SEE_OTHER] / sum(got.values())
    others = ", ".join(f"{count} times {status}" for status, count in sorted(got.items()) if status != 303) or "none"
    method = (
        f"{RATE:g}/s for {SECONDS:g} s through one web process on PostgreSQL that syncs, {AT_ONCE} hash at once; from "
        f"when each was due to the answer with its session; refused: {others}"
    )
    return [
        Figure("argon2id of one password", hash_ms, "ms", "19 MiB, two passes, one lane; the processor's time, median"),
        Figure("sign-in at 50/s, p50", percentile(took_ms, 0.50), "ms", method),
        Figure("sign-in at 50/s, p99", percentile(took_ms, 0.99), "ms", method),
        Figure("sign-in at 50/s, came in", came, "%", method),
        at_most(
            "a page beside sign-ins at 50/s, p99", percentile(looked_ms, 0.99), "ms",
            f"another visitor's {PAGES_RATE:g} pages a second, by the same process", ceiling=1_000.0,
        ),
    ]  # fmt: skip


def _hash_ms() -> float:
    known, samples = HASHER.hash(PASSWORD), []
    for _ in range(HASHES):
        began_s = time.thread_time()
        HASHER.verify(known, PASSWORD)
        samples.append(1_000 * (time.thread_time() - began_s))
    return percentile(samples, 0.5)


async def _enter(running: Line) -> None:
    """Enter guardians who have one password."""
    database, now, hashed = await Database.open(running.url, 2), SystemClock().now(), HASHER.hash(PASSWORD)
    vault = Vault(*read_keys(running.key_file))
    school_id = await database.pool.fetchval("SELECT id FROM school LIMIT 1")
    for number in range(PEOPLE):
        account = await Account.create(
            password_hash=hashed, must_change=False, name="Айгүл Қожахмет", created_at=now,
            **kept(vault, f"parent{number}"),
        )  # fmt: skip
        await Grant(account_id=account.id, school_id=school_id, role=Role.GUARDIAN).save()
    await database.close()


async def _sign_in_ms(pages: str) -> tuple[list[float], list[float], Counter[int]]:
    """Return how long sign-ins and another visitor's pages took, and how many sign-ins had which status."""
    took_ms: list[float] = []
    looked_ms: list[float] = []
    got = Counter[int]()
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=100)
    nothing_kept = CookieJar(DefaultCookiePolicy(allowed_domains=[]))  # each is another browser
    async with httpx2.AsyncClient(base_url=pages, timeout=TIMEOUT_S, limits=limits, cookies=nothing_kept) as http:
        await http.get("/sign-in")  # the first makes its template
        began_s = time.perf_counter() + 0.2

        async def sign_in(number: int) -> None:
            due_s = await _due(began_s + number / RATE)
            answer = await http.post(
                "/sign-in", data={"login": f"parent{number % PEOPLE}", "password": PASSWORD},
                headers={"origin": pages, "x-forwarded-for": f"10.0.{number // 250}.{number % 250}"},
            )  # fmt: skip
            took_ms.append(1_000 * (time.perf_counter() - due_s))
            got[answer.status_code] += 1

        async def look(number: int) -> None:
            due_s = await _due(began_s + number / PAGES_RATE)
            (await http.get("/sign-in")).raise_for_status()
            looked_ms.append(1_000 * (time.perf_counter() - due_s))

        async with asyncio.TaskGroup() as tasks:
            for number in range(int(RATE * SECONDS)):
                tasks.create_task(sign_in(number))
            for number in range(int(PAGES_RATE * SECONDS)):
                tasks.create_task(look(number))
    return took_ms, looked_ms, got


async def _due(due_s: float) -> float:
    """Wait until an instant and return it: who comes late because of others has waited for them."""
    await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
    return due_s


MEASUREMENTS = (sign_ins,)
