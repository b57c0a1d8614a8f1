"""Silence: a device with a gate that is not heard while there is school is looked for, and alarmed once a day.

A device tells how it is every ten minutes, so one that is connected and says nothing for longer is not well either.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cloud.core.services import Services
from cloud.devices.alarms import Raised, note_alarms
from cloud.maintenance.queries import is_worked_on
from cloud.schools.queries import day_plans
from cloud.schools.rules import DayPlan

SILENT_AFTER = timedelta(minutes=15)
SILENT_ONLINE_AFTER = timedelta(minutes=25)
BEFORE = timedelta(hours=1)  # the first lesson; children come
USUAL_HOURS = range(7, 20)  # of a school that gave no bells
KIND, AGAIN = "silent", timedelta(days=1)
GONE_AFTER = timedelta(days=10)  # nobody waits for it any more
SCHOOLS_MAX, DEVICES_MAX = 2_000, 10_000

_SILENT = """
SELECT device.name, device.school_id, device.seen_at, school.zone
FROM device JOIN school ON school.id = device.school_id
WHERE device.state = 'active' AND seen_at > $3
  AND seen_at < CASE WHEN is_online THEN $2::timestamptz ELSE $1::timestamptz END
  AND EXISTS (SELECT 1 FROM gate WHERE gate.device_id = device.id)
  AND NOT EXISTS (SELECT 1 FROM alarm WHERE alarm.device = device.name AND kind = 'silent' AND last_at > $4)
ORDER BY device.school_id, device.name LIMIT $5
"""


def is_silent(seen_at: datetime | None, now: datetime, *, is_online: bool) -> bool:
    """Tell whether a device that was heard before has not been heard for too long."""
    return seen_at is not None and now - seen_at > (SILENT_ONLINE_AFTER if is_online else SILENT_AFTER)


def in_hours(plans: Iterable[DayPlan], now: datetime, zone: ZoneInfo) -> bool:
    """Tell whether there is school now: from an hour before the first lesson of any class to the end of the last."""
    days = [plan for plan in plans if plan.is_school_day]
    taught = [(plan.starts_at, plan.ends_at) for plan in days if plan.starts_at and plan.ends_at]
    if not taught:
        return bool(days) and now.astimezone(zone).hour in USUAL_HOURS
    return min(starts for starts, _ in taught) - BEFORE <= now <= max(ends for _, ends in taught)


async def alarm_silent(services: Services) -> None:
    """Alarm, once a day and device, that one is not heard while there is school, and the service is not worked on."""
    now = services.clock.now()
    if await is_worked_on(services.database.pool, now):
        return
    rows = await services.database.pool.fetch(
        _SILENT, now - SILENT_AFTER, now - SILENT_ONLINE_AFTER, now - GONE_AFTER, now - AGAIN, DEVICES_MAX
    )
    zones = {row["school_id"]: ZoneInfo(row["zone"]) for row in rows}
    open_now = set[int]()
    for school_id, zone in list(zones.items())[:SCHOOLS_MAX]:
        plans = await day_plans(services, school_id, now.astimezone(zone).date())
        if in_hours(plans.values(), now, zone):
            open_now.add(school_id)
    raised = [
        Raised(row["name"], KIND, f"since {row['seen_at']:%Y-%m-%d %H:%M} UTC", now, row["school_id"])
        for row in rows
        if row["school_id"] in open_now
    ]
    await note_alarms(services.database.pool, raised)
