"""What waits: how far readers are behind the logs, what channels carry and statistics count, and how devices are."""

from collections.abc import Collection
from datetime import datetime

import asyncpg

_LAG = """
SELECT reader_cursor.name, sum(shard_head.position - reader_cursor.position) AS behind
FROM reader_cursor JOIN shard_head USING (shard) WHERE shard = ANY($1::smallint[]) GROUP BY 1
UNION ALL
SELECT 'notices_' || logs.log, sum(logs.entries - coalesce(reached.number, 0)) FROM (
  SELECT 'meals' AS log, school_id, entries FROM meal_head
  UNION ALL SELECT 'ledger', school_id, entries FROM ledger_head
) AS logs
JOIN school ON school.id = logs.school_id
LEFT JOIN notice_cursor AS reached ON reached.log = logs.log AND reached.school_id = logs.school_id
WHERE shard = ANY($1::smallint[]) GROUP BY 1
UNION ALL
SELECT 'deliveries_' || channel, count(*) FROM delivery JOIN school ON school.id = school_id
WHERE next_at <= $2 AND shard = ANY($1::smallint[]) GROUP BY 1
UNION ALL
SELECT 'statistics_days', count(DISTINCT (school_id, "on")) FROM statistics_touched JOIN school ON school.id = school_id
WHERE shard = ANY($1::smallint[]) AND "on" IS NOT NULL HAVING count(*) > 0 ORDER BY 1 LIMIT 50
"""
_DEVICES = """
SELECT CASE WHEN state = 'revoked' THEN 'revoked' WHEN seen_at IS NULL THEN 'never'
    WHEN is_online THEN 'online' ELSE 'offline' END AS state, count(*) AS devices, coalesce(sum(unsent), 0) AS unsent
FROM device GROUP BY 1
"""


async def behind_of(connection: asyncpg.Connection, shards: Collection[int], now: datetime) -> dict[str, int]:
    """Return how many entries wait for each reader of the logs, and how many messages for each channel."""
    return {row["name"]: int(row["behind"]) for row in await connection.fetch(_LAG, sorted(shards), now)}


async def devices_of(connection: asyncpg.Connection) -> tuple[dict[str, int], int]:
    """Return how many devices of all schools are in each state, and how many records they have not sent."""
    rows = await connection.fetch(_DEVICES)
    return {row["state"]: row["devices"] for row in rows}, sum(int(row["unsent"]) for row in rows)
