"""Overtaken commands: what a device can no longer obey, since it went on to a younger one, gets a number it will obey.

Rule: a new number stands above all that is settled and below every younger command, so that an older command is never
obeyed after a younger one that still waits. What must not happen twice, and what a later word about the same gate has
replaced, is given no new number: it is shown as unanswered at once, not when its time is over.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import asyncpg

from cloud.core.page_wakeups import CHANNEL as PAGES
from cloud.core.wakeups import NOBODY
from cloud.devices.commands import ROOM, Action

DEVICES_AT_ONCE = 500
LASTING = frozenset({Action.LOCK_DOWN, Action.FREE_PASS, Action.NORMAL})  # each replaces the one before, at its gates
# Obeyed twice these do no harm. That is needed where a device's answer was lost, or is still on its way up.
REPEATABLE = LASTING | {Action.LOCATE, Action.ROSTER, Action.REPORT}

# What waits, and of the younger commands that are settled (answered, or sent in vain until they expired): the highest
# number, whether one was answered, and whether one says something else of the same gate.
_OVERTAKEN = """
WITH overtaken AS (
  SELECT waiting.id, waiting.school_id, device.id AS device_id, command_counter, waiting.counter, settled.*,
    waiting.action = ANY($3::text[]) AND NOT is_replaced AS is_repeatable
  FROM device_command AS waiting JOIN device ON device.id = device_id JOIN school ON school.id = device.school_id
  CROSS JOIN LATERAL (
    SELECT max(counter) AS highest, bool_or(outcome <> '') AS is_answered, bool_or(
      waiting.action = ANY($4::text[]) AND action = ANY($4::text[]) AND action <> waiting.action
      AND (gate IS NULL OR waiting.gate IS NULL OR gate = waiting.gate)
    ) AS is_replaced
    FROM device_command WHERE device_id = waiting.device_id AND counter > waiting.counter
    AND (outcome <> '' OR (expires_at <= $2 AND sent_at IS NOT NULL))
  ) AS settled
  WHERE outcome = '' AND expires_at > $2 AND shard = ANY($1::smallint[]) AND highest IS NOT NULL
)"""
_CLOSE = f"""{_OVERTAKEN}, closed AS (
  UPDATE device_command SET expires_at = $2 WHERE outcome = '' AND id IN (
    SELECT id FROM overtaken WHERE is_answered AND NOT is_repeatable
  ) RETURNING school_id
)
SELECT pg_notify($5, school_id || $6) FROM (SELECT DISTINCT school_id FROM closed) AS schools
"""  # noqa: S608  only constants
_RENUMBER = f"""{_OVERTAKEN}, numbered AS (
  SELECT id, dense_rank() OVER (ORDER BY device_id) AS place,
    highest + row_number() OVER (PARTITION BY device_id ORDER BY counter) AS counter,
    highest + count(*) OVER (PARTITION BY device_id) AS last, coalesce(
      (SELECT min(counter) FROM device_command WHERE device_id = overtaken.device_id AND counter > highest),
      command_counter + $5
    ) AS above
  FROM overtaken WHERE is_repeatable
)
UPDATE device_command SET counter = numbered.counter, sent_at = $6 FROM numbered
WHERE device_command.id = numbered.id AND outcome = '' AND last < above AND place <= $7
"""  # noqa: S608  only constants


async def renumber(pool: asyncpg.Pool, shards: Sequence[int], now: datetime, again: timedelta) -> None:
    """Give overtaken commands of these shards new numbers in their old order, due now; close those that get none.

    `again` is how long after a sending the next one is due. Where there is no room below a younger command, that one is
    waited for: it is answered or expires.
    """
    repeatable, lasting = [each.value for each in REPEATABLE], [each.value for each in LASTING]
    asked = (list(shards), now, repeatable, lasting)
    await pool.execute(_CLOSE, *asked, PAGES, f":{NOBODY}")
    await pool.execute(_RENUMBER, *asked, ROOM, now - again, DEVICES_AT_ONCE)
