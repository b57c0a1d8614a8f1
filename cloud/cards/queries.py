"""What is asked of cards: the cards of a person, and whose a token is."""

from dataclasses import dataclass
from datetime import datetime

from cloud.cards.kinds import CardState, Medium
from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.people.queries import person_of_ref

CARDS_MAX = 100


@dataclass(frozen=True, slots=True)
class CardRow:
    """A card of a person, without its number."""

    id: int
    medium: Medium
    state: CardState
    issued_at: datetime
    not_after: datetime | None


async def cards_of(services: Services, actor: Actor, ref: str) -> list[CardRow]:
    """Return the cards of a person, newest first, for those who work at the school. Raises NotFound."""
    person = await person_of_ref(services, actor, ref)
    rows = await services.database.pool.fetch(
        "SELECT id, medium, state, issued_at, not_after FROM card WHERE person_id = $1 ORDER BY id DESC LIMIT $2",
        person.id, CARDS_MAX,
    )  # fmt: skip
    return [
        CardRow(row["id"], Medium(row["medium"]), CardState(row["state"]), row["issued_at"], row["not_after"])
        for row in rows
    ]
