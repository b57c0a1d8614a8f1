"""What is asked of cards: the cards of a person, and whose a token is."""

from dataclasses import dataclass
from datetime import datetime

from cloud.cards.kinds import CardState, Medium
from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.people.consents import consented_to
from cloud.people.kinds import Purpose
from cloud.people.queries import person_of_ref

CARDS_MAX = 100
CLASS_MAX = 200
_OF_CLASS = f"""
SELECT person.id, person.ref, concat_ws(' ', surname, given_name) AS name,
  (SELECT count(*) FROM card WHERE card.person_id = person.id AND card.state = 'active') AS cards,
  {consented_to(Purpose.CARD)} AS may_have_card
FROM person WHERE person.school_id = $1 AND school_class_id = $2 AND person.is_active
ORDER BY sort_key, person.id LIMIT $3
"""  # noqa: S608 (a text of ours)


@dataclass(frozen=True, slots=True)
class CardRow:
    """A card of a person, without its number."""

    id: int
    medium: Medium
    state: CardState
    issued_at: datetime
    not_after: datetime | None


@dataclass(frozen=True, slots=True)
class Holder:
    """A student of a class list, with how many cards open gates to them if they may have one."""

    id: int
    ref: str
    name: str
    cards: int
    may_have_card: bool


async def holders_of(services: Services, actor: Actor, school_id: int, class_id: int) -> list[Holder]:
    """Return a class's students in the order of the Kazakh alphabet, for who gives out cards. Raises NotAllowed."""
    actor.require(Right.CARDS_READ, school_id)
    rows = await services.database.pool.fetch(_OF_CLASS, school_id, class_id, CLASS_MAX)
    return [Holder(**row) for row in rows]


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
