"""Who was at a gate last: at this agent's gates the moment it was decided, at others when a peer tells."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import msgspec

from edge_agent.actuators.actuator import Direction
from edge_agent.decision import Reason
from edge_agent.folding import read_if
from edge_agent.pipeline import Shown
from schemas.structs import Decision, HandPass

SEEN_MAX = 12
FRESH_MS = 30_000  # what a peer tells later than this is no news at a screen
Outcome = Literal["in", "out", "hand", "unknown", "no"]
_BEGIN = (b'{"k":"decision"', b'{"k":"hand_pass"')
_decode = msgspec.json.Decoder(Decision | HandPass).decode


@dataclass(frozen=True, slots=True)
class Sighting:
    """Somebody at a gate. `ref` is empty for a card that nobody has; `turn` grows with each."""

    turn: int
    outcome: Outcome
    gate: str
    direction: Direction
    ref: str
    reason: str
    wall_ms: int
    is_here: bool  # at a gate of this agent


def outcome_of(direction: Direction, reason: Reason, *, is_opened: bool) -> Outcome:
    """Return what a screen shows by colour, shape, word and sound."""
    if is_opened:
        return direction
    return "unknown" if reason == "card_unknown" else "no"


class Sightings:
    """The last few."""

    def __init__(self, device: str, now_ms: Callable[[], int]) -> None:
        """`now_ms` gives wall time."""
        self.on_change: Callable[[], None] = lambda: None
        self.turn = 0
        self._device = device
        self._now_ms = now_ms
        self._seen: deque[Sighting] = deque(maxlen=SEEN_MAX)

    @property
    def last(self) -> Sighting | None:
        """Return who was at one of our own gates last."""
        return next((each for each in self._seen if each.is_here), None)

    @property
    def all(self) -> list[Sighting]:
        """Return them, the last first."""
        return list(self._seen)

    def see(self, shown: Shown) -> None:
        """Take what one of our own gates showed; the same card once more is no news."""
        decision = shown.decision
        if decision.reason == "repeat":
            return
        outcome = outcome_of(shown.direction, decision.reason, is_opened=shown.is_opened)
        if shown.staff is not None and shown.is_opened:
            outcome = "hand"
        reason = "disk" if decision.is_allowed and not shown.is_opened else decision.reason
        self._add(
            outcome, shown.gate, shown.direction, decision.person or "", reason, shown.stamp.wall_ms, is_here=True
        )

    def observe(self, device: str, _epoch: str, _seq: int, record: bytes) -> None:
        """Take a peer's record."""
        found = read_if(_BEGIN, _decode, record) if device != self._device else None
        if found is None:
            return
        if abs(self._now_ms() - found.wall_ms) > FRESH_MS:
            return
        outcome: Outcome = "hand"
        reason = "ok"
        if isinstance(found, Decision):
            outcome = outcome_of(found.direction, found.reason, is_opened=found.outcome == "allowed")
            reason = found.reason
        if reason == "repeat":
            return
        ref = found.person or ""
        self._add(outcome, found.gate, found.direction, ref, reason, found.wall_ms, is_here=False)

    def _add(
        self, outcome: Outcome, gate: str, direction: Direction, ref: str, reason: str, wall_ms: int, *, is_here: bool
    ) -> None:  # fmt: skip
        self.turn += 1
        self._seen.appendleft(Sighting(self.turn, outcome, gate, direction, ref, reason, wall_ms, is_here))
        self.on_change()
