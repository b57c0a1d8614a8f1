"""Reads of attempts: what each has come to, and an attempt with its questions as the student sees them.

Rule: rights are asked before, by who calls; what is not answered stands as nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import asyncpg
import msgspec

from cloud.assessments.answers import read_answer, to_kept
from cloud.assessments.kinds import REMARK, WORDS, Attempt, Given, Item, Paper
from cloud.assessments.questions import Answer, Essay, Question, Text, from_data
from cloud.assessments.reach import GIVEN, as_given
from cloud.assessments.variants import shown
from cloud.core.errors import NotFound
from cloud.core.services import Services
from cloud.core.vault import Vault

ATTEMPTS_MAX, ITEMS_MAX = 5_000, 200
_SUMS = """
SELECT attempt.id, attempt.given_id, person_id, number, seed, began_at, ends_at, handed_at,
  coalesce(sum(item.points), 0) AS points, sum(question.points) AS most, count(*) AS asked,
  count(*) FILTER (WHERE answer IS NOT NULL OR words_encrypted IS NOT NULL) AS answered,
  count(*) FILTER (WHERE words_encrypted IS NOT NULL AND item.points IS NULL) AS waiting
FROM assessment_attempt AS attempt JOIN assessment_answer AS item ON item.attempt_id = attempt.id
JOIN assessment_question AS question ON question.id = question_id
"""
_OF_GIVEN = f"""{_SUMS} WHERE attempt.given_id = ANY($1) AND ($2::bigint IS NULL OR person_id = $2)
GROUP BY attempt.id ORDER BY person_id, number LIMIT $3"""
_ONE = f"{_SUMS} WHERE attempt.id = $1 GROUP BY attempt.id"
_ITEMS = """
SELECT place, section, content, answer, words_encrypted, answered_at, item.points, marked_by, remark_encrypted
FROM assessment_answer AS item JOIN assessment_question AS question ON question.id = question_id
WHERE attempt_id = $1 ORDER BY place LIMIT $2
"""


async def attempts_of(
    services: Services, given_ids: Collection[int], person_id: int | None = None
) -> dict[int, list[Attempt]]:  # fmt: skip
    """Return the attempts at tests that were given, of everybody or of one person, by the test and in their order."""
    found: dict[int, list[Attempt]] = {given_id: [] for given_id in given_ids}
    for row in await services.database.pool.fetch(_OF_GIVEN, list(given_ids), person_id, ATTEMPTS_MAX):
        found[row["given_id"]].append(Attempt(**row))
    return found


async def paper_of(services: Services, attempt_id: int) -> Paper:
    """Return an attempt with its questions. Raises NotFound."""
    pool = services.database.pool
    row = await pool.fetchrow(_ONE, attempt_id)
    if row is None:
        raise NotFound
    attempt = Attempt(**row)
    given = as_given(await pool.fetchrow(f"{GIVEN} WHERE id = $1", attempt.given_id))
    rows = await pool.fetch(_ITEMS, attempt_id, ITEMS_MAX)
    return Paper(given, attempt, [_item(services.vault, given, attempt, each) for each in rows])


def question_in(content: str) -> Question:
    """Return the question of a row."""
    return from_data(msgspec.json.decode(content))


def is_open_words(question: Question) -> bool:
    """Tell whether answers to a question are words of somebody's own, which lie sealed."""
    return isinstance(question.body, Text | Essay)


def item_place(attempt_id: int, place: int) -> str:
    """Return what names an answer at the vault."""
    return f"{attempt_id}:{place}"


def kept_forms(
    vault: Vault, context: str, name: str, question: Question, answer: Answer
) -> tuple[str | None, bytes | None]:  # fmt: skip
    """Return an answer as its two columns hold it: keys as JSON, or words sealed in a context under a name."""
    if isinstance(answer, str) and is_open_words(question):
        return None, vault.encrypt(answer, context, name)
    return None if answer is None else msgspec.json.encode(to_kept(answer)).decode(), None


def answer_in(
    vault: Vault, context: str, name: str, question: Question, row: Mapping[str, Any] | asyncpg.Record
) -> Answer:  # fmt: skip
    """Return the answer of a row, as `kept_forms` kept it."""
    if row["words_encrypted"] is not None:
        return vault.decrypt(row["words_encrypted"], context, name)
    return None if row["answer"] is None else read_answer(question, msgspec.json.decode(row["answer"]))


def of_section(items: Sequence[Item], section: int) -> list[Item]:
    """Return the items of a section."""
    return [each for each in items if each.section == section]


def _item(vault: Vault, given: Given, attempt: Attempt, row: asyncpg.Record) -> Item:
    question, sealed = question_in(row["content"]), row["remark_encrypted"]
    where = item_place(attempt.id, row["place"])
    return Item(
        row["place"], row["section"], question,
        shown(question, attempt.seed, row["place"], is_shuffled=given.terms.is_shuffled),
        answer_in(vault, WORDS, where, question, row), row["answered_at"], row["points"], row["marked_by"],
        "" if sealed is None else vault.decrypt(sealed, REMARK, where),
    )  # fmt: skip
