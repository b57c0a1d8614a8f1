"""What can be said of a child on a day, and why it was absent."""

from dataclasses import dataclass
from enum import StrEnum

WHY = "register.reason"  # the context of reasons at the vault


class Says(StrEnum):
    """What the class register says of a child's day; by silence `UNSAID`. Its words are `word(f"register_{says}")`."""

    UNSAID = "unsaid"
    PRESENT = "present"
    ABSENT = "absent"
    AWAY = "away"  # for the school: a competition, a trip


class Reason(StrEnum):
    """Why a child is absent."""

    ILL = "ill"
    FAMILY = "family"
    OTHER = "other"  # or unknown


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of a child: with a reason where it is absent, unless that was forgotten by now."""

    says: Says = Says.UNSAID
    reason: Reason | None = None

    @property
    def is_excused(self) -> bool:
        """Tell whether nobody waits for the child at the gate: ill, kept by the family, or away for the school."""
        return self.says is Says.AWAY or self.reason in (Reason.ILL, Reason.FAMILY)

    @property
    def code(self) -> str:
        """Return how forms and words name it."""
        return f"{self.says}_{self.reason}" if self.reason else self.says.value


CHOICES = (
    Said(Says.PRESENT), *(Said(Says.ABSENT, reason) for reason in Reason), Said(Says.AWAY), Said(),
)  # fmt: skip
BY_CODE = {each.code: each for each in CHOICES}
