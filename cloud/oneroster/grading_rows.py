"""What OneRoster's gradebook is made of: the lessons of this school year in which points are given, and the points.

Rule: as in the roster, of a student whose family did not consent to digital resources nothing is told, unless the token
names all: points are told of who is named, and of nobody else.
"""

from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from cloud.core.services import Services
from cloud.journal.grading import Scheme, scheme_for
from cloud.journal.quarters import Quarter, quarter_at
from cloud.journal.schemes import quarters_of, schemes_of
from cloud.oneroster.rows import NOBODY, Naming, Rows, roster_rows
from cloud.people.consents import consented_to
from cloud.people.kinds import Purpose
from cloud.studies.rules import days_of, year_of
from cloud.tokens.scopes import Scope
from cloud.tokens.web import Program

WORKS_MAX, RESULTS_MAX = 100_000, 500_000
_WORKS = """
SELECT lesson.id, lesson."on", kind, theme, coalesce(points_max, 0) AS points_max, school_class_id AS class_id,
  name_kk, name_ru, group_name, is_off
FROM lesson JOIN course ON course.id = course_id JOIN school_subject ON school_subject.id = subject_id
LEFT JOIN lesson_plan ON lesson_plan.lesson_id = lesson.id
WHERE lesson.school_id = $1 AND lesson."on" BETWEEN $2 AND $3
  AND ($4::bigint IS NULL OR school_class_id = $4) AND (kind <> 'lesson' OR EXISTS (
    SELECT FROM journal_mark WHERE journal_mark.lesson_id = lesson.id AND points IS NOT NULL))
ORDER BY lesson.id LIMIT $5
"""
_CELLS = f"""
FROM (
  SELECT DISTINCT ON (mark.lesson_id, mark.person_id) ref, mark.lesson_id, mark.person_id, points, mark.here, mark.at,
    lesson."on", course.school_class_id AS class_id, (ref || '-lesson-' || mark.lesson_id) COLLATE "C" AS sourced_id
  FROM journal_mark AS mark JOIN lesson ON lesson.id = mark.lesson_id JOIN course ON course.id = lesson.course_id
  JOIN person ON person.id = mark.person_id
  WHERE mark.school_id = $1 AND NOT is_off AND lesson."on" BETWEEN $2 AND $3 AND person.is_active
    AND ($4 OR {consented_to(Purpose.RESOURCE)}) AND ($5::bigint IS NULL OR course.school_class_id = $5)
    AND ($6::bigint IS NULL OR lesson.id = $6) AND ($7::text IS NULL OR ref = $7)
  ORDER BY mark.lesson_id, mark.person_id, mark.number DESC
) AS cell WHERE points IS NOT NULL OR EXISTS (
  SELECT FROM journal_mark AS before WHERE before.lesson_id = cell.lesson_id AND before.person_id = cell.person_id
    AND before.points IS NOT NULL
)
"""  # noqa: S608 (text of ours)
_RESULTS = f'SELECT ref, lesson_id, points, here, at, "on", class_id {_CELLS} ORDER BY sourced_id LIMIT $8 OFFSET $9'
_COUNT = f"SELECT count(*) {_CELLS}"


@dataclass(frozen=True, slots=True)
class WorkRead:
    """A lesson in which points are given; 0 points at most: none were set yet. One that is called off is none more."""

    id: int
    on: date
    kind: str
    theme: str
    points_max: int
    class_id: int
    name_kk: str
    name_ru: str
    group_name: str
    is_off: bool


@dataclass(frozen=True, slots=True)
class ResultRead:
    """A student's points of a lesson, as they stand; None where they were taken away again."""

    ref: str
    lesson_id: int
    points: int | None
    here: str
    at: datetime
    on: date
    class_id: int


@dataclass(frozen=True, slots=True)
class Wished:
    """Which results are read: by default all; those of a class, a lesson, a student; or a page of them."""

    class_id: int | None = None
    lesson_id: int | None = None
    ref: str | None = None
    limit: int = RESULTS_MAX
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Graded:
    """A school with what its marks are made by."""

    rows: Rows  # without people
    quarters: tuple[Quarter, ...]
    schemes: tuple[Scheme, ...]  # the school's own

    @property
    def scheme(self) -> Scheme:
        """Return the scheme of today's quarter."""
        return self.scheme_on(self.rows.on)

    def scheme_on(self, on: date) -> Scheme:
        """Return the scheme of a day's quarter."""
        return scheme_for(self.schemes, quarter_at(self.quarters, on).first_on)


async def graded_of(program: Program) -> Graded:
    """Return the school of a program's token. Raises ScopeMissing."""
    program.bearer.require(Scope.MARKS_READ)
    services, school_id = program.services, program.bearer.school_id
    rows = await roster_rows(services, school_id, Naming.CONSENTED, NOBODY)
    quarters = await quarters_of(services, school_id, year_of(rows.on))
    return Graded(rows, tuple(quarters), tuple(await schemes_of(services, school_id)))


async def works_of(program: Program, on: date, class_id: int | None = None) -> list[WorkRead]:
    """Return this year's lessons in which points are given, of one class if one is named."""
    rows = await program.services.database.pool.fetch(
        _WORKS, program.bearer.school_id, *days_of(year_of(on)), class_id, WORKS_MAX
    )
    return [WorkRead(**row) for row in rows]


async def results_of(program: Program, on: date, wished: Wished) -> list[ResultRead]:
    """Return this year's results in the order of their identifiers."""
    rows = await program.services.database.pool.fetch(
        _RESULTS, *_asked(program, on, wished), wished.limit, wished.offset
    )  # fmt: skip
    return [_result(row) for row in rows]


async def count_results(program: Program, on: date) -> int:
    """Return how many results there are."""
    return int(await program.services.database.pool.fetchval(_COUNT, *_asked(program, on, Wished())))


async def is_student(services: Services, school_id: int, ref: str) -> bool:
    """Tell whether somebody of this reference learns, or learnt, at a school."""
    asked = "SELECT true FROM person WHERE school_id = $1 AND ref = $2 AND role = 'student'"
    return bool(await services.database.pool.fetchval(asked, school_id, ref))


def _asked(program: Program, on: date, wished: Wished) -> tuple[object, ...]:
    names_all = Scope.ROSTER_NAMES in program.bearer.scopes
    return (
        program.bearer.school_id, *days_of(year_of(on)), names_all, wished.class_id, wished.lesson_id, wished.ref
    )  # fmt: skip


def _result(row: asyncpg.Record) -> ResultRead:
    return ResultRead(*row)
