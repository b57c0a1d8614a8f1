"""A student's diary: the lessons of days with marks, remarks and attendance, and how each subject stands.

Rule: whose diary it is, is the caller's to check. A teacher's notes are not in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import asyncpg

from cloud.core.services import Services
from cloud.journal.counting import Counting, counting_in
from cloud.journal.grading import Result, Scheme, YearMark, rounded
from cloud.journal.kinds import REMARK, Cell, Here, Kind, Lesson
from cloud.journal.quarters import Quarter, quarter_of_number
from cloud.journal.queries import OF_GROUP, got_by, remark_place
from cloud.journal.schemes import quarters_of, schemes_of
from cloud.journal.sheets import Counted
from cloud.studies.queries import Course, courses_of
from cloud.studies.rules import days_of, year_of

LESSONS_MAX, COURSES_MAX, WEEK = 4_000, 300, timedelta(days=7)
_LESSONS = f"""
SELECT lesson.id, course_id, "on", lesson.number, lesson.teacher_id, kind, is_off, theme, note, lesson.room,
  coalesce(links, '{{}}') AS links, coalesce(points_max, 0) AS points_max, last.here, last.points, words_encrypted
FROM stay JOIN course ON course.school_class_id = stay.school_class_id
JOIN lesson ON lesson.course_id = course.id
  AND lesson."on" BETWEEN greatest(stay.first_on, $2) AND least(stay.last_on, $3)
LEFT JOIN lesson_plan ON lesson_plan.lesson_id = lesson.id
LEFT JOIN LATERAL (
  SELECT here, points FROM journal_mark WHERE lesson_id = lesson.id AND person_id = stay.person_id
  ORDER BY journal_mark.number DESC LIMIT 1
) AS last ON true
LEFT JOIN journal_remark AS remark ON remark.lesson_id = lesson.id AND remark.person_id = stay.person_id
WHERE stay.person_id = $1 AND {OF_GROUP}
ORDER BY "on", lesson.number, lesson.id LIMIT $4
"""  # noqa: S608 (texts of ours)
_AT = f"""
SELECT EXISTS (
  SELECT FROM stay JOIN course ON course.school_class_id = stay.school_class_id
  JOIN lesson ON lesson.course_id = course.id AND lesson.id = $2
    AND lesson."on" BETWEEN stay.first_on AND coalesce(stay.last_on, 'infinity')
  WHERE stay.person_id = $1 AND {OF_GROUP})
"""  # noqa: S608 (texts of ours)
_COURSES = """
SELECT course.id, course.school_class_id, max(coalesce(least(stay.last_on, own.last_on), 'infinity')) AS last_on
FROM stay JOIN course ON course.school_class_id = stay.school_class_id AND course.year = $2
LEFT JOIN course_member AS own ON own.course_id = course.id AND own.person_id = stay.person_id AND group_name <> ''
WHERE stay.person_id = $1 AND (group_name = '' OR own.person_id IS NOT NULL)
  AND greatest(stay.first_on, own.first_on, $3) <= least(stay.last_on, own.last_on, $4)
GROUP BY course.id, course.school_class_id ORDER BY last_on, course.id LIMIT $5
"""


@dataclass(frozen=True, slots=True)
class DiaryLesson:
    """A lesson of a student: what stands in the journal of it, and what the teacher wrote."""

    lesson: Lesson
    cell: Cell
    remark: str

    def share(self, scheme: Scheme) -> Fraction | None:
        """Return in percent what the points are of what could be had; None without points."""
        most = self.lesson.points_max if self.lesson.is_summative else scheme.formative_max
        return None if self.cell.points is None or not most else Fraction(100 * self.cell.points, most)


@dataclass(frozen=True, slots=True)
class SubjectStands:
    """How a subject stands for a student: the quarter's mark as it is now, and the year's so far."""

    course: Course
    counting: Counting
    result: Result | None  # None in a grade without marks
    year: YearMark


@dataclass(frozen=True, slots=True)
class Week:
    """The mean of a week's marks in whole percents, and of how many marks; None where there were none."""

    first_on: date
    marks: int
    percent: int | None


@dataclass(frozen=True, slots=True)
class Progress:
    """A student's quarter."""

    quarters: Sequence[Quarter]
    quarter: Quarter
    subjects: Sequence[SubjectStands]
    weeks: Sequence[Week]


async def diary_of(services: Services, person_id: int, first_on: date, last_on: date) -> list[DiaryLesson]:
    """Return a student's lessons between two days, both included."""
    rows = await services.database.pool.fetch(_LESSONS, person_id, first_on, last_on, LESSONS_MAX)
    return [_lesson(services, person_id, row) for row in rows]


async def is_at(services: Services, person_id: int, lesson_id: int) -> bool:
    """Tell whether a student was, or is, to be at a lesson."""
    return bool(await services.database.pool.fetchval(_AT, person_id, lesson_id))


async def courses_of_student(services: Services, school_id: int, person_id: int, year: int) -> list[Course]:
    """Return the courses in which a student learns, or learnt, in a school year; those that go on come last."""
    rows = await services.database.pool.fetch(_COURSES, person_id, year, *days_of(year), COURSES_MAX)
    places = {row["id"]: place for place, row in enumerate(rows)}
    classes = {row["school_class_id"] for row in rows}
    found = [each for each in await courses_of(services, school_id, year, class_ids=classes) if each.id in places]
    return sorted(found, key=lambda each: places[each.id])


async def progress_of(
    services: Services, school_id: int, person_id: int, today: date, number: int, subject_id: int | None = None
) -> Progress:
    """Return how a student stands in a quarter, that of today for 0; the weeks of one subject, if it is named."""
    year = year_of(today)
    quarters, own = await quarters_of(services, school_id, year), await schemes_of(services, school_id)
    quarter = quarter_of_number(quarters, number, today)
    every = await courses_of_student(services, school_id, person_id, year)
    got = await got_by(services.database.pool, [person_id], quarters, today)
    subjects = []
    for each in {course.subject.id: course for course in every}.values():
        counted = Counted(own, quarters, quarter, today, each.subject)
        counting = counting_in(own, quarters, quarter, each.subject.code)
        is_marked = counting.scheme.has_marks(each.grade)
        result = counted.result(person_id, got) if is_marked else None
        subjects.append(SubjectStands(each, counting, result, counted.year(person_id, got)))
    lessons = await diary_of(services, person_id, quarter.first_on, min(quarter.until, today))
    wanted = {each.id for each in every if subject_id in (None, each.subject.id)}
    scheme = counting_in(own, quarters, quarter, "").scheme
    weeks = weeks_of([each for each in lessons if each.lesson.course_id in wanted], scheme)
    return Progress(quarters, quarter, subjects, weeks)


def weeks_of(lessons: Sequence[DiaryLesson], scheme: Scheme) -> list[Week]:
    """Return the weeks, from the first with a mark to the last, with the mean of each. Pure."""
    shares: dict[date, list[Fraction]] = {}
    for each in lessons:
        if (share := each.share(scheme)) is not None:
            shares.setdefault(monday_of(each.lesson.on), []).append(share)
    if not shares:
        return []
    count = (max(shares) - min(shares)) // WEEK + 1
    return [_week(min(shares) + number * WEEK, shares) for number in range(count)]


def monday_of(on: date) -> date:
    """Return the first day of a day's week."""
    return on - timedelta(days=on.weekday())


def _week(first_on: date, shares: dict[date, list[Fraction]]) -> Week:
    there = shares.get(first_on, [])
    mean = rounded(sum(there, Fraction(0)) / len(there)) if there else None
    return Week(first_on, len(there), mean)


def _lesson(services: Services, person_id: int, row: asyncpg.Record) -> DiaryLesson:
    named: dict[str, Any] = dict(row)
    here, points, sealed = named.pop("here"), named.pop("points"), named.pop("words_encrypted")
    lesson = Lesson(**{**named, "kind": Kind(named["kind"]), "links": tuple(named["links"])})
    words = "" if sealed is None else services.vault.decrypt(sealed, REMARK, remark_place(lesson.id, person_id))
    return DiaryLesson(lesson, Cell(Here(here or Here.UNSAID), points), words)
