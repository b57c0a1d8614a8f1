"""Making reports: a month of a school as it is known at one position of the log, once, whoever tries.

Rule: tables are read in one snapshot together with the readers' positions, so that the records up to there tell the
same; one report of a number exists for a school and month, which the database keeps so.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import structlog

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw, session_lock
from cloud.core.services import Services
from cloud.register.monthly import last_mark
from cloud.reports.content import AsOf, Shape, canonical, digest_of, instant
from cloud.reports.months import Month
from cloud.reports.subject import Asked
from cloud.reports.subjects import AnySubject, subject_of
from cloud.schools.queries import SchoolRow, school_of_id, taught_days

LOCKS = 0x7265706F  # "repo": one of the two numbers of a school's lock; the other is the school's id
AT_ONCE = 200
LOOKED_BACK = 12  # months; a report of an earlier one is asked for (`esik cloud report --make`)
LACKING_MAX = 20_000  # reports
SCHEDULER = Actor.system("scheduler")
_READERS = "SELECT name, position FROM reader_cursor WHERE shard = $1 AND name IN ('meals', 'attendance')"
# The months that were over two hours ago at each school and have no report: records of the last evening are in.
_LACKING = """
SELECT id AS school_id, first_on FROM school CROSS JOIN LATERAL (
  SELECT (date_trunc('month', $1::timestamptz AT TIME ZONE zone - interval '2 hours')
    - make_interval(months => back))::date AS first_on FROM generate_series(1, $3) AS back
) AS month
WHERE NOT EXISTS (SELECT FROM report WHERE report.school_id = school.id AND subject = $2 AND month = first_on)
ORDER BY first_on DESC, school_id LIMIT $4
"""
_KEEP = """
INSERT INTO report (school_id, subject, month, number, made_at, content, digest, mark, glance)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (school_id, subject, month, number) DO NOTHING RETURNING id
"""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Made:
    """What a report holds, and the mark of its month when it was made."""

    content: Any  # of its subject
    mark: str = ""


async def make_due(services: Services, subject: AnySubject) -> int:
    """Make the reports that lack of months that are over, at every school that has something to tell of one.

    The newest month comes first, then those before it, as after a long stop. Return how many are new.
    """
    async with services.database.pool.acquire() as connection:
        rows = await connection.fetch(_LACKING, services.clock.now(), subject.key, LOOKED_BACK, LACKING_MAX)
        lacking = await subject.found_in(connection, [(row["school_id"], row["first_on"]) for row in rows])
    made = 0
    for school_id, first_on in lacking[:AT_ONCE]:
        try:
            made += await make(services, SCHEDULER, school_id, subject, Month.of(first_on)) is not None
        except Exception as error:  # noqa: BLE001 - one school's trouble does not hold up the others; it is tried again
            log.warning("report.failed", school_id=school_id, subject=subject.key, error=type(error).__name__)
    return made


async def make(services: Services, actor: Actor, school_id: int, subject: AnySubject, month: Month) -> int | None:
    """Make the first report of a month and return its id; None where it is there already, or being made."""
    school = await school_of_id(services, school_id)
    async with session_lock(services.database.pool, LOCKS, school_id) as connection:
        if connection is None or await _is_there(connection, school_id, subject, month):
            return None
        return await keep(services, actor, school, month, await made_now(services, school, subject, month))


async def made_now(
    services: Services, school: SchoolRow, subject: AnySubject, month: Month, number: int = 1,
    before: Shape | None = None, told: Shape | None = None,
) -> Made:  # fmt: skip
    """Return the content of a month as the tables hold it now, with its mark; `told` is a report of it from before."""
    taught = await taught_days(services, school.id, month.first_on, month.last_on)
    async with (
        services.database.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        as_of = await _as_of(connection, school, services.clock.now())
        mark = await subject.mark(connection, school, month, taught)
        content_of = await subject.read(connection, Asked(school, month, number, as_of, taught, before, told))
    # Of a large school it takes a moment; records come in meanwhile.
    return Made(await asyncio.to_thread(content_of), mark)


async def keep(services: Services, actor: Actor, school: SchoolRow, month: Month, made: Made) -> int | None:
    """Keep a report that was made, with its entry in the audit journal; None where one of its number is there."""
    content, kept, now = made.content, canonical(made.content), services.clock.now()
    subject = subject_of(content.report)
    async with services.database.transaction() as connection:
        report_id: int | None = await raw(connection).fetchval(
            _KEEP, school.id, subject.key, month.first_on, content.number, now, kept, bytes.fromhex(digest_of(kept)),
            made.mark, subject.glance_of(content),
        )  # fmt: skip
        if report_id is None:
            return None
        told = {
            "subject": subject.key, "month": str(month), "number": str(content.number), "sha256": digest_of(kept)
        }  # fmt: skip
        await audit(connection, actor, "report.made", f"report:{report_id}", told, school_id=school.id, at=now)
    log.info("report.made", school=school.code, subject=subject.key, month=str(month), number=content.number)
    return report_id


async def _is_there(connection: asyncpg.Connection, school_id: int, subject: AnySubject, month: Month) -> bool:
    asked = "SELECT EXISTS (SELECT FROM report WHERE school_id = $1 AND subject = $2 AND month = $3)"
    return bool(await connection.fetchval(asked, school_id, subject.key, month.first_on))


async def _as_of(connection: asyncpg.Connection, school: SchoolRow, now: datetime) -> AsOf:
    positions: dict[str, int] = dict(await connection.fetch(_READERS, school.shard))
    register = await last_mark(connection, school.id)
    return AsOf(instant(now), school.shard, positions.get("meals", 0), positions.get("attendance", 0), register)
