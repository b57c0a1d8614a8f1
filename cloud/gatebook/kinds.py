"""What stands in the gates' book."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Deed(StrEnum):
    """Something that a guard did. Its words are `word(f"deed_{deed}")`."""

    VISIT = "visit"
    DELIVERY = "delivery"
    OPENED = "opened"
    HAND_PASS = "hand_pass"  # noqa: S105 (no password)
    COLLECTED = "collected"
    EXCEPTION = "exception"  # a child was handed to somebody who is not on the list
    FIRE = "fire"
    LOCK_DOWN = "lock_down"
    NORMAL = "normal"


@dataclass(frozen=True, slots=True)
class Done:
    """A line of the book. Names are as the school has them now; what is not known of a deed is empty."""

    at: datetime
    deed: Deed
    gate: str
    gate_names: tuple[str, str, str]
    direction: str
    person: str  # whom it is about: a child, or who was let through; by name
    person_ref: str
    class_name: str
    guard: str
    host: str
    reason: str
    detail: str
    firm: str
    badge: str
    left_at: datetime | None
    stay_min: int
    with_whom: str  # of the list
    allowed_by: str
    clock: str
    received_at: datetime

    @property
    def is_visit(self) -> bool:
        return self.deed in (Deed.VISIT, Deed.DELIVERY)
