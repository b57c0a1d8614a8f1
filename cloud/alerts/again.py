"""Who is expected again after all: a family took its word back, a trip was called off, a mark was changed.

Rule: whoever ends an excuse notes it (`cloud/attendance/changes.py`); here it is met once, under the lock of the
school's alerts.
"""

from datetime import date

import asyncpg

_MET = """
WITH met AS (DELETE FROM expected_again WHERE school_id = $1 RETURNING person_id, "on")
SELECT DISTINCT school_class_id AS id FROM met JOIN person ON person.id = person_id
WHERE "on" = $2 AND school_class_id IS NOT NULL
"""


async def those_again(connection: asyncpg.Connection, school_id: int, on: date) -> frozenset[int]:
    """Return the classes of which somebody is expected again on a day, and forget that it was noted."""
    return frozenset(row["id"] for row in await connection.fetch(_MET, school_id, on))
