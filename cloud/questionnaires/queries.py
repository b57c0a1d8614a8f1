"""Reads of questionnaires for who makes them, and the rows of one for the slices' other parts."""

from collections.abc import Sequence

import asyncpg

from cloud.core.actor import Actor
from cloud.core.errors import NotFound
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.questionnaires.kinds import LANGUAGES, Audience, Given, Kind, Question, QuestionGiven, Questionnaire

LISTED_MAX, QUESTIONS_MAX = 200, 40
COLUMNS = """
SELECT questionnaire.*, ARRAY(
  SELECT school_class_id FROM questionnaire_class WHERE questionnaire_id = questionnaire.id ORDER BY 1
) AS classes, (SELECT count(*) FROM questionnaire_sheet WHERE questionnaire_id = questionnaire.id)
  + (SELECT count(*) FROM questionnaire_answerer WHERE questionnaire_id = questionnaire.id) AS answered
FROM questionnaire
"""
_OF_SCHOOL = f"{COLUMNS} WHERE school_id = $1 ORDER BY published_at IS NOT NULL, last_on DESC, id DESC LIMIT $2"
_ONE = f"{COLUMNS} WHERE id = $2 AND school_id = $1"
_QUESTIONS = "SELECT * FROM questionnaire_question WHERE questionnaire_id = $1 ORDER BY place, id LIMIT $2"
_CLASSES = """
SELECT id, grade || letter AS name FROM school_class WHERE school_id = $1 AND is_active ORDER BY grade, letter LIMIT 500
"""


async def questionnaires_at(services: Services, actor: Actor, school_id: int) -> list[Questionnaire]:
    """Return a school's questionnaires, drafts first, then the latest. Raises NotAllowed."""
    actor.require(Right.QUESTIONNAIRES_KEEP, school_id)
    return [questionnaire(row) for row in await services.database.pool.fetch(_OF_SCHOOL, school_id, LISTED_MAX)]


async def one_at(services: Services, actor: Actor, school_id: int, number: int) -> Questionnaire:
    """Return one of them. Raises NotAllowed or NotFound."""
    actor.require(Right.QUESTIONNAIRES_KEEP, school_id)
    row = await services.database.pool.fetchrow(_ONE, school_id, number)
    if row is None:
        raise NotFound
    return questionnaire(row)


async def questions_of(connection: asyncpg.Connection | asyncpg.Pool, number: int) -> list[Question]:
    """Return the questions of a questionnaire in their order."""
    return [_question(row) for row in await connection.fetch(_QUESTIONS, number, QUESTIONS_MAX)]


async def classes_at(services: Services, school_id: int) -> Sequence[tuple[int, str]]:
    """Return id and name of the classes that can be asked."""
    return [(row["id"], row["name"]) for row in await services.database.pool.fetch(_CLASSES, school_id)]


def questionnaire(row: asyncpg.Record) -> Questionnaire:
    """Return a questionnaire of a row that `COLUMNS` names."""
    given = Given(
        Audience(row["audience"]), {each: row[f"title_{each}"] for each in LANGUAGES},
        {each: row[f"intro_{each}"] for each in LANGUAGES}, row["first_on"], row["last_on"], row["is_anonymous"],
        row["fewest"], tuple(row["roles"]), tuple(row["classes"]),
    )  # fmt: skip
    return Questionnaire(
        row["id"], row["school_id"], given, row["made_at"], row["made_by"], row["published_at"], row["ended_at"],
        row["reminded_at"], row["shown_answers"], row["answered"],
    )  # fmt: skip


def _question(row: asyncpg.Record) -> Question:
    given = QuestionGiven(
        Kind(row["kind"]), {each: row[f"words_{each}"] for each in LANGUAGES},
        {each: tuple(row[f"options_{each}"]) for each in LANGUAGES}, row["is_required"], row["most"],
    )  # fmt: skip
    return Question(row["id"], row["place"], given)
