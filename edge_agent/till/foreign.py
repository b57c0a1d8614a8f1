"""The seam to codes that the school did not sign, as the state's Social Wallet shows them: whose one is, if anybody's.

Rule: not tested against the live system, whose codes are not public. Today a code is looked up in a list that came with
the vouchers, so that one that changes by the minute is nobody's here; who can verify such a one takes this place.
"""

from collections.abc import Callable
from typing import Protocol

from edge_agent.decision import PassShown
from edge_agent.readers.tap import Medium, Tap
from edge_agent.roster import Roster
from edge_agent.timekeeper import Stamp


class ForeignCodes(Protocol):
    """Who knows whose a code is."""

    def holder(self, tap: Tap, token: str, stamp: Stamp) -> PassShown | None:
        """Return the card that a code stands for; None where it stands for none."""
        ...


class ListedCodes:
    """The codes that the canteen's roster lists, by their tokens."""

    def __init__(self, roster: Callable[[], Roster | None]) -> None:
        self._roster = roster

    def holder(self, tap: Tap, token: str, stamp: Stamp) -> PassShown | None:
        """Return what a listed code stands for; it can be copied, so that a doubt about the time keeps it out."""
        roster = self._roster()
        card = roster.code(token) if roster is not None and tap.medium is Medium.QR else None
        return PassShown(card, is_over=not stamp.is_good) if card is not None else None


def is_listed(roster: Roster | None, token: str) -> bool:
    """Tell whether a code that the school did not sign is somebody's."""
    return roster is not None and roster.code(token) is not None
