"""Rosters of any size, and the cards on them, for measurements."""

from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas import roster
from schemas.tokens import UID, token

SCHOOL, DEVICE = "ben001", "bench-1"
CARD_KEY = bytes(range(32))
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
_RULES = {"passback": "hard", "passback_reset_ms": 43_200_000, "repeat_ms": 5_000, "expired": "allow"}
_NAMES = {"kk": "Есік", "ru": "Дверь", "en": "Door"}
_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"


def uid(number: int) -> bytes:
    """Return the UID of a card."""
    return (0x04_00_00_00_00_00_00 + number * 2_654_435_761 % 2**48).to_bytes(7, "big")


def person(number: int) -> str:
    """Return a person's reference."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _LETTERS[digit] + digits
    return digits.rjust(12, "0")


def rows(cards: int) -> Iterator[bytes]:
    """Yield the rows of a roster with so many people, each with a card."""
    yield roster.row("policy", "", _RULES)
    yield roster.row("gate", "main", _NAMES, DEVICE)
    yield roster.row("profile", "always", [[127, 0, 1440]], ["*"])
    for number in range(cards):
        name = f"Әлия Қасымова {number}"
        yield roster.row("person", person(number), name, f"{number % 11 + 1}А", "student", 1, 1, "always")
        yield roster.row("card", token(CARD_KEY, UID, uid(number)), person(number), "active", 0)


def file(cards: int, now_ms: int) -> bytes:
    """Return a signed snapshot, good for ten days."""
    head = {"school": SCHOOL, "version": 1, "base": 0, "issued_ms": now_ms, "not_after_ms": now_ms + 864_000_000}
    body = roster.body_of(list(rows(cards)))
    return roster.pack(head, body, body, SIGNER.sign)
