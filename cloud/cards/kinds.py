"""What a card is and what it is good for: the words other slices may use."""

from enum import Enum


class Medium(Enum):
    """What a card is read by."""

    UID = "uid"  # the number that the chip sends: 4, 7 or 10 bytes
    QR = "qr"  # the text of a code


class CardState(Enum):
    """What a card is good for; only the first opens a gate."""

    ACTIVE = "active"
    BLOCKED = "blocked"
    RETURNED = "returned"
