"""How many questionnaires wait for somebody, beside the section of the menu."""

from collections.abc import Mapping

from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.questionnaires.answering import waiting_for

SECTION = "questionnaires"


async def counts_of(services: Services, actor: Actor) -> Mapping[str, int]:
    """Return the count for whom there is one."""
    if actor.must_change:
        return {}
    waiting = await waiting_for(services, actor)
    return {SECTION: waiting} if waiting else {}
