"""When a student was in which class: a row a stay, and the book of transfers that made it so.

Rule: whoever lets a student come, leave or change class notes it in the same transaction, holding `lock_school`. The
first day in a class is the day of the transfer; the last one in the class before is the day before it; who leaves was
a student of the school on the day of leaving.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

import asyncpg

PLACE_MAX, PAPER_MAX, NAME_MAX = 200, 120, 120
MISSED_MAX = 5_000
DAY = timedelta(days=1)
_DISAGREES = """
CASE WHEN here.id IS NULL THEN person.is_active AND person.role = 'student'
  ELSE NOT person.is_active OR person.role <> 'student'
    OR here.school_class_id IS DISTINCT FROM person.school_class_id END
"""
_FOUND = f"""
SELECT person.id AS person_id, person.is_active AND role = 'student' AS is_here, person.school_class_id AS class_id,
  here.id AS here_id, here.school_class_id AS here_class, here.first_on AS here_since, before.id AS before_id,
  before.school_class_id AS before_class, before.last_on AS before_until,
  ($1::timestamptz AT TIME ZONE zone)::date AS today
FROM person JOIN school ON school.id = person.school_id
LEFT JOIN stay AS here ON here.person_id = person.id AND here.last_on IS NULL
LEFT JOIN LATERAL (
  SELECT id, school_class_id, last_on FROM stay WHERE person_id = person.id AND last_on IS NOT NULL
  ORDER BY first_on DESC LIMIT 1
) AS before ON true
WHERE {_DISAGREES}
"""  # noqa: S608 (texts of ours)
_OF_THESE = f"{_FOUND} AND person.id = ANY($2) ORDER BY person.sort_key, person.id"
_OF_SCHOOL = f"{_FOUND} AND person.school_id = $2 ORDER BY person.id LIMIT {MISSED_MAX}"
_MISSED = f"""
SELECT DISTINCT person.school_id FROM person
LEFT JOIN stay AS here ON here.person_id = person.id AND here.last_on IS NULL
WHERE {_DISAGREES} LIMIT 1000
"""  # noqa: S608
_HERE_BEFORE = """
SELECT id, person_id, school_class_id FROM stay WHERE person_id = ANY($1) AND last_on IS NULL AND first_on < $2
ORDER BY person_id
"""
_END = """
UPDATE stay SET last_on = said.last_on FROM unnest($1::bigint[], $2::date[]) AS said (id, last_on)
WHERE stay.id = said.id
"""
_REOPEN = "UPDATE stay SET last_on = NULL WHERE id = ANY($1)"
_DROP = "DELETE FROM stay WHERE id = ANY($1)"
_AMEND = """
UPDATE stay SET school_class_id = said.class_id FROM unnest($1::bigint[], $2::bigint[]) AS said (id, class_id)
WHERE stay.id = said.id
"""
_BEGIN = """
INSERT INTO stay (school_id, person_id, school_class_id, first_on)
SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::date[])
"""
_BOOK = """
INSERT INTO transfer (school_id, number, person_id, kind, "on", from_class_id, to_class_id, place, paper, at, by_name)
SELECT $1, row_number() OVER () + coalesce((SELECT max(number) FROM transfer WHERE school_id = $1), 0), said.*, $7, $8,
  $9, $10 FROM unnest($2::bigint[], $3::text[], $4::date[], $5::bigint[], $6::bigint[]) AS said
"""
_LEAVERS = """
SELECT DISTINCT ON (person_id) person_id, last_on FROM stay JOIN person ON person.id = person_id
WHERE stay.school_id = $1 AND NOT is_active AND last_on IS NOT NULL ORDER BY person_id, first_on DESC LIMIT 20000
"""
_STAFF_GONE = """
SELECT person.id, max((audit_entry.at AT TIME ZONE zone)::date) AS last_on
FROM person JOIN school ON school.id = person.school_id
JOIN audit_entry ON audit_entry.school_id = person.school_id AND verb = 'person.left'
  AND subject = 'person:' || person.id
WHERE person.school_id = $1 AND NOT person.is_active AND role = 'staff' GROUP BY person.id LIMIT 20000
"""


class Kind(StrEnum):
    """What a transfer is; the values stand in the table."""

    ARRIVED = "arrived"
    MOVED = "moved"
    PROMOTED = "promoted"
    KEPT = "kept"  # repeats the year
    LEFT = "left"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of transfers beside who and whither; `on` is none for today, `kind` for what the change is."""

    on: date | None = None
    kind: Kind | None = None
    place: str = ""
    paper: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A student whose row says another thing than the stay that goes on (`here_id` 0: none does)."""

    person_id: int
    is_here: bool  # a student, and active
    class_id: int | None
    here_id: int
    here_class: int | None
    here_since: date
    before_id: int  # 0: never was here
    before_class: int | None
    before_until: date


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of stays: ids to reopen or drop, one that ends or gets another class, one that begins."""

    kind: Kind
    on: date
    reopened: int = 0
    dropped: int = 0
    ended: tuple[int, date] | None = None
    amended: tuple[int, int | None] | None = None
    begun: tuple[int | None, date] | None = None


def step_of(change: Change, on: date) -> Step:
    """Return what becomes of a student's stays by a change as of a day. Pure."""
    if not change.is_here:
        last_on = max(on, change.here_since)
        return Step(Kind.LEFT, last_on, ended=(change.here_id, last_on))
    if not change.here_id:
        return _back(change, on)
    first_on = max(on, change.here_since)
    if first_on > change.here_since:
        return Step(Kind.MOVED, first_on, ended=(change.here_id, first_on - DAY), begun=(change.class_id, first_on))
    # Of a stay that began the same day nothing was: it becomes what it should have been.
    if change.before_id and change.before_class == change.class_id and change.before_until == first_on - DAY:
        return Step(Kind.MOVED, first_on, dropped=change.here_id, reopened=change.before_id)
    return Step(Kind.MOVED, first_on, amended=(change.here_id, change.class_id))


def _back(change: Change, on: date) -> Step:
    if not change.before_id or on > change.before_until + DAY:
        return Step(Kind.ARRIVED, on, begun=(change.class_id, on))
    if change.before_class == change.class_id:
        return Step(Kind.ARRIVED, on, reopened=change.before_id)
    first_on = change.before_until + DAY
    return Step(Kind.ARRIVED, first_on, begun=(change.class_id, first_on))


async def note(
    connection: asyncpg.Connection, school_id: int, person_ids: Sequence[int], now: datetime, said: Said | None = None
) -> int:
    """Note what changed about students of one school, and return about how many."""
    return await _note(connection, school_id, await connection.fetch(_OF_THESE, now, list(person_ids)), now, said)


async def note_kept(
    connection: asyncpg.Connection, school_id: int, person_ids: Sequence[int], on: date, now: datetime, said: Said
) -> None:
    """Note of students of one school that they are in the class they were in, from a day on once more: a year again."""
    rows = await connection.fetch(_HERE_BEFORE, list(person_ids), on)
    await connection.execute(_END, [row["id"] for row in rows], [on - DAY for _ in rows])
    classes = [row["school_class_id"] for row in rows]
    who = [row["person_id"] for row in rows]
    await connection.execute(_BEGIN, school_id, who, classes, [on for _ in rows])
    kinds, days = [Kind.KEPT.value for _ in rows], [on for _ in rows]
    await connection.execute(
        _BOOK, school_id, who, kinds, days, classes, classes, said.place, said.paper, now, said.by
    )  # fmt: skip


async def note_missed(pool: asyncpg.Pool, now: datetime) -> int:
    """Note what was changed by something that notes nothing: a program of before an update, or somebody's SQL."""
    count = 0
    for school in await pool.fetch(_MISSED):
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("SELECT 1 FROM school WHERE id = $1 FOR NO KEY UPDATE", school["school_id"])
            rows = await connection.fetch(_OF_SCHOOL, now, school["school_id"])
            count += await _note(connection, school["school_id"], rows, now, None)
    return count


async def leavers_of(connection: asyncpg.Connection | asyncpg.Pool, school_id: int) -> dict[int, date]:
    """Return who has left a school and has not come back, with the last day there; of staff as the journal tells it."""
    rows = [*await connection.fetch(_STAFF_GONE, school_id), *await connection.fetch(_LEAVERS, school_id)]
    return {row[0]: row["last_on"] for row in rows}


async def _note(
    connection: asyncpg.Connection, school_id: int, rows: Sequence[asyncpg.Record], now: datetime, said: Said | None
) -> int:
    told = said or Said()
    changes = [_change(row) for row in rows]
    steps = [step_of(change, told.on or row["today"]) for change, row in zip(changes, rows, strict=True)]
    if not steps:
        return 0
    await _write(connection, school_id, changes, steps)
    await connection.execute(
        _BOOK, school_id, [each.person_id for each in changes],
        [told.kind.value if told.kind else step.kind.value for step in steps], [step.on for step in steps],
        [each.here_class for each in changes], [each.class_id if each.is_here else None for each in changes],
        told.place, told.paper, now, told.by,
    )  # fmt: skip
    return len(steps)


async def _write(
    connection: asyncpg.Connection, school_id: int, changes: Sequence[Change], steps: Sequence[Step]
) -> None:
    """Write stays in the order that lets none overlap: what ends first, what begins last."""
    ended = [step.ended for step in steps if step.ended]
    amended = [step.amended for step in steps if step.amended]
    begun = [(each.person_id, *step.begun) for each, step in zip(changes, steps, strict=True) if step.begun]
    await connection.execute(_DROP, [step.dropped for step in steps if step.dropped])
    await connection.execute(_END, [stay for stay, _ in ended], [last_on for _, last_on in ended])
    await connection.execute(_AMEND, [stay for stay, _ in amended], [class_id for _, class_id in amended])
    await connection.execute(_REOPEN, [step.reopened for step in steps if step.reopened])
    await connection.execute(
        _BEGIN, school_id, [who for who, _, _ in begun], [class_id for _, class_id, _ in begun],
        [first_on for _, _, first_on in begun],
    )  # fmt: skip


def _change(row: asyncpg.Record) -> Change:
    return Change(
        row["person_id"], row["is_here"], row["class_id"], row["here_id"] or 0, row["here_class"],
        row["here_since"] or date.min, row["before_id"] or 0, row["before_class"], row["before_until"] or date.min,
    )  # fmt: skip
