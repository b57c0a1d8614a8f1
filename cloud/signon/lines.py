"""Columns of results that tools fill in (Assignment and Grade Services 2.0), until a class journal takes them over.

Rule: a result is what a tool said last by its own clock; it is kept and shown as the tool's word, and is no mark.
"""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

import asyncpg

from cloud.core.database import raw
from cloud.core.services import Services
from cloud.signon.contexts import Context
from cloud.signon.errors import Declined
from cloud.signon.subjects import member_behind, subjects_for
from cloud.signon.tools import Tool

LINES_MAX = 50  # of a course
TEXT_MAX = 160
COMMENT_MAX = 1_000
SCORE_MAX = 1_000_000.0
FIRST, FIRST_MAX = "first", 100.0
PROGRESS = ("Initialized", "Started", "InProgress", "Submitted", "Completed")
MARKING = ("NotReady", "Failed", "Pending", "PendingManual", "FullyGraded")
_COLUMNS = "SELECT id, label, score_max, tool_key, tag, is_first FROM lti_line"
_HERE = "tool_id = $1 AND resource_id = $2 AND school_class_id = $3"
_OF_COURSE = f"{_COLUMNS} WHERE {_HERE} ORDER BY is_first DESC, id LIMIT {LINES_MAX}"
_ONE = f"{_COLUMNS} WHERE {_HERE} AND id = $4"
_THE_FIRST = f"{_COLUMNS} WHERE {_HERE} AND is_first"
_ADD = f"""
INSERT INTO lti_line (tool_id, resource_id, school_class_id, label, score_max, tool_key, tag, is_first, made_at)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 WHERE (SELECT count(*) FROM lti_line WHERE {_HERE}) < {LINES_MAX}
ON CONFLICT DO NOTHING RETURNING id, label, score_max, tool_key, tag, is_first
"""  # noqa: S608 (texts of ours, as below)
_CHANGE = f"""
UPDATE lti_line SET label = $5, score_max = $6, tool_key = $7, tag = $8 WHERE {_HERE} AND id = $4
RETURNING id, label, score_max, tool_key, tag, is_first
"""  # noqa: S608
_SCORE = """
INSERT INTO lti_score (line_id, person_id, given, score_max, progress, marking, comment, told_at, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (line_id, person_id) DO UPDATE SET given = excluded.given, score_max = excluded.score_max,
  progress = excluded.progress, marking = excluded.marking, comment = excluded.comment, told_at = excluded.told_at,
  received_at = excluded.received_at WHERE lti_score.told_at < excluded.told_at RETURNING true
"""
_IN_CLASS = """
SELECT id FROM person WHERE id = $1 AND school_class_id = $2 AND role = 'student' AND is_active
"""
_RESULTS = """
SELECT person_id, given, s.score_max, comment FROM lti_score s JOIN person ON person.id = person_id
WHERE line_id = $1 AND given IS NOT NULL AND marking = 'FullyGraded' ORDER BY person_id LIMIT 500
"""


@dataclass(frozen=True, slots=True)
class Line:
    """A column of results."""

    id: int
    label: str
    score_max: float
    tool_key: str
    tag: str
    is_first: bool  # it comes with the resource, and stays

    def told(self, lines: str, resource_id: int) -> dict[str, Any]:
        """Return the column as a tool reads it; `lines` is the address of all of them."""
        about: dict[str, Any] = {"id": f"{lines}/{self.id}", "label": self.label, "scoreMaximum": self.score_max}
        about |= {"resourceLinkId": str(resource_id)} if self.is_first else {}
        optional = {"resourceId": self.tool_key, "tag": self.tag}
        return about | {name: value for name, value in optional.items() if value}


async def lines_of(services: Services, tool: Tool, context: Context) -> list[Line]:
    """Return a course's columns, the one that comes with the resource first."""
    await line_of(services, tool, context, FIRST)
    rows = await services.database.pool.fetch(_OF_COURSE, *_here(tool, context))
    return [Line(**row) for row in rows]


async def line_of(services: Services, tool: Tool, context: Context, key: str) -> Line:
    """Return a column by its number; `first` is made when it is asked for. Raises Declined."""
    here, pool = _here(tool, context), services.database.pool
    if key == FIRST:
        columns = (context.title[:TEXT_MAX], FIRST_MAX, "", "", True, services.clock.now())
        await pool.execute(_ADD, *here, *columns)  # unless it is there
        row = await pool.fetchrow(_THE_FIRST, *here)
    else:
        row = await pool.fetchrow(_ONE, *here, int(key)) if key.isascii() and key.isdigit() and len(key) < 16 else None
    if row is None:
        raise Declined("not_found", "no such column", HTTPStatus.NOT_FOUND)
    return Line(**row)


async def add_line(services: Services, tool: Tool, context: Context, given: dict[str, Any]) -> Line:
    """Add a column. Raises Declined."""
    row = await services.database.pool.fetchrow(
        _ADD, *_here(tool, context), *_checked(given), False, services.clock.now()
    )
    if row is None:
        raise Declined("too_many", f"{LINES_MAX} columns at most")
    return Line(**row)


async def change_line(services: Services, tool: Tool, context: Context, key: str, given: dict[str, Any]) -> Line:
    """Change a column. Raises Declined."""
    line = await line_of(services, tool, context, key)
    row = await services.database.pool.fetchrow(_CHANGE, *_here(tool, context), line.id, *_checked(given))
    return Line(**row)


async def drop_line(services: Services, tool: Tool, context: Context, key: str) -> None:
    """Take away a column with its results; the one that comes with the resource stays. Raises Declined."""
    line = await line_of(services, tool, context, key)
    if line.is_first:
        raise Declined("forbidden", "this column comes with the resource", HTTPStatus.FORBIDDEN)
    await services.database.pool.execute("DELETE FROM lti_line WHERE id = $1", line.id)


async def put_score(services: Services, tool: Tool, context: Context, key: str, given: dict[str, Any]) -> None:
    """Keep what a tool says of a student, unless it said something later already. Raises Declined."""
    line = await line_of(services, tool, context, key)
    told_at, columns = _told_at(given, services.clock.now()), _score(given)
    person_id = await _student(services, tool, context, given.get("userId"))
    async with services.database.transaction() as connection:
        kept = await raw(connection).fetchval(_SCORE, line.id, person_id, *columns, told_at, services.clock.now())
    if kept is None:
        raise Declined("stale", "a later score is here already", HTTPStatus.CONFLICT)


async def results_of(services: Services, tool: Tool, context: Context, key: str, address: str) -> list[dict[str, Any]]:
    """Return the results of a column as a tool reads them back; `address` is the column's."""
    line = await line_of(services, tool, context, key)
    rows: list[asyncpg.Record] = await services.database.pool.fetch(_RESULTS, line.id)
    known = await subjects_for(services, tool.key, [f"person:{row['person_id']}" for row in rows])
    results = []
    for row in rows:
        subject = known[f"person:{row['person_id']}"]
        result = {
            "id": f"{address}/results/{subject}", "scoreOf": address, "userId": subject, "resultScore": row["given"],
            "resultMaximum": row["score_max"] or line.score_max,
        }  # fmt: skip
        results.append(result | ({"comment": row["comment"]} if row["comment"] else {}))
    return results


def _here(tool: Tool, context: Context) -> tuple[int, int, int]:
    return tool.id, context.resource_id, context.class_id


def _checked(given: dict[str, Any]) -> tuple[str, float, str, str]:
    label, most = _text(given, "label"), _number(given.get("scoreMaximum"))
    if not label or most is None or most <= 0:
        raise Declined("invalid_request", "label and a scoreMaximum above 0 are needed")
    return label, most, _text(given, "resourceId"), _text(given, "tag")


def _score(given: dict[str, Any]) -> tuple[float | None, float | None, str, str, str]:
    progress, marking = given.get("activityProgress"), given.get("gradingProgress")
    if progress not in PROGRESS or marking not in MARKING:
        raise Declined("invalid_request", "activityProgress and gradingProgress are words of the specification")
    points, most = _number(given.get("scoreGiven")), _number(given.get("scoreMaximum"))
    if points is not None and (most is None or most <= 0):
        raise Declined("invalid_request", "scoreGiven needs a scoreMaximum above 0")
    return points, most, progress, marking, _text(given, "comment", COMMENT_MAX)


def _told_at(given: dict[str, Any], now: datetime) -> datetime:
    try:
        told_at = datetime.fromisoformat(str(given.get("timestamp")))
    except ValueError:
        raise Declined("invalid_request", "timestamp is an instant of ISO 8601 with its zone") from None
    if told_at.tzinfo is None:
        raise Declined("invalid_request", "timestamp has no zone")
    return min(told_at, now)  # a tool whose clock is ahead must not lock itself out


async def _student(services: Services, tool: Tool, context: Context, subject: object) -> int:
    member = await member_behind(services, tool.key, subject) if isinstance(subject, str) else None
    kind, _, number = (member or "").partition(":")
    found: int | None = None
    if kind == "person":
        found = await services.database.pool.fetchval(_IN_CLASS, int(number), context.class_id)
    if found is None:
        raise Declined("not_found", "no student of this course", HTTPStatus.NOT_FOUND)
    return found


def _text(given: dict[str, Any], name: str, most: int = TEXT_MAX) -> str:
    value = given.get(name, "")
    if not isinstance(value, str) or len(value) > most or "\x00" in value:
        raise Declined("invalid_request", f"{name} is a text of {most} characters at most")
    return value.strip()


def _number(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= SCORE_MAX:
        raise Declined("invalid_request", f"a score is a number from 0 to {SCORE_MAX:.0f}")
    return float(value)
