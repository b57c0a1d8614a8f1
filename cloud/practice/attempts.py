"""Practice as students do it: begun as often as they like, answered question by question, handed in.

Rule: a student practises what its school opened, and what it saw the answers of already; one attempt goes on at a
time, and the server's clock decides when it is over. Nothing of it becomes a mark.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import assert_never

import asyncpg
import msgspec

from cloud.accounts.actions import audit
from cloud.assessments.answers import of_fields, read_answer
from cloud.assessments.attempts import GONE, OVER, Sitter, sitter_held, sitter_of
from cloud.assessments.banks import questions_by_id
from cloud.assessments.errors import AttemptOver
from cloud.assessments.kinds import GRACE
from cloud.assessments.papers import item_place, kept_forms, question_in
from cloud.assessments.questions import to_data
from cloud.assessments.variants import SEEDS, veiled
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.practice.drawing import Banked, drawn_for_format, drawn_of
from cloud.practice.formats import MINUTES, Marking, Sort, blocks_of, worth
from cloud.practice.kinds import DAY_MAX, DRAWN, WORDS, Drawn, Part, PracticeRefused, Way, lasts
from cloud.practice.mistakes import mistakes_of

POOL_MAX = 30_000
_POOL = """
SELECT question.id, coalesce(subject.code, '') AS subject, question.theme,
  CASE WHEN kind = 'match' THEN 'pairs' WHEN kind <> 'choice' THEN 'other'
    WHEN (content->'body'->>'many')::boolean THEN 'several' ELSE 'one' END AS sort
FROM bank_question AS question JOIN school_subject AS subject ON subject.id = question.subject_id
JOIN practice_theme AS opened ON opened.subject_id = question.subject_id AND opened.grade = question.grade
  AND opened.theme = question.theme AND opened.school_id = question.school_id
WHERE question.school_id = $1 AND question.is_active AND kind <> 'essay' AND question.grade <= $2
  AND ($3::bigint IS NULL OR question.subject_id = $3) AND ($4::text IS NULL OR question.theme = $4)
  AND question.id <> ALL($6::bigint[])
ORDER BY question.id LIMIT $5
"""
_SOME = """
SELECT question.id, '' AS subject, theme, 'other' AS sort FROM bank_question AS question
WHERE school_id = $1 AND id = ANY($2) AND is_active AND kind <> 'essay' AND id <> ALL($3::bigint[])
ORDER BY id
"""
# Questions of tests that the student's classes were given and that have not closed: their answers are shown nowhere.
_WITHHELD = """
SELECT DISTINCT source_id FROM stay JOIN course ON course.school_class_id = stay.school_class_id
JOIN assessment_given AS given ON given.course_id = course.id AND closes_at > $2
JOIN assessment_question AS asked ON asked.given_id = given.id
WHERE stay.person_id = $1 AND (stay.last_on IS NULL OR stay.last_on >= ($2 AT TIME ZONE 'UTC')::date - 1)
"""
_GRADE = """
SELECT coalesce(grade, 12) FROM person LEFT JOIN school_class ON school_class.id = school_class_id WHERE person.id = $1
"""
_MET = """
SELECT DISTINCT question_id FROM practice_answer JOIN practice_attempt AS attempt ON attempt.id = attempt_id
WHERE person_id = $1 LIMIT $2
"""
_BEGUN = """
SELECT count(*) FILTER (WHERE began_at > $2) AS lately,
  max(id) FILTER (WHERE handed_at IS NULL AND ends_at > $3 AND way = $4 AND about = $5
    AND subject_id IS NOT DISTINCT FROM $6) AS same,
  max(id) FILTER (WHERE handed_at IS NULL AND ends_at > $3) AS running
FROM practice_attempt WHERE person_id = $1
"""
_BEGIN = """
INSERT INTO practice_attempt (school_id, person_id, way, about, subject_id, parts, seed, began_at, ends_at)
VALUES ($1, $2, $3, $4, $5, $6::text::jsonb, $7, $8, $9) RETURNING id
"""
_ASK = """
INSERT INTO practice_answer (attempt_id, place, part, question_id, points, marking, content)
SELECT $1, place, part, question_id, points, marking, content::jsonb
FROM unnest($2::smallint[], $3::bigint[], $4::smallint[], $5::text[], $6::text[])
  WITH ORDINALITY AS asked (part, question_id, points, marking, content, place)
"""
_FIND = """
SELECT handed_at, ends_at, content, answer.points, marking FROM practice_attempt AS attempt
JOIN practice_answer AS answer ON answer.attempt_id = attempt.id AND place = $3
WHERE attempt.id = $1 AND person_id = $2
"""
_SAVE = """
UPDATE practice_answer SET answer = $3::text::jsonb, words_encrypted = $4, reached = $5, answered_at = $6
FROM practice_attempt AS attempt
WHERE attempt.id = attempt_id AND attempt_id = $1 AND place = $2 AND handed_at IS NULL AND ends_at >= $7
RETURNING true
"""
_HAND = """
UPDATE practice_attempt SET handed_at = $3 WHERE id = $1 AND person_id = $2 AND handed_at IS NULL AND ends_at >= $4
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to practise: a pair of profile subjects, a subject and a theme of it, or mistakes."""

    way: Way
    pair: str = ""
    subject_id: int | None = None
    theme: str | None = None

    @property
    def about(self) -> str:
        return self.pair if self.way is Way.NATIONAL else self.theme or ""


@dataclass(frozen=True, slots=True)
class _Made:
    """An attempt that is to begin."""

    drawn: Sequence[Drawn]
    parts: Sequence[Part]
    lasts: timedelta


async def begin(services: Services, actor: Actor, ref: str, wish: Wish) -> int:
    """Begin an attempt, or go on with the same one, and return its number. Raises NotFound or PracticeRefused."""
    now = services.clock.now()
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        sitter = await sitter_held(services, actor, ref, connection)
        if sitter.is_gone:
            raise PracticeRefused(GONE)
        begun = await connection.fetchrow(
            _BEGUN, sitter.id, now - timedelta(days=1), now, wish.way.value, wish.about, wish.subject_id
        )
        if begun["same"] is not None:
            return int(begun["same"])
        if begun["running"] is not None:
            raise PracticeRefused(message("Something you practise goes on. Hand it in first."))
        if begun["lately"] >= DAY_MAX:
            raise PracticeRefused(message("You practised {most} times today. Go on tomorrow.", most=DAY_MAX))
        seed = services.rng.randrange(SEEDS)
        made = await _made(services, connection, sitter, wish, seed)
        attempt_id: int = await connection.fetchval(
            _BEGIN, sitter.school_id, sitter.id, wish.way.value, wish.about, wish.subject_id,
            msgspec.json.encode(made.parts).decode(), seed, now, now + made.lasts,
        )  # fmt: skip
        await _ask(connection, sitter.school_id, attempt_id, made.drawn)
        detail = {"way": wish.way.value}
        await audit(
            transaction, actor, "practice.begun", f"person:{sitter.id}", detail, school_id=sitter.school_id, at=now
        )
    return attempt_id


async def save(
    services: Services, actor: Actor, ref: str, attempt_id: int, place: int, fields: Sequence[str]
) -> timedelta:  # fmt: skip
    """Keep the answer to a question, as the fields of its form say it, and return how much time is left.

    Raises NotFound, AnswerRefused, or AttemptOver once no answer is taken any more.
    """
    sitter, now = await sitter_of(services, actor, ref), services.clock.now()
    pool = services.database.pool
    row = await pool.fetchrow(_FIND, attempt_id, sitter.id, place)
    if row is None:
        raise NotFound
    if row["handed_at"] is not None or now > row["ends_at"] + GRACE:
        raise AttemptOver(OVER)
    question = question_in(row["content"])
    answer = read_answer(question, of_fields(question, fields))
    keys, sealed = kept_forms(services.vault, WORDS, item_place(attempt_id, place), question, answer)
    reached = None if answer is None else worth(question, answer, row["points"], Marking(row["marking"]))
    if not await pool.fetchval(_SAVE, attempt_id, place, keys, sealed, reached, now, now - GRACE):
        raise AttemptOver(OVER)
    left: timedelta = row["ends_at"] - now
    return max(left, timedelta(0))


async def hand_in(services: Services, actor: Actor, ref: str, attempt_id: int) -> None:
    """End an attempt; one that is over stays as it is. Raises NotFound."""
    sitter, now = await sitter_of(services, actor, ref), services.clock.now()
    own = "SELECT EXISTS (SELECT FROM practice_attempt WHERE id = $1 AND person_id = $2)"
    if not await services.database.pool.fetchval(own, attempt_id, sitter.id):
        raise NotFound
    async with services.database.transaction() as transaction:
        told = await raw(transaction).execute(_HAND, attempt_id, sitter.id, now, now - GRACE)
        if told == "UPDATE 0":
            return
        await audit(
            transaction, actor, "practice.handed_in", f"person:{sitter.id}", {"attempt": str(attempt_id)},
            school_id=sitter.school_id, at=now,
        )  # fmt: skip


async def _made(
    services: Services, connection: asyncpg.Connection, sitter: Sitter, wish: Wish, seed: int
) -> _Made:  # fmt: skip
    """Return what an attempt is made of. Raises PracticeRefused where that is nothing."""
    met: Collection[int] = {row[0] for row in await connection.fetch(_MET, sitter.id, POOL_MAX)}
    made = await _drawn(services, connection, sitter, wish, seed, met)
    if not made.drawn:
        raise PracticeRefused(
            message("There is nothing to practise here yet: the school has opened no questions for it.")
        )
    return made


async def _drawn(
    services: Services, connection: asyncpg.Connection, sitter: Sitter, wish: Wish, seed: int, met: Collection[int]
) -> _Made:
    withheld = [row[0] for row in await connection.fetch(_WITHHELD, sitter.id, services.clock.now())]
    match wish.way:
        case Way.NATIONAL:
            pool = await _pool(connection, sitter, withheld)
            drawn, parts = drawn_for_format(blocks_of(wish.pair), pool, seed, met)
            return _Made(drawn, parts, timedelta(minutes=MINUTES))
        case Way.SUBJECT:
            pool = await _pool(connection, sitter, withheld, wish.subject_id or 0, wish.theme)
            return _small(drawn_of(pool, DRAWN, seed, met))
        case Way.MISTAKES:
            wrong = await mistakes_of(services, sitter.id)
            ids = [each.question_id for each in wrong if wish.subject_id in (None, each.subject_id)]
            rows = await connection.fetch(_SOME, sitter.school_id, ids, withheld)
            return _small(drawn_of([_banked(row) for row in rows], DRAWN, seed, ()))
    assert_never(wish.way)


def _small(drawn: Sequence[Drawn]) -> _Made:
    return _Made(drawn, [Part("", len(drawn), len(drawn))], lasts(len(drawn)))


async def _pool(
    connection: asyncpg.Connection, sitter: Sitter, withheld: Collection[int], subject_id: int | None = None,
    theme: str | None = None,
) -> list[Banked]:  # fmt: skip
    """Return what the student's school opened for practice, up to the student's own grade, but what is withheld."""
    grade: int = await connection.fetchval(_GRADE, sitter.id)
    rows = await connection.fetch(_POOL, sitter.school_id, grade, subject_id, theme, POOL_MAX, list(withheld))
    return [_banked(row) for row in rows]


def _banked(row: asyncpg.Record) -> Banked:
    return Banked(row["id"], row["subject"], row["theme"], Sort(row["sort"]))


async def _ask(
    connection: asyncpg.Connection, school_id: int, attempt_id: int, drawn: Sequence[Drawn]
) -> None:  # fmt: skip
    """Copy the questions of an attempt: what a bank says later changes none."""
    banked = await questions_by_id(connection, school_id, [each.question_id for each in drawn])
    questions = [veiled(banked[each.question_id].question) for each in drawn]
    await connection.execute(
        _ASK, attempt_id, [each.part for each in drawn], [each.question_id for each in drawn],
        [each.points or question.points for each, question in zip(drawn, questions, strict=True)],
        [each.marking for each in drawn],
        [msgspec.json.encode(to_data(question)).decode() for question in questions],
    )  # fmt: skip
