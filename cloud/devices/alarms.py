"""Alarms: what somebody should look into, from devices, ingest, certificates and enrolment, in one table.

Rule: alike alarms of one device are one row, counted, until somebody acknowledges it; the next one begins a new row.
Nothing in it names a person or a card.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.core.database import raw
from cloud.core.page_wakeups import CHANNEL
from cloud.core.wakeups import NOBODY
from cloud.devices.alarm_kinds import kind_of

DETAIL_MAX = 200
OPERATORS = 0  # in a school's place where pages are woken: who looks at all schools
# Journals of security events are kept for three years (Kazakhstan, Unified requirements, decree 832 of 2016, 38).
KEPT = timedelta(days=3 * 366)
FORGOTTEN_AT_ONCE = 10_000

_KEEP = """
WITH kept AS (
  INSERT INTO alarm (school_id, school, device, kind, severity, detail, count, first_at, last_at)
  SELECT coalesce(told.school_id, device.school_id), told.school, told.device, kind, severity, detail, count, at, at
  FROM unnest(
    $1::bigint[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::text[], $7::bigint[], $8::timestamptz[]
  ) AS told (school_id, school, device, kind, severity, detail, count, at)
  LEFT JOIN device ON device.name = told.device
  ON CONFLICT (device, kind, (coalesce(school_id, 0))) WHERE acknowledged_at IS NULL DO UPDATE SET
    count = alarm.count + excluded.count, first_at = least(alarm.first_at, excluded.first_at),
    last_at = greatest(alarm.last_at, excluded.last_at),
    detail = CASE WHEN excluded.last_at < alarm.last_at THEN alarm.detail ELSE excluded.detail END
  RETURNING coalesce(school_id, 0) AS school_id, xmax = 0 AS is_new
)
SELECT pg_notify($9, place || $10)
FROM (SELECT school_id AS place FROM kept WHERE is_new UNION SELECT 0 FROM kept WHERE is_new) AS places
"""
_FORGET = """
DELETE FROM alarm WHERE id IN (SELECT id FROM alarm WHERE last_at < $1 ORDER BY last_at LIMIT $2)
"""


@dataclass(frozen=True, slots=True)
class Raised:
    """Something to be looked into. `school` is the code it came under, `school_id` is None for the device's own."""

    device: str
    kind: str
    detail: str
    at: datetime
    school_id: int | None = None
    school: str = ""
    count: int = 1


async def note_alarm(
    connection: asyncpg.Connection | BaseDBAsyncClient,
    school_id: int | None,
    device: str,
    kind: str,
    detail: str,
    at: datetime,
) -> None:
    """Note an alarm in a transaction; without a school it belongs to the device's, or to the operators alone."""
    await note_alarms(connection, [Raised(device, kind, detail, at, school_id)])


async def note_alarms(connection: asyncpg.Connection | BaseDBAsyncClient, raised: Iterable[Raised]) -> None:
    """Note alarms of different devices or kinds in a transaction; pages are told of what is new when it commits."""
    in_order = sorted(raised, key=lambda each: (each.device, each.kind))
    if not in_order:
        return
    plain = raw(connection) if isinstance(connection, BaseDBAsyncClient) else connection
    columns = [list(column) for column in zip(*map(_row, in_order), strict=True)]
    await plain.execute(_KEEP, *columns, CHANNEL, f":{NOBODY}")


async def forget_alarms(pool: asyncpg.Pool, now: datetime) -> None:
    """Forget the oldest of the alarms that need not be kept any longer."""
    await pool.execute(_FORGET, now - KEPT, FORGOTTEN_AT_ONCE)


def _row(each: Raised) -> tuple[object, ...]:
    severity = kind_of(each.kind).severity.value
    detail = each.detail[:DETAIL_MAX]
    return each.school_id, each.school, each.device, each.kind, severity, detail, each.count, each.at
