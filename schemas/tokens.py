"""Card tokens: what a roster and a record call a card, so that no log, backup or topic holds its number.

Rule: a token is the first 24 hex digits of HMAC-SHA-256(the school's card key, medium letter + credential bytes).
The same file runs on CPython and MicroPython.
"""

from binascii import hexlify

from schemas.seal import mac

UID = "u"  # the credential is the card's UID, 4, 7 or 10 bytes as the card sends them
QR = "q"  # the credential is the text of the code, in UTF-8
DESFIRE = "d"  # the credential is the UID that a DESFire proved to be its own, 7 bytes
SUN = "s"  # the credential is the UID that a chip which writes links proved to be its own, 7 bytes
MEDIA = (UID, QR, DESFIRE, SUN)
TOKEN_DIGITS = 24


def token(key: bytes, medium: str, credential: bytes) -> str:
    """Return the token of a card; `key` is the school's, 32 bytes. Raises ValueError for an unknown medium."""
    if medium not in MEDIA:
        raise ValueError("a token's medium is u (uid), q (qr), d (desfire) or s (sun), not " + medium[:8])
    return hexlify(mac(key, medium.encode() + credential)).decode()[:TOKEN_DIGITS]
