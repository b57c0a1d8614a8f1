"""Reminders before orders close: for children who used to be ordered for, and are not for the next school day.

Rule: who has ordered and cancelled again is not reminded; after the orders closed nobody is.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg
import structlog

from cloud.core.errors import kinds_of
from cloud.core.services import Services
from cloud.menu.ordering import closes_at
from cloud.menu.settings import rules_of
from cloud.notifications.kinds import Detail, Kind
from cloud.notifications.outbox import tell
from cloud.notifications.rules import Fact
from cloud.schools.queries import taught_days

logger = structlog.get_logger()
REMINDED_BEFORE = timedelta(hours=2)
HABIT = timedelta(days=14)  # within which a child was ordered for
HABIT_DAYS = 2  # so often at least
CHILDREN_MAX = 5_000
_SCHOOLS = """
SELECT DISTINCT school.id, zone FROM preorder JOIN school ON school.id = school_id
WHERE "on" > $1 AND cancelled_at IS NULL ORDER BY 1 LIMIT 10000
"""
_FORGOTTEN = """
SELECT person.id, school_class_id FROM person
JOIN (
  SELECT person_id FROM preorder WHERE school_id = $1 AND "on" BETWEEN $2 AND $3 AND cancelled_at IS NULL
  GROUP BY person_id HAVING count(DISTINCT "on") >= $5
) AS used ON used.person_id = person.id
WHERE is_active AND NOT EXISTS (SELECT FROM preorder WHERE preorder.person_id = person.id AND "on" = $4)
  AND EXISTS (SELECT FROM menu WHERE menu.school_id = $1 AND "on" = $4 AND published_at IS NOT NULL)
ORDER BY person.id LIMIT $6
"""


async def remind(services: Services) -> None:
    """Remind the guardians of whom it is time to; told twice, it is one notice.

    A school where that fails is told of in the program's log and looked at again the next time: others go on.
    """
    pool, now = services.database.pool, services.clock.now()
    for school in await pool.fetch(_SCHOOLS, (now - HABIT).date()):
        try:
            await _remind_in_time(services, school["id"], ZoneInfo(school["zone"]), now)
        except Exception as error:  # noqa: BLE001 - one school's trouble is not another's; the next look tries again
            logger.warning("notices.failed", log="reminders", school=school["id"], error=kinds_of(error))


async def _remind_in_time(services: Services, school_id: int, zone: ZoneInfo, now: datetime) -> None:
    cutoff_min = (await rules_of(services.database.pool, school_id)).preorder_cutoff_min
    today = now.astimezone(zone).date()
    for days in (1, 2):  # orders that close soon after midnight are reminded of on the evening before
        on = today + timedelta(days=days)
        until = closes_at(on, cutoff_min, zone)
        if until - REMINDED_BEFORE <= now < until:
            await _remind_at(services, school_id, on, until)


async def _remind_at(services: Services, school_id: int, on: date, until: datetime) -> None:
    taught = await taught_days(services, school_id, on, on)
    async with services.database.pool.acquire() as connection, connection.transaction():
        children = await _forgotten(connection, school_id, on)
        facts = [
            Fact(
                f"reminder:{child}:{on}", Kind.PREORDER_REMINDER, school_id, child, until - REMINDED_BEFORE,
                Detail(on=on, until=until),
            )
            for child, class_id in children
            if on in taught.get(class_id, taught[None])
        ]  # fmt: skip
        await tell(connection, facts, services.clock.now())


async def _forgotten(connection: asyncpg.Connection, school_id: int, on: date) -> Sequence[tuple[int, int | None]]:
    rows = await connection.fetch(
        _FORGOTTEN, school_id, on - HABIT, on - timedelta(days=1), on, HABIT_DAYS, CHILDREN_MAX
    )
    return [(row["id"], row["school_class_id"]) for row in rows]
