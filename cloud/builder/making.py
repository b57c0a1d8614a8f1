"""Reports that are made by themselves: on their day, with their owner's rights of that moment, once.

Rule: what was missed is made once, for the last day that it was due. An owner who lost the right, or whose account
was closed, stops the report, and it says so.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import structlog

from cloud.accounts.actions import audit
from cloud.accounts.queries import actor_of_account
from cloud.builder.choice import choice_kept
from cloud.builder.errors import ChoiceRefused, ReportBusy, ReportCut
from cloud.builder.files import packed
from cloud.builder.kinds import BY_ITSELF, Every, Kind, Limits
from cloud.builder.queries import Built
from cloud.builder.rules import Access, Scope, access_of, last_due, next_due
from cloud.builder.running import Result, Value, run
from cloud.builder.statement import Head, heads_of
from cloud.builder.subjects import subject_of
from cloud.core.actor import Actor
from cloud.core.database import raw, session_lock
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.rights import Right
from cloud.core.services import Services

CONTENT = "built_run.content"  # the context at the vault
LOCKS = 0x6275696C  # "buil": one of the two numbers of a report's lock; the other is its id
AT_ONCE = 50
SYSTEM = Actor.system("reports made by themselves")
RIGHTS, CLOSED, CHOICE = "rights", "closed", "choice"  # why a report stops
# After six in the morning at the school: what devices kept of the day before is in by then.
_DUE = """
SELECT report.id FROM built_report AS report JOIN school ON school.id = report.school_id
WHERE next_on <= (($1::timestamptz AT TIME ZONE zone) - interval '6 hours')::date ORDER BY next_on, report.id LIMIT $2
"""
_ONE = """
SELECT report.id, school_id, account_id, choice::text, every, zone FROM built_report AS report
JOIN school ON school.id = report.school_id WHERE report.id = $1
  AND next_on <= (($2::timestamptz AT TIME ZONE zone) - interval '6 hours')::date
"""
_KEEP = """
INSERT INTO built_run (report_id, school_id, due_on, made_at, state, row_count, is_cut, choice, first_on, last_on,
  scope, classes, content_encrypted, letter_next_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text::jsonb, $9, $10, $11, $12, $13, $4)
ON CONFLICT (report_id, due_on) DO NOTHING RETURNING id
"""
_NEXT = "UPDATE built_report SET next_on = $2 WHERE id = $1"
_STOP = "UPDATE built_report SET every = NULL, next_on = NULL, stopped = $2 WHERE id = $1"
_RUN = """
SELECT choice::text, due_on, first_on, last_on, is_cut, scope, classes, content_encrypted FROM built_run
WHERE report_id = $1 AND id = $2 AND state = 'made'
"""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Due:
    id: int
    school_id: int
    account_id: int
    choice: str
    every: Every
    zone: ZoneInfo


class _Stopped(Exception):
    """A report is not made by itself any more."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


async def make_due(services: Services, limits: Limits = BY_ITSELF) -> int:
    """Make the reports whose day has come, and return how many were made, cut off, or stopped."""
    rows = await services.database.pool.fetch(_DUE, services.clock.now(), AT_ONCE)
    made = 0
    for row in rows:
        try:
            made += await _make_alone(services, row["id"], limits)
        except Exception as error:  # noqa: BLE001 - one report's trouble is not another's; it is tried again
            log.warning("built_report.failed", report=row["id"], error=type(error).__name__)
    return made


async def kept_run(services: Services, actor: Actor, built: Built, run_id: int) -> tuple[Result, date]:
    """Return what was made by itself of one's own report, with the day it was due.

    Raises NotFound; NotAllowed where the actor does not see any more what its owner saw then.
    """
    row = await services.database.pool.fetchrow(_RUN, built.id, run_id) if built.is_of(actor) else None
    if row is None:
        raise NotFound
    choice = choice_kept(row["choice"])
    subject = subject_of(choice.subject)
    if subject is None:
        raise NotFound
    heads = heads_of(subject, choice)
    # What was hidden then is not in the choice: what is in it must still be this reader's to see.
    own = {head.of.key for head in heads if head.of is not None} | {each.column for each in choice.filters}
    access = access_of(actor, built.school_id, subject)
    then = Access(Scope(row["scope"]), frozenset(row["classes"]), frozenset(each.key for each in subject.columns) - own)
    if not access.covers(then):
        raise NotAllowed
    sealed = services.vault.decrypt(row["content_encrypted"], CONTENT, place_of(built.id, row["due_on"]))
    rows = [tuple(_value(head, each) for head, each in zip(heads, told, strict=True)) for told in json.loads(sealed)]
    return (
        Result(subject, choice, heads, rows, row["is_cut"], row["first_on"], row["last_on"], access), row["due_on"]
    )  # fmt: skip


def place_of(report_id: int, due_on: date) -> str:
    """Return what names a run at the vault."""
    return f"{report_id}:{due_on.isoformat()}"


async def _make_alone(services: Services, report_id: int, limits: Limits) -> bool:
    """Make one, unless another worker does."""
    async with session_lock(services.database.pool, LOCKS, report_id % 2**31) as connection:
        if connection is None:
            return False
        row = await connection.fetchrow(_ONE, report_id, services.clock.now())
        if row is None:
            return False
        told: Mapping[str, Any] = {**row, "every": Every(row["every"]), "zone": ZoneInfo(row["zone"])}
        return await _make(services, _Due(**told), limits)


async def _make(services: Services, due: _Due, limits: Limits) -> bool:
    today = services.clock.now().astimezone(due.zone).date()
    try:
        result = await _run(services, due, today, limits)
    except _Stopped as stopped:
        return await _stop(services, due, today, stopped.why)
    except ReportBusy:
        return False  # the next look makes it
    except ReportCut:
        return await _keep(services, due, today, "cut", None)
    return await _keep(services, due, today, "made", result)


async def _run(services: Services, due: _Due, today: date, limits: Limits) -> Result:
    """Make a report with its owner's rights. Raises _Stopped, ReportBusy or ReportCut."""
    actor = await actor_of_account(services, due.account_id)
    if actor is None:
        raise _Stopped(CLOSED)
    if not _may_build(actor, due.school_id):
        raise _Stopped(RIGHTS)
    try:
        return await run(services, actor, due.school_id, today, choice_kept(due.choice), limits)
    except NotAllowed:
        raise _Stopped(RIGHTS) from None
    except ChoiceRefused:
        raise _Stopped(CHOICE) from None


async def _keep(services: Services, due: _Due, today: date, state: str, result: Result | None) -> bool:
    due_on, now = last_due(due.every, today), services.clock.now()
    content = None
    if result is not None:
        content = services.vault.encrypt(packed(result.rows), CONTENT, place_of(due.id, due_on))
    choice = due.choice if result is None else result.choice.encoded()
    async with services.database.transaction() as connection:
        at = raw(connection)
        run_id = await at.fetchval(
            _KEEP, due.id, due.school_id, due_on, now, state, len(result.rows) if result else 0,
            result.is_cut if result else False, choice, result.first_on if result else None,
            result.last_on if result else None, result.access.scope.value if result else 0,
            sorted(result.access.classes) if result else [], content,
        )  # fmt: skip
        await at.execute(_NEXT, due.id, next_due(due.every, today))
        if run_id is not None:
            names = "yes" if result is not None and result.names else "no"
            owner = f"account:{due.account_id}"
            detail = {"due_on": due_on.isoformat(), "state": state, "names": names, "rights_of": owner}
            await audit(
                connection, SYSTEM, "built.made", f"built_report:{due.id}", detail, school_id=due.school_id, at=now
            )
    log.info("built_report.made", report=due.id, state=state)
    return run_id is not None


async def _stop(services: Services, due: _Due, today: date, why: str) -> bool:
    """Make it no more; a letter says so."""
    now, due_on = services.clock.now(), last_due(due.every, today)
    async with services.database.transaction() as connection:
        at: asyncpg.Connection = raw(connection)
        await at.fetchval(
            _KEEP, due.id, due.school_id, due_on, now, "refused", 0, False, due.choice, None, None, 0, [], None
        )  # fmt: skip
        await at.execute(_STOP, due.id, why)
        await audit(
            connection, SYSTEM, "built.stopped", f"built_report:{due.id}", {"why": why}, school_id=due.school_id, at=now
        )
    log.info("built_report.stopped", report=due.id, why=why)
    return True


def _may_build(actor: Actor, school_id: int) -> bool:
    return actor.can(Right.REPORTS_BUILD, school_id) or bool(actor.classes(Right.REPORTS_BUILD, school_id))


def _value(head: Head, told: Value) -> Value:
    """Return a value as it was before it was kept: days are days again."""
    is_day = head.kind in {Kind.DAY, Kind.WEEK, Kind.MONTH}
    return date.fromisoformat(told) if is_day and isinstance(told, str) else told
