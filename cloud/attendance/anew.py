"""A day whose hours were changed after children came: who was late is reckoned anew, and told anew.

Rule: the lock of the shard's records is held, so that no record is met meanwhile and lost.
"""

from datetime import date

from cloud.attendance.projection import Attendance, Who
from cloud.core.services import Services

PEOPLE_MAX = 20_000
_LOCK = """
SELECT FROM reader_cursor JOIN school USING (shard) WHERE name = 'attendance' AND school.id = $1
FOR UPDATE OF reader_cursor
"""
_CAME = """
SELECT person.id, ref, person.school_id, school_class_id, role FROM presence JOIN person ON person.id = person_id
WHERE presence.school_id = $1 AND "on" = $2 AND person.school_id = $1 LIMIT $3
"""


async def reckon_day(services: Services, school_id: int, on: date) -> int:
    """Reckon anew the day of everybody who came, after the calendar was changed; return of how many people."""
    async with services.database.pool.acquire() as connection, connection.transaction():
        await connection.fetch(_LOCK, school_id)
        rows = await connection.fetch(_CAME, school_id, on, PEOPLE_MAX)
        people = [
            Who(row["id"], row["ref"], row["school_id"], row["school_class_id"], row["role"] == "student")
            for row in rows
        ]  # fmt: skip
        await Attendance(services).reckon(connection, people, on)
    return len(rows)
