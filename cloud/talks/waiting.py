"""What of talks waits for somebody: new posts of own chats and of topics once opened, and reported ones."""

from collections.abc import Mapping

from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.talks.kinds import SECTION
from cloud.talks.moderating import waiting_for
from cloud.talks.reach import NEW, READING, SEATS, asked_by

COUNTED_MAX = 100
_UNREAD = f"""{SEATS}
SELECT coalesce(sum(unread), 0) FROM seat JOIN talk ON talk.id = seat.talk_id {READING} {NEW}
WHERE talk.kind <> 'topic' OR reading.upto IS NOT NULL
"""  # noqa: S608 (texts of ours)


async def counts_of(services: Services, actor: Actor) -> Mapping[str, int]:
    """Return the count of the section of talks, for whom it is in the menu."""
    if actor.must_change or actor.account_id is None:
        return {}
    if not actor.kinships(Right.TALKS_JOIN) and not actor.schools_with(Right.TALKS_JOIN):
        return {}
    asked = asked_by(actor, services.clock.now(), moderated=False)
    unread = int(await services.database.pool.fetchval(_UNREAD, *asked, None))
    return {SECTION: min(unread, COUNTED_MAX) + await waiting_for(services, actor)}
