"""A week of every student of a school at once: what was marked and missed, and which summative works are ahead.

Rule: a mark is of the week in which it was last written, whatever its lesson's day: so none is left untold. Two
statements for a school, whatever its size; whom it is told to is the caller's to check.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import asyncpg

from cloud.journal.kinds import Here, Kind
from cloud.journal.queries import OF_GROUP
from cloud.studies.rules import days_of, year_of

ROWS_MAX = 400_000  # of the largest school: students times lessons
_MARKED = """
SELECT mark.person_id, subject_id, here, points, coalesce(points_max, 0) AS most
FROM journal_mark AS mark JOIN lesson ON lesson.id = mark.lesson_id AND NOT is_off JOIN course ON course.id = course_id
LEFT JOIN lesson_plan ON lesson_plan.lesson_id = lesson.id
WHERE mark.school_id = $1 AND at > $2 AND at <= $3 AND lesson."on" BETWEEN $4 AND $5
  AND (points IS NOT NULL OR here IN ('absent', 'late')) AND NOT EXISTS (
    SELECT FROM journal_mark AS later WHERE later.lesson_id = mark.lesson_id AND later.person_id = mark.person_id
      AND later.number > mark.number
  )
ORDER BY mark.person_id, lesson."on", lesson.number LIMIT $6
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
    connection: asyncpg.Connection, school_id: int, written: tuple[datetime, datetime], ahead: tuple[date, date]
) -> Mapping[int, StudentWeek]:
    """Return the weeks of students of whom there is something to tell, by person.

    Marks of lessons of this school year were `written` after one instant and up to another; `ahead` includes its ends.
    """
    found: dict[int, StudentWeek] = {}
    year = days_of(year_of(written[1].date()))
    for row in await connection.fetch(_MARKED, school_id, *written, *year, ROWS_MAX):
        week = found.setdefault(row["person_id"], StudentWeek())
        week.missed += row["here"] == Here.ABSENT
        week.late += row["here"] == Here.LATE
        if row["points"] is not None:
            told = f"{row['points']}/{row['most']}" if row["most"] else str(row["points"])
            week.marks.setdefault(row["subject_id"], []).append(told)
    for row in await connection.fetch(_AHEAD, school_id, *ahead, ROWS_MAX):
        week = found.setdefault(row["person_id"], StudentWeek())
        week.ahead.append((row["subject_id"], Kind(row["kind"]), row["on"]))
    return found
