"""Making reports: a month of a school as it is known at one position of the log, once, whoever tries.

Rule: tables are read in one snapshot together with the readers' positions, so that the records up to there tell the
same; one report of a number exists for a school and month, which the database keeps so.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

import asyncpg
import structlog

from cloud.accounts.actions import audit
from cloud.attendance.monthly import has_gates, seen_in_tables
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.services import Services
from cloud.meals.monthly import GivenMeal, meals_given, months_sold
from cloud.menu.monthly import Entitled, dish_names, meal_names, rights_between
from cloud.register.monthly import absent_in_class, last_mark
from cloud.reports.content import AsOf, Before, Content, Names, School, canonical, digest_of
from cloud.reports.marks import mark_of
from cloud.reports.months import Month
from cloud.reports.rules import Facts, content_of
from cloud.schools.queries import SchoolRow, school_days, school_of_id

SUBJECT = "meals"
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
INSERT INTO report (school_id, subject, month, number, made_at, content, digest, mark)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (school_id, subject, month, number) DO NOTHING RETURNING id
"""
_LOCK = "SELECT pg_try_advisory_lock($1, $2)"
_UNLOCK = "SELECT pg_advisory_unlock($1, $2)"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Made:
    """What a report holds, and the mark of its month when it was made."""

    content: Content
    mark: str = ""


async def make_due(services: Services) -> int:
    """Make the reports that lack of months that are over, at every school that sold meals in one.

    The newest month comes first, then those before it, as after a long stop. Return how many are new.
    """
    async with services.database.pool.acquire() as connection:
        rows = await connection.fetch(_LACKING, services.clock.now(), SUBJECT, LOOKED_BACK, LACKING_MAX)
        lacking = await months_sold(connection, [(row["school_id"], row["first_on"]) for row in rows])
    made = 0
    for school_id, first_on in lacking[:AT_ONCE]:
        try:
            made += await make(services, SCHEDULER, school_id, Month.of(first_on)) is not None
        except Exception as error:  # noqa: BLE001 - one school's trouble does not hold up the others; it is tried again
            log.warning("report.failed", school_id=school_id, error=type(error).__name__)
    return made


async def make(services: Services, actor: Actor, school_id: int, month: Month) -> int | None:
    """Make the first report of a month and return its id; None where it is there already, or being made."""
    school = await school_of_id(services, school_id)
    async with services.database.pool.acquire() as connection:
        if not await connection.fetchval(_LOCK, LOCKS, school_id):
            return None
        try:
            if await _is_there(connection, school_id, month):
                return None
            return await keep(services, actor, school, month, await made_now(services, school, month))
        finally:
            await connection.fetchval(_UNLOCK, LOCKS, school_id)


async def made_now(
    services: Services, school: SchoolRow, month: Month, number: int = 1, before: Before | None = None
) -> Made:
    """Return the content of a month as the tables hold it now, with its mark."""
    days = await school_days(services, school.id, month.first_on, month.last_on)
    async with (
        services.database.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        as_of = await _as_of(connection, school, services.clock.now())
        mark = await mark_of(connection, school, month, days)
        facts = await _facts(connection, school, month, number, as_of, days, before)
    # Of a large school it takes a moment; records come in meanwhile.
    return Made(await asyncio.to_thread(content_of, facts), mark)


async def keep(services: Services, actor: Actor, school: SchoolRow, month: Month, made: Made) -> int | None:
    """Keep a report that was made, with its entry in the audit journal; None where one of its number is there."""
    content, kept, now = made.content, canonical(made.content), services.clock.now()
    async with services.database.transaction() as connection:
        report_id: int | None = await raw(connection).fetchval(
            _KEEP, school.id, SUBJECT, month.first_on, content.number, now, kept, bytes.fromhex(digest_of(kept)),
            made.mark,
        )  # fmt: skip
        if report_id is None:
            return None
        told = {"month": str(month), "number": str(content.number), "sha256": digest_of(kept)}
        await audit(connection, actor, "report.made", f"report:{report_id}", told, school_id=school.id, at=now)
    log.info("report.made", school=school.code, month=str(month), number=content.number)
    return report_id


def instant(at: datetime) -> str:
    """Return an instant as reports write it: in UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


async def _is_there(connection: asyncpg.Connection, school_id: int, month: Month) -> bool:
    asked = "SELECT EXISTS (SELECT FROM report WHERE school_id = $1 AND subject = $2 AND month = $3)"
    return bool(await connection.fetchval(asked, school_id, SUBJECT, month.first_on))


async def _as_of(connection: asyncpg.Connection, school: SchoolRow, now: datetime) -> AsOf:
    positions: dict[str, int] = dict(await connection.fetch(_READERS, school.shard))
    register = await last_mark(connection, school.id)
    return AsOf(instant(now), school.shard, positions.get("meals", 0), positions.get("attendance", 0), register)


async def _facts(
    connection: asyncpg.Connection, school: SchoolRow, month: Month, number: int, as_of: AsOf, days: list[date],
    before: Before | None,
) -> Facts:  # fmt: skip
    span = (school.id, month.first_on, month.last_on)
    meals = await meals_given(connection, *span)
    names = Names(school.name_kk, school.name_ru, school.name_en)
    dishes = {portion.dish for each in meals for portion in each.portions}
    rights = await rights_between(connection, *span, {each.person for each in meals if each.person})
    return Facts(
        School(school.code, names, school.zone.key), str(month), number, as_of, meals,
        await seen_in_tables(connection, *span), days, await has_gates(connection, school.id),
        [each.sale for each in meals if each.is_known and not _is_entitled(each, rights)],
        await meal_names(connection, school.id), await dish_names(connection, school.id, dishes), before,
        await absent_in_class(connection, *span, as_of.register),
    )  # fmt: skip


def _is_entitled(given: GivenMeal, rights: Mapping[tuple[str, str], list[Entitled]]) -> bool:
    held = rights.get((given.person, given.meal), ())
    return any(each.kind == given.payment.value and each.from_on <= given.on <= each.until_on for each in held)
