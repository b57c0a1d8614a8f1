"""The table of rounds: one row a class and day, what became of its alerts."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import asyncpg
import msgspec

from cloud.alerts.kinds import Part, Round, State, Why

CLASSES_MAX = 500
KEPT = timedelta(days=35)
FORGOTTEN_AT_ONCE = 50_000
_OF_DAY = """
SELECT school_class_id, "on", due_at, ends_at, state, why, absent, expected, decided_at, decided_by, parts
FROM alert_round WHERE school_id = $1 AND "on" = $2 ORDER BY school_class_id LIMIT $3
"""
_KEEP = """
INSERT INTO alert_round (school_id, school_class_id, "on", due_at, ends_at, state, why, absent, expected, parts,
  judged_at)
SELECT $1, class_id, "on", due_at, ends_at, state, why, absent, expected, parts::jsonb, $11
FROM unnest($2::bigint[], $3::date[], $4::timestamptz[], $5::timestamptz[], $6::text[], $7::text[], $8::int[],
  $9::int[], $10::text[]) AS judged (class_id, "on", due_at, ends_at, state, why, absent, expected, parts)
ON CONFLICT (school_class_id, "on") DO UPDATE SET state = excluded.state, why = excluded.why,
  due_at = excluded.due_at, ends_at = excluded.ends_at, absent = excluded.absent, expected = excluded.expected,
  parts = excluded.parts, judged_at = excluded.judged_at
"""
_LAPSE = """
UPDATE alert_round SET state = 'lapsed', judged_at = $2
WHERE school_id = $1 AND state IN ('held', 'waiting') AND ends_at <= $2
"""
_DECIDE = """
UPDATE alert_round SET state = $4, decided_at = $5, decided_by = $6
WHERE school_id = $1 AND "on" = $2 AND school_class_id = ANY($3)
"""
_TAKE_BACK = """
DELETE FROM alert_round
WHERE school_id = $1 AND "on" = $2 AND school_class_id = ANY($3) AND state IN ('told', 'held', 'waiting')
"""
_FORGET = """
DELETE FROM alert_round WHERE id IN (SELECT id FROM alert_round WHERE "on" < $1 ORDER BY "on" LIMIT $2)
"""
_parts = msgspec.json.Decoder(tuple[Part, ...]).decode
_encode = msgspec.json.Encoder().encode


async def of_day(connection: asyncpg.Connection | asyncpg.Pool, school_id: int, on: date) -> list[Round]:
    """Return what became of the classes of a school on a day, of those that were judged."""
    rows = await connection.fetch(_OF_DAY, school_id, on, CLASSES_MAX)
    return [
        Round(
            row["school_class_id"], row["on"], row["due_at"], row["ends_at"], State(row["state"]), Why(row["why"]),
            row["absent"], row["expected"], row["decided_at"], row["decided_by"], _parts(row["parts"]),
        )
        for row in rows
    ]  # fmt: skip


async def keep(connection: asyncpg.Connection, school_id: int, kept: Sequence[Round], now: datetime) -> None:
    """Keep what became of classes."""
    if not kept:
        return
    rows = [
        (
            each.class_id, each.on, each.due_at, each.ends_at, each.state.value, each.why.value, each.absent,
            each.expected, _encode(each.parts).decode(),
        )
        for each in kept
    ]  # fmt: skip
    await connection.execute(_KEEP, school_id, *(list(column) for column in zip(*rows, strict=True)), now)


async def lapse(connection: asyncpg.Connection, school_id: int, now: datetime) -> None:
    """Give up what was held or waited until the lessons were over."""
    await connection.execute(_LAPSE, school_id, now)


async def decide(
    connection: asyncpg.Connection, school_id: int, on: date, class_ids: Sequence[int], state: State, at: datetime,
    by: str,
) -> None:  # fmt: skip
    """Note what somebody decided of classes."""
    await connection.execute(_DECIDE, school_id, on, list(class_ids), state.value, at, by)


async def take_back(connection: asyncpg.Connection, school_id: int, on: date, class_ids: Sequence[int]) -> None:
    """Forget what became of classes about which nobody decided, so that they are judged anew in their time."""
    await connection.execute(_TAKE_BACK, school_id, on, list(class_ids))


async def forget(pool: asyncpg.Pool, now: datetime) -> None:
    """Forget what became of days long ago."""
    await pool.execute(_FORGET, (now - KEPT).date(), FORGOTTEN_AT_ONCE)
