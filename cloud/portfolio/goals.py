"""A student's own way of learning: goals with steps and days, set by teachers, read by student and family.

Rule: what became of a goal is told line by line, and no line is changed; a goal that is closed can be opened again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.core.vault import Vault
from cloud.portfolio.errors import GoalRefused
from cloud.portfolio.holding import hold, hold_left_too
from cloud.portfolio.kinds import Subject
from cloud.portfolio.reach import today_at
from cloud.portfolio.rules import checked_goal

GOAL, STEP = "goal.title", "goal_step.title"  # contexts of the vault
GOALS_MAX, STEPS_MAX = 40, 20
NOTES_MAX = 100  # of one goal, the latest; all of them stand in the table
_OF_PERSON = """
SELECT id, title_encrypted, due_on, state FROM goal WHERE person_id = $1 ORDER BY state <> 'open', due_on, id LIMIT $2
"""
_STEPS = "SELECT * FROM goal_step WHERE goal_id = ANY($1) ORDER BY due_on, id LIMIT $2"
_NOTES = """
SELECT told.* FROM unnest($1::bigint[]) AS goal(id) CROSS JOIN LATERAL (
  SELECT * FROM goal_note WHERE goal_id = goal.id ORDER BY number DESC LIMIT $2
) AS told ORDER BY goal_id, number DESC
"""
_NEXT_GOAL = "SELECT nextval(pg_get_serial_sequence('goal', 'id'))"
_NEXT_STEP = "SELECT nextval(pg_get_serial_sequence('goal_step', 'id'))"
_ADD_GOAL = """
INSERT INTO goal (id, school_id, person_id, title_encrypted, due_on, state) VALUES ($1, $2, $3, $4, $5, 'open')
"""
_ADD_STEP = "INSERT INTO goal_step (id, goal_id, title_encrypted, due_on) VALUES ($1, $2, $3, $4)"
_FIND = "SELECT id, state FROM goal WHERE id = $1 AND person_id = $2 FOR UPDATE"
_NOTE = """
INSERT INTO goal_note (goal_id, number, step_id, says, at, by_name)
SELECT $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5 FROM goal_note WHERE goal_id = $1
"""


class State(StrEnum):
    """Where a goal stands; the values stand in the table."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Step:
    """A step to a goal."""

    id: int
    title: str
    due_on: date
    is_done: bool


@dataclass(frozen=True, slots=True)
class Note:
    """A line of what became of a goal; `step` is the title of the step that it is about."""

    says: str
    step: str
    at: datetime
    by: str

    @property
    def word(self) -> str:
        """Return the code of its words."""
        return f"goal_{self.says}"


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal with its steps, and what became of it, the latest first."""

    id: int
    title: str
    due_on: date
    state: State
    steps: Sequence[Step]
    notes: Sequence[Note]

    def is_late(self, today: date) -> bool:
        """Tell whether it should have been reached already."""
        return self.state is State.OPEN and self.due_on < today

    @property
    def sign(self) -> str:
        return f"goal_is_{self.state}"


async def goals_of(services: Services, whose: Subject) -> list[Goal]:
    """Return somebody's goals, the open ones first; that the reader may see them is checked before."""
    pool, vault = services.database.pool, services.vault
    goals = await pool.fetch(_OF_PERSON, whose.id, GOALS_MAX)
    ids = [row["id"] for row in goals]
    steps = await pool.fetch(_STEPS, ids, GOALS_MAX * STEPS_MAX)
    notes = await pool.fetch(_NOTES, ids, NOTES_MAX)
    return [_goal(vault, row, steps, notes) for row in goals]


async def set_goal(services: Services, actor: Actor, whose: Subject, title: str, due_on: date) -> int:
    """Set a goal, and return its number. That the actor may is checked by the caller.

    Raises NotFound, GoalRefused or ErasureAsked.
    """
    async with services.database.transaction() as connection:
        await hold(raw(connection), whose, services.clock.now())
        return await set_goal_within(services, connection, actor, whose, title, due_on)


async def set_goal_within(
    services: Services, connection: BaseDBAsyncClient, actor: Actor, whose: Subject, title: str, due_on: date
) -> int:
    """Do the same within an open transaction that holds the student. Raises GoalRefused."""
    at = raw(connection)
    plain = checked_goal(title, due_on, await today_at(at, whose.school_id, services.clock.now()))
    if await at.fetchval("SELECT count(*) FROM goal WHERE person_id = $1", whose.id) >= GOALS_MAX:
        raise GoalRefused(message("So many goals are set already. Go on with one of them."))
    goal_id: int = await at.fetchval(_NEXT_GOAL)
    sealed = services.vault.encrypt(plain, GOAL, str(goal_id))
    await at.execute(_ADD_GOAL, goal_id, whose.school_id, whose.id, sealed, due_on)
    await _note(services, connection, actor, whose, goal_id, "made")
    return goal_id


async def add_step(services: Services, actor: Actor, whose: Subject, goal_id: int, title: str, due_on: date) -> int:
    """Add a step to a goal that is open, and return its number.

    Raises NotFound, GoalRefused or ErasureAsked.
    """
    async with services.database.transaction() as connection:
        await hold_left_too(raw(connection), whose, services.clock.now())
        return await add_step_within(services, connection, actor, whose, goal_id, title, due_on)


async def add_step_within(
    services: Services, connection: BaseDBAsyncClient, actor: Actor, whose: Subject, goal_id: int, title: str,
    due_on: date,
) -> int:  # fmt: skip
    """Do the same within an open transaction that holds the student. Raises NotFound or GoalRefused."""
    at = raw(connection)
    plain = checked_goal(title, due_on, await today_at(at, whose.school_id, services.clock.now()))
    if await _state(at, whose, goal_id) is not State.OPEN:
        raise GoalRefused(message("This goal is closed. Open it again first."))
    if await at.fetchval("SELECT count(*) FROM goal_step WHERE goal_id = $1", goal_id) >= STEPS_MAX:
        raise GoalRefused(message("{count} steps at most lead to a goal.", count=STEPS_MAX))
    step_id: int = await at.fetchval(_NEXT_STEP)
    await at.execute(_ADD_STEP, step_id, goal_id, services.vault.encrypt(plain, STEP, str(step_id)), due_on)
    await _note(services, connection, actor, whose, goal_id, "step_added", step_id)
    return step_id


async def turn_step(services: Services, actor: Actor, whose: Subject, goal_id: int, step_id: int) -> None:
    """Say that a step is done, or of one that was, that it is not. Raises NotFound or ErasureAsked."""
    async with services.database.transaction() as connection:
        at = raw(connection)
        await hold_left_too(at, whose, services.clock.now())
        await _state(at, whose, goal_id)
        turned = "UPDATE goal_step SET is_done = NOT is_done WHERE id = $1 AND goal_id = $2 RETURNING is_done"
        is_done = await at.fetchval(turned, step_id, goal_id)
        if is_done is None:
            raise NotFound
        await _note(services, connection, actor, whose, goal_id, "step_done" if is_done else "step_open", step_id)


async def turn_goal(services: Services, actor: Actor, whose: Subject, goal_id: int, state: State) -> None:
    """Say what became of a goal, or that it is open again; what it is already changes nothing.

    Raises NotFound or ErasureAsked.
    """
    async with services.database.transaction() as connection:
        at = raw(connection)
        await hold_left_too(at, whose, services.clock.now())
        if await _state(at, whose, goal_id) is state:
            return
        await at.execute("UPDATE goal SET state = $2 WHERE id = $1", goal_id, state.value)
        await _note(services, connection, actor, whose, goal_id, state.value)


async def _state(connection: asyncpg.Connection, whose: Subject, goal_id: int) -> State:
    row = await connection.fetchrow(_FIND, goal_id, whose.id)
    if row is None:
        raise NotFound
    return State(row["state"])


async def _note(
    services: Services,
    connection: BaseDBAsyncClient,
    actor: Actor,
    whose: Subject,
    goal_id: int,
    says: str,
    step_id: int | None = None,
) -> None:
    now = services.clock.now()
    await raw(connection).execute(_NOTE, goal_id, step_id, says, now, actor.name)
    detail = {"goal": str(goal_id), "became": says}
    await audit(connection, actor, "goal.changed", f"person:{whose.id}", detail, school_id=whose.school_id, at=now)


def _goal(
    vault: Vault, row: asyncpg.Record, steps: Sequence[asyncpg.Record], notes: Sequence[asyncpg.Record]
) -> Goal:  # fmt: skip
    own = [
        Step(each["id"], vault.decrypt(each["title_encrypted"], STEP, str(each["id"])), each["due_on"], each["is_done"])
        for each in steps if each["goal_id"] == row["id"]
    ]  # fmt: skip
    titles = {each.id: each.title for each in own}
    told = [
        Note(each["says"], titles.get(each["step_id"], ""), each["at"], each["by_name"])
        for each in notes if each["goal_id"] == row["id"]
    ]  # fmt: skip
    title = vault.decrypt(row["title_encrypted"], GOAL, str(row["id"]))
    return Goal(row["id"], title, row["due_on"], State(row["state"]), own, told)
