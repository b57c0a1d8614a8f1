"""A browser's half of a push subscription: its keys, and reading what it was sent (RFC 8291), one record or several.

Rule: it shares no line with what encrypts; only the standard is common to both.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class Unreadable(Exception):
    """A message is not coded as the standard has it."""


@dataclass(frozen=True, slots=True)
class SubscribedBrowser:
    """A key pair and a secret of one subscription."""

    key: ec.EllipticCurvePrivateKey
    auth: bytes

    @classmethod
    def new(cls) -> Self:
        """Return one with new keys."""
        return cls(ec.generate_private_key(ec.SECP256R1()), secrets.token_bytes(16))

    @property
    def point(self) -> bytes:
        """The public key as a page tells it: `p256dh`."""
        form = serialization.PublicFormat.UncompressedPoint
        return self.key.public_key().public_bytes(serialization.Encoding.X962, form)

    def read(self, body: bytes) -> bytes:
        """Return the words of a message. Raises Unreadable, or InvalidTag for one that is another's."""
        salt, size, named = body[:16], int.from_bytes(body[16:20]), body[20]
        sender, records = body[21 : 21 + named], body[21 + named :]
        if named != 65 or size < 18 or not records:
            raise Unreadable("the head is not that of a push message")
        key, nonce = self._keys(salt, sender)
        words = b""
        for number, at in enumerate(range(0, len(records), size)):
            is_last = at + size >= len(records)
            words += _unpadded(
                AESGCM(key).decrypt(_nonce(nonce, number), records[at : at + size], None), is_last=is_last
            )
        return words

    def _keys(self, salt: bytes, sender: bytes) -> tuple[bytes, bytes]:
        other = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        exchanged = self.key.exchange(ec.ECDH(), other)
        told = b"WebPush: info\x00" + self.point + sender + b"\x01"
        secret = _hmac(_hmac(self.auth, exchanged), told)
        pseudo = _hmac(salt, secret)
        key = _hmac(pseudo, b"Content-Encoding: aes128gcm\x00\x01")[:16]
        return key, _hmac(pseudo, b"Content-Encoding: nonce\x00\x01")[:12]


def _unpadded(plain: bytes, *, is_last: bool) -> bytes:
    words = plain.rstrip(b"\x00")
    if words[-1:] != (b"\x02" if is_last else b"\x01"):
        raise Unreadable("a record does not end as it has to")
    return words[:-1]


def _nonce(base: bytes, number: int) -> bytes:
    return (int.from_bytes(base) ^ number).to_bytes(12)


def _hmac(key: bytes, text: bytes) -> bytes:
    return hmac.new(key, text, hashlib.sha256).digest()
