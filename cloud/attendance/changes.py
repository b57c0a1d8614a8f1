"""Days that changed, as a log of each shard: whose, and which day; what it is by now, a reader looks up itself.

Rule: numbers are given under a lock until the commit, in the order of the commits: who goes on after the last one it
met misses none. Who changes what a day means notes it in the same transaction.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import asyncpg

from cloud.ingest.cursor import shares_of

CHANNEL = "esik_days"  # that some day changed; without a payload
FORGOTTEN_AT_ONCE = 200_000
Day = tuple[int, date]  # a person's id, and the school's own day
_NOTE = """
WITH told AS (
  SELECT school.shard, changed.*, row_number() OVER (PARTITION BY school.shard ORDER BY place) AS step,
    count(*) OVER (PARTITION BY school.shard) AS steps
  FROM unnest($1::bigint[], $2::bigint[], $3::date[]) WITH ORDINALITY AS changed (school_id, person_id, "on", place)
  JOIN school ON school.id = school_id
), moved AS (
  INSERT INTO day_head AS head (shard, number) SELECT shard, max(steps) FROM told GROUP BY shard ORDER BY shard
  ON CONFLICT (shard) DO UPDATE SET number = head.number + excluded.number
  RETURNING shard, number
), noted AS (
  INSERT INTO day_change (shard, number, school_id, person_id, "on")
  SELECT shard, moved.number - steps + step, school_id, person_id, "on" FROM told JOIN moved USING (shard)
)
SELECT pg_notify($4, '') WHERE $4 <> ''
"""
_BEHIND = """
SELECT head.shard, coalesce(reached.number, 0), head.number FROM day_head AS head
LEFT JOIN unnest($1::smallint[], $2::bigint[]) AS reached (shard, number) ON reached.shard = head.shard
WHERE head.shard = ANY($3::smallint[]) AND head.number > coalesce(reached.number, 0)
"""
_AFTER = """
SELECT changed.* FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS mine (shard, number, share)
CROSS JOIN LATERAL (
  SELECT shard, number, school_id, person_id, "on" FROM day_change
  WHERE day_change.shard = mine.shard AND day_change.number > mine.number ORDER BY number LIMIT share
) AS changed
"""
_FORGET = """
DELETE FROM day_change WHERE (shard, number) IN (
  SELECT shard, day_change.number FROM day_change JOIN unnest($1::smallint[], $2::bigint[]) AS met (shard, upto)
    USING (shard)
  WHERE day_change.number <= upto LIMIT $3
)
"""
_AGAIN = """
INSERT INTO expected_again (school_id, person_id, "on") SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::date[])
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Changed:
    """A day that changed; `number` is its place in the log of the shard."""

    shard: int
    number: int
    school_id: int
    person_id: int
    on: date


async def note_changed(connection: asyncpg.Connection, changed: Iterable[tuple[int, int, date]]) -> None:
    """Note (school id, person id, day) that changed in the open transaction, and wake who reads."""
    await _note(connection, list(changed), CHANNEL)


async def note_expected(connection: asyncpg.Connection, changed: Iterable[tuple[int, int, date]]) -> None:
    """Note (school id, person id, day) of who was excused and is expected after all, in the open transaction.

    The day is judged anew, and whoever was not seen by now is looked for as anybody else.
    """
    rows = list(changed)
    if rows:
        await connection.execute(_AGAIN, *(list(column) for column in zip(*rows, strict=True)))
        await _note(connection, rows, CHANNEL)


async def put_off(connection: asyncpg.Connection, changed: Iterable[tuple[int, int, date]]) -> None:
    """Note days anew that could not be read now, in the open transaction; nobody is woken for them."""
    await _note(connection, list(changed), "")


async def changed_after(
    connection: asyncpg.Connection, reached: Mapping[int, int], most: int
) -> tuple[Sequence[Changed], dict[int, int]]:
    """Return the next changes of some shards, of which `reached` were met, and how far they reach; none, where none is.

    Who is little behind meets all; the others share what is left of `most`.
    """
    heads = await connection.fetch(_BEHIND, list(reached), list(reached.values()), list(reached))
    if not heads:
        return [], {}
    shares = shares_of({shard: number - upto for shard, upto, number in heads}, most)
    rows = await connection.fetch(_AFTER, list(shares), [reached[shard] for shard in shares], list(shares.values()))
    changed = [Changed(*row) for row in rows]
    return changed, {each.shard: each.number for each in changed}


async def forget_changed(pool: asyncpg.Pool, met: Mapping[int, int]) -> None:
    """Forget changes that were met, up to a number of each shard; the rest of many goes the next time."""
    await pool.execute(_FORGET, list(met), list(met.values()), FORGOTTEN_AT_ONCE)


async def _note(connection: asyncpg.Connection, rows: Sequence[tuple[int, int, date]], channel: str) -> None:
    if rows:
        await connection.execute(_NOTE, *(list(column) for column in zip(*rows, strict=True)), channel)


def days_in(changed: Collection[Changed]) -> dict[Day, int]:
    """Return the days in changes, each once, with the school that told of it last."""
    return {(each.person_id, each.on): each.school_id for each in changed}
