"""School mornings: when lessons begin today at schools whose gates were heard, and when a record last came from any."""

from datetime import datetime, timedelta

from cloud.core.services import Services
from cloud.schools.many import days_of

SCHOOLS_MAX = 50
HEARD = timedelta(days=10)
_SCHOOLS = """
SELECT school.id, (($1::timestamptz) AT TIME ZONE zone)::date AS "on" FROM school WHERE EXISTS (
  SELECT FROM device WHERE device.school_id = school.id AND state = 'active' AND seen_at > $2
) ORDER BY id LIMIT $3
"""
_LAST = "SELECT max(recorded_at) FROM device_contact"


async def mornings_now(services: Services) -> tuple[datetime | None, list[datetime]]:
    """Return when a record last came, and when the first lesson of each of some schools begins today."""
    now = services.clock.now()
    async with services.database.pool.acquire() as connection:
        last_at = await connection.fetchval(_LAST)
        rows = await connection.fetch(_SCHOOLS, now, now - HEARD, SCHOOLS_MAX)
        days = await days_of(connection, [(row["id"], row["on"]) for row in rows])
    begins = (
        min((plan.starts_at for plan in day.plans.values() if plan.is_school_day and plan.starts_at), default=None)
        for day in days.values()
    )
    return last_at, [at for at in begins if at is not None]
