"""What changes notices after they were told: somebody read them, and they are forgotten."""

from datetime import timedelta

from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.page_wakeups import wake_pages
from cloud.core.services import Services
from cloud.notifications.live_pages import key_of

FORGOTTEN_AT_ONCE = 100_000
_READ = """
UPDATE notice SET read_at = $3 FROM person
WHERE person.id = person_id AND account_id = $1 AND notice.id <= $2 AND read_at IS NULL
  AND ($4::text = '' OR person.ref = $4)
"""
_FORGET = "DELETE FROM notice WHERE id IN (SELECT id FROM notice WHERE told_at < $1 LIMIT $2)"


async def mark_read(services: Services, actor: Actor, upto: int, child: str = "") -> None:
    """Note that the actor has read the own notices up to an id; of one child if one is named. Others stay unread."""
    if actor.account_id is None or actor.must_change:
        return
    async with services.database.transaction() as connection:
        await raw(connection).execute(_READ, actor.account_id, upto, services.clock.now(), child)
        await wake_pages(services.vault, connection, [key_of(actor.account_id)])


async def forget_notices(services: Services) -> None:
    """Delete notices older than the setting says, with their places in the outbox; the rest of many comes next time."""
    before = services.clock.now() - timedelta(days=services.settings.notice_days)
    await services.database.pool.execute(_FORGET, before, FORGOTTEN_AT_ONCE)
