"""What a card is and what it is good for: the words other slices may use."""

from enum import Enum


class Medium(Enum):
    """What a card is read by, each with the letter that its token begins with."""

    UID = "uid"  # the number that the chip sends: 4, 7 or 10 bytes
    QR = "qr"  # the text of a code
    DESFIRE = "desfire"  # the number of a DESFire that proves a key of the school's
    SUN = "sun"  # the same of an NTAG 424 DNA


class CardState(Enum):
    """What a card is good for; only the first opens a gate."""

    ACTIVE = "active"
    BLOCKED = "blocked"
    RETURNED = "returned"
