"""A week of every student of a school at once: what was marked and missed, and which summative works are ahead.

Rule: two statements for a school, whatever its size; whom it is told to is the caller's to check.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import asyncpg

from cloud.journal.kinds import Here, Kind
from cloud.journal.queries import OF_GROUP

ROWS_MAX = 400_000  # of the largest school: students times lessons
_MARKED = """
SELECT * FROM (
  SELECT DISTINCT ON (lesson.id, mark.person_id) mark.person_id, subject_id, here, points, kind,
    coalesce(points_max, 0) AS most, lesson."on", lesson.number
  FROM lesson JOIN course ON course.id = course_id
  LEFT JOIN lesson_plan ON lesson_plan.lesson_id = lesson.id
  JOIN journal_mark AS mark ON mark.lesson_id = lesson.id
  WHERE lesson.school_id = $1 AND lesson."on" BETWEEN $2 AND $3 AND NOT is_off
  ORDER BY lesson.id, mark.person_id, mark.number DESC LIMIT $4
) AS stands WHERE points IS NOT NULL OR here IN ('absent', 'late') ORDER BY person_id, "on", number
"""
_AHEAD = f"""
SELECT stay.person_id, subject_id, kind, lesson."on" FROM stay
JOIN course ON course.school_class_id = stay.school_class_id
JOIN lesson ON lesson.course_id = course.id AND kind <> 'lesson' AND NOT is_off
  AND lesson."on" BETWEEN greatest(stay.first_on, $2) AND least(stay.last_on, $3)
WHERE stay.school_id = $1 AND {OF_GROUP}
ORDER BY stay.person_id, lesson."on", lesson.number LIMIT $4
"""  # noqa: S608 (texts of ours)


@dataclass(slots=True)
class StudentWeek:
    """A student's week: marks by subject as they are written, lessons missed and late ones, what is ahead."""

    marks: dict[int, list[str]] = field(default_factory=dict)  # by subject, in the order of the lessons
    missed: int = 0
    late: int = 0
    ahead: list[tuple[int, Kind, date]] = field(default_factory=list)  # subject, SOR or SOCH, day


async def weeks_at(
    connection: asyncpg.Connection, school_id: int, days: tuple[date, date], ahead: tuple[date, date]
) -> Mapping[int, StudentWeek]:
    """Return the weeks of students of whom there is something to tell, by person; both spans include their ends."""
    found: dict[int, StudentWeek] = {}
    for row in await connection.fetch(_MARKED, school_id, *days, ROWS_MAX):
        week = found.setdefault(row["person_id"], StudentWeek())
        week.missed += row["here"] == Here.ABSENT
        week.late += row["here"] == Here.LATE
        if row["points"] is not None:
            written = f"{row['points']}/{row['most']}" if row["most"] else str(row["points"])
            week.marks.setdefault(row["subject_id"], []).append(written)
    for row in await connection.fetch(_AHEAD, school_id, *ahead, ROWS_MAX):
        week = found.setdefault(row["person_id"], StudentWeek())
        week.ahead.append((row["subject_id"], Kind(row["kind"]), row["on"]))
    return found
