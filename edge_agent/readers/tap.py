"""What a reader gives: taps, and how it is."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, runtime_checkable

from firmware.drivers.field import is_random

__all__ = ["UID_LENGTHS", "Answering", "Guarded", "Health", "Medium", "Reader", "Tap", "Verdict", "is_random"]

UID_LENGTHS = (4, 7, 10)


class Medium(Enum):
    """How the credential was read; the values stand in records."""

    UID = "uid"
    QR = "qr"
    SUN = "sun"
    DESFIRE = "desfire"


class Verdict(Enum):
    """What became of a tap, as a reader with a light shows it."""

    GRANTED = "granted"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    REPEAT = "repeat"


class Health(Enum):
    """How a reader is."""

    STARTING = "starting"
    READY = "ready"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Tap:
    """A credential was shown to a reader. `credential` is the card's UID as bytes (4, 7 or 10), or a QR's text.

    `flaw` says why a card that claims to be the school's is not believed; then the credential is what it claims.
    """

    reader: str
    credential: bytes
    medium: Medium
    at_ms: int  # Clock.monotonic_ms
    flaw: str = ""

    @property
    def is_genuine(self) -> bool:
        """Tell whether the card is not known to be a copy; one that claims nothing is not."""
        return not self.flaw

    @property
    def is_random(self) -> bool:
        """Tell whether the card drew this UID by lot for this one encounter, as phones do: then it names nobody.

        No card is enrolled by such a UID, so a tap with one is an unknown card whatever the roster says.
        """
        return self.medium is not Medium.QR and is_random(self.credential)

    @property
    def identity(self) -> bytes:
        """What the card's token is made of: the credential, and nothing for a random UID.

        So all random UIDs share one token, which no enrolled card can have: they are unknown, and count as one.
        """
        return b"" if self.is_random else self.credential


class Reader(Protocol):
    """Something that yields taps for as long as the agent runs, and mends itself when its cable is pulled."""

    @property
    def name(self) -> str: ...
    @property
    def health(self) -> Health: ...
    def taps(self) -> AsyncIterator[Tap]:
        """Yield each tap once; a card left in the field is one tap. Never raises for a lost device."""
        ...


@runtime_checkable
class Guarded(Protocol):
    """A Reader that tells when somebody opens it, or its power fails."""

    def take_warnings(self) -> list[str]:
        """Return what happened since the last call, each in at most 48 characters for an alarm."""
        ...


@runtime_checkable
class Answering(Protocol):
    """A Reader that shows to the person before it what was decided."""

    def answer(self, tap: Tap, verdict: Verdict) -> None:
        """Show what became of a tap, the one that was yielded last; must return at once."""
        ...
