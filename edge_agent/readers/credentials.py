"""How a reader that types spells a credential, read back into bytes; pure."""

import string
from dataclasses import dataclass
from enum import Enum

from edge_agent.readers.tap import UID_LENGTHS, Medium

QR_BYTES_MAX = 512
# The digits that a UID of 4, 7 and 10 bytes fills when it is written with its leading zeros.
_DECIMAL_DIGITS = {4: 10, 7: 17, 10: 25}


class UidFormat(Enum):
    """How a UID is written; the values stand in the agent's settings."""

    HEX = "hex"
    DECIMAL = "decimal"


class ByteOrder(Enum):
    """In which order a reader writes a UID's bytes; the values stand in the agent's settings."""

    CARD = "card"  # as the card sends them
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True)
class Spelling:
    """How one reader writes."""

    format: UidFormat = UidFormat.HEX
    byte_order: ByteOrder = ByteOrder.CARD
    medium: Medium = Medium.UID

    def read(self, text: str) -> bytes | None:
        """Return the credential that a line of text spells, or None when it spells none."""
        if self.medium is Medium.QR:
            return _qr(text)
        uid = _hex(text) if self.format is UidFormat.HEX else _decimal(text)
        if uid is None or self.byte_order is ByteOrder.CARD:
            return uid
        return uid[::-1]


def _qr(text: str) -> bytes | None:
    written = text.encode()
    return written if 0 < len(written) <= QR_BYTES_MAX and text.isprintable() else None


def _hex(text: str) -> bytes | None:
    """Read 8, 14 or 20 hexadecimal digits; colons, dashes and spaces between bytes are passed over."""
    digits = text.translate({ord(mark): None for mark in ":- "})
    if len(digits) // 2 not in UID_LENGTHS or len(digits) % 2 or not set(digits) <= set(string.hexdigits):
        return None
    return bytes.fromhex(digits)


def _decimal(text: str) -> bytes | None:
    """Read one number; its digits, leading zeros included, tell how long the UID is."""
    if not text or not set(text) <= set(string.digits):
        return None
    for length, digits in _DECIMAL_DIGITS.items():
        if len(text) <= digits:
            number = int(text)
            return number.to_bytes(length) if number < 256**length else None
    return None
