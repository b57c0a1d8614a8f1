"""What of messages waits for somebody: new ones for a guardian, answers and approvals for who writes."""

from collections.abc import Mapping

from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.messages.desk import waiting_at
from cloud.messages.inbox import SECTION, unread_of


async def counts_of(services: Services, actor: Actor) -> Mapping[str, int]:
    """Return the count of the section of messages, for whom it is in the menu."""
    if actor.must_change or actor.account_id is None:
        return {}
    reads = bool(actor.kinships(Right.MESSAGES_READ))
    writes = bool(actor.schools_with(Right.MESSAGES_WRITE)) or any(
        actor.classes(Right.MESSAGES_WRITE, reach.school_id) for reach in actor.reaches if reach.school_id is not None
    )
    if not reads and not writes:
        return {}
    new = await unread_of(services, actor) if reads else 0
    return {SECTION: new + (await waiting_at(services, actor) if writes else 0)}
