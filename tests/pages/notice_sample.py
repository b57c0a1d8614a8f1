"""What the sample's parents were told: meals and money of some days, most of it read, the newest not."""

from datetime import timedelta

from cloud.core.services import Services
from tests.cloud.notifications.factory import tell_all

READ_BEFORE = timedelta(hours=20)
_IN_TIME = """
UPDATE notice SET told_at = at, is_late = false, read_at = CASE WHEN at < $1 THEN at + interval '5 minutes' END
WHERE kind <> 'meal_returned'
"""


async def write(services: Services) -> None:
    """Tell everything that happened, as if it had been told in time; but what was taken back."""
    await tell_all(services)
    await services.database.pool.execute(_IN_TIME, services.clock.now() - READ_BEFORE)
