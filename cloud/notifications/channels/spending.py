"""What SMS may cost a school in a month: counted in parts, before a text is sent.

Rule: parts are counted before the gateway is asked, in one statement that refuses what would go beyond; they are given
back only when the gateway surely did not take the text (ADR 0045).
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import asyncpg

from cloud.core.services import Services

_RESERVE = """
WITH room AS (
  SELECT least($4::integer, (SELECT parts_a_month FROM sms_limit WHERE school_id = $1)) AS parts
), counted AS (
  INSERT INTO sms_month AS month (school_id, month, parts)
  SELECT $1::bigint, $2::date, $3::integer FROM room WHERE $3::integer <= room.parts
  ON CONFLICT (school_id, month) DO UPDATE SET parts = month.parts + excluded.parts
    WHERE month.parts + excluded.parts <= (SELECT parts FROM room)
  RETURNING parts
), noted AS (UPDATE delivery SET parts = $3::integer WHERE id = $5 AND EXISTS (SELECT FROM counted) RETURNING id)
SELECT EXISTS (SELECT FROM counted)
"""
_RELEASE = """
WITH given AS (
  UPDATE delivery SET parts = 0 FROM (SELECT id, parts FROM delivery WHERE id = $2 FOR UPDATE) AS before
  WHERE delivery.id = before.id AND before.parts > 0 RETURNING delivery.school_id, before.parts
)
UPDATE sms_month AS month SET parts = greatest(0, month.parts - given.parts) FROM given
WHERE month.school_id = given.school_id AND month.month = $1
"""
_GIVE_BACK = "UPDATE sms_month SET parts = greatest(0, parts - $3) WHERE school_id = $1 AND month = $2"
_SPENT = "SELECT parts FROM sms_month WHERE school_id = $1 AND month = $2"
_LIMIT = "SELECT parts_a_month FROM sms_limit WHERE school_id = $1"
_SET_LIMIT = """
INSERT INTO sms_limit (school_id, parts_a_month) VALUES ($1, $2)
ON CONFLICT (school_id) DO UPDATE SET parts_a_month = excluded.parts_a_month
"""


async def reserve(services: Services, school_id: int, month: date, parts: int, delivery_id: int) -> bool:
    """Count parts for a delivery, 0 for what is none; tell whether the school's month has them."""
    most = services.settings.sms_parts_per_month
    return bool(await services.database.pool.fetchval(_RESERVE, school_id, month, parts, most, delivery_id))


async def release(services: Services, month: date, delivery_id: int) -> None:
    """Give back what was counted in a month for a delivery that surely was not sent."""
    await services.database.pool.execute(_RELEASE, month, delivery_id)


async def give_back(services: Services, school_id: int, month: date, parts: int) -> None:
    """Give back what was counted for a text that is no delivery and surely was not sent."""
    await services.database.pool.execute(_GIVE_BACK, school_id, month, parts)


async def spent(pool: asyncpg.Pool, school_id: int, month: date) -> int:
    """Return how many parts a school's month was counted."""
    return int(await pool.fetchval(_SPENT, school_id, month) or 0)


async def limit_of(services: Services, school_id: int) -> int:
    """Return how many parts a school may be counted in a month."""
    own = await services.database.pool.fetchval(_LIMIT, school_id)
    most = services.settings.sms_parts_per_month
    return most if own is None else min(most, own)


async def set_limit(connection: asyncpg.Connection, school_id: int, parts: int) -> None:
    """Let a school spend so much a month, within what the service allows."""
    await connection.execute(_SET_LIMIT, school_id, parts)


def month_of(now: datetime, zone: ZoneInfo) -> date:
    """Return the first day of a school's month."""
    return now.astimezone(zone).date().replace(day=1)
