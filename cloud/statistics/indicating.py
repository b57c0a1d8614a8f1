"""Schools' indicators are counted once a night, and what was counted is kept by day.

Rule: a day that was counted stays as it was: it says how it was then.
"""

from dataclasses import astuple
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import structlog

from cloud.core.errors import kinds_of
from cloud.core.nights import NIGHT
from cloud.core.services import Services
from cloud.statistics.indicators import COLUMNS, Shares, count_school

SCHOOLS_AT_ONCE = 1_000
DAY = timedelta(days=1)
_DUE = """
SELECT id, zone, today, last_on FROM (
  SELECT school.id, zone, ($1::timestamptz AT TIME ZONE zone)::date AS today,
    (SELECT max("on") FROM indicator_day WHERE school_id = school.id) AS last_on FROM school
) AS counted WHERE last_on IS NULL OR last_on < today ORDER BY last_on NULLS FIRST, id LIMIT $2
"""
_KEEP = f"""
INSERT INTO indicator_day (school_id, "on", made_at, {", ".join(COLUMNS)})
VALUES ($1, $2, $3, {", ".join(f"${number + 4}" for number in range(len(COLUMNS)))}) ON CONFLICT DO NOTHING
"""  # noqa: S608 (names of ours)
log = structlog.get_logger()


async def count_nightly(services: Services) -> int:
    """Count each school where it is night and it was not done, by day where a night was missed; return how many."""
    now, count = services.clock.now(), 0
    for row in await services.database.pool.fetch(_DUE, now, SCHOOLS_AT_ONCE):
        is_late = row["last_on"] is None or row["last_on"] < row["today"] - DAY
        if is_late or now.astimezone(ZoneInfo(row["zone"])).hour in NIGHT:
            count += await _went(services, row["id"], row["today"])
    return count


async def count_day(services: Services, school_id: int, on: date) -> Shares:
    """Count a school on its day, and keep it unless the day is kept already."""
    shares = (await count_school(services, school_id, on)).shares
    await services.database.pool.execute(_KEEP, school_id, on, services.clock.now(), *astuple(shares))
    return shares


async def _went(services: Services, school_id: int, on: date) -> bool:
    """Tell whether a school could be counted: one school's trouble is not another's; the next look tries again."""
    try:
        await count_day(services, school_id, on)
    except Exception as error:  # noqa: BLE001 - as said
        log.warning("indicators.not_counted", school=school_id, error=kinds_of(error))
        return False
    return True
