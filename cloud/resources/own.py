"""Which subjects somebody studies or teaches this year: by the courses of the class and its groups, or the own ones."""

from datetime import date

from cloud.core.services import Services
from cloud.resources.choosing import Own
from cloud.resources.kinds import OF_STUDIES
from cloud.resources.members import Member
from cloud.studies.rules import year_of

_OF_STUDENT = """
SELECT DISTINCT code, NULL::smallint AS grade FROM course JOIN school_subject AS subject ON subject.id = subject_id
WHERE course.school_id = $1 AND course.year = $2 AND (ended_on IS NULL OR ended_on >= $3)
  AND course.school_class_id = $4 AND (group_name = '' OR EXISTS (
    SELECT FROM course_member AS own WHERE own.course_id = course.id AND own.person_id = $5
      AND own.first_on <= $3 AND (own.last_on IS NULL OR own.last_on >= $3)))
LIMIT 200
"""
_OF_TEACHER = """
SELECT DISTINCT code, grade FROM course JOIN school_subject AS subject ON subject.id = subject_id
JOIN school_class ON school_class.id = course.school_class_id JOIN staff_account ON person_id = teacher_id
WHERE course.school_id = $1 AND course.year = $2 AND (ended_on IS NULL OR ended_on >= $3) AND account_id = $4
LIMIT 200
"""


async def own_of(services: Services, member: Member, account_id: int | None, on: date) -> Own:
    """Return what somebody studies or teaches on a day; nothing where the school keeps no courses."""
    asked, pool = (member.school_id, year_of(on), on), services.database.pool
    if member.person_id is not None:
        rows = await pool.fetch(_OF_STUDENT, *asked, member.class_id, member.person_id)
    else:
        rows = await pool.fetch(_OF_TEACHER, *asked, account_id)
    subjects = frozenset(OF_STUDIES[row["code"]] for row in rows if row["code"] in OF_STUDIES)
    return Own(subjects, frozenset(row["grade"] for row in rows if row["grade"] is not None))
