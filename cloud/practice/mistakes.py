"""What a student has not got right at last: by subject and theme, out of practice and of tests whose answers it saw.

Rule: a question leaves the list once it is answered for all of its points; of a test whose answers are not shown yet
nothing is told. Answers that a person marks are the teacher's business and not here.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cloud.assessments.kinds import GRACE
from cloud.core.services import Services

MISTAKES_MAX = 2_000
# Every answer that is over, in practice and in tests that are reviewed; what was not answered was not right.
_TOLD = """
SELECT answer.question_id, coalesce(reached, 0) AS reached, answer.points, coalesce(handed_at, ends_at) AS at,
  true AS is_practice, attempt.id AS attempt_id
FROM practice_attempt AS attempt JOIN practice_answer AS answer ON attempt_id = attempt.id
WHERE person_id = $1 AND (handed_at IS NOT NULL OR ends_at < $2)
UNION ALL
SELECT source_id, coalesce(answer.points, 0), question.points, coalesce(handed_at, ends_at), false, attempt.id
FROM assessment_attempt AS attempt JOIN assessment_given AS given ON given.id = given_id
JOIN assessment_answer AS answer ON answer.attempt_id = attempt.id
JOIN assessment_question AS question ON question.id = answer.question_id
WHERE person_id = $1 AND (handed_at IS NOT NULL OR ends_at < $2)
  AND (review = 'handed' OR (review = 'closed' AND closes_at <= $3))
"""
_LAST_OF_EACH = f"""
SELECT DISTINCT ON (question_id) question_id, reached, points, at FROM ({_TOLD}) AS told
ORDER BY question_id, at DESC, is_practice DESC, attempt_id DESC
"""  # noqa: S608 (texts of ours)
_LAST = f"""
SELECT question_id, bank.subject_id, bank.theme, reached >= points AS is_right, at FROM ({_LAST_OF_EACH}) AS answered
JOIN bank_question AS bank ON bank.id = question_id WHERE bank.is_active AND bank.kind <> 'essay'
ORDER BY bank.subject_id, bank.theme, question_id LIMIT $4
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Met:
    """A question that a student answered, as it was at last."""

    question_id: int
    subject_id: int
    theme: str
    is_right: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class ThemeKnown:
    """A theme with how many of its questions a student met, and how many were right at last."""

    subject_id: int
    theme: str
    met: int
    right: int

    @property
    def wrong(self) -> int:
        return self.met - self.right

    @property
    def percent(self) -> int:
        return round(100 * self.right / self.met)


async def met_by(services: Services, person_id: int) -> list[Met]:
    """Return every question that a student answered, as it was at last; rights are asked before."""
    now = services.clock.now()
    rows = await services.database.pool.fetch(_LAST, person_id, now - GRACE, now, MISTAKES_MAX)
    return [Met(**row) for row in rows]


async def mistakes_of(services: Services, person_id: int) -> list[Met]:
    """Return the questions that were not right at last."""
    return [each for each in await met_by(services, person_id) if not each.is_right]


def by_theme(met: Sequence[Met]) -> list[ThemeKnown]:
    """Return themes with what is known of each, those with the most mistakes first."""
    total = Counter((each.subject_id, each.theme) for each in met)
    right = Counter((each.subject_id, each.theme) for each in met if each.is_right)
    found = [ThemeKnown(*key, count, right[key]) for key, count in total.items()]
    return sorted(found, key=lambda each: (-each.wrong, each.subject_id, each.theme))
