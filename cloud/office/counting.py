"""What waits for somebody, by section of the menu, whichever slice counts it."""

from collections.abc import Mapping

from cloud.announcements.waiting import counts_of as board_counted
from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.messages.waiting import counts_of as messages_counted
from cloud.notifications.queries import counts_of
from cloud.questionnaires.waiting import counts_of as questionnaires_counted
from cloud.support.waiting import counts_of as questions_counted
from cloud.talks.waiting import counts_of as talks_counted

COUNTING = (counts_of, messages_counted, questions_counted, talks_counted, board_counted, questionnaires_counted)


async def counted(services: Services, actor: Actor) -> Mapping[str, int]:
    """Return how much waits for somebody in each section of the menu."""
    return {key: count for each in COUNTING for key, count in (await each(services, actor)).items()}
