"""What of questions waits for somebody, by section of the menu: answers not seen yet, and questions not answered."""

from collections.abc import Mapping

from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.support.answering import waiting_left, waiting_of
from cloud.support.asking import unseen_of

HELP, INBOX, LEFT = "help", "questions", "all_questions"


async def counts_of(services: Services, actor: Actor) -> Mapping[str, int]:
    """Return the counts that a page shows to an actor; nothing for who has not chosen a password yet."""
    if actor.must_change or actor.account_id is None:
        return {}
    counts = {HELP: await unseen_of(services, actor)}
    if actor.can_everywhere(Right.QUESTIONS_TAKE):
        counts[LEFT] = await waiting_left(services)
    if schools := actor.schools_with(Right.QUESTIONS_ANSWER):
        counts[INBOX] = await waiting_of(services, sorted(schools))
    return counts
