"""What a reader asks of a card that can prove itself: the question is the cards' business, the chip the reader's."""

from dataclasses import dataclass
from typing import Protocol

from edge_agent.readers.chip import Conversing
from edge_agent.readers.tap import Medium


@dataclass(frozen=True, slots=True)
class Proof:
    """What a card said of itself. `flaw` says why it is not believed; empty for one that is."""

    credential: bytes
    medium: Medium
    flaw: str = ""


class Prover(Protocol):
    """Talks to the card in a reader's field, in the reader's thread."""

    def prove(self, chip: Conversing) -> Proof | None:
        """Return what the card proved, or failed to; None for one that claims nothing, which its UID stands for.

        The card is held and released here. Raise CardGone when it left in the middle, ChipTrouble as the chip does.
        """
        ...
