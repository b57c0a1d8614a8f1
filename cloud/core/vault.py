"""The vault: personal fields are encrypted here, one by one, and found again by keyed digests.

Rule: a ciphertext names its key and is bound to its context (table.column, with the school where there is one), so that
a value moved to another column does not decrypt. The first key digests for ever; the last one encrypts.
"""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
KEY_ID_BYTES = 4
NONCE_BYTES = 12
FORMAT = b"\x01"


class VaultLocked(Exception):
    """A value or a key file cannot be read with the keys at hand."""


class Vault:
    """Encrypts with the last of its keys, decrypts with any of them."""

    def __init__(self, *keys: bytes) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise VaultLocked(f"a vault needs one or more keys of {KEY_BYTES} bytes")
        self._ciphers = {_key_id(key): AESGCM(_derived(key, b"esik field")) for key in keys}
        self._newest = _key_id(keys[-1])
        self._digest_key = _derived(keys[0], b"esik digest")

    @property
    def newest_key_id(self) -> str:
        """The id, in hex, of the key that encrypts now."""
        return self._newest.hex()

    def has(self, key_id: str) -> bool:
        """Tell whether one of the keys has this id, in hex."""
        return bytes.fromhex(key_id) in self._ciphers

    def encrypt(self, plain: str, context: str) -> bytes:
        """Return the text encrypted for its context, as `person.iin`."""
        return self.encrypt_bytes(plain.encode(), context)

    def decrypt(self, sealed: bytes, context: str) -> str:
        """Return the text. Raises VaultLocked for an unknown key, another context, or a changed byte."""
        return self.decrypt_bytes(sealed, context).decode()

    def encrypt_bytes(self, plain: bytes, context: str) -> bytes:
        """Return bytes encrypted for their context: format, key id, nonce, ciphertext."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        head = FORMAT + self._newest
        return head + nonce + self._ciphers[self._newest].encrypt(nonce, plain, head + context.encode())

    def decrypt_bytes(self, sealed: bytes, context: str) -> bytes:
        """Return the bytes. Raises VaultLocked as `decrypt` does."""
        head, rest = sealed[: 1 + KEY_ID_BYTES], sealed[1 + KEY_ID_BYTES :]
        cipher = self._ciphers.get(head[1:])
        if head[:1] != FORMAT or cipher is None:
            raise VaultLocked(f"{context}: encrypted with key {head[1:].hex()}, which is not in the key file")
        try:
            return cipher.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], head + context.encode())
        except InvalidTag:
            raise VaultLocked(f"{context}: the encrypted value was changed, or belongs elsewhere") from None

    def digest(self, plain: str, context: str) -> str:
        """Return 64 hex digits that are equal for equal texts of one context, and tell nothing without the key."""
        return hmac.new(self._digest_key, f"{context}\0{plain}".encode(), hashlib.sha256).hexdigest()


def read_keys(path: Path) -> tuple[bytes, ...]:
    """Return the keys of a key file: 64 hex digits a line, oldest first. Raises VaultLocked with what to do."""
    try:
        text = path.read_text(encoding="ascii")
    except OSError as error:
        raise VaultLocked(
            f"the key file {path} cannot be read ({error.strerror}): restore it from its backup"
        ) from None
    except UnicodeDecodeError:
        raise VaultLocked(f"the key file {path} is not a key file: 64 hex digits a line are wanted") from None
    if path.stat().st_mode & 0o077:
        raise VaultLocked(f"the key file {path} can be read by others: chmod 600 {path}")
    return keys_in(text, path)


def keys_in(text: str, path: Path) -> tuple[bytes, ...]:
    """Return the keys in the text of a key file; the path is for messages. Raises VaultLocked."""
    return tuple(_key(line, path) for line in text.split())


def make_key_file(path: Path) -> None:
    """Write a key file with one new key, readable by its owner only; never over one that exists."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(KEY_BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())


def add_key(path: Path) -> None:
    """Append a new key to a key file: it encrypts from the next start on, the older ones go on decrypting."""
    keys = [key.hex() for key in read_keys(path)]
    temporary = path.with_suffix(".new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write("\n".join([*keys, secrets.token_hex(KEY_BYTES), ""]))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _key(line: str, path: Path) -> bytes:
    try:
        key = bytes.fromhex(line)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise VaultLocked(f"the key file {path} has a line that is not 64 hex digits")
    return key


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"esik key id" + key).digest()[:KEY_ID_BYTES]


def _derived(key: bytes, label: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, None, label).derive(key)
