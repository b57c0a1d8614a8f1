"""The field over a reader's antenna: which cards are in it, and which of them answers."""

from dataclasses import dataclass, field

from simulators.cards import Card, State


@dataclass(slots=True)
class RfField:
    """Cards near an antenna. `vanish_after` exchanges (None: never) the cards are pulled away."""

    cards: list[Card] = field(default_factory=list)
    is_on: bool = False
    vanish_after: int | None = None

    def put(self, card: Card) -> None:
        self.cards.append(card)

    def take(self, card: Card) -> None:
        """Pull one card away; it does not matter whether it is still there."""
        if card in self.cards:
            self.cards.remove(card)
            card.lose_power()

    def clear(self) -> None:
        for card in list(self.cards):
            self.take(card)

    def switch(self, on: bool) -> None:
        """Switch the carrier; without it cards forget who they talked to."""
        if self.is_on and not on:
            for card in self.cards:
                card.lose_power()
        self.is_on = on

    def restart(self) -> None:
        """Send requests anew: cards that were selected fall back and answer again, halted ones do not."""
        for card in self.cards:
            card.fall_back()

    def activate(self, wanted: bytes = b"") -> Card | None:
        """Request, resolve collisions and select one card; `wanted` is a UID with its cascade tags.

        Where two cards send different bits, the reader goes on with those that sent a 1 (bits leave lowest first).
        """
        idle = [card for card in self.cards if card.state is State.IDLE and card.cascade.startswith(wanted)]
        if not self.is_on or not idle:
            return None
        chosen = max(idle, key=lambda card: [_reversed(byte) for byte in card.cascade])
        chosen.state = State.ACTIVE
        return chosen

    def is_near(self, card: Card) -> bool:
        """Tell whether a card still answers."""
        return self.is_on and card in self.cards and card.state is State.ACTIVE

    def reach(self, card: Card) -> bool:
        """Count one exchange and tell whether the card is there for it."""
        if self.vanish_after is not None:
            self.vanish_after -= 1
            if self.vanish_after < 0:
                self.vanish_after = None
                self.clear()
        return self.is_near(card)

    def exchange(self, card: Card, frame: bytes) -> bytes | None:
        """Send a frame to a card and return its answer; None when nothing comes back."""
        return card.exchange(frame) if self.reach(card) else None


def _reversed(byte: int) -> int:
    return int(f"{byte:08b}"[::-1], 2)
