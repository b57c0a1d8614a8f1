"""The mark of a month: a short text that is another one as soon as a report of the month might be another one.

Rule: it is read in a few milliseconds, whatever the month holds: meals are counted by the database as they come
(migration `report_late`). Equal marks say that nothing changed; others, that it is worth looking.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from datetime import date

import asyncpg

from cloud.reports.months import Month
from cloud.schools.queries import SchoolRow

_MARK = """
SELECT (SELECT number FROM meal_month WHERE school_id = $1 AND month = $2) AS meals,
  (SELECT count(*) FROM presence WHERE school_id = $1 AND "on" BETWEEN $2 AND $3 AND first_in_at IS NOT NULL) AS seen,
  (SELECT count(*) FROM register_mark WHERE school_id = $1 AND "on" BETWEEN $2 AND $3
    AND (says = 'absent' OR was = 'absent')) AS absences,
  EXISTS (SELECT FROM gate WHERE school_id = $1) AS has_gates,
  (SELECT string_agg(concat_ws('/', key, name_kk, name_ru, name_en), ';' ORDER BY key) FROM meal WHERE school_id = $1)
    AS meal_names,
  (SELECT concat_ws('/', count(*), max(e.approved_at), max(e.ended_at), max(x.approved_at), max(x.ended_at))
    FROM entitlement AS e LEFT JOIN entitled AS x ON x.entitlement_id = e.id
    WHERE e.school_id = $1 AND first_on <= $3 AND last_on >= $2) AS rights,
  (SELECT md5(string_agg(concat_ws('/', person.id, grade), ',' ORDER BY person.id))
    FROM person LEFT JOIN school_class ON school_class.id = school_class_id
    WHERE person.school_id = $1 AND role = 'student') AS grades
"""


async def mark_of(
    connection: asyncpg.Connection, school: SchoolRow, month: Month, taught: Mapping[int | None, Collection[date]]
) -> str:
    """Return the mark of a school's month of meals as the tables are now; `taught` are the school's days of lessons."""
    row = await connection.fetchrow(_MARK, school.id, month.first_on, month.last_on)
    return marked(school, map(str, sorted(taught[None])), row)


def marked(school: SchoolRow, days: Iterable[str], row: asyncpg.Record) -> str:
    """Return the mark of what was found: the school's names and days, and a row of figures."""
    names = school.name_kk, school.name_ru, school.name_en, school.zone.key
    told = "\n".join([*names, *days, *(f"{name}={value}" for name, value in row.items())])
    return hashlib.sha256(told.encode()).hexdigest()
