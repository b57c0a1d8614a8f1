"""Who a card or a code at the till is, and why one is not taken.

Rule: a card that a gate would not believe sells nothing here either; its owner is then found by name, which is told.
"""

from typing import Literal

from edge_agent.decision import PassShown
from edge_agent.readers.tap import Tap
from edge_agent.roster import Roster
from edge_agent.timekeeper import Stamp

CardTrouble = Literal[
    "card_unknown", "card_blocked", "card_expired", "card_not_genuine", "person_inactive", "no_consent", "no_roster"
]


class CardRefused(Exception):
    """A card sells nothing; `ref` is whose it is, if that is known."""

    def __init__(self, reason: CardTrouble, ref: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.ref = ref


def who(tap: Tap, token: str, roster: Roster | None, stamp: Stamp, shown: PassShown | None) -> str:
    """Return the reference of a tap's person; `shown` is the card that a signed code stands for. Raises CardRefused."""
    if roster is None:
        raise CardRefused("no_roster")
    if not tap.is_genuine:
        raise CardRefused("card_not_genuine")
    card = shown.card if shown is not None else roster.card(token)
    if card is None:
        raise CardRefused("card_unknown")
    if card.state == "blocked":
        raise CardRefused("card_blocked", card.ref)
    has_ended = 0 < card.not_after_ms < stamp.wall_ms
    if has_ended or (shown is not None and shown.is_over):
        raise CardRefused("card_expired", card.ref)
    person = roster.person(card.ref)
    if person is None or not person.active:
        raise CardRefused("person_inactive", card.ref)
    if not person.consent:
        raise CardRefused("no_consent", card.ref)
    return card.ref
