"""Who stands too close to judge: whoever it is about, the family, and whoever added it.

Rule: a right says who may confirm at all; that nobody confirms for oneself or a child of one's own is said here.
"""

import asyncpg

from cloud.core.actor import Actor
from cloud.core.messages import Message, message
from cloud.core.services import Services
from cloud.portfolio.errors import EntryRefused
from cloud.portfolio.kinds import Subject

TOO_CLOSE: Message = message(
    "Nobody confirms what one added, or what is about oneself or a child of one's own. Ask somebody else of the school."
)
_IS_CLOSE = """
SELECT EXISTS (SELECT FROM staff_account WHERE account_id = $1 AND person_id = $2)
  OR EXISTS (SELECT FROM student_account WHERE account_id = $1 AND person_id = $2)
  OR EXISTS (
    SELECT FROM guardianship JOIN guardian ON guardian.id = guardian_id JOIN school ON school.id = $4
    WHERE account_id = $1 AND person_id = $2
      AND (ended_on IS NULL OR ended_on > ($3::timestamptz AT TIME ZONE zone)::date)
  )
"""


async def is_close(
    services: Services, connection: asyncpg.Connection | asyncpg.Pool, actor: Actor, whose: Subject
) -> bool:  # fmt: skip
    """Tell whether somebody is who a profile is of, or a guardian of that student."""
    if actor.account_id is None:
        return False
    now = services.clock.now()
    return bool(await connection.fetchval(_IS_CLOSE, actor.account_id, whose.id, now, whose.school_id))


async def check_judge(
    services: Services, connection: asyncpg.Connection, actor: Actor, whose: Subject, author_id: int | None = None
) -> None:
    """Raise EntryRefused where somebody is too close to say that something counts; `author_id` is who added it."""
    is_author = author_id is not None and author_id == actor.account_id
    if is_author or await is_close(services, connection, actor, whose):
        raise EntryRefused(TOO_CLOSE)
