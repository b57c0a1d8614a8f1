"""What is open for practice: themes of a bank, opened by who keeps it.

Rule: nothing is open until somebody opens it: banks hold the questions of tests to come.
"""

from dataclasses import dataclass
from datetime import datetime

from cloud.accounts.actions import audit
from cloud.assessments.reach import maker_of
from cloud.assessments.rules import checked_grade, checked_theme
from cloud.attendance.queries import SchoolToday
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.practice.kinds import PracticeRefused

THEMES_MAX = 1_000
_THEMES = """
SELECT bank.subject_id, bank.grade, bank.theme, count(*) AS questions, opened.opened_at, opened.by_name
FROM bank_question AS bank LEFT JOIN practice_theme AS opened
  ON opened.subject_id = bank.subject_id AND opened.grade = bank.grade AND opened.theme = bank.theme
  AND opened.school_id = bank.school_id
WHERE bank.school_id = $1 AND bank.subject_id = $2 AND bank.is_active AND kind <> 'essay'
GROUP BY bank.subject_id, bank.grade, bank.theme, opened.opened_at, opened.by_name
ORDER BY bank.grade, bank.theme LIMIT $3
"""
_OPEN_TO = """
SELECT bank.subject_id, bank.theme, count(*) AS questions
FROM bank_question AS bank JOIN practice_theme AS opened
  ON opened.subject_id = bank.subject_id AND opened.grade = bank.grade AND opened.theme = bank.theme
  AND opened.school_id = bank.school_id
WHERE bank.school_id = $1 AND bank.is_active AND kind <> 'essay' AND bank.grade <= $2
GROUP BY bank.subject_id, bank.theme ORDER BY bank.subject_id, bank.theme LIMIT $3
"""
_OPEN = """
INSERT INTO practice_theme (school_id, subject_id, grade, theme, opened_at, by_name) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (subject_id, grade, theme) DO NOTHING RETURNING true
"""
_CLOSE = """
DELETE FROM practice_theme WHERE school_id = $1 AND subject_id = $2 AND grade = $3 AND theme = $4 RETURNING true
"""
_GRADE = """
SELECT coalesce(grade, 12) FROM person LEFT JOIN school_class ON school_class.id = school_class_id WHERE person.id = $1
"""


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme of a bank, with how many questions it has; `opened_at` is None where it is not open for practice."""

    subject_id: int
    grade: int
    theme: str
    questions: int
    opened_at: datetime | None
    by_name: str | None


@dataclass(frozen=True, slots=True)
class OpenTheme:
    """A theme that a student can practise."""

    subject_id: int
    theme: str
    questions: int


async def themes_in(services: Services, actor: Actor, school: SchoolToday, subject_id: int) -> list[Theme]:
    """Return the themes of a bank that the actor keeps. Raises NotAllowed or NotFound."""
    await maker_of(services, actor, school, subject_id)
    rows = await services.database.pool.fetch(_THEMES, school.id, subject_id, THEMES_MAX)
    return [Theme(**row) for row in rows]


async def open_to(services: Services, school_id: int, person_id: int) -> list[OpenTheme]:
    """Return what a student can practise; rights are asked before."""
    pool = services.database.pool
    grade: int | None = await pool.fetchval(_GRADE, person_id)
    rows = await pool.fetch(_OPEN_TO, school_id, 12 if grade is None else grade, THEMES_MAX)
    return [OpenTheme(**row) for row in rows]


async def turn_theme(
    services: Services, actor: Actor, school: SchoolToday, subject_id: int, grade: int, theme: str, *, is_open: bool
) -> None:  # fmt: skip
    """Open a theme for practice, or close it. Raises NotAllowed, NotFound, TestRefused or PracticeRefused."""
    themes = await themes_in(services, actor, school, subject_id)
    grade, theme = checked_grade(grade), checked_theme(theme)
    if not any((each.grade, each.theme) == (grade, theme) for each in themes) and is_open:
        raise PracticeRefused(message("The bank has no questions of this theme that can be practised."))
    now = services.clock.now()
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        if is_open:
            changed = await connection.fetchval(_OPEN, school.id, subject_id, grade, theme, now, actor.name)
        else:
            changed = await connection.fetchval(_CLOSE, school.id, subject_id, grade, theme)
        if changed:
            verb = "practice.opened" if is_open else "practice.closed"
            detail = {"grade": str(grade), "theme": theme}
            await audit(transaction, actor, verb, f"subject:{subject_id}", detail, school_id=school.id, at=now)
