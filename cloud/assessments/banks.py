"""Banks of questions: those of a subject by grade and theme, found, kept, and put out of use.

Rule: a question that was asked once is never deleted; put out of use it is in no new test.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import asyncpg
import msgspec

from cloud.accounts.actions import audit
from cloud.assessments.errors import QuestionRefused, TestRefused
from cloud.assessments.kinds import Banked
from cloud.assessments.questions import Kind, Problem, Question, check, from_data, to_data
from cloud.assessments.reach import Reach, maker_of
from cloud.assessments.rules import checked_grade, checked_theme
from cloud.attendance.queries import SchoolToday
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.studies.queries import Subject, subjects_of

SHOWN_MAX, BANK_MAX = 200, 20_000
_COLUMNS = "SELECT id, subject_id, grade, theme, content, is_active, changed_at, by_name FROM bank_question"
_FOUND = f"""{_COLUMNS}
WHERE school_id = $1 AND subject_id = $2 AND ($3::smallint IS NULL OR grade = $3) AND ($4::text IS NULL OR theme = $4)
  AND ($5::text IS NULL OR kind = $5) AND is_active = $6 ORDER BY grade, theme, id LIMIT $7"""
_ONE = f"{_COLUMNS} WHERE school_id = $1 AND id = $2"
_SOME = f"{_COLUMNS} WHERE school_id = $1 AND id = ANY($2)"
_THEMES = """
SELECT theme, count(*) AS count FROM bank_question
WHERE school_id = $1 AND subject_id = $2 AND ($3::smallint IS NULL OR grade = $3) AND is_active
GROUP BY theme ORDER BY theme LIMIT 500
"""
_ADD = """
INSERT INTO bank_question (school_id, subject_id, grade, theme, kind, content, changed_at, by_name)
SELECT $1, $2, $3, $4, $5, $6, $7, $8
WHERE (SELECT count(*) FROM bank_question WHERE school_id = $1 AND subject_id = $2) < $9 RETURNING id
"""
_CHANGE = """
UPDATE bank_question SET grade = $3, theme = $4, kind = $5, content = $6, changed_at = $7, by_name = $8
WHERE school_id = $1 AND id = $2
"""
_TURN = "UPDATE bank_question SET is_active = $3, changed_at = $4, by_name = $5 WHERE school_id = $1 AND id = $2"


class QuestionWrong(QuestionRefused):
    """A question cannot be asked so; `problems` are all that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems[0].told)
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which questions of a bank are looked for; None is any."""

    subject_id: int
    grade: int | None = None
    theme: str | None = None
    kind: Kind | None = None
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Filed:
    """A question with where it stands in the bank."""

    subject_id: int
    grade: int
    theme: str
    question: Question


async def banks_within(services: Services, reach: Reach, school_id: int) -> list[Subject]:
    """Return the subjects whose banks somebody keeps."""
    return [each for each in await subjects_of(services, school_id) if reach.makes(each.id)]


async def questions_of(services: Services, school_id: int, wanted: Wanted) -> list[Banked]:
    """Return questions of a bank by grade and theme; that the actor keeps it is checked before."""
    rows = await services.database.pool.fetch(
        _FOUND, school_id, wanted.subject_id, wanted.grade, wanted.theme, wanted.kind, wanted.is_active, SHOWN_MAX
    )
    return [_banked(row) for row in rows]


async def questions_by_id(
    connection: asyncpg.Connection | asyncpg.Pool, school_id: int, ids: Collection[int]
) -> dict[int, Banked]:
    """Return questions of a school's banks by their numbers, those out of use too."""
    return {row["id"]: _banked(row) for row in await connection.fetch(_SOME, school_id, list(ids))}


async def question_of(services: Services, actor: Actor, school: SchoolToday, question_id: int) -> Banked:
    """Return a question of a bank that the actor keeps. Raises NotAllowed or NotFound."""
    row = await services.database.pool.fetchrow(_ONE, school.id, question_id)
    if row is None:
        raise NotFound
    await maker_of(services, actor, school, row["subject_id"])
    return _banked(row)


async def themes_of(
    connection: asyncpg.Connection | asyncpg.Pool, school_id: int, subject_id: int, grade: int | None = None
) -> dict[str, int]:
    """Return the themes of a bank, with how many questions in use each has."""
    return {row["theme"]: row["count"] for row in await connection.fetch(_THEMES, school_id, subject_id, grade)}


async def put_question(
    services: Services, actor: Actor, school: SchoolToday, filed: Filed, question_id: int | None = None
) -> int:
    """Keep a question in the bank, a new one or in the place of one, and return its number.

    Tests that were given keep what they were given with. Raises NotAllowed, NotFound, TestRefused or QuestionWrong.
    """
    if question_id is not None:
        before = await question_of(services, actor, school, question_id)
        if before.subject_id != filed.subject_id:
            raise TestRefused(message("A question stays with its subject."))
    await maker_of(services, actor, school, filed.subject_id)
    grade, theme = checked_grade(filed.grade), checked_theme(filed.theme)
    if problems := check(filed.question):
        raise QuestionWrong(problems)
    now = services.clock.now()
    content = msgspec.json.encode(to_data(filed.question)).decode()
    kept = grade, theme, filed.question.kind.value, content, now, actor.name
    async with services.database.transaction() as transaction:
        connection, verb = raw(transaction), "question.changed"
        if question_id is None:
            verb = "question.added"
            question_id = await connection.fetchval(_ADD, school.id, filed.subject_id, *kept, BANK_MAX)
            if question_id is None:
                raise TestRefused(message("A bank has {most} questions at most.", most=BANK_MAX))
        else:
            await connection.execute(_CHANGE, school.id, question_id, *kept)
        detail = {"kind": filed.question.kind.value, "grade": str(grade)}
        await audit(transaction, actor, verb, f"question:{question_id}", detail, school_id=school.id, at=now)
    return question_id


async def turn_question(
    services: Services, actor: Actor, school: SchoolToday, question_id: int, *, is_active: bool
) -> None:
    """Put a question out of use, or into it again. Raises NotAllowed or NotFound."""
    before, now = await question_of(services, actor, school, question_id), services.clock.now()
    if before.is_active == is_active:
        return
    async with services.database.transaction() as transaction:
        await raw(transaction).execute(_TURN, school.id, question_id, is_active, now, actor.name)
        verb = "question.used" if is_active else "question.unused"
        await audit(transaction, actor, verb, f"question:{question_id}", {}, school_id=school.id, at=now)


def _banked(row: asyncpg.Record) -> Banked:
    return Banked(
        row["id"], row["subject_id"], row["grade"], row["theme"], from_data(msgspec.json.decode(row["content"])),
        row["is_active"], row["changed_at"], row["by_name"],
    )  # fmt: skip
