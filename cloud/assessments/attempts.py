"""Attempts as students make them: begun, answered question by question, handed in.

Rule: the server's clock decides. An attempt is over when it was handed in, or when its time is up and GRACE has gone
by; then no answer is taken, whoever sends it. An answer costs one reading and one writing, and no lock that others wait
for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg

from cloud.accounts.actions import audit
from cloud.assessments.answers import of_fields, read_answer
from cloud.assessments.errors import AttemptOver, AttemptRefused
from cloud.assessments.kinds import GRACE, WORDS, Given
from cloud.assessments.papers import item_place, kept_forms, question_in
from cloud.assessments.questions import score
from cloud.assessments.reach import GIVEN, as_given
from cloud.assessments.variants import SEEDS, Pool, drawn
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services

GONE = message("It was asked not to keep data of this person: no test can be taken.")
OVER = message("The time is up, or the work was handed in: this answer is not taken any more.")
_OWN = """
person.ref = $1 AND person.is_active AND own.account_id = $2 AND EXISTS (
  SELECT FROM grant_of_role AS held WHERE held.account_id = own.account_id AND held.role = 'student'
    AND held.school_id = person.school_id)
"""
_SITTER = f"""
SELECT person.id, person.ref, person.school_id, concat_ws(' ', surname, given_name) AS name, zone,
  ($3::timestamptz AT TIME ZONE zone)::date AS today, is_refused(person.id, 'data', $3) OR EXISTS (
    SELECT FROM erasure WHERE person_id = person.id AND done_at IS NULL) AS is_gone
FROM student_account AS own JOIN person ON person.id = own.person_id JOIN school ON school.id = person.school_id
WHERE {_OWN}
"""  # noqa: S608 (texts of ours)
IS_MEMBER = """
EXISTS (SELECT FROM stay WHERE stay.school_class_id = course.school_class_id AND stay.person_id = $1
  AND stay.first_on <= $2 AND (stay.last_on IS NULL OR stay.last_on >= $2))
AND (group_name = '' OR EXISTS (SELECT FROM course_member AS member WHERE member.course_id = course.id
  AND member.person_id = $1 AND member.first_on <= $2 AND (member.last_on IS NULL OR member.last_on >= $2)))
"""
_GIVEN = f"""{GIVEN} WHERE id = $3 AND EXISTS (
  SELECT FROM course WHERE course.id = course_id AND {IS_MEMBER}) FOR SHARE"""
_BEGUN = """
SELECT id, number, ends_at, handed_at FROM assessment_attempt WHERE given_id = $1 AND person_id = $2 ORDER BY number
"""
_QUESTIONS = "SELECT id, section FROM assessment_question WHERE given_id = $1 ORDER BY id"
_BEGIN = """
INSERT INTO assessment_attempt (school_id, given_id, person_id, number, seed, began_at, ends_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id
"""
_ASK = """
INSERT INTO assessment_answer (attempt_id, place, question_id)
SELECT $1, place, question_id FROM unnest($2::bigint[]) WITH ORDINALITY AS asked (question_id, place)
"""
_FIND = f"""
SELECT handed_at, ends_at, content FROM assessment_attempt AS attempt
JOIN student_account AS own ON own.person_id = attempt.person_id JOIN person ON person.id = attempt.person_id
JOIN assessment_answer AS item ON item.attempt_id = attempt.id AND place = $4
JOIN assessment_question AS question ON question.id = question_id
WHERE attempt.id = $3 AND {_OWN}
"""  # noqa: S608
_SAVE = """
UPDATE assessment_answer SET answer = $3, words_encrypted = $4, points = $5, answered_at = $6,
  marked_at = NULL, marked_by = '', remark_encrypted = NULL
FROM assessment_attempt AS attempt
WHERE attempt.id = attempt_id AND attempt_id = $1 AND place = $2 AND handed_at IS NULL AND ends_at >= $7
RETURNING true
"""
_HAND = """
UPDATE assessment_attempt SET handed_at = $3 WHERE id = $1 AND person_id = $2 AND handed_at IS NULL AND ends_at >= $4
"""


@dataclass(frozen=True, slots=True)
class Sitter:
    """The student that an account is."""

    id: int
    ref: str
    school_id: int
    name: str
    zone: ZoneInfo
    today: date
    is_gone: bool  # it was asked not to keep data of this person


async def sitter_of(
    services: Services, actor: Actor, ref: str, connection: asyncpg.Connection | None = None
) -> Sitter:  # fmt: skip
    """Return the student that the actor is. Raises NotFound for anybody else, and for who has left."""
    if actor.account_id is None or not actor.kinships(Right.TESTS_TAKE):
        raise NotFound
    at = connection or services.database.pool
    row = await at.fetchrow(_SITTER, ref, actor.account_id, services.clock.now())
    if row is None:
        raise NotFound
    return Sitter(**{**row, "zone": ZoneInfo(row["zone"])})


async def sitter_held(services: Services, actor: Actor, ref: str, connection: asyncpg.Connection) -> Sitter:
    """Return the student that the actor is, as it stands once its row is held. Raises as `sitter_of`."""
    found = await sitter_of(services, actor, ref, connection)
    await connection.fetchval("SELECT id FROM person WHERE id = $1 FOR NO KEY UPDATE", found.id)
    return await sitter_of(services, actor, ref, connection)  # an erasure may have begun meanwhile


async def begin(services: Services, actor: Actor, ref: str, given_id: int) -> int:
    """Begin an attempt, or go on with the one that is not over, and return its number in the table.

    Raises NotFound or AttemptRefused.
    """
    now = services.clock.now()
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        sitter = await sitter_held(services, actor, ref, connection)
        if sitter.is_gone:
            raise AttemptRefused(GONE)
        row = await connection.fetchrow(_GIVEN, sitter.id, sitter.today, given_id)
        if row is None:
            raise NotFound
        given = as_given(row)
        begun = await connection.fetch(_BEGUN, given_id, sitter.id)
        if begun and begun[-1]["handed_at"] is None and now <= begun[-1]["ends_at"] + GRACE:
            return int(begun[-1]["id"])
        _check(given, len(begun), now)
        seed = services.rng.randrange(SEEDS)
        attempt_id: int = await connection.fetchval(
            _BEGIN, sitter.school_id, given_id, sitter.id, len(begun) + 1, seed, now, given.terms.ends_at(now)
        )
        await connection.execute(_ASK, attempt_id, await _asked(connection, given, seed))
        detail = {"test": str(given_id), "attempt": str(len(begun) + 1)}
        await audit(
            transaction, actor, "attempt.begun", f"person:{sitter.id}", detail, school_id=sitter.school_id, at=now
        )
    return attempt_id


async def save(
    services: Services, actor: Actor, ref: str, attempt_id: int, place: int, fields: Sequence[str]
) -> timedelta:  # fmt: skip
    """Keep the answer to a question, as the fields of its form say it, and return how much time is left.

    Raises NotFound, AnswerRefused, or AttemptOver once no answer is taken any more.
    """
    if actor.account_id is None or not actor.kinships(Right.TESTS_TAKE):
        raise NotFound
    pool, now = services.database.pool, services.clock.now()
    row = await pool.fetchrow(_FIND, ref, actor.account_id, attempt_id, place)
    if row is None:
        raise NotFound
    if row["handed_at"] is not None or now > row["ends_at"] + GRACE:
        raise AttemptOver(OVER)
    question = question_in(row["content"])
    answer = read_answer(question, of_fields(question, fields))
    keys, sealed = kept_forms(services.vault, WORDS, item_place(attempt_id, place), question, answer)
    points = None if answer is None else score(question, answer)
    # Handed in, or moved to an earlier end, since it was read: then the last word is the attempt's.
    if not await pool.fetchval(_SAVE, attempt_id, place, keys, sealed, points, now, now - GRACE):
        raise AttemptOver(OVER)
    left: timedelta = row["ends_at"] - now
    return max(left, timedelta(0))


async def hand_in(services: Services, actor: Actor, ref: str, attempt_id: int) -> None:
    """End an attempt; one that is over stays as it is. Raises NotFound."""
    sitter, now = await sitter_of(services, actor, ref), services.clock.now()
    own = "SELECT EXISTS (SELECT FROM assessment_attempt WHERE id = $1 AND person_id = $2)"
    if not await services.database.pool.fetchval(own, attempt_id, sitter.id):
        raise NotFound
    async with services.database.transaction() as transaction:
        told = await raw(transaction).execute(_HAND, attempt_id, sitter.id, now, now - GRACE)
        if told == "UPDATE 0":
            return
        detail = {"attempt": str(attempt_id)}
        await audit(
            transaction, actor, "attempt.handed_in", f"person:{sitter.id}", detail, school_id=sitter.school_id, at=now
        )


def _check(given: Given, begun: int, now: datetime) -> None:
    """Raise AttemptRefused unless one more attempt can begin."""
    if now < given.terms.opens_at:
        raise AttemptRefused(message("This test has not opened yet."))
    if now >= given.terms.closes_at:
        raise AttemptRefused(message("This test has closed."))
    if begun >= given.terms.attempts:
        raise AttemptRefused(message("All attempts at this test are used."))


async def _asked(connection: asyncpg.Connection, given: Given, seed: int) -> Sequence[int]:
    """Return the questions of a new attempt, in their order."""
    rows = await connection.fetch(_QUESTIONS, given.id)
    pools = [
        Pool(tuple(row["id"] for row in rows if row["section"] == place), part.draws)
        for place, part in enumerate(given.parts)
    ]
    return drawn(pools, seed, is_shuffled=given.terms.is_shuffled)
