"""What the sample's parents were told: meals and money of some days, most of it read, the newest not; and by what."""

from datetime import timedelta

from cloud.core.services import Services
from cloud.notifications.channels.push_keys import make_push_key
from tests.cloud.notifications.factory import tell_all
from tests.cloud.schools.factory import SYSTEM
from tests.pages import channel_sample

READ_BEFORE = timedelta(hours=20)
_IN_TIME = """
UPDATE notice SET told_at = at, is_late = false, read_at = CASE WHEN at < $1 THEN at + interval '5 minutes' END
WHERE kind <> 'meal_returned'
"""
BOT = "4711:AAF-simulated_token_of_a_bot"
_BOT = "INSERT INTO telegram_feed (bot, name, holder, until) VALUES (4711, 'esik_test_bot', 'sample', $1)"


async def write(services: Services) -> None:
    """Tell everything that happened, as if it had been told in time; but what was taken back."""
    await tell_all(services)
    await services.database.pool.execute(_IN_TIME, services.clock.now() - READ_BEFORE)
    await make_push_key(services, SYSTEM)
    await services.database.pool.execute(_BOT, services.clock.now())
    await channel_sample.write(services, services.clock.now())
