"""Reads of the journal: lessons, who learns in a course on which days, what stands in cells, and what was reached.

Rule: one statement a question, with a limit, and none in a loop; rights are asked before, in `cloud.journal.reach`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import asyncpg

from cloud.core.errors import NotFound
from cloud.core.services import Services
from cloud.core.vault import Vault
from cloud.journal.grading import Got, Part
from cloud.journal.kinds import REASON, REMARK, Cell, Here, Kind, Lesson, Standing
from cloud.journal.quarters import Quarter

LESSONS_MAX, MEMBERS_MAX, CELLS_MAX, HISTORY_MAX = 5_000, 20_000, 200_000, 2_000
_LESSON = """
SELECT lesson.id, course_id, "on", number, teacher_id, kind, is_off, theme, note, room, coalesce(notes, '') AS notes,
  coalesce(links, '{}') AS links, coalesce(points_max, 0) AS points_max
FROM lesson LEFT JOIN lesson_plan ON lesson_id = lesson.id
"""
_ONE = f"{_LESSON} WHERE lesson.id = $1 AND course_id = $2 AND lesson.school_id = $3"
_LESSONS = f"""{_LESSON}
WHERE course_id = ANY($1) AND "on" BETWEEN $2 AND $3 ORDER BY "on", number, lesson.id LIMIT $4"""
OF_GROUP = """
(group_name = '' OR EXISTS (SELECT FROM course_member AS own WHERE own.course_id = course.id
  AND own.person_id = stay.person_id AND own.first_on <= lesson."on"
  AND (own.last_on IS NULL OR own.last_on >= lesson."on")))
"""
_MEMBERS = """
SELECT course.id AS course_id, person.id, ref, concat_ws(' ', surname, given_name) AS name,
  greatest(stay.first_on, own.first_on) AS first_on, least(stay.last_on, own.last_on) AS last_on
FROM course JOIN stay ON stay.school_class_id = course.school_class_id
JOIN person ON person.id = stay.person_id
LEFT JOIN course_member AS own ON own.course_id = course.id AND own.person_id = person.id AND group_name <> ''
WHERE course.id = ANY($1) AND (group_name = '' OR own.person_id IS NOT NULL)
  AND greatest(stay.first_on, own.first_on) <= $3
  AND (least(stay.last_on, own.last_on) IS NULL OR least(stay.last_on, own.last_on) >= $2)
  AND greatest(stay.first_on, own.first_on) <= coalesce(least(stay.last_on, own.last_on), 'infinity')
ORDER BY sort_key, person.id, first_on LIMIT $4
"""
_CELLS = """
SELECT DISTINCT ON (lesson_id, person_id) lesson_id, person_id, number, here, points, at, by_name FROM journal_mark
WHERE lesson_id = ANY($1) AND ($2::bigint[] IS NULL OR person_id = ANY($2))
ORDER BY lesson_id, person_id, number DESC LIMIT $3
"""
_GOT = """
WITH given AS MATERIALIZED (
  SELECT lesson.id, subject_id, quarter.number AS quarter, kind, coalesce(points_max, 0) AS most
  FROM course JOIN lesson ON lesson.course_id = course.id AND NOT is_off AND lesson."on" BETWEEN $2 AND $3
  JOIN unnest($4::int[], $5::date[], $6::date[]) AS quarter (number, first_on, until)
    ON lesson."on" BETWEEN quarter.first_on AND quarter.until
  LEFT JOIN lesson_plan ON lesson_plan.lesson_id = lesson.id
  WHERE ($7::bigint[] IS NULL OR subject_id = ANY($7))
    AND school_class_id IN (SELECT stay.school_class_id FROM stay WHERE stay.person_id = ANY($1))
), last AS (
  SELECT DISTINCT ON (lesson_id, person_id) lesson_id, person_id, points FROM journal_mark
  WHERE lesson_id = ANY(ARRAY(SELECT id FROM given)) AND person_id = ANY($1)
  ORDER BY lesson_id, person_id, number DESC
)
SELECT person_id, subject_id, quarter, kind, count(*) AS works, sum(points) AS points, sum(most) AS most
FROM last JOIN given ON given.id = lesson_id WHERE points IS NOT NULL GROUP BY 1, 2, 3, 4
"""
_MISSED = f"""
SELECT stay.person_id, subject_id, quarter.number AS quarter, kind, count(*) AS missed
FROM stay JOIN course ON course.school_class_id = stay.school_class_id
JOIN lesson ON lesson.course_id = course.id AND kind <> 'lesson' AND NOT is_off
  AND lesson."on" BETWEEN greatest(stay.first_on, $2) AND least(stay.last_on, $3)
JOIN unnest($4::int[], $5::date[], $6::date[]) AS quarter (number, first_on, until)
  ON lesson."on" BETWEEN quarter.first_on AND quarter.until
WHERE stay.person_id = ANY($1) AND ($7::bigint[] IS NULL OR subject_id = ANY($7)) AND {OF_GROUP} AND (
  SELECT points FROM journal_mark AS last WHERE last.lesson_id = lesson.id AND last.person_id = stay.person_id
  ORDER BY last.number DESC LIMIT 1
) IS NULL
GROUP BY 1, 2, 3, 4
"""  # noqa: S608 (texts of ours)
_HISTORY = """
SELECT mark.lesson_id, mark.person_id, mark.number, here, points, at, mark.by_name, reason_encrypted, mark.school_id
FROM journal_mark AS mark
LEFT JOIN journal_reason AS why ON why.school_id = mark.school_id AND why.number = mark.number
WHERE mark.person_id = ANY($1) AND mark.lesson_id = ANY($2) ORDER BY mark.number DESC LIMIT $3
"""
_REMARKS = """
SELECT lesson_id, person_id, words_encrypted FROM journal_remark
WHERE lesson_id = ANY($1) AND person_id = ANY($2) LIMIT $3
"""
Key = tuple[int, int, int]  # person, subject, number of a quarter
Totals = Mapping[Key, Mapping[Part, Got]]
PARTS = {Kind.LESSON: Part.FORMATIVE, Kind.SOR: Part.SOR, Kind.SOCH: Part.SOCH}


@dataclass(slots=True)
class Learner:
    """Somebody who learns, or learnt, in a course, with the stretches of days; None is open. `place` orders by name."""

    id: int
    ref: str
    name: str
    place: int = 0
    days: list[tuple[date, date | None]] = field(default_factory=list)

    def is_in(self, on: date) -> bool:
        """Tell whether it was in the course on a day."""
        return any(first_on <= on and (last_on is None or on <= last_on) for first_on, last_on in self.days)


@dataclass(frozen=True, slots=True)
class Entry:
    """What was written into a cell, once."""

    lesson_id: int
    person_id: int
    number: int
    cell: Cell
    at: datetime
    by: str
    reason: str  # of a correction; empty where there is none, or it was forgotten by now


async def lesson_of(services: Services, school_id: int, course_id: int, lesson_id: int) -> Lesson:
    """Return a lesson of a course. Raises NotFound."""
    row = await services.database.pool.fetchrow(_ONE, lesson_id, course_id, school_id)
    if row is None:
        raise NotFound
    return _lesson(row)


async def lessons_of(
    services: Services, course_ids: Collection[int], first_on: date, last_on: date
) -> list[Lesson]:  # fmt: skip
    """Return the lessons of courses between two days, both included, those called off too."""
    rows = await services.database.pool.fetch(_LESSONS, list(course_ids), first_on, last_on, LESSONS_MAX)
    return [_lesson(row) for row in rows]


async def learners_of(
    connection: asyncpg.Connection | asyncpg.Pool, course_ids: Collection[int], first_on: date, last_on: date
) -> dict[int, list[Learner]]:
    """Return who learnt in each course on any day between two, by name."""
    found: dict[int, dict[int, Learner]] = {course_id: {} for course_id in course_ids}
    for place, row in enumerate(await connection.fetch(_MEMBERS, list(course_ids), first_on, last_on, MEMBERS_MAX)):
        learner = found[row["course_id"]].setdefault(row["id"], Learner(row["id"], row["ref"], row["name"], place))
        learner.days.append((row["first_on"], row["last_on"]))
    return {course_id: list(learners.values()) for course_id, learners in found.items()}


async def cells_of(
    connection: asyncpg.Connection | asyncpg.Pool, lesson_ids: Collection[int],
    person_ids: Collection[int] | None = None,
) -> dict[tuple[int, int], Standing]:  # fmt: skip
    """Return what stands in cells, by lesson and person; of everybody if nobody is named."""
    wanted = None if person_ids is None else list(person_ids)
    rows = await connection.fetch(_CELLS, list(lesson_ids), wanted, CELLS_MAX)
    return {
        (row["lesson_id"], row["person_id"]): Standing(_cell(row), row["number"], row["at"], row["by_name"])
        for row in rows
    }


async def got_by(
    connection: asyncpg.Connection | asyncpg.Pool, person_ids: Collection[int], quarters: Sequence[Quarter],
    today: date, subject_ids: Collection[int] | None = None,
) -> dict[Key, dict[Part, Got]]:  # fmt: skip
    """Return what people reached in each subject and quarter up to today, whichever class or group they were in.

    A summative work that was held without somebody's points counts as missed by whoever was to be there.
    """
    subjects = None if subject_ids is None else list(subject_ids)
    ranges = [[getattr(quarter, name) for quarter in quarters] for name in ("number", "first_on", "until")]
    asked = list(person_ids), quarters[0].first_on, min(today, quarters[-1].until), *ranges, subjects
    got: dict[Key, dict[Part, Got]] = {}
    for row in await connection.fetch(_GOT, *asked):
        _add(got, row, Got(row["points"], row["most"], row["works"]))
    for row in await connection.fetch(_MISSED, *asked):
        _add(got, row, Got(missed=row["missed"]))
    return got


async def history_of(services: Services, person_ids: Collection[int], lesson_ids: Collection[int]) -> list[Entry]:
    """Return what was written of people at lessons, the newest first."""
    rows = await services.database.pool.fetch(_HISTORY, list(person_ids), list(lesson_ids), HISTORY_MAX)
    return [
        Entry(
            row["lesson_id"], row["person_id"], row["number"], _cell(row), row["at"], row["by_name"],
            _reason(services.vault, row),
        )
        for row in rows
    ]  # fmt: skip


async def remarks_of(
    services: Services, lesson_ids: Collection[int], person_ids: Collection[int]
) -> dict[tuple[int, int], str]:
    """Return what teachers wrote about people at lessons, by lesson and person."""
    rows = await services.database.pool.fetch(_REMARKS, list(lesson_ids), list(person_ids), CELLS_MAX)
    return {
        (row["lesson_id"], row["person_id"]): services.vault.decrypt(
            row["words_encrypted"], REMARK, remark_place(row["lesson_id"], row["person_id"])
        )
        for row in rows
    }


def reason_place(school_id: int, number: int) -> str:
    """Return what names the reason of an entry at the vault."""
    return f"{school_id}:{number}"


def remark_place(lesson_id: int, person_id: int) -> str:
    """Return what names a remark at the vault."""
    return f"{lesson_id}:{person_id}"


def _add(got: dict[Key, dict[Part, Got]], row: asyncpg.Record, more: Got) -> None:
    parts = got.setdefault((row["person_id"], row["subject_id"], row["quarter"]), {})
    part = PARTS[Kind(row["kind"])]
    parts[part] = parts.get(part, Got()) + more


def _lesson(row: Mapping[str, Any]) -> Lesson:
    return Lesson(**{**row, "kind": Kind(row["kind"]), "links": tuple(row["links"])})


def _cell(row: Mapping[str, Any]) -> Cell:
    return Cell(Here(row["here"]), row["points"])


def _reason(vault: Vault, row: asyncpg.Record) -> str:
    sealed = row["reason_encrypted"]
    return "" if sealed is None else vault.decrypt(sealed, REASON, reason_place(row["school_id"], row["number"]))
