"""Which students of a school have a filled profile, and which have recommendations: for who counts schools.

Rule: rights are the caller's to check.
"""

from dataclasses import dataclass

import asyncpg

from cloud.portfolio.fields import BY_IIN, NEEDED

STUDENTS_MAX = 20_000
# A student has recommendations whose family was shown one that stands, or whose own way of learning has steps.
_ADVISED = """
(EXISTS (SELECT FROM goal JOIN goal_step ON goal_id = goal.id WHERE goal.person_id = person.id AND state <> 'dropped')
OR EXISTS (SELECT FROM recommendation WHERE person_id = person.id AND is_shared AND state <> 'dismissed'))
"""
_STUDENTS = f"""
WITH said AS (
  SELECT person_id, array_agg(field) AS fields FROM (
    SELECT DISTINCT ON (person_id, field) person_id, field, is_blank FROM profile_field
    JOIN person ON person.id = person_id
    WHERE person.school_id = $1 AND role = 'student' AND is_active AND field = ANY($2::text[] || $3::text[])
    ORDER BY person_id, field, version DESC
  ) AS stands WHERE NOT is_blank GROUP BY person_id
)
SELECT person.id, ref, concat_ws(' ', surname, given_name) AS name, coalesce(grade || letter, '') AS class_name,
  coalesce(fields @> $2::text[] AND (iin_encrypted IS NOT NULL OR fields @> $3::text[]), false) AS is_profiled,
  {_ADVISED} AS is_advised
FROM person LEFT JOIN said ON person_id = person.id LEFT JOIN school_class ON school_class.id = school_class_id
WHERE person.school_id = $1 AND role = 'student' AND person.is_active
ORDER BY grade NULLS LAST, letter, sort_key, person.id LIMIT $4
"""  # noqa: S608 (a text of ours)


@dataclass(frozen=True, slots=True)
class CountedStudent:
    """A student of a school now, and what there is of the student."""

    id: int
    ref: str
    name: str
    class_name: str  # empty: in none
    is_profiled: bool  # the profile is filled, as docs/portfolio.md says
    is_advised: bool


async def counted_students(pool: asyncpg.Pool, school_id: int) -> list[CountedStudent]:
    """Return a school's students by class and name."""
    rows = await pool.fetch(_STUDENTS, school_id, list(NEEDED), list(BY_IIN), STUDENTS_MAX)
    return [CountedStudent(**row) for row in rows]
