"""Solves that a school orders on its page: one at a time, made by a worker, shown while they run, taken over or not.

Rule: a job belongs to who holds it now; a worker that was stopped leaves it to the next one, which begins it anew.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
import msgspec
import structlog

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.ending import is_ended
from cloud.core.errors import NotFound, kinds_of
from cloud.core.messages import message
from cloud.core.page_wakeups import CHANNEL as PAGES
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.wakeups import notify
from cloud.schools.queries import school_of_id
from cloud.timetable.beside import BEYOND_S, NotSolved, solve_beside
from cloud.timetable.errors import SolveRefused
from cloud.timetable.framing import book_of
from cloud.timetable.problem import Outcome, Problem, Progress
from cloud.timetable.versions import Version, put_all, slots_of_version, version_of

CHANNEL = "esik_timetables"
LIVE = "timetable"  # the page's key among a school's live pages
SECONDS = range(5, 601)
LOOK_S = 30.0
TRIES_MAX = 3
AGAIN_S = 60.0
SHOWN_MAX = 5
_ADD = """
INSERT INTO timetable_solve (school_id, timetable_id, seconds, seed, asked_at, asked_by)
VALUES ($1, $2, $3, $4, $5, $6) RETURNING id
"""
_SOLVES = """
SELECT id, state, seconds, asked_at, asked_by, progress::text, outcome::text, failed FROM timetable_solve
WHERE school_id = $1 AND timetable_id = $2 ORDER BY id DESC LIMIT $3
"""
_CLAIM = """
UPDATE timetable_solve SET state = 'running', tries = tries + 1, progress = NULL,
  held_until = $1 + (seconds + $2::float8) * interval '1 s'
WHERE id = (
  SELECT id FROM timetable_solve WHERE state IN ('waiting', 'running') AND (held_until IS NULL OR held_until <= $1)
  ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING id, school_id, timetable_id, seconds, seed, tries
"""
_PROGRESS = "UPDATE timetable_solve SET progress = $3::text::jsonb WHERE id = $1 AND tries = $2 AND state = 'running'"
_DONE = """
UPDATE timetable_solve SET state = 'done', outcome = $3::text::jsonb, held_until = NULL, failed = ''
WHERE id = $1 AND tries = $2 AND state = 'running' RETURNING id
"""
_FAILED = """
UPDATE timetable_solve SET failed = $3, held_until = $4, state = CASE WHEN tries >= $5 THEN 'failed' ELSE 'waiting' END
WHERE id = $1 AND tries = $2 AND state = 'running'
"""
_OLD = "DELETE FROM timetable_solve WHERE state IN ('done', 'failed') AND asked_at < $1"
KEPT = timedelta(days=60)
Solving = Callable[[Problem, Callable[[Progress], Awaitable[None]]], Awaitable[Outcome]]
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Solve:
    """A solve that was ordered."""

    id: int
    state: str
    seconds: int
    asked_at: datetime
    asked_by: str
    progress: Progress | None
    outcome: Outcome | None
    failed: str

    @property
    def is_open(self) -> bool:
        return self.state in {"waiting", "running"}

    @property
    def percent(self) -> int:
        return min(100, self.progress.took_s * 100 // self.seconds) if self.progress else 0


@dataclass(frozen=True, slots=True)
class Claimed:
    """A solve that this worker makes."""

    id: int
    school_id: int
    timetable_id: int
    seconds: int
    seed: int
    tries: int


async def order(services: Services, actor: Actor, school_id: int, timetable_id: int, seconds: int) -> int:
    """Let a worker solve a draft, for so many seconds, and return the job's id.

    Raises NotAllowed, NotFound or SolveRefused.
    """
    actor.require(Right.TIMETABLE_KEEP, school_id)
    if seconds not in SECONDS:
        raise SolveRefused(
            message("Choose from {least} to {most} seconds.", least=SECONDS.start, most=SECONDS.stop - 1)
        )
    if not (await version_of(services, school_id, timetable_id)).is_draft:
        raise NotFound
    seed, now = services.rng.randrange(2**31), services.clock.now()
    try:
        async with services.database.transaction() as transaction:
            job_id: int = await raw(transaction).fetchval(
                _ADD, school_id, timetable_id, seconds, seed, now, actor.name
            )  # fmt: skip
            detail = {"seconds": str(seconds), "seed": str(seed)}
            await audit(transaction, actor, "timetable.solve_ordered", f"timetable:{timetable_id}", detail,
                        school_id=school_id, at=now)  # fmt: skip
            await notify(transaction, CHANNEL, str(job_id))
    except asyncpg.UniqueViolationError:
        raise SolveRefused(
            message("A timetable of this school is being made. Wait until it is ready.")
        ) from None  # fmt: skip
    return job_id


async def solves_of(services: Services, school_id: int, timetable_id: int) -> list[Solve]:
    """Return what was ordered for a version, the newest first. Rights are the caller's to check."""
    rows = await services.database.pool.fetch(_SOLVES, school_id, timetable_id, SHOWN_MAX)
    return [_solve(row) for row in rows]


async def take_over(services: Services, actor: Actor, school_id: int, timetable_id: int, solve_id: int) -> None:
    """Put what a solve found into its draft. Raises NotAllowed or NotFound."""
    found = next((each for each in await solves_of(services, school_id, timetable_id) if each.id == solve_id), None)
    if found is None or found.outcome is None:
        raise NotFound
    await put_all(services, actor, school_id, timetable_id, found.outcome.slots)


# The worker's part


@dataclass(slots=True)
class Solver:
    """Solves what is ordered until cancelled, one after the other."""

    services: Services
    solving: Solving = solve_beside

    async def run(self) -> None:
        """Look for what is ordered, and solve it."""
        async with await self.services.wakeups.subscribe(CHANNEL) as news:
            while True:
                await self.services.database.pool.execute(_OLD, self.services.clock.now() - KEPT)
                while await solve_next(self.services, self.solving):
                    pass
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await anext(news)


async def solve_next(services: Services, solving: Solving) -> bool:
    """Solve what waits, or what another worker left; return whether there was anything."""
    row = await services.database.pool.fetchrow(_CLAIM, services.clock.now(), BEYOND_S)
    if row is None:
        return False
    job = Claimed(**row)
    try:
        await _solve_one(services, job, solving)
    except Exception as error:  # the job's own end: it is noted, and tried again a few times
        if is_ended():
            raise asyncio.CancelledError from error  # the next worker makes it
        await _fail(services, job, error)
    return True


async def _solve_one(services: Services, job: Claimed, solving: Solving) -> None:
    if job.tries > TRIES_MAX:
        raise NotSolved("workers were stopped in the midst of it")
    version = await version_of(services, job.school_id, job.timetable_id)

    async def listening(progress: Progress) -> None:
        await services.database.pool.execute(_PROGRESS, job.id, job.tries, msgspec.json.encode(progress).decode())
        await _tell_page(services.database.pool, job.school_id)

    outcome = await solving(await problem_of(services, job, version), listening)
    await services.database.pool.fetchval(_DONE, job.id, job.tries, msgspec.json.encode(outcome).decode())
    await _tell_page(services.database.pool, job.school_id)
    log.info("timetable.solved", job=job.id, missing=len(outcome.missing), took_s=outcome.took_s)


async def problem_of(services: Services, job: Claimed, version: Version) -> Problem:
    """Return what is to be solved of a draft: slots put by hand stay."""
    school = await school_of_id(services, job.school_id)
    on = services.clock.now().astimezone(school.zone).date()
    book = await book_of(services, job.school_id, version.year, on)
    held = await slots_of_version(services.database.pool, version.id)
    return Problem(book.frame, tuple(sorted(held.fixed)), float(job.seconds), job.seed)


async def _fail(services: Services, job: Claimed, error: Exception) -> None:
    kinds = kinds_of(error)
    log.warning("timetable.not_solved", job=job.id, tries=job.tries, error=kinds)
    again = services.clock.now() + timedelta(seconds=AGAIN_S)
    await services.database.pool.execute(_FAILED, job.id, job.tries, kinds[0], again, TRIES_MAX)
    await _tell_page(services.database.pool, job.school_id)


async def _tell_page(pool: asyncpg.Pool, school_id: int) -> None:
    async with pool.acquire() as connection:
        await notify(connection, PAGES, f"{school_id}:{LIVE}")


def _solve(row: asyncpg.Record) -> Solve:
    told: dict[str, object] = dict(row)
    told["progress"] = msgspec.json.decode(row["progress"], type=Progress) if row["progress"] else None
    told["outcome"] = msgspec.json.decode(row["outcome"], type=Outcome) if row["outcome"] else None
    return Solve(**told)  # type: ignore[arg-type]  # the columns are its fields
