"""The bits that a reader on an OSDP line sends for a card, made into a UID; pure."""

from enum import Enum

from edge_agent.readers.tap import UID_LENGTHS

BITS_MAX = 128
_PARITY = 2  # one bit before, one behind
_UID_BITS = {8 * length for length in UID_LENGTHS}


class CardBits(Enum):
    """Which cards' bits are taken; the values stand in the agent's settings."""

    WHOLE = "whole"  # a whole UID of 32, 56 or 80 bits, as it is or between two parity bits (34, 58, 82)
    WIEGAND26 = "wiegand26"  # besides, 24 bits of a UID, which different cards share


def credential(bits: int, content: bytes, taken: CardBits) -> bytes | None:
    """Return the UID in a number of bits, highest first and filled up behind; None when there is none to believe."""
    if not 0 < bits <= BITS_MAX or len(content) * 8 < bits:
        return None
    number = int.from_bytes(content) >> (len(content) * 8 - bits)
    if bits in _UID_BITS:
        return number.to_bytes(bits // 8)
    wanted = _UID_BITS | ({24} if taken is CardBits.WIEGAND26 else set())
    if bits - _PARITY not in wanted or not _is_even(number, bits):
        return None
    middle = (number >> 1) & ((1 << (bits - _PARITY)) - 1)
    return middle.to_bytes((bits - _PARITY) // 8)


def _is_even(number: int, bits: int) -> bool:
    """Tell whether the first half has an even number of ones and the second an odd one, parity bits included."""
    low = bits // 2
    return (number >> low).bit_count() % 2 == 0 and (number & ((1 << low) - 1)).bit_count() % 2 == 1
