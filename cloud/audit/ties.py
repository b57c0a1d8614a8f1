"""Ties of people: who is whose guardian and with what rights, whose an account is, and which class somebody is in.

Rule: whoever makes, changes or ends one tells it in the journal, in the same transaction and after it was written: the
nightly check compares what stands with what was told last. How each is written, the view `tie` says; by numbers alone.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.audit.writing import audit
from cloud.core.actor import Actor
from cloud.core.database import raw

TIES = "ties"  # in an entry's detail; a list of them, with spaces between
NOTED = "ties.noted"
AT_ONCE = 500  # in one entry
_SOME = """
SELECT told FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS wanted (kind, of_id, to_id)
JOIN LATERAL (
  SELECT told FROM tie WHERE tie.kind = wanted.kind AND tie.of_id = wanted.of_id AND tie.to_id = wanted.to_id
) AS tie ON true
"""
_OF_SCHOOL = "SELECT told FROM tie WHERE school_id = $1"
_HAS_TOLD = "SELECT EXISTS (SELECT FROM audit_entry WHERE school_id = $1 AND detail ? 'ties')"


class Kind(StrEnum):
    """What is tied, by which row's number."""

    FAMILY = "family"  # a guardian and a person: rights, last day, day of the end, who shared it
    GUARDIAN = "guardian"  # a guardian and the account
    STUDENT = "student"  # a person and the account
    STAFF = "staff"  # somebody who works at the school, and the account
    CLASS = "class"  # a person and the class
    TEACHES = "teaches"  # an account and a class: in which roles
    LIMIT = "limit"  # of a court: guardian, person, what it takes, last day, whether it was lifted


@dataclass(frozen=True, slots=True)
class Tie:
    """One tie by its row; `to` is the person of a family's, the class of who teaches."""

    kind: Kind
    of: int
    to: int = 0

    @property
    def ended(self) -> str:
        """Return how the journal tells that there is none."""
        return f"{self.kind}:{self.of}:{self.to}=" if self.to else f"{self.kind}:{self.of}="


async def told_of(connection: BaseDBAsyncClient, *ties: Tie) -> dict[str, str]:
    """Return what the entry of a deed at one school tells, in its detail, of ties as they stand now."""
    columns = [tie.kind.value for tie in ties], [tie.of for tie in ties], [tie.to for tie in ties]
    standing = {row["told"] for row in await raw(connection).fetch(_SOME, *columns)}
    ended = {tie.ended for tie in ties} - {_ended(told) for told in standing}
    return {TIES: " ".join(sorted(standing | ended))} if ties else {}


async def note_ties(
    connection: BaseDBAsyncClient, actor: Actor, school_id: int, ties: Sequence[Tie], at: datetime
) -> None:
    """Tell ties of a school as they stand now."""
    told = await told_of(connection, *ties)
    await audit(connection, actor, NOTED, f"school:{school_id}", told, school_id=school_id, at=at)


async def note_ended(
    connection: BaseDBAsyncClient, actor: Actor, ended: Sequence[tuple[int, Tie]], at: datetime
) -> None:
    """Tell, each in the journal of its school, ties that the caller ends in the same transaction."""
    for school_id in {school_id: None for school_id, _ in ended}:
        told = sorted(tie.ended for at_school, tie in ended if at_school == school_id)
        await _note(connection, actor, school_id, told, at)


@asynccontextmanager
async def ties_told(connection: BaseDBAsyncClient, actor: Actor, school_id: int, at: datetime) -> AsyncIterator[None]:
    """Tell what the block changes of a school's ties, which may be many, and nothing that stood before."""
    before = await _of_school(raw(connection), school_id)
    yield
    changed, ended = await _of_school(raw(connection), school_id) - before, {_ended(told) for told in before}
    await _note(connection, actor, school_id, sorted(told for told in changed if _says(told) or told in ended), at)


async def tell_all_once(connection: BaseDBAsyncClient, actor: Actor, school_id: int, at: datetime) -> None:
    """Tell all ties of a school whose journal is of a version that told none."""
    if not await raw(connection).fetchval(_HAS_TOLD, school_id):
        standing = await _of_school(raw(connection), school_id)
        await _note(connection, actor, school_id, sorted(filter(_says, standing)), at)


def _says(told: str) -> bool:
    """Tell whether something is tied; what says nothing is told only where there was a tie before."""
    return not told.endswith("=")


def _ended(told: str) -> str:
    return told.partition("=")[0] + "="


async def _of_school(connection: asyncpg.Connection, school_id: int) -> frozenset[str]:
    return frozenset(row["told"] for row in await connection.fetch(_OF_SCHOOL, school_id))


async def _note(connection: BaseDBAsyncClient, actor: Actor, school_id: int, told: Sequence[str], at: datetime) -> None:
    for first in range(0, len(told), AT_ONCE):
        detail = {TIES: " ".join(told[first : first + AT_ONCE])}
        await audit(connection, actor, NOTED, f"school:{school_id}", detail, school_id=school_id, at=at)
