"""Rules of cards: what a card number is, and its token under the school's key."""

import re
from typing import Final

from cloud.cards.errors import CardNumberWrong, CardOfNobody
from cloud.cards.kinds import Medium
from schemas import tokens

KEY_BYTES: Final = 32
UID = re.compile(r"(?:[0-9A-F]{8}|[0-9A-F]{14}|[0-9A-F]{20})")
QR_MAX = 64
PROVING: Final = (Medium.DESFIRE, Medium.SUN)
PROVEN_DIGITS: Final = 14  # such a chip has a number of 7 bytes
RANDOM_UID = "08"  # first byte of a 4-byte number that the chip draws anew each time (ISO/IEC 14443-3, 6.5.4)


def normal_number(text: str, medium: Medium) -> str:
    """Return a card number in its one form. Raises CardNumberWrong or CardOfNobody."""
    if medium is Medium.QR:
        code = text.strip()
        if not 8 <= len(code) <= QR_MAX or not code.isprintable():
            raise CardNumberWrong
        return code
    number = re.sub(r"[\s:.-]", "", text).upper().removeprefix("0X")
    if not UID.fullmatch(number):
        raise CardNumberWrong
    if medium in PROVING and len(number) != PROVEN_DIGITS:
        raise CardNumberWrong
    if len(set(number)) == 1:
        raise CardOfNobody.blank()
    if len(number) == 8 and number.startswith(RANDOM_UID):
        raise CardOfNobody.drawn()
    return number


def token_of(key: bytes, number: str, medium: Medium) -> str:
    """Return the token of a card whose number is in its one form."""
    match medium:
        case Medium.UID:
            return tokens.token(key, tokens.UID, bytes.fromhex(number))
        case Medium.QR:
            return tokens.token(key, tokens.QR, number.encode())
        case Medium.DESFIRE:
            return tokens.token(key, tokens.DESFIRE, bytes.fromhex(number))
        case Medium.SUN:
            return tokens.token(key, tokens.SUN, bytes.fromhex(number))
