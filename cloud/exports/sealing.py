"""The sealed part of an export: what only another installation may read, encrypted with a passphrase.

scrypt makes the key; AES-256-GCM seals chunk by chunk. Rule: each chunk is bound to its place, to whether it is the
last, and to the digests of all other files, so that nothing is cut off, moved or exchanged unnoticed.
"""

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cloud.core.errors import Refused
from cloud.core.messages import message

MAGIC = b"ESIK\x01"
SALT_BYTES, KEY_BYTES, TAG_BYTES = 16, 32, 16
CHUNK = 64 * 1024
# OWASP's row for 32 MiB: as strong as N=2^17, r=8, p=1, and a small server has the memory.
N, R, P = 1 << 15, 8, 3
PASSPHRASE_MIN = 12
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is read as another
GROUPS, GROUP = 6, 5  # 148 bits


class PassphraseRefused(Refused):
    """The passphrase is too short, or does not open what it should."""

    code = "passphrase_refused"


class _Writable(Protocol):
    def write(self, data: bytes, /) -> object: ...


def draw_passphrase() -> str:
    """Return a new passphrase: groups of letters and digits that can be read aloud."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))


@dataclass(frozen=True, slots=True)
class SealingKey:
    """A key made of a passphrase; it takes a quarter of a second on purpose."""

    salt: bytes
    key: bytes = field(repr=False)

    @classmethod
    def of(cls, passphrase: str, salt: bytes | None = None) -> "SealingKey":
        """Return the key of a passphrase. Raises PassphraseRefused."""
        if len(passphrase) < PASSPHRASE_MIN:
            raise PassphraseRefused(
                message("A passphrase has {count} characters or more. Choose a longer one.", count=PASSPHRASE_MIN)
            )
        salt = salt or secrets.token_bytes(SALT_BYTES)
        made = hashlib.scrypt(passphrase.encode(), salt=salt, n=N, r=R, p=P, maxmem=64 << 20, dklen=KEY_BYTES)
        return cls(salt, made)

    @classmethod
    def drawn(cls) -> "SealingKey":
        """Return a key of no passphrase."""
        return cls(secrets.token_bytes(SALT_BYTES), secrets.token_bytes(KEY_BYTES))

    @classmethod
    def unpacked(cls, packed: bytes) -> "SealingKey":
        """Return the key that was packed."""
        return cls(packed[:SALT_BYTES], packed[SALT_BYTES:])

    @property
    def packed(self) -> bytes:
        """The key as bytes: for the vault alone."""
        return self.salt + self.key


class Sealer:
    """Takes bytes and writes them sealed; `close` writes the last chunk."""

    def __init__(self, out: _Writable, key: SealingKey, bound: bytes) -> None:
        self._out, self._cipher, self._bound = out, AESGCM(key.key), MAGIC + key.salt + bound
        self._held, self._number = bytearray(), 0
        out.write(MAGIC + key.salt)

    def write(self, data: bytes) -> None:
        """Take bytes in."""
        self._held += data
        while len(self._held) > CHUNK:
            self._put(bytes(self._held[:CHUNK]), is_last=False)
            del self._held[:CHUNK]

    def close(self) -> None:
        """Write what is left, as the last chunk."""
        self._put(bytes(self._held), is_last=True)

    def _put(self, plain: bytes, *, is_last: bool) -> None:
        self._out.write(self._cipher.encrypt(_nonce(self._number, is_last), plain, self._bound))
        self._number += 1


def opened(source: IO[bytes], passphrase: str, bound: bytes) -> Iterator[bytes]:
    """Yield what was sealed, chunk by chunk. Raises PassphraseRefused, also where a byte was changed."""
    salt = salt_in(source)
    yield from unsealed(source, SealingKey.of(passphrase, salt), bound)


def salt_in(source: IO[bytes]) -> bytes:
    """Read the head of what was sealed and return its salt. Raises PassphraseRefused."""
    head = source.read(len(MAGIC) + SALT_BYTES)
    if head[: len(MAGIC)] != MAGIC or len(head) != len(MAGIC) + SALT_BYTES:
        raise _not_opened()
    return head[len(MAGIC) :]


def unsealed(source: IO[bytes], key: SealingKey, bound: bytes) -> Iterator[bytes]:
    """Yield what stands after the head, chunk by chunk. Raises PassphraseRefused as `opened` does."""
    cipher = AESGCM(key.key)
    number, chunk = 0, source.read(CHUNK + TAG_BYTES)
    while True:
        following = source.read(CHUNK + TAG_BYTES)
        try:
            yield cipher.decrypt(_nonce(number, not following), chunk, MAGIC + key.salt + bound)
        except (InvalidTag, ValueError):
            raise _not_opened() from None
        if not following:
            return
        number, chunk = number + 1, following


def _nonce(number: int, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


def _not_opened() -> PassphraseRefused:
    return PassphraseRefused(
        message("The passphrase does not open this export, or the file was changed. Check both and try again.")
    )
