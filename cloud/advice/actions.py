"""What a teacher makes of a recommendation: into the trajectory, dismissed with a reason, shared; or an own one.

Rule: what a rule found is kept with the figures that were seen when somebody answered to it, once a quarter; a goal
and the answer that it comes of are written together, or neither.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.advice.errors import AdviceGone, AdviceRefused
from cloud.advice.kinds import ANSWER, WORDS, Advice, Rule, State
from cloud.advice.queries import OfStudent
from cloud.advice.rules import checked_answer, checked_own
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.portfolio.goals import add_step_within, set_goal_within
from cloud.portfolio.holding import hold
from cloud.portfolio.kinds import Subject

OWN_MAX = 100  # of a student
_NEXT = "SELECT nextval(pg_get_serial_sequence('recommendation', 'id'))"
_KEEP = """
INSERT INTO recommendation (id, school_id, person_id, year, quarter, rule, subject_id, has, beside, least,
  words_encrypted, state, is_shared, made_at, made_by, answered_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'open', $12, $13, $14, '')
"""
_FIND = """
SELECT id, state, is_shared FROM recommendation
WHERE person_id = $1 AND rule = $2 AND coalesce(subject_id, 0) = $3 AND year = $4 AND quarter = $5 FOR UPDATE
"""
_HOLD = "SELECT id, state, is_shared FROM recommendation WHERE id = $1 AND person_id = $2 FOR UPDATE"
_ANSWER = """
UPDATE recommendation SET state = $2, goal_id = coalesce($3, goal_id), answer_encrypted = $4, answered_at = $5,
  answered_by = $6, is_shared = is_shared AND $2 <> 'dismissed'
WHERE id = $1
"""


@dataclass(frozen=True, slots=True)
class Pick:
    """Which recommendation is meant: one that was kept, by its number; or what a rule finds now."""

    of: OfStudent
    number: int = 0
    advice: Advice | None = None


@dataclass(frozen=True, slots=True)
class Aim:
    """What becomes of a recommendation in the trajectory: a goal of its own, or a step of the goal with a number."""

    title: str
    due_on: date
    goal_id: int = 0


async def take(services: Services, actor: Actor, pick: Pick, aim: Aim) -> None:
    """Take a recommendation into the student's trajectory. That the actor may is checked by the caller.

    Raises NotFound, AdviceGone, GoalRefused or ErasureAsked.
    """
    whose = pick.of.whose

    async def deed(connection: BaseDBAsyncClient, row: asyncpg.Record) -> None:
        if row["state"] == State.TAKEN:
            raise AdviceGone(message("This stands in the trajectory already. Look at it again."))
        goal_id = aim.goal_id
        if goal_id:
            await add_step_within(services, connection, actor, whose, goal_id, aim.title, aim.due_on)
        else:
            goal_id = await set_goal_within(services, connection, actor, whose, aim.title, aim.due_on)
        await _answer(services, connection, actor, row["id"], State.TAKEN, goal_id=goal_id)

    await _done(services, actor, pick, "advice.taken", deed)


async def dismiss(services: Services, actor: Actor, pick: Pick, reason: str) -> None:
    """Dismiss a recommendation, which its family does not see then. Raises as `take`, or AdviceRefused."""
    plain = checked_answer(reason)

    async def deed(connection: BaseDBAsyncClient, row: asyncpg.Record) -> None:
        if row["state"] != State.OPEN:
            raise AdviceGone(message("Somebody answered to this before. Look at it again."))
        sealed = services.vault.encrypt(plain, ANSWER, str(row["id"]))
        await _answer(services, connection, actor, row["id"], State.DISMISSED, answer=sealed)

    await _done(services, actor, pick, "advice.dismissed", deed)


async def share(services: Services, actor: Actor, pick: Pick) -> None:
    """Let the family read a recommendation. Raises as `take`."""

    async def deed(connection: BaseDBAsyncClient, row: asyncpg.Record) -> None:
        if row["state"] == State.DISMISSED:
            raise AdviceGone(message("Somebody answered to this before. Look at it again."))
        await raw(connection).execute("UPDATE recommendation SET is_shared = true WHERE id = $1", row["id"])

    await _done(services, actor, pick, "advice.shared", deed)


async def hide(services: Services, actor: Actor, pick: Pick) -> None:
    """Let the family read a recommendation no more. Raises as `take`."""

    async def deed(connection: BaseDBAsyncClient, row: asyncpg.Record) -> None:
        await raw(connection).execute("UPDATE recommendation SET is_shared = false WHERE id = $1", row["id"])

    await _done(services, actor, pick, "advice.hidden", deed)


async def write_own(services: Services, actor: Actor, of: OfStudent, words: str) -> int:
    """Keep a recommendation of the actor's own, and return its number. Raises NotFound, AdviceRefused, ErasureAsked."""
    plain, whose, now = checked_own(words), of.whose, services.clock.now()
    async with services.database.transaction() as connection:
        at = raw(connection)
        await hold(at, whose, now)
        own = "SELECT count(*) FROM recommendation WHERE person_id = $1 AND rule = 'own'"
        if await at.fetchval(own, whose.id) >= OWN_MAX:
            raise AdviceRefused(message("So many are written already. Answer to them first."))
        number = await _keep(services, at, actor, of, Advice(Rule.OWN), plain)
        await _audit(services, connection, actor, whose, "advice.written", number)
    return number


async def _done(
    services: Services, actor: Actor, pick: Pick, verb: str,
    deed: Callable[[BaseDBAsyncClient, asyncpg.Record], Awaitable[None]],
) -> None:  # fmt: skip
    """Do something to a recommendation that is held, kept if it was not yet, and note it."""
    whose = pick.of.whose
    async with services.database.transaction() as connection:
        at = raw(connection)
        await hold(at, whose, services.clock.now())
        row = await _held(services, at, actor, pick)
        await deed(connection, row)
        await _audit(services, connection, actor, whose, verb, row["id"])


async def _held(services: Services, at: asyncpg.Connection, actor: Actor, pick: Pick) -> asyncpg.Record:
    whose, advice = pick.of.whose, pick.advice
    if pick.number:
        row = await at.fetchrow(_HOLD, pick.number, whose.id)
        if row is None:
            raise NotFound
        return row
    if advice is None:
        raise AdviceGone(message("This does not hold any more. Look at it again."))
    named = (
        whose.id, advice.rule.value, advice.subject.id if advice.subject else 0, pick.of.year, pick.of.quarter,
    )  # fmt: skip
    row = await at.fetchrow(_FIND, *named)
    if row is None:
        await _keep(services, at, actor, pick.of, advice, "")
        row = await at.fetchrow(_FIND, *named)
    assert row is not None, "it was kept just now"  # noqa: S101
    return row


async def _keep(
    services: Services, at: asyncpg.Connection, actor: Actor, of: OfStudent, advice: Advice, words: str
) -> int:  # fmt: skip
    number: int = await at.fetchval(_NEXT)
    sealed = services.vault.encrypt(words, WORDS, str(number)) if words else None
    await at.execute(
        _KEEP, number, of.whose.school_id, of.whose.id, of.year, of.quarter, advice.rule.value,
        advice.subject.id if advice.subject else None, advice.has, advice.beside, advice.least, sealed, False,
        services.clock.now(), actor.name,
    )  # fmt: skip
    return number


async def _answer(
    services: Services, connection: BaseDBAsyncClient, actor: Actor, number: int, state: State, *,
    goal_id: int | None = None, answer: bytes | None = None,
) -> None:  # fmt: skip
    now = services.clock.now()
    await raw(connection).execute(_ANSWER, number, state.value, goal_id, answer, now, actor.name)


async def _audit(
    services: Services, connection: BaseDBAsyncClient, actor: Actor, whose: Subject, verb: str, number: int
) -> None:
    await audit(
        connection, actor, verb, f"person:{whose.id}", {"recommendation": str(number)}, school_id=whose.school_id,
        at=services.clock.now(),
    )  # fmt: skip
