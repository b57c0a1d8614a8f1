"""When people left a school: told by the audit journal, which alone knows the day."""

from datetime import date

import asyncpg

_LEAVERS = """
SELECT person.id, max((audit_entry.at AT TIME ZONE zone)::date) AS last_on
FROM person JOIN school ON school.id = person.school_id
JOIN audit_entry ON audit_entry.school_id = person.school_id AND verb = 'person.left'
  AND subject = 'person:' || person.id
WHERE person.school_id = $1 AND NOT person.is_active GROUP BY person.id LIMIT 20000
"""


async def leavers_of(connection: asyncpg.Connection | asyncpg.Pool, school_id: int) -> dict[int, date]:
    """Return who has left a school and has not come back, with the last day there."""
    return {row["id"]: row["last_on"] for row in await connection.fetch(_LEAVERS, school_id)}
