"""The seal of a backup: whoever holds the private part of one of its recipients opens it, and nobody else.

As age does it: X25519 (RFC 7748) wraps a key of the file for each recipient, AES-256-GCM seals it chunk by chunk, so
that memory stays bounded and a reader may begin anywhere. Rule: each chunk is bound to its place, to whether it is the
last, and to the head, so that nothing is cut off, moved or exchanged unnoticed.
"""

import hashlib
import io
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from typing_extensions import Buffer, override

from cloud.core.base64url import base64url, unbase64url

MAGIC = b"ESIK-BACKUP\x01"
RECIPIENT, PRIVATE = "esik-recipient-", "ESIK-BACKUP-KEY-"
KEY_BYTES, TAG_BYTES, CHECK_BYTES = 32, 16, 4
STANZA_BYTES = KEY_BYTES + KEY_BYTES + TAG_BYTES
CHUNK = 64 * 1024
RECIPIENTS_MAX = 8
_ONCE = bytes(12)  # a wrapping key is used once


class NotOpened(ValueError):
    """A sealed backup, a recipient or a private key cannot be read; the message says what to do."""


class SealingWriter:
    """Takes bytes and writes them sealed; `close` writes the last chunk. It cannot seek, and a zip need not."""

    def __init__(self, out: BinaryIO, recipients: Sequence[X25519PublicKey]) -> None:
        assert 0 < len(recipients) <= RECIPIENTS_MAX, "read_recipients lets no other number pass"  # noqa: S101
        key = secrets.token_bytes(KEY_BYTES)
        head = MAGIC + bytes([len(recipients)]) + b"".join(_wrapped(key, each) for each in recipients)
        self._out, self._cipher, self._bound = out, AESGCM(key), hashlib.sha256(head).digest()
        self._held, self._number = bytearray(), 0
        out.write(head)

    def write(self, data: Buffer) -> int:
        """Take bytes in."""
        self._held += data
        while len(self._held) > CHUNK:
            self._put(bytes(self._held[:CHUNK]), is_last=False)
            del self._held[:CHUNK]
        return len(memoryview(data))

    def flush(self) -> None:
        """Do nothing: what is held is written when a chunk is full."""

    def close(self) -> None:
        """Write what is left, as the last chunk."""
        self._put(bytes(self._held), is_last=True)

    def _put(self, plain: bytes, *, is_last: bool) -> None:
        self._out.write(self._cipher.encrypt(_nonce(self._number, is_last), plain, self._bound))
        self._number += 1


class UnsealingReader(io.RawIOBase):
    """Reads what was sealed, from any place; one chunk is open at a time. Raises NotOpened where a byte was changed."""

    def __init__(self, source: BinaryIO, private: X25519PrivateKey) -> None:
        super().__init__()
        key, head = _unwrapped(source, private)
        self._source, self._cipher, self._bound = source, AESGCM(key), hashlib.sha256(head).digest()
        self._begin = len(head)
        sealed = source.seek(0, os.SEEK_END) - self._begin
        self._chunks = max(1, -(-sealed // (CHUNK + TAG_BYTES)))
        self._size = sealed - self._chunks * TAG_BYTES
        self._at, self._open, self._plain = 0, -1, b""
        self._load(self._chunks - 1)  # a file that was cut off is told at once

    @override
    def readable(self) -> bool:
        return True

    @override
    def seekable(self) -> bool:
        return True

    @override
    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("before the beginning")
        self._at = base + offset
        return self._at

    @override
    def readinto(self, buffer: Buffer, /) -> int:
        if self._at >= self._size:
            return 0
        number, offset = divmod(self._at, CHUNK)
        self._load(number)
        view = memoryview(buffer).cast("B")
        part = self._plain[offset : offset + len(view)]
        view[: len(part)] = part
        self._at += len(part)
        return len(part)

    def _load(self, number: int) -> None:
        if number == self._open:
            return
        self._source.seek(self._begin + number * (CHUNK + TAG_BYTES))
        sealed = self._source.read(CHUNK + TAG_BYTES)
        try:
            self._plain = self._cipher.decrypt(_nonce(number, number == self._chunks - 1), sealed, self._bound)
        except (InvalidTag, ValueError):
            raise NotOpened("the file was changed or cut off: take another copy of it") from None
        self._open = number


@contextmanager
def sealed_for(out: BinaryIO, recipients: Sequence[X25519PublicKey]) -> Iterator[BinaryIO | SealingWriter]:
    """Yield what to write into: a seal for these recipients, or the file itself where there are none."""
    if not recipients:
        yield out
        return
    writer = SealingWriter(out, recipients)
    yield writer
    writer.close()


def is_sealed(source: BinaryIO) -> bool:
    """Tell whether a file begins as sealed backups do; it is read from its beginning after."""
    found = source.read(len(MAGIC)) == MAGIC
    source.seek(0)
    return found


def recipient_of(private: X25519PrivateKey) -> str:
    """Return what seals for the holder of a private key; it may be known to everybody."""
    return RECIPIENT + _checked(private.public_key().public_bytes_raw())


def read_recipients(text: str) -> list[X25519PublicKey]:
    """Return the recipients in a text, with spaces between. Raises NotOpened, also for a slip of the pen."""
    found = [X25519PublicKey.from_public_bytes(_key(word, RECIPIENT)) for word in text.split()]
    if len(found) > RECIPIENTS_MAX:
        raise NotOpened(f"{len(found)} recipients are more than {RECIPIENTS_MAX}")
    return found


def make_private(path: Path) -> X25519PrivateKey:
    """Draw a private key and write it, for its owner only. Raises FileExistsError or another OSError."""
    private = X25519PrivateKey.generate()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"# Opens backups for {recipient_of(private)}. Keep it where the backups are not.\n")
        file.write(f"{PRIVATE}{_checked(private.private_bytes_raw())}\n")
        file.flush()
        os.fsync(file.fileno())
    return private


def read_private(path: Path) -> X25519PrivateKey:
    """Return the private key of a file. Raises NotOpened."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise NotOpened(f"{path} cannot be read as a backup's key ({error})") from None
    words = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if len(words) != 1:
        raise NotOpened(f"{path} is no backup's key: one line that begins with {PRIVATE} is wanted")
    return X25519PrivateKey.from_private_bytes(_key(words[0], PRIVATE))


def _wrapped(key: bytes, recipient: X25519PublicKey) -> bytes:
    once = X25519PrivateKey.generate()
    shown = once.public_key().public_bytes_raw()
    return shown + AESGCM(_wrapping(once.exchange(recipient), shown, recipient)).encrypt(_ONCE, key, MAGIC)


def _unwrapped(source: BinaryIO, private: X25519PrivateKey) -> tuple[bytes, bytes]:
    """Return the file's key and its head."""
    start = source.read(len(MAGIC) + 1)
    if start[:-1] != MAGIC or not 0 < start[-1] <= RECIPIENTS_MAX:
        raise NotOpened("this is no sealed backup")
    stanzas = source.read(start[-1] * STANZA_BYTES)
    if len(stanzas) != start[-1] * STANZA_BYTES:
        raise NotOpened("the file was cut off: take another copy of it")
    for begin in range(0, len(stanzas), STANZA_BYTES):
        shown, wrapped = stanzas[begin : begin + KEY_BYTES], stanzas[begin + KEY_BYTES : begin + STANZA_BYTES]
        try:
            shared = private.exchange(X25519PublicKey.from_public_bytes(shown))
            key = AESGCM(_wrapping(shared, shown, private.public_key())).decrypt(_ONCE, wrapped, MAGIC)
        except (InvalidTag, ValueError):
            continue
        return key, start + stanzas
    raise NotOpened(f"it is sealed for others than {recipient_of(private)}: take the key that belongs to it")


def _wrapping(shared: bytes, shown: bytes, recipient: X25519PublicKey) -> bytes:
    salt = shown + recipient.public_bytes_raw()
    return HKDF(SHA256(), KEY_BYTES, salt, MAGIC).derive(shared)


def _nonce(number: int, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


def _checked(raw: bytes) -> str:
    return base64url(raw + hashlib.sha256(raw).digest()[:CHECK_BYTES])


def _key(word: str, prefix: str) -> bytes:
    try:
        octets = unbase64url(word.removeprefix(prefix)) if word.startswith(prefix) else b""
    except ValueError:
        octets = b""
    raw = octets[:KEY_BYTES]
    if len(octets) != KEY_BYTES + CHECK_BYTES or octets[KEY_BYTES:] != hashlib.sha256(raw).digest()[:CHECK_BYTES]:
        raise NotOpened(f"a word that begins with {prefix} is wanted, copied whole and without a slip")
    return raw
