"""Seals: the HMAC that stands as the first line of every message, and the keys it is made with.

Rule: a sealed message is `hex(HMAC-SHA-256(key, body))[:32]`, a line feed, and the body, byte for byte.
Uplink and downlink have keys of their own, so that neither side's message can be played back to it.
"""

try:  # CPython: one call into OpenSSL.
    from hmac import compare_digest
    from hmac import digest as _hmac_digest

    def mac(key: bytes, body: bytes) -> bytes:
        """Return the 32 bytes of HMAC-SHA-256."""
        return _hmac_digest(key, body, "sha256")

except ImportError:  # MicroPython: its hashlib has no HMAC, and micropython-lib's hmac has no one-call form.
    from hashlib import sha256

    def mac(key: bytes, body: bytes) -> bytes:
        if len(key) > 64:
            key = sha256(key).digest()
        key = key + bytes(64 - len(key))
        inner = sha256(bytes(b ^ 0x36 for b in key) + body).digest()
        return sha256(bytes(b ^ 0x5C for b in key) + inner).digest()

    def compare_digest(a: str, b: str) -> bool:  # type: ignore[no-redef]
        """Compare in a time that does not tell where two strings of one length differ."""
        different = len(a) ^ len(b)
        for x, y in zip(a.encode(), b.encode()):
            different |= x ^ y
        return different == 0


UPLINK = "uplink"
DOWNLINK = "downlink"
HTTP = "http"
SEAL_DIGITS = 32


class SealBroken(ValueError):
    """The message was not made by who holds the key, or was changed on the way."""


def derive(secret: bytes, label: str) -> bytes:
    """Return the 32-byte key for `label` (uplink, downlink or http) from a device's 32-byte secret.

    HKDF-SHA-256 (RFC 5869) with an empty salt and `esik/v1/<label>` as info; one block is all we need.
    """
    return mac(mac(bytes(32), secret), b"esik/v1/" + label.encode() + b"\x01")


def is_same(a: str, b: str) -> bool:
    """Compare two texts of ASCII in a time that does not tell where they differ."""
    return compare_digest(a, b)


def seal(key: bytes, body: bytes) -> bytes:
    """Return `body` with its seal line before it."""
    return mac(key, body).hex()[:SEAL_DIGITS].encode() + b"\n" + body


def unseal(key: bytes, message: bytes) -> bytes:
    """Return the body of a sealed message. Raises SealBroken."""
    claimed, body = split(message)
    if not is_same(claimed, mac(key, body).hex()[:SEAL_DIGITS]):
        raise SealBroken("the seal does not fit: wrong key, or the message was changed")
    return body


def split(message: bytes) -> "tuple[str, bytes]":
    """Return the seal and the body unchecked, for a reader on the hub's broker that holds no key."""
    if len(message) <= SEAL_DIGITS or message[SEAL_DIGITS : SEAL_DIGITS + 1] != b"\n":
        raise SealBroken("no seal: a message begins with 32 hexadecimal digits and a line feed")
    try:
        return message[:SEAL_DIGITS].decode("ascii"), message[SEAL_DIGITS + 1 :]
    except UnicodeError as error:
        raise SealBroken("no seal: its 32 digits are not ASCII") from error
