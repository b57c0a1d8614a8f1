"""Who was absent in class on the days of a month, as it stood after one of the school's marks."""

from collections.abc import Set as AbstractSet
from datetime import date

import asyncpg

PersonDay = tuple[str, date]
# The last of those marks that say, or end, an absence decides: whatever ended one bears it in `was`.
ABSENT = """
SELECT ref, "on" FROM (
  SELECT DISTINCT ON ("on", person_id) person_id, "on", says FROM register_mark
  WHERE school_id = $1 AND "on" BETWEEN $2 AND $3 AND (says = 'absent' OR was = 'absent') AND number <= $4
  ORDER BY "on", person_id, number DESC
) AS last JOIN person ON person.id = person_id WHERE says = 'absent'
"""
_LAST = "SELECT coalesce(max(number), 0) FROM register_mark WHERE school_id = $1"


async def last_mark(connection: asyncpg.Connection, school_id: int) -> int:
    """Return the number of a school's last mark; 0 where there is none."""
    return int(await connection.fetchval(_LAST, school_id))


async def absent_in_class(
    connection: asyncpg.Connection, school_id: int, first_on: date, last_on: date, upto: int
) -> AbstractSet[PersonDay]:
    """Return who was absent on which day, by the marks up to a number; who is away for the school is not among them.

    For slices above, after their own check.
    """
    rows = await connection.fetch(ABSENT, school_id, first_on, last_on, upto)
    return {(row["ref"], row["on"]) for row in rows}
