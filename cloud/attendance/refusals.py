"""Keys that did not open: cards that a gate refused at a school, for who watches over its security.

Rule: nobody is named; a card that nobody here holds has no person, any other the reference.
"""

from dataclasses import dataclass
from datetime import datetime

from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services

REFUSALS_MAX = 200
_REFUSED = """
SELECT movement.at, gate, direction, reason, coalesce(person.ref, '') AS person
FROM movement LEFT JOIN person ON person.id = movement.person_id
WHERE movement.school_id = $1 AND movement."on" BETWEEN $2::timestamptz::date - 1 AND $3::timestamptz::date + 1
  AND movement.at >= $2 AND movement.at < $3 AND kind = 'denied'
  AND ($4 = '' OR person.ref = $4 OR gate = $4)
ORDER BY movement.at DESC, movement.id DESC LIMIT $5
"""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A card that was shown and did not open: where, and why; whose it is, where somebody here has it."""

    at: datetime
    gate: str
    direction: str
    reason: str
    person: str


async def refused_at(
    services: Services, actor: Actor, school_id: int, since: datetime, until: datetime, search: str = ""
) -> list[Refusal]:
    """Return the cards refused at a school's gates, the newest first, REFUSALS_MAX at most. Raises NotAllowed.

    `search` is a person's reference or a gate.
    """
    actor.require(Right.ACCOUNTS_READ, school_id)
    rows = await services.database.pool.fetch(_REFUSED, school_id, since, until, search.strip(), REFUSALS_MAX)
    return [Refusal(**row) for row in rows]
