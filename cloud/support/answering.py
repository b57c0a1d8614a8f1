"""The inbox of questions: a school's support answers its own, the operator those passed on or left waiting.

Rule: the operator sees of a school's questions only what its support passed on, and what nobody answered in three days.
"""

from datetime import datetime, timedelta
from typing import Any

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.notifications.kinds import Detail, Kind
from cloud.notifications.outbox import tell_each
from cloud.notifications.rules import Fact
from cloud.support.kinds import Question
from cloud.support.reading import ANSWER, checked_words, columns_in, opened

SHOWN_MAX = 100
LEFT_AFTER = timedelta(days=3)
_ORDER = """
ORDER BY answered_at IS NOT NULL, CASE WHEN answered_at IS NULL THEN question.id ELSE -question.id END LIMIT $2
"""
_OF_SCHOOL = f"WHERE question.school_id = $1 {_ORDER}"
_LEFT = "(school_id IS NULL OR passed_at IS NOT NULL OR (answered_at IS NULL AND asked_at < $1))"
_OF_OPERATOR = f"WHERE {_LEFT.replace('school_id', 'question.school_id')} {_ORDER}"
_WAITING = """
SELECT count(*) FROM (
  SELECT FROM support_question
  WHERE school_id = ANY($1::bigint[]) AND answered_at IS NULL AND passed_at IS NULL LIMIT 100
) AS waiting
"""
_WAITING_FOR_OPERATOR = f"""
SELECT count(*) FROM (SELECT FROM support_question WHERE answered_at IS NULL AND {_LEFT} LIMIT 100) AS waiting
"""  # noqa: S608 (a text of ours)
_ANSWER = """
UPDATE support_question SET answered_at = $2, answered_by = $3, answer_encrypted = $4
WHERE id = $1 AND answered_at IS NULL RETURNING account_id, school_id, asked_at
"""
_HAND_ON = """
UPDATE support_question SET passed_at = $3
WHERE id = $1 AND school_id = $2 AND answered_at IS NULL AND passed_at IS NULL RETURNING id
"""
_OF_WHOM = "SELECT school_id, passed_at, asked_at, answered_at FROM support_question WHERE id = $1"
_CHILD = """
SELECT person_id, ($4::timestamptz AT TIME ZONE zone)::date AS asked_on
FROM guardianship_at($3) AS family JOIN school ON school.id = family.school_id
WHERE account_id = $1 AND family.school_id = $2 AND may_get_notices AND consented_to_notices(person_id, guardian_id)
ORDER BY person_id LIMIT 1
"""


async def questions_of(services: Services, actor: Actor, school_id: int, language: str) -> list[Question]:
    """Return a school's questions: those that wait, the oldest first, then the answered. Raises NotAllowed."""
    actor.require(Right.QUESTIONS_ANSWER, school_id)
    rows = await services.database.pool.fetch(columns_in(language) + _OF_SCHOOL, school_id, SHOWN_MAX)
    return [opened(services, row) for row in rows]


async def questions_left(services: Services, actor: Actor, language: str) -> list[Question]:
    """Return the questions that the operator is to answer, in the same order. Raises NotAllowed."""
    actor.require_everywhere(Right.QUESTIONS_TAKE)
    left_before = services.clock.now() - LEFT_AFTER
    rows = await services.database.pool.fetch(columns_in(language) + _OF_OPERATOR, left_before, SHOWN_MAX)
    return [opened(services, row) for row in rows]


async def waiting_of(services: Services, school_ids: list[int]) -> int:
    """Return how many questions wait at these schools, 100 at most."""
    return int(await services.database.pool.fetchval(_WAITING, school_ids))


async def waiting_left(services: Services) -> int:
    """Return how many questions wait for the operator, 100 at most."""
    return int(await services.database.pool.fetchval(_WAITING_FOR_OPERATOR, services.clock.now() - LEFT_AFTER))


async def answer(services: Services, actor: Actor, school_id: int, question_id: int, text: str) -> None:
    """Answer a question of a school; the asker is told. Raises NotAllowed, NotFound or QuestionRefused."""
    actor.require(Right.QUESTIONS_ANSWER, school_id)
    await _answer(services, actor, question_id, text, of_school=school_id)


async def answer_left(services: Services, actor: Actor, question_id: int, text: str) -> None:
    """Answer a question as the operator; the asker is told. Raises NotAllowed, NotFound or QuestionRefused."""
    actor.require_everywhere(Right.QUESTIONS_TAKE)
    await _answer(services, actor, question_id, text, of_school=None)


async def pass_on(services: Services, actor: Actor, school_id: int, question_id: int) -> None:
    """Pass a question on to the operator. Raises NotAllowed or NotFound."""
    actor.require(Right.QUESTIONS_ANSWER, school_id)
    now = services.clock.now()
    async with services.database.transaction() as transaction:
        if await raw(transaction).fetchval(_HAND_ON, question_id, school_id, now) is None:
            raise NotFound
        await audit(transaction, actor, "support.passed_on", f"question:{question_id}", school_id=school_id, at=now)


async def _answer(services: Services, actor: Actor, question_id: int, text: str, *, of_school: int | None) -> None:
    words, now = checked_words(text), services.clock.now()
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        row = await connection.fetchrow(_OF_WHOM, question_id)
        if row is None or not _is_theirs(row, of_school, now):
            raise NotFound
        sealed = services.vault.encrypt(words, ANSWER, str(question_id))
        taken = await connection.fetchrow(_ANSWER, question_id, now, actor.name, sealed)
        if taken is None:
            raise NotFound
        await audit(transaction, actor, "support.answered", f"question:{question_id}", school_id=taken["school_id"],
                    at=now)  # fmt: skip
        await _tell(transaction, question_id, taken, now)


def _is_theirs(row: asyncpg.Record, of_school: int | None, now: datetime) -> bool:
    """Tell whether a question is the school's; for the operator, whether it was left to the operator."""
    if of_school is not None:
        return bool(row["school_id"] == of_school)
    return row["school_id"] is None or row["passed_at"] is not None or row["asked_at"] < now - LEFT_AFTER


async def _tell(transaction: BaseDBAsyncClient, question_id: int, taken: Any, now: datetime) -> None:
    """Tell a guardian by a notice; everybody else sees the answer counted beside the way to help."""
    connection = raw(transaction)
    child = await connection.fetchrow(_CHILD, taken["account_id"], taken["school_id"], now, taken["asked_at"])
    if child is None:
        return
    detail = Detail(on=child["asked_on"])
    fact = Fact(f"answer:{question_id}", Kind.SUPPORT_ANSWER, taken["school_id"], child["person_id"], now, detail)
    await tell_each(connection, [(fact, taken["account_id"])], now)
