"""Reads of practice: attempts of a student, one with its questions, and what came of its parts.

Rule: rights are asked before, by who calls.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import asyncpg
import msgspec

from cloud.assessments.papers import answer_in, item_place, question_in
from cloud.assessments.variants import shown
from cloud.core.errors import NotFound
from cloud.core.services import Services
from cloud.core.vault import Vault
from cloud.practice.formats import blocks_of
from cloud.practice.kinds import WORDS, Attempt, Item, Paper, Part, Reached, Way

SHOWN_MAX, ITEMS_MAX = 100, 200
_SUMS = """
SELECT attempt.id, person_id, way, about, subject_id, seed, began_at, ends_at, handed_at, parts,
  coalesce(sum(reached), 0) AS points, sum(answer.points) AS most, count(*) AS asked,
  count(*) FILTER (WHERE answered_at IS NOT NULL AND (answer IS NOT NULL OR words_encrypted IS NOT NULL)) AS answered,
  count(*) FILTER (WHERE reached >= answer.points) AS right
FROM practice_attempt AS attempt JOIN practice_answer AS answer ON attempt_id = attempt.id
"""
_OF_PERSON = f"{_SUMS} WHERE person_id = $1 GROUP BY attempt.id ORDER BY began_at DESC, attempt.id DESC LIMIT $2"
_ONE = f"{_SUMS} WHERE attempt.id = $1 AND person_id = $2 GROUP BY attempt.id"
_ITEMS = """
SELECT place, part, practice_answer.content, answer, words_encrypted, answered_at, reached, points, theme, subject_id
FROM practice_answer JOIN bank_question ON bank_question.id = question_id WHERE attempt_id = $1 ORDER BY place LIMIT $2
"""
_OF_CLASS = """
SELECT person_id, count(DISTINCT attempt.id) AS attempts, max(began_at) AS last_at,
  coalesce(sum(reached), 0) AS points, coalesce(sum(answer.points), 0) AS most
FROM practice_attempt AS attempt JOIN practice_answer AS answer ON attempt_id = attempt.id
WHERE person_id = ANY($1) AND (handed_at IS NOT NULL OR ends_at < $2) GROUP BY person_id
"""


@dataclass(frozen=True, slots=True)
class Practised:
    """What somebody of a class has practised so far."""

    attempts: int
    last_at: datetime
    percent: int


async def attempts_of(services: Services, person_id: int) -> list[Attempt]:
    """Return the attempts of a student, the last one first."""
    return [_attempt(row) for row in await services.database.pool.fetch(_OF_PERSON, person_id, SHOWN_MAX)]


async def paper_of(services: Services, person_id: int, attempt_id: int) -> Paper:
    """Return an attempt of a student with its questions. Raises NotFound."""
    pool = services.database.pool
    row = await pool.fetchrow(_ONE, attempt_id, person_id)
    if row is None:
        raise NotFound
    attempt = _attempt(row)
    rows = await pool.fetch(_ITEMS, attempt_id, ITEMS_MAX)
    return Paper(attempt, [_item(services.vault, attempt, each) for each in rows])


async def practised_by(services: Services, person_ids: Sequence[int]) -> dict[int, Practised]:
    """Return what students have practised; who never did is not there."""
    rows = await services.database.pool.fetch(_OF_CLASS, list(person_ids), services.clock.now())
    return {
        row["person_id"]: Practised(row["attempts"], row["last_at"], round(100 * row["points"] / row["most"]))
        for row in rows if row["most"]
    }  # fmt: skip


def reached_in(paper: Paper) -> list[Reached]:
    """Return what came of each part of an attempt."""
    thresholds = {block.code: block.threshold for block in blocks_of(paper.attempt.about)}
    of_format = paper.attempt.way is Way.NATIONAL
    found = []
    for number, part in enumerate(paper.attempt.parts):
        own = [item for item in paper.items if item.section == number]
        points = sum((item.points or Decimal(0) for item in own), Decimal(0))
        most = sum(item.question.points for item in own)
        threshold = thresholds.get(part.code, 0) if of_format and part.asked == part.wanted else 0
        found.append(Reached(part.code, points, most, part.asked, part.wanted, threshold))
    return found


def _attempt(row: Mapping[str, Any] | asyncpg.Record) -> Attempt:
    parts = msgspec.json.decode(row["parts"], type=tuple[Part, ...])
    return Attempt(**{**row, "way": Way(row["way"]), "parts": parts})


def _item(vault: Vault, attempt: Attempt, row: asyncpg.Record) -> Item:
    question = question_in(row["content"])
    asked = replace(question, points=row["points"])
    answer = answer_in(vault, WORDS, item_place(attempt.id, row["place"]), question, row)
    return Item(
        row["place"], row["part"], asked, shown(asked, attempt.seed, row["place"], is_shuffled=True), answer,
        row["answered_at"], row["reached"], row["theme"], row["subject_id"],
    )  # fmt: skip
