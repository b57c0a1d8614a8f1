"""Files that only this device can read: sealed on its disk under a key of its own secret.

Rule: what was not sealed by this device, under this name, does not open. Who has the disk whole has the bundle, and
with it the key: this guards what a file tells in a copy of it, in a backup, or where the secret is kept elsewhere.
"""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MARK = b"esik-sealed-1\n"
NONCE_BYTES = 12


class SealedBroken(ValueError):
    """The file was not sealed by this device under this name, or was changed."""


class Sealed:
    """Seals and opens with AES-256-GCM."""

    def __init__(self, key: bytes) -> None:
        """`key` is the bundle's `rest_key`, 32 bytes."""
        self._cipher = AESGCM(key)

    def sealed(self, content: bytes, name: str) -> bytes:
        """Return what may lie on the disk in the place of some content; `name` says what it is."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return MARK + nonce + self._cipher.encrypt(nonce, content, name.encode())

    def opened(self, file: bytes, name: str) -> bytes:
        """Return what was sealed under a name. Raises SealedBroken."""
        nonce, begin = file[len(MARK) : len(MARK) + NONCE_BYTES], len(MARK) + NONCE_BYTES
        if not file.startswith(MARK) or len(nonce) < NONCE_BYTES:
            raise SealedBroken("not a file that this device has sealed")
        try:
            return self._cipher.decrypt(nonce, file[begin:], name.encode())
        except InvalidTag:
            raise SealedBroken("not sealed by this device, or changed since") from None
