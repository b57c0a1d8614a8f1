"""How the courses of a school stand in a quarter, for heads, methodologists and class teachers.

Rule: a handful of statements for a whole school; what a mark is, the journal's own counting says. Nothing is kept.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import asyncpg

from cloud.absences.queries import reach_of
from cloud.attendance.queries import SchoolToday
from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.curriculum.queries import mondays_of
from cloud.journal.counting import counting_in
from cloud.journal.quarters import Quarter, quarter_of_number
from cloud.journal.queries import Totals, got_by
from cloud.journal.schemes import quarters_of, schemes_of
from cloud.journal.sheets import Counted
from cloud.quality.rules import Line
from cloud.studies.queries import Course, courses_of, members_of
from cloud.studies.rules import days_of, year_of

COURSES_MAX = 5_000
REST_OF_WEEK = timedelta(days=6)
_LESSONS = """
SELECT course_id, count(*) FILTER (WHERE lesson."on" >= $3) AS held,
  count(*) FILTER (WHERE lesson."on" >= $3 AND theme = '') AS without_theme,
  count(*) FILTER (WHERE lesson."on" >= $3 AND lesson."on" < $5 AND NOT EXISTS (
    SELECT FROM journal_mark WHERE lesson_id = lesson.id
  )) AS empty, count(*) AS held_year
FROM lesson WHERE school_id = $1 AND lesson."on" BETWEEN $2 AND $4 AND NOT is_off GROUP BY course_id LIMIT $6
"""
_PLANNED = """
SELECT course_id, coalesce(sum(hours) FILTER (WHERE week <= $2), 0)::int AS planned FROM course_theme
WHERE course_id = ANY($1) GROUP BY course_id HAVING count(week) = count(*) LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Quality:
    """The courses within a reach, and the quarter that is told of."""

    quarters: Sequence[Quarter]
    quarter: Quarter
    classes: Mapping[int, str]  # within the reach, by id
    subjects: Mapping[int, str]  # taught in them, by id, in the reader's language
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks to see; 0: all, and of quarters that of today."""

    quarter: int = 0
    class_id: int = 0
    subject_id: int = 0


async def quality_of(
    services: Services, actor: Actor, school: SchoolToday, wanted: Wanted, language: str
) -> Quality:  # fmt: skip
    """Return how courses stand within the actor's reach. Raises NotAllowed."""
    reach = reach_of(actor, school.id, Right.JOURNAL_READ)
    year, pool = year_of(school.on), services.database.pool
    every = await courses_of(services, school.id, year, class_ids=reach)
    quarters = await quarters_of(services, school.id, year)
    quarter = quarter_of_number(quarters, wanted.quarter, school.on)
    courses = [
        each for each in every
        if wanted.class_id in (0, each.class_id) and wanted.subject_id in (0, each.subject.id)
        and each.is_on(quarter.first_on)
    ]  # fmt: skip
    upto = max(quarter.first_on, min(quarter.last_on, school.on))
    members = await members_of(pool, [each.id for each in courses], upto)
    people = {each.id: [member.id for member in members[each.id]] if each.is_on(upto) else [] for each in courses}
    marks = await _marks(services, school, courses, people, (quarters, quarter))
    last_on = min(quarter.until, school.on)
    lessons = await _lessons(pool, school.id, (days_of(year)[0], quarter.first_on, last_on, school.on))
    weeks = sum(_is_over(monday, quarter, last_on) for monday in await mondays_of(services, school.id, year))
    planned = dict(await pool.fetch(_PLANNED, [each.id for each in courses], weeks, COURSES_MAX)) if weeks else {}
    lines = []
    for each in courses:
        held, without_theme, empty, held_year = lessons.get(each.id, (0, 0, 0, 0))
        lines.append(Line(each, marks[each.id], held, without_theme, empty, planned.get(each.id), held_year))
    return Quality(
        quarters, quarter, {each.class_id: each.class_name for each in every},
        {each.subject.id: each.subject.name(language) for each in every}, lines,
    )  # fmt: skip


async def _marks(
    services: Services, school: SchoolToday, courses: Sequence[Course], people: Mapping[int, Collection[int]],
    when: tuple[Sequence[Quarter], Quarter],
) -> dict[int, dict[int, int]]:  # fmt: skip
    """Return the marks of who learns in each course now, by person; of grades without marks none."""
    (quarters, quarter), own = when, await schemes_of(services, school.id)
    ids = {person_id for some in people.values() for person_id in some}
    subjects = {each.subject.id for each in courses}
    got: Totals = await got_by(services.database.pool, ids, quarters, school.on, subjects) if ids else {}
    found: dict[int, dict[int, int]] = {}
    for course in courses:
        counting = counting_in(own, quarters, quarter, course.subject.code)
        counted = Counted(own, quarters, quarter, school.on, course.subject)
        results = {person_id: counted.result(person_id, got).mark for person_id in people[course.id]}
        is_marked = counting.scheme.has_marks(course.grade)
        found[course.id] = {each: mark for each, mark in results.items() if mark is not None} if is_marked else {}
    return found


def _is_over(monday: date, quarter: Quarter, on: date) -> bool:
    """Tell whether a week of teaching is over on a day; at a quarter's end all of its weeks are."""
    return monday + REST_OF_WEEK <= on or (monday <= quarter.last_on <= on)


async def _lessons(
    pool: asyncpg.Pool, school_id: int, days: tuple[date, date, date, date]
) -> dict[int, tuple[int, int, int, int]]:  # fmt: skip
    """Return of each course: lessons of the quarter, those without a theme, empty ones, lessons since the year began.

    `days` are the year's first, the quarter's first, the last that counts, and today's: it may still be filled in.
    """
    rows = await pool.fetch(_LESSONS, school_id, *days, COURSES_MAX)
    return {row["course_id"]: (row["held"], row["without_theme"], row["empty"], row["held_year"]) for row in rows}
