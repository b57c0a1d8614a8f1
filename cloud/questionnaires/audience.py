"""Whom a questionnaire asks: accounts of parents or students of its classes, or of staff in its roles, as of now.

Rule: a parent is asked once, however many children are at the school; who may not see a child's days is not asked.
"""

from datetime import datetime

import asyncpg

from cloud.core.roles import STAFF, Role
from cloud.questionnaires.kinds import Audience

ASKED_MAX = 20_000
STAFF_ROLES = [role.value for role in Role if role in STAFF]
_OF_CLASS = """
(NOT EXISTS (SELECT FROM questionnaire_class WHERE questionnaire_id = {asked}) OR person.school_class_id IN (
  SELECT school_class_id FROM questionnaire_class WHERE questionnaire_id = {asked}))
"""
# By audience: the accounts with the child for whose sake each is asked, $1 the questionnaire, $2 the instant.
_CLASSES = _OF_CLASS.format(asked="$1")
_PARENTS = f"""
SELECT account.id, min(person.id) AS person_id FROM guardianship_at($2) AS family
JOIN person ON person.id = family.person_id AND person.is_active JOIN account ON account.id = family.account_id
WHERE family.school_id = (SELECT school_id FROM questionnaire WHERE id = $1) AND may_see AND account.is_active
  AND {_CLASSES} GROUP BY account.id
"""  # noqa: S608 (texts of ours, as all below)
_STUDENTS = f"""
SELECT account.id, person.id AS person_id FROM student_account
JOIN person ON person.id = student_account.person_id AND person.is_active
JOIN account ON account.id = student_account.account_id
WHERE person.school_id = (SELECT school_id FROM questionnaire WHERE id = $1) AND account.is_active
  AND $2::timestamptz IS NOT NULL AND {_CLASSES} AND EXISTS (
    SELECT FROM grant_of_role AS held WHERE held.account_id = account.id AND held.role = 'student'
      AND held.school_id = person.school_id)
"""  # noqa: S608
_STAFF = f"""
SELECT DISTINCT account.id, 0::bigint AS person_id FROM questionnaire
JOIN grant_of_role AS held ON held.school_id = questionnaire.school_id
  AND held.role = ANY(CASE WHEN roles = '{{}}' THEN ARRAY['{"','".join(STAFF_ROLES)}'] ELSE roles END)
JOIN account ON account.id = held.account_id
WHERE questionnaire.id = $1 AND account.is_active AND $2::timestamptz IS NOT NULL
"""  # noqa: S608
_OF = {Audience.PARENTS: _PARENTS, Audience.STUDENTS: _STUDENTS, Audience.STAFF: _STAFF}
_ANSWERED = """
AND asked.id NOT IN (SELECT account_id FROM questionnaire_sheet WHERE questionnaire_id = $1)
AND asked.id NOT IN (SELECT account_id FROM questionnaire_answerer WHERE questionnaire_id = $1)
"""
_EACH = _OF_CLASS.format(asked="questionnaire.id")
# Whether the account $1 is asked at the instant $2, of a row of questionnaires.
IS_ASKED = f"""
CASE audience
WHEN 'parents' THEN EXISTS (
  SELECT FROM guardianship_at($2) AS family JOIN person ON person.id = family.person_id AND person.is_active
  WHERE family.account_id = $1 AND family.school_id = questionnaire.school_id AND may_see AND {_EACH})
WHEN 'students' THEN EXISTS (
  SELECT FROM student_account JOIN person ON person.id = student_account.person_id AND person.is_active
  JOIN grant_of_role AS held ON held.account_id = student_account.account_id AND held.role = 'student'
    AND held.school_id = person.school_id
  WHERE student_account.account_id = $1 AND person.school_id = questionnaire.school_id AND {_EACH})
ELSE EXISTS (
  SELECT FROM grant_of_role AS held WHERE held.account_id = $1 AND held.school_id = questionnaire.school_id
    AND held.role = ANY(CASE WHEN roles = '{{}}' THEN ARRAY['{"','".join(STAFF_ROLES)}'] ELSE roles END))
END
"""  # noqa: S608


async def asked_by(pool: asyncpg.Pool, questionnaire_id: int, audience: Audience, now: datetime) -> int:
    """Return how many accounts a questionnaire asks."""
    query = f"SELECT count(*) FROM ({_OF[audience]}) AS asked"  # noqa: S608
    return int(await pool.fetchval(query, questionnaire_id, now))


async def silent_of(
    connection: asyncpg.Connection, questionnaire_id: int, audience: Audience, now: datetime
) -> list[tuple[int, int]]:
    """Return account and child of those who are asked and have not answered; for reminders, never for a page."""
    query = f"SELECT * FROM ({_OF[audience]}) AS asked WHERE true {_ANSWERED} ORDER BY asked.id LIMIT $3"  # noqa: S608
    rows = await connection.fetch(query, questionnaire_id, now, ASKED_MAX)
    return [(row["id"], row["person_id"]) for row in rows]
