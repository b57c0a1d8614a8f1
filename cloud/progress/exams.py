"""Exams and what students reached at them: kept by the office and the deputy, seen where marks are seen.

Rule: a result is put right by another one; the journal of deeds tells that it was, and whose.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.progress.errors import ExamRefused
from cloud.progress.kinds import Exam, ExamKind, Score
from cloud.progress.rules import checked_exam, checked_score
from cloud.studies.queries import Subject, subjects_of

EXAMS_MAX, RESULTS_MAX, PEOPLE_MAX = 1_000, 5_000, 20_000
_EXAMS = """
SELECT exam.id, kind, title, "on", subject_id, points_max,
  (SELECT count(*) FROM exam_result WHERE exam_id = exam.id) AS results
FROM exam WHERE school_id = $1 AND ($2::bigint IS NULL OR id = $2) ORDER BY "on" DESC, id DESC LIMIT $3
"""
_ADD = """
INSERT INTO exam (school_id, kind, title, "on", subject_id, points_max, made_at, made_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id
"""
_RESULTS = """
SELECT person_id, ref, concat_ws(' ', surname, given_name) AS name, coalesce(grade || letter, '') AS class_name,
  points, mark
FROM exam_result JOIN person ON person.id = person_id LEFT JOIN school_class ON school_class.id = school_class_id
WHERE exam_id = $1 ORDER BY grade, letter, sort_key, person_id LIMIT $2
"""
_OF_PERSON = """
SELECT exam.id, kind, title, exam."on", subject_id, points_max, 0 AS results, points, mark
FROM exam_result JOIN exam ON exam.id = exam_id WHERE person_id = $1 AND exam.school_id = $2
ORDER BY exam."on" DESC, exam.id DESC LIMIT $3
"""
_PEOPLE = """
SELECT person.id, coalesce(number, '') AS number, surname, given_name, patronymic,
  coalesce(grade || letter, '') AS class_name
FROM person LEFT JOIN school_class ON school_class.id = school_class_id
WHERE person.school_id = $1 AND role = 'student' AND person.is_active ORDER BY person.id LIMIT $2
"""
_PUT = """
INSERT INTO exam_result (exam_id, person_id, points, mark, at, by_name)
SELECT $1, person.id, given.points, given.mark, $5, $6
FROM unnest($2::bigint[], $3::smallint[], $4::smallint[]) AS given (person_id, points, mark)
JOIN person ON person.id = given.person_id AND person.school_id = $7
ON CONFLICT (exam_id, person_id) DO UPDATE
SET points = coalesce(excluded.points, exam_result.points), mark = coalesce(excluded.mark, exam_result.mark),
  at = excluded.at, by_name = excluded.by_name
"""


@dataclass(frozen=True, slots=True)
class ExamGiven:
    """An exam as the office writes it down."""

    kind: str
    title: str
    on: date
    subject_id: int | None = None
    points_max: int = 0


@dataclass(frozen=True, slots=True)
class ResultRow:
    """What a student reached."""

    person_id: int
    ref: str
    name: str
    class_name: str
    score: Score


@dataclass(frozen=True, slots=True)
class Known:
    """A student by whom results of a list can be told apart."""

    id: int
    number: str
    surname: str
    given_name: str
    patronymic: str
    class_name: str


async def exams_of(services: Services, actor: Actor, school_id: int) -> list[Exam]:
    """Return the exams of a school, the latest first. Raises NotAllowed."""
    actor.require(Right.EXAMS_KEEP, school_id)
    return await _exams(services, school_id, None)


async def exam_of(services: Services, actor: Actor, school_id: int, exam_id: int) -> Exam:
    """Return an exam. Raises NotAllowed or NotFound."""
    actor.require(Right.EXAMS_KEEP, school_id)
    found = await _exams(services, school_id, exam_id)
    if not found:
        raise NotFound
    return found[0]


async def results_of(services: Services, exam: Exam) -> list[ResultRow]:
    """Return who reached what at an exam, by class and name; the exam was found by `exam_of`."""
    rows = await services.database.pool.fetch(_RESULTS, exam.id, RESULTS_MAX)
    return [
        ResultRow(
            row["person_id"], row["ref"], row["name"], row["class_name"], Score(row["points"], row["mark"])
        )
        for row in rows
    ]  # fmt: skip


async def results_of_student(services: Services, school_id: int, person_id: int) -> list[tuple[Exam, Score]]:
    """Return what a student reached at exams, the latest first; who asks is the caller's to check."""
    rows = await services.database.pool.fetch(_OF_PERSON, person_id, school_id, EXAMS_MAX)
    subjects = {each.id: each for each in await subjects_of(services, school_id)} if rows else {}
    return [(_exam(row, subjects), Score(row["points"], row["mark"])) for row in rows]


async def students_by(services: Services, school_id: int) -> list[Known]:
    """Return a school's students as lists name them; for who may keep exams, asked before."""
    return [Known(**row) for row in await services.database.pool.fetch(_PEOPLE, school_id, PEOPLE_MAX)]


async def add_exam(services: Services, actor: Actor, school_id: int, given: ExamGiven, today: date) -> int:
    """Add an exam, and return its number. Raises NotAllowed or ExamRefused."""
    actor.require(Right.EXAMS_KEEP, school_id)
    kind, title = checked_exam(given.kind, given.title, given.on, given.points_max, today)
    if given.subject_id is not None and given.subject_id not in {
        each.id for each in await subjects_of(services, school_id)
    }:
        raise ExamRefused(message("Choose one of what is offered."))
    async with services.database.transaction() as connection:
        now = services.clock.now()
        exam_id: int = await raw(connection).fetchval(
            _ADD, school_id, kind.value, title, given.on, given.subject_id, given.points_max, now, actor.name
        )
        detail = {"title": title, "on": given.on.isoformat()}
        await audit(connection, actor, "exam.added", f"exam:{exam_id}", detail, school_id=school_id, at=now)
    return exam_id


async def put_results(
    services: Services, actor: Actor, school_id: int, exam: Exam, scores: Mapping[int, Score]
) -> int:  # fmt: skip
    """Keep what students reached, by their ids, in place of what stood; return how many.

    Of points and mark, what is not given stays as it stood. Raises NotAllowed or ExamRefused; of a refused list
    nothing is kept.
    """
    actor.require(Right.EXAMS_KEEP, school_id)
    zone = await services.database.pool.fetchval("SELECT zone FROM school WHERE id = $1", school_id)
    if exam.on > services.clock.now().astimezone(ZoneInfo(zone)).date():
        raise ExamRefused(message("The exam is still to come. Write results from its day on."))
    for score in scores.values():
        checked_score(score, exam.points_max)
    async with services.database.transaction() as connection:
        now = services.clock.now()
        await raw(connection).execute(
            _PUT, exam.id, list(scores), [each.points for each in scores.values()],
            [each.mark for each in scores.values()], now, actor.name, school_id,
        )  # fmt: skip
        detail = {"count": str(len(scores))}
        await audit(connection, actor, "exam.results_put", f"exam:{exam.id}", detail, school_id=school_id, at=now)
    return len(scores)


async def drop_result(services: Services, actor: Actor, school_id: int, exam: Exam, ref: str) -> None:
    """Take a student's result out. Raises NotAllowed or NotFound."""
    actor.require(Right.EXAMS_KEEP, school_id)
    dropped = """
    DELETE FROM exam_result USING person WHERE exam_id = $1 AND person.id = person_id AND ref = $2 RETURNING person_id
    """
    async with services.database.transaction() as connection:
        person_id = await raw(connection).fetchval(dropped, exam.id, ref)
        if person_id is None:
            raise NotFound
        await audit(
            connection, actor, "exam.result_dropped", f"person:{person_id}", {"exam": str(exam.id)},
            school_id=school_id, at=services.clock.now(),
        )  # fmt: skip


async def _exams(services: Services, school_id: int, exam_id: int | None) -> list[Exam]:
    rows = await services.database.pool.fetch(_EXAMS, school_id, exam_id, EXAMS_MAX)
    subjects = {each.id: each for each in await subjects_of(services, school_id)} if rows else {}
    return [_exam(row, subjects) for row in rows]


def _exam(row: Mapping[str, Any], subjects: Mapping[int, Subject]) -> Exam:
    return Exam(
        row["id"], ExamKind(row["kind"]), row["title"], row["on"], subjects.get(row["subject_id"]), row["points_max"],
        row["results"],
    )  # fmt: skip
