"""What the pipeline asks of a gate's mechanics, and what it hears from them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import Enum
from typing import Literal, Protocol

Direction = Literal["in", "out"]


class PassageOutcome(Enum):
    """What the sensor saw; the values stand in records."""

    PASSED = "passed"
    NO_PASSAGE = "no_passage"
    WRONG_DIRECTION = "wrong_direction"
    FORCED = "forced"


@dataclass(frozen=True, slots=True)
class Passed:
    """The sensor spoke. `grant` is the number given to `open`, None when nobody was let through."""

    outcome: PassageOutcome
    direction: Direction
    grant: int | None
    at_ms: int  # Clock.monotonic_ms


@dataclass(frozen=True, slots=True)
class FireChanged:
    """The fire panel's contact changed; while `burning` the gate stands open by its own wiring."""

    burning: bool
    at_ms: int


class Actuator(Protocol):
    """One lane's relay, passage sensor and fire contact."""

    @property
    def has_sensor(self) -> bool:
        """Tell whether passages are seen; without a sensor a decision is all there is."""
        ...

    def open(self, direction: Direction, grant: int) -> None:
        """Let one person through; must return at once. `grant` comes back in Passed."""
        ...

    def deny(self) -> None:
        """Show that the gate stays closed."""
        ...

    def events(self) -> AsyncIterator[Passed | FireChanged]:
        """Yield what the inputs say, for as long as the agent runs."""
        ...
