"""Answering: the questionnaires that ask whoever is signed in, and what becomes of answers.

Rule: of an anonymous one two things are kept that nothing ties together: who answered, without an instant, and how
often each thing was answered, without a row for anybody. Nothing of it stands in the journal of deeds. Words lie by the
alphabet. What may be looked at grows by so many answers at once as the questionnaire promises.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.questionnaires.audience import IS_ASKED
from cloud.questionnaires.errors import QuestionnaireClosed
from cloud.questionnaires.kinds import OF_TEXTS, SAID, SHEET, Answers, Question, Questionnaire, State
from cloud.questionnaires.queries import COLUMNS, questionnaire, questions_of
from cloud.questionnaires.rules import checked_answers, words_of

SHOWN_MAX = 50
_TODAY = "(SELECT ($2::timestamptz AT TIME ZONE zone)::date FROM school WHERE school.id = questionnaire.school_id)"
_OF_ME = f"""
SELECT questionnaire.*, {_TODAY} AS today,
  EXISTS (SELECT FROM questionnaire_sheet WHERE questionnaire_id = questionnaire.id AND account_id = $1)
  OR EXISTS (SELECT FROM questionnaire_answerer WHERE questionnaire_id = questionnaire.id AND account_id = $1)
  AS is_answered"""  # noqa: S608 (texts of ours)
_OWN = COLUMNS.replace("SELECT questionnaire.*", _OF_ME)
_IS_OPEN = f"published_at IS NOT NULL AND ended_at IS NULL AND {_TODAY} BETWEEN first_on AND last_on"
_OPEN = f"""{_OWN} WHERE school_id = ANY($3::bigint[]) AND {_IS_OPEN} AND {IS_ASKED}
ORDER BY is_answered, last_on, id LIMIT $4"""
_ONE = f"{_OWN} WHERE school_id = ANY($3::bigint[]) AND id = $4 AND published_at IS NOT NULL AND {IS_ASKED}"
_WAITING = f"""
SELECT count(*) FROM questionnaire WHERE school_id = ANY($3::bigint[]) AND {_IS_OPEN} AND {IS_ASKED}
  AND NOT EXISTS (SELECT FROM questionnaire_sheet WHERE questionnaire_id = questionnaire.id AND account_id = $1)
  AND NOT EXISTS (SELECT FROM questionnaire_answerer WHERE questionnaire_id = questionnaire.id AND account_id = $1)
"""  # noqa: S608 (texts of ours)
_SHEET = "SELECT id, answers_encrypted FROM questionnaire_sheet WHERE questionnaire_id = $1 AND account_id = $2"
_NEXT = "SELECT nextval(pg_get_serial_sequence('questionnaire_sheet', 'id'))"
_KEEP = """
INSERT INTO questionnaire_sheet (id, questionnaire_id, account_id, answers_encrypted, answered_at)
VALUES ($1, $2, $3, $4, $5)
"""
_KEEP_AGAIN = "UPDATE questionnaire_sheet SET answers_encrypted = $2, answered_at = $3 WHERE id = $1"
_ANSWERER = "INSERT INTO questionnaire_answerer VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING true"
_COUNT = """
INSERT INTO questionnaire_count AS kept (question_id, value, answers, shown_answers) VALUES ($1, $2, 1, 0)
ON CONFLICT (question_id, value) DO UPDATE SET answers = kept.answers + 1
"""
_WORDS = "SELECT words_encrypted FROM questionnaire_said WHERE question_id = $1"
_KEEP_WORDS = """
INSERT INTO questionnaire_said (question_id, words_encrypted) VALUES ($1, $2)
ON CONFLICT (question_id) DO UPDATE SET words_encrypted = $2
"""
_ANSWERED = "SELECT count(*) FROM questionnaire_answerer WHERE questionnaire_id = $1"
_SHOW = """
UPDATE questionnaire_count SET shown_answers = answers
WHERE question_id IN (SELECT id FROM questionnaire_question WHERE questionnaire_id = $1)
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A questionnaire for somebody whom it asks; `today` is the day at its school."""

    questionnaire: Questionnaire
    today: date
    is_answered: bool

    @property
    def is_open(self) -> bool:
        """Tell whether an answer, or another one in its place, is taken now."""
        if self.questionnaire.state(self.today) is not State.OPEN:
            return False
        return not (self.is_answered and self.questionnaire.given.is_anonymous)


async def own_questionnaires(services: Services, actor: Actor) -> list[Asked]:
    """Return the questionnaires that ask the actor now, waiting ones first. Raises NotFound for who is never asked."""
    account_id = _account(actor)
    rows = await services.database.pool.fetch(_OPEN, account_id, services.clock.now(), _schools(actor), SHOWN_MAX)
    return [_asked(row) for row in rows]


async def own_one(services: Services, actor: Actor, number: int) -> tuple[Asked, list[Question], Answers]:
    """Return a questionnaire that asks the actor, its questions, and under the own name what was answered.

    Raises NotFound.
    """
    account_id, pool = _account(actor), services.database.pool
    row = await pool.fetchrow(_ONE, account_id, services.clock.now(), _schools(actor), number)
    if row is None:
        raise NotFound
    asked = _asked(row)
    sheet = await pool.fetchrow(_SHEET, number, account_id)
    return asked, await questions_of(pool, number), {} if sheet is None else opened(services, sheet)


async def waiting_for(services: Services, actor: Actor) -> int:
    """Return how many questionnaires ask the actor and were not answered."""
    if actor.account_id is None or not actor.kinships(Right.QUESTIONNAIRES_ANSWER):
        return 0
    now = services.clock.now()
    return int(await services.database.pool.fetchval(_WAITING, actor.account_id, now, _schools(actor)))


async def answer(
    services: Services, actor: Actor, number: int, typed: Mapping[int, Sequence[str]], language: str
) -> None:  # fmt: skip
    """Answer a questionnaire; under the own name again, as long as it goes on. Own sheets keep words of a language too.

    Raises NotFound, AnswerRefused or QuestionnaireClosed.
    """
    account_id = _account(actor)
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        await connection.execute("SELECT id FROM questionnaire WHERE id = $1 FOR UPDATE", number)
        row = await connection.fetchrow(_ONE, account_id, services.clock.now(), _schools(actor), number)
        if row is None:
            raise NotFound
        asked = _asked(row)
        if not asked.is_open:
            raise QuestionnaireClosed(
                message("You have answered this already; an anonymous answer cannot be changed.")
                if asked.is_answered and asked.questionnaire.given.is_anonymous
                else message("This questionnaire is over.")
            )
        questions = await questions_of(connection, number)
        answers = checked_answers(questions, typed)
        if asked.questionnaire.given.is_anonymous:
            await _count(services, connection, asked.questionnaire, account_id, questions, answers)
            return
        await _keep(services, connection, number, account_id, questions, answers, language)
        await audit(
            transaction, actor, "questionnaire.answered", f"questionnaire:{number}",
            school_id=asked.questionnaire.school_id, at=services.clock.now(),
        )  # fmt: skip


def opened(services: Services, row: asyncpg.Record) -> Answers:
    """Return what stands on a sheet."""
    kept = json.loads(services.vault.decrypt(row["answers_encrypted"], SHEET, str(row["id"])))
    return {int(question): tuple(values) for question, values in kept["answers"].items()}


def said_of(services: Services, question_id: int, sealed: bytes | None) -> tuple[list[str], list[str]]:
    """Return the words of an anonymous question: those that may be looked at, and those that wait for more."""
    if sealed is None:
        return [], []
    kept = json.loads(services.vault.decrypt(sealed, SAID, str(question_id)))
    return kept["shown"], kept["waiting"]


async def _keep(
    services: Services, connection: asyncpg.Connection, number: int, account_id: int, questions: Sequence[Question],
    answers: Answers, language: str,
) -> None:  # fmt: skip
    """Keep a sheet, in the place of the one before."""
    now, plain = services.clock.now(), _sheet(questions, answers, language)
    before = await connection.fetchval("SELECT id FROM questionnaire_sheet WHERE questionnaire_id = $1"
                                       " AND account_id = $2", number, account_id)  # fmt: skip
    sheet_id: int = before or await connection.fetchval(_NEXT)
    sealed = services.vault.encrypt(plain, SHEET, str(sheet_id))
    if before is not None:
        await connection.execute(_KEEP_AGAIN, sheet_id, sealed, now)
        return
    await connection.execute(_KEEP, sheet_id, number, account_id, sealed, now)


def _sheet(questions: Sequence[Question], answers: Answers, language: str) -> str:
    """Return a sheet as it is kept: its values, and in words what was asked and answered, for who takes it home."""
    said = [(each.told(language), words_of(each, answers, language)) for each in questions if each.id in answers]
    return json.dumps({"answers": answers, "said": said}, ensure_ascii=False)


async def _count(
    services: Services, connection: asyncpg.Connection, asked: Questionnaire, account_id: int,
    questions: Sequence[Question], answers: Answers,
) -> None:  # fmt: skip
    """Note that somebody answered, count the answers, and let them be looked at once they are enough."""
    if await connection.fetchval(_ANSWERER, asked.id, account_id) is None:
        raise QuestionnaireClosed(message("You have answered this already; an anonymous answer cannot be changed."))
    answered: int = await connection.fetchval(_ANSWERED, asked.id)
    shows = answered - asked.shown >= asked.given.fewest
    for question in questions:
        values = answers.get(question.id, ())
        if question.kind not in OF_TEXTS:
            await connection.executemany(_COUNT, [(question.id, int(value)) for value in values])
        elif values or shows:
            await _add_words(services, connection, question.id, values, shows=shows)
    if shows:
        await connection.execute(_SHOW, asked.id)
        await connection.execute("UPDATE questionnaire SET shown_answers = $2 WHERE id = $1", asked.id, answered)


async def _add_words(
    services: Services, connection: asyncpg.Connection, question_id: int, words: Sequence[str], *, shows: bool
) -> None:  # fmt: skip
    shown, waiting = said_of(services, question_id, await connection.fetchval(_WORDS, question_id))
    waiting = sorted([*waiting, *words], key=str.casefold)
    if shows:
        shown, waiting = sorted([*shown, *waiting], key=str.casefold), []
    plain = json.dumps({"shown": shown, "waiting": waiting}, ensure_ascii=False)
    await connection.execute(_KEEP_WORDS, question_id, services.vault.encrypt(plain, SAID, str(question_id)))


def _account(actor: Actor) -> int:
    if actor.account_id is None or not actor.kinships(Right.QUESTIONNAIRES_ANSWER):
        raise NotFound
    return actor.account_id


def _schools(actor: Actor) -> list[int]:
    return sorted({reach.school_id for reach in actor.reaches if reach.school_id is not None})


def _asked(row: asyncpg.Record) -> Asked:
    return Asked(questionnaire(row), row["today"], row["is_answered"])
