"""The vault: personal fields are encrypted here, one by one, and found again by keyed digests.

Rule: a ciphertext names its key and is bound to its context (table.column, with the school where there is one), so that
a value moved to another column does not decrypt; it may be bound to its row too. Digests have a key of their own.
"""

import hashlib
import hmac
import secrets
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cloud.core.vault_keys import (
    KEY_BYTES,
    KEY_ID_BYTES,
    KeyFile,
    VaultLocked,
    add_key,
    derived,
    index_key,
    key_id,
    keys_in,
    make_key_file,
    read_key_file,
    read_keys,
)

__all__ = ["KEY_BYTES", "Vault", "VaultLocked", "add_key", "keys_in", "make_key_file", "read_keys"]
NONCE_BYTES = 12
FORMAT, BOUND = b"\x01", b"\x02"  # BOUND names its row: its length in a byte, and the name, before the nonce
HEAD_BYTES = 1 + KEY_ID_BYTES
ROW_MAX = 255


class Vault:
    """Encrypts with the last of its keys, decrypts with any of them."""

    def __init__(self, *keys: bytes, index: bytes | None = None) -> None:
        self._path: Path | None = None
        self._stamp = (0, 0)
        self._take(KeyFile(keys, index))

    @classmethod
    def of_file(cls, path: Path) -> Self:
        """Return a vault that follows a key file: a key that was added encrypts at once. Raises VaultLocked."""
        stamp = _stamp(path)
        held = read_key_file(path)
        vault = cls(*held.keys, index=held.index)
        vault._path, vault._stamp = path, stamp
        return vault

    @property
    def newest_key_id(self) -> str:
        """The id, in hex, of the key that encrypts now."""
        self._follow()
        return self._newest.hex()

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The ids, in hex, of all keys, oldest first."""
        return tuple(key.hex() for key in self._ciphers)

    def has(self, key_id: str) -> bool:
        """Tell whether one of the keys has this id, in hex."""
        return bytes.fromhex(key_id) in self._ciphers

    def encrypt(self, plain: str, context: str, row: str = "") -> bytes:
        """Return the text encrypted for its context, as `person.iin`, and for its row where one is named."""
        return self.encrypt_bytes(plain.encode(), context, row)

    def decrypt(self, sealed: bytes, context: str, row: str = "") -> str:
        """Return the text. Raises VaultLocked for an unknown key, another context or row, or a changed byte."""
        return self.decrypt_bytes(sealed, context, row).decode()

    def encrypt_bytes(self, plain: bytes, context: str, row: str = "") -> bytes:
        """Return bytes encrypted for their context: format, key id, row, nonce, ciphertext."""
        self._follow()
        nonce, named = secrets.token_bytes(NONCE_BYTES), row.encode()
        assert len(named) <= ROW_MAX, "a row's name is short"  # noqa: S101
        head = BOUND + self._newest + bytes([len(named)]) + named if row else FORMAT + self._newest
        return head + nonce + self._ciphers[self._newest].encrypt(nonce, plain, head + context.encode())

    def decrypt_bytes(self, sealed: bytes, context: str, row: str = "") -> bytes:
        """Return the bytes. Raises VaultLocked as `decrypt` does.

        Without a row nothing is asked about it: the nightly check does. What names no row is of before there were rows,
        and is bound to its own within the hour.
        """
        kind, used = sealed[:1], sealed[1:HEAD_BYTES]
        if used not in self._ciphers:
            self._follow()
        if kind not in {FORMAT, BOUND} or used not in self._ciphers:
            raise VaultLocked(f"{context}: encrypted with key {used.hex()}, which is not in the key file")
        named = row_of(sealed)
        if row and named and named != row:
            raise VaultLocked(f"{context}: the encrypted value belongs to another row")
        end = HEAD_BYTES if kind == FORMAT else HEAD_BYTES + 1 + sealed[HEAD_BYTES]
        head, nonce, rest = sealed[:end], sealed[end : end + NONCE_BYTES], sealed[end + NONCE_BYTES :]
        try:
            return self._ciphers[used].decrypt(nonce, rest, head + context.encode())
        except (InvalidTag, ValueError):
            raise VaultLocked(f"{context}: the encrypted value was changed, or belongs elsewhere") from None

    def digest(self, plain: str, context: str) -> str:
        """Return 64 hex digits that are equal for equal texts of one context, and tell nothing without the key."""
        return hmac.new(self._digest_key, f"{context}\0{plain}".encode(), hashlib.sha256).hexdigest()

    def _take(self, held: KeyFile) -> None:
        if not held.keys or any(len(key) != KEY_BYTES for key in held.keys):
            raise VaultLocked(f"a vault needs one or more keys of {KEY_BYTES} bytes")
        self._ciphers = {key_id(key): AESGCM(derived(key, b"esik field")) for key in held.keys}
        self._newest = key_id(held.keys[-1])
        self._digest_key = index_key(held)

    def _follow(self) -> None:
        """Read the key file anew where it was changed: no process goes on with a key that was retired."""
        if self._path is None or (stamp := _stamp(self._path)) == self._stamp:
            return
        self._take(read_key_file(self._path))
        self._stamp = stamp


def key_id_of(sealed: bytes) -> str:
    """Return the id, in hex, of the key that a value was encrypted with."""
    return sealed[1:HEAD_BYTES].hex()


def row_of(sealed: bytes) -> str:
    """Return the row that a value names; empty where it names none."""
    if sealed[:1] != BOUND or len(sealed) <= HEAD_BYTES:
        return ""
    start = HEAD_BYTES + 1
    return sealed[start : start + sealed[HEAD_BYTES]].decode(errors="replace")


def _stamp(path: Path) -> tuple[int, int]:
    """Return what changes with a file; nothing where it cannot be asked now."""
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return found.st_mtime_ns, found.st_ino
