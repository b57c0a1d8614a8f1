"""The analysis of a test's questions over all courses that it was given to: first attempts that are over.

Rule: no name is in it; a question that was changed between two givings is two questions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from cloud.assessments.analysis import Figures, Reached, figures_of
from cloud.assessments.kinds import GRACE
from cloud.assessments.papers import question_in
from cloud.assessments.questions import Choice, Number, Question
from cloud.attendance.queries import SchoolToday
from cloud.core.services import Services

ANSWERS_MAX = 200_000
_QUESTIONS = """
SELECT DISTINCT ON (question.digest) question.digest, question.id, source_id, content
FROM assessment_question AS question JOIN assessment_given AS given ON given.id = given_id
WHERE assessment_id = $1 AND school_id = $2
ORDER BY question.digest, question.id DESC LIMIT 2000
"""
_ANSWERS = """
SELECT attempt.id, digest, item.answer, item.points, question.points AS most,
  item.answer IS NULL AND words_encrypted IS NULL AS is_empty
FROM assessment_given AS given JOIN assessment_attempt AS attempt ON attempt.given_id = given.id AND number = 1
JOIN assessment_answer AS item ON attempt_id = attempt.id
JOIN assessment_question AS question ON question.id = question_id
WHERE assessment_id = $1 AND given.school_id = $2 AND (handed_at IS NOT NULL OR ends_at < $3)
ORDER BY attempt.id LIMIT $4
"""


@dataclass(frozen=True, slots=True)
class Analysed:
    """A question with what is known of it; `source_id` is its number in the bank."""

    source_id: int
    question: Question
    figures: Figures


@dataclass(frozen=True, slots=True)
class Analysis:
    """The questions of a test in the order of the bank, and from how many attempts they are judged."""

    attempts: int
    questions: Sequence[Analysed]


async def analysis_of(services: Services, school: SchoolToday, test_id: int) -> Analysis:
    """Return the analysis of a test; that the actor makes it is checked before."""
    pool, until = services.database.pool, services.clock.now() - GRACE
    rows = await pool.fetch(_QUESTIONS, test_id, school.id)
    questions = {row["digest"]: (row["source_id"], row["id"], question_in(row["content"])) for row in rows}
    reached = _reached(await pool.fetch(_ANSWERS, test_id, school.id, until, ANSWERS_MAX), questions)
    figures = figures_of(list(questions), reached)
    found = sorted(questions.items(), key=lambda each: (each[1][0], each[1][1]))
    return Analysis(
        len(reached), [Analysed(source, question, figures[digest]) for digest, (source, _, question) in found]
    )


def _reached(
    rows: Sequence[Mapping[str, object]], questions: Mapping[str, tuple[int, int, Question]]
) -> list[Reached]:  # fmt: skip
    parts: dict[object, dict[str, float]] = {}
    chosen: dict[object, dict[str, Sequence[str]]] = {}
    for row in rows:
        digest, points = str(row["digest"]), row["points"]
        if points is None and not row["is_empty"]:
            continue  # nobody has marked it yet
        parts.setdefault(row["id"], {})[digest] = float(str(points or 0)) / float(str(row["most"]))
        body = questions[digest][2].body
        if isinstance(body, Choice | Number) and isinstance(row["answer"], str):
            said = msgspec.json.decode(row["answer"])
            chosen.setdefault(row["id"], {})[digest] = [said] if isinstance(said, str) else said
    return [Reached(each, chosen.get(attempt, {})) for attempt, each in parts.items()]
