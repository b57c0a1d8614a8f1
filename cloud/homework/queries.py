"""Reads of homework: of courses and of a student, whom it is for, what was handed in, and what a day's load is.

Rule: rights are asked before, in `cloud.homework.reach`. Homework is for who is in the course on the day it is due.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import asyncpg

from cloud.consents.scans import JPEG
from cloud.core.errors import NotFound
from cloud.core.services import Services
from cloud.homework.kinds import COMMENT, WORDS, Answer, AnswerFile, Counts, Homework, Load, Recipient, State
from cloud.homework.rules import loads_of

LIST_MAX, LEARNERS_MAX, ANSWERS_MAX, FILES_MAX, GOT_MAX = 500, 500, 20_000, 20_000, 200_000
_COLUMNS = """
homework.id, homework.school_id, homework.course_id, homework.teacher_id, set_on, due_on, due_number, due_at, minutes,
task, links, is_named, by_name AS by, at, closed_at
"""
_ONE = f"SELECT {_COLUMNS} FROM homework WHERE id = $1 AND school_id = $2"  # noqa: S608 (texts of ours)
_OF_COURSES = f"""
SELECT {_COLUMNS} FROM homework WHERE course_id = ANY($1) AND due_on BETWEEN $2 AND $3
ORDER BY due_at DESC, id DESC LIMIT $4
"""  # noqa: S608
_FOR = """
homework.due_on BETWEEN stay.first_on AND coalesce(stay.last_on, 'infinity')
AND (NOT is_named OR EXISTS (
  SELECT FROM homework_member AS named WHERE named.homework_id = homework.id AND named.person_id = stay.person_id))
AND (group_name = '' OR EXISTS (SELECT FROM course_member AS own WHERE own.course_id = course.id
  AND own.person_id = stay.person_id AND homework.due_on BETWEEN own.first_on AND coalesce(own.last_on, 'infinity')))
"""
_COUNTS = f"""
SELECT homework.id, count(*) AS learners, count(*) FILTER (WHERE last.state = 'handed') AS waiting,
  count(*) FILTER (WHERE last.state = 'checked') AS checked, count(*) FILTER (WHERE last.state = 'returned') AS returned
FROM homework JOIN course ON course.id = course_id
JOIN stay ON stay.school_class_id = course.school_class_id AND {_FOR}
LEFT JOIN LATERAL (
  SELECT state FROM homework_answer AS answer
  WHERE answer.homework_id = homework.id AND answer.person_id = stay.person_id AND answer.number > 0
  ORDER BY answer.number DESC LIMIT 1
) AS last ON true
WHERE homework.id = ANY($1) GROUP BY homework.id
"""  # noqa: S608
_LEARNERS = f"""
SELECT person.id, ref, concat_ws(' ', surname, given_name) AS name
FROM homework JOIN course ON course.id = course_id
JOIN stay ON stay.school_class_id = course.school_class_id AND {_FOR}
JOIN person ON person.id = stay.person_id
WHERE homework.id = $1 ORDER BY sort_key, person.id LIMIT $2
"""  # noqa: S608
_OF_PERSON = f"""
SELECT {_COLUMNS} FROM stay JOIN course ON course.school_class_id = stay.school_class_id
JOIN homework ON homework.course_id = course.id AND {_FOR}
WHERE stay.person_id = $1 AND due_on BETWEEN $2 AND $3 AND ($4::bigint IS NULL OR homework.id = $4)
ORDER BY due_at, homework.id LIMIT $5
"""  # noqa: S608
_DUES = f"""
SELECT stay.person_id, count(*) AS count FROM homework JOIN course ON course.id = course_id
JOIN stay ON stay.school_class_id = course.school_class_id AND {_FOR}
LEFT JOIN LATERAL (
  SELECT state FROM homework_answer AS answer
  WHERE answer.homework_id = homework.id AND answer.person_id = stay.person_id AND answer.number > 0
  ORDER BY answer.number DESC LIMIT 1
) AS last ON true
WHERE stay.person_id = ANY($1) AND due_on BETWEEN $2 AND $3 AND closed_at IS NULL
  AND coalesce(last.state, 'returned') = 'returned'
GROUP BY stay.person_id
"""  # noqa: S608
_IS_STILL_IN = """
SELECT EXISTS (
  SELECT FROM course JOIN stay ON stay.school_class_id = course.school_class_id
  WHERE course.id = $1 AND stay.person_id = $2 AND stay.first_on <= $3 AND (stay.last_on IS NULL OR stay.last_on >= $3)
)
"""
_ANSWERS = """
SELECT id, homework_id, person_id, number, state, is_paper, is_late, words_encrypted, at, by_name AS by, checked_at,
  checked_by, comment_encrypted, lesson_id
FROM homework_answer WHERE homework_id = ANY($1) AND ($2::bigint[] IS NULL OR person_id = ANY($2))
ORDER BY homework_id, person_id, number LIMIT $3
"""
_FILES = "SELECT id, answer_id, media, size FROM homework_answer_file WHERE answer_id = ANY($1) ORDER BY id LIMIT $2"
_GOT = f"""
SELECT due_on, subject_id, stay.person_id, minutes FROM homework JOIN course ON course.id = course_id
JOIN stay ON stay.school_class_id = course.school_class_id AND {_FOR}
WHERE course.school_class_id = $1 AND due_on BETWEEN $2 AND $3 LIMIT $4
"""  # noqa: S608


async def homework_of(connection: asyncpg.Connection | asyncpg.Pool, school_id: int, homework_id: int) -> Homework:
    """Return homework of a school. Raises NotFound."""
    row = await connection.fetchrow(_ONE, homework_id, school_id)
    if row is None:
        raise NotFound
    return _homework(row)


async def homework_of_courses(
    services: Services, course_ids: Collection[int], first_on: date, last_on: date
) -> list[Homework]:
    """Return homework of courses that is due between two days, both included; what is due last comes first."""
    rows = await services.database.pool.fetch(_OF_COURSES, list(course_ids), first_on, last_on, LIST_MAX)
    return [_homework(row) for row in rows]


async def counts_of(services: Services, homework_ids: Collection[int]) -> dict[int, Counts]:
    """Return how many students each homework is for, and what became of it; none where it is for nobody now."""
    rows = await services.database.pool.fetch(_COUNTS, list(homework_ids))
    return {row["id"]: Counts(row["learners"], row["waiting"], row["checked"], row["returned"]) for row in rows}


async def recipients_of(connection: asyncpg.Connection | asyncpg.Pool, homework_id: int) -> list[Recipient]:
    """Return whom homework is for, by name."""
    return [Recipient(**row) for row in await connection.fetch(_LEARNERS, homework_id, LEARNERS_MAX)]


async def homework_of_person(
    services: Services, person_id: int, first_on: date, last_on: date
) -> list[Homework]:  # fmt: skip
    """Return a student's homework that is due between two days, what is due first at the head."""
    rows = await services.database.pool.fetch(_OF_PERSON, person_id, first_on, last_on, None, LIST_MAX)
    return [_homework(row) for row in rows]


async def dues_of(
    connection: asyncpg.Connection | asyncpg.Pool, person_ids: Collection[int], first_on: date, last_on: date
) -> dict[int, int]:
    """Return how much homework, due between two days, is still to be handed in, by student; none is left out."""
    rows = await connection.fetch(_DUES, list(person_ids), first_on, last_on)
    return {row["person_id"]: row["count"] for row in rows}


async def received(connection: asyncpg.Connection | asyncpg.Pool, person_id: int, homework_id: int) -> Homework:
    """Return homework that is for a student. Raises NotFound."""
    row = await connection.fetchrow(_OF_PERSON, person_id, date.min, date.max, homework_id, 1)
    if row is None:
        raise NotFound
    return _homework(row)


async def is_still_in(connection: asyncpg.Connection | asyncpg.Pool, course_id: int, person_id: int, on: date) -> bool:
    """Tell whether a student is in the class of a course on a day."""
    return bool(await connection.fetchval(_IS_STILL_IN, course_id, person_id, on))


async def answers_of(
    services: Services, connection: asyncpg.Connection | asyncpg.Pool, homework_ids: Collection[int],
    person_ids: Collection[int] | None = None,
) -> dict[tuple[int, int], list[Answer]]:  # fmt: skip
    """Return what was handed in, by homework and student, in its order; a draft comes first, with the number 0."""
    wanted = None if person_ids is None else list(person_ids)
    rows = await connection.fetch(_ANSWERS, list(homework_ids), wanted, ANSWERS_MAX)
    files: dict[int, list[AnswerFile]] = {}
    for row in await connection.fetch(_FILES, [row["id"] for row in rows], FILES_MAX):
        files.setdefault(row["answer_id"], []).append(AnswerFile(row["id"], row["media"] == JPEG, row["size"]))
    answers: dict[tuple[int, int], list[Answer]] = {}
    for row in rows:
        found = replace(_answer(services, row), files=tuple(files.get(row["id"], ())))
        answers.setdefault((found.homework_id, found.person_id), []).append(found)
    return answers


def last_of(answers: Sequence[Answer]) -> Answer | None:
    """Return what was handed in last; None where nothing was."""
    return answers[-1] if answers and answers[-1].state is not State.DRAFT else None


async def loads_between(
    services: Services, class_id: int, first_on: date, last_on: date, people: Collection[int] | None = None
) -> dict[date, Load]:
    """Return the load of a class's days, between two, both included; of some of its students, or of all."""
    rows = await services.database.pool.fetch(_GOT, class_id, first_on, last_on, GOT_MAX)
    return loads_of(((row["due_on"], row["subject_id"], row["person_id"], row["minutes"]) for row in rows), people)


def _homework(row: Mapping[str, Any]) -> Homework:
    return Homework(**{**row, "links": tuple(row["links"])})


def _answer(services: Services, row: Mapping[str, Any]) -> Answer:
    named = dict(row)
    words, comment = named.pop("words_encrypted"), named.pop("comment_encrypted")
    place = str(named["id"])
    return Answer(
        **{**named, "state": State(named["state"])},
        words="" if words is None else services.vault.decrypt(words, WORDS, place),
        comment="" if comment is None else services.vault.decrypt(comment, COMMENT, place),
    )  # fmt: skip
