"""The key file of the vault: keys of 64 hex digits a line, oldest first, and the key of the digests on a line `index:`.

Rule: the last key encrypts, all decrypt. A retired key goes to a file beside, for old backups; where it was what
digests are made by, only the digests' key is kept of it, which decrypts nothing.
"""

import hashlib
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
KEY_ID_BYTES = 4
INDEX = "index:"
RETIRED = ".retired"


class VaultLocked(Exception):
    """A value or a key file cannot be read with the keys at hand."""


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What a key file holds; without a key of its own digests are made by one derived from the first."""

    keys: tuple[bytes, ...]
    index: bytes | None = None


def read_key_file(path: Path) -> KeyFile:
    """Return what a key file holds. Raises VaultLocked with what to do."""
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
    indexes = [_key(word.removeprefix(INDEX), path) for word in text.split() if word.startswith(INDEX)]
    if len(indexes) > 1:
        raise VaultLocked(f"the key file {path} has {len(indexes)} lines with {INDEX}, one is wanted")
    return KeyFile(keys_in(text, path), indexes[0] if indexes else None)


def read_keys(path: Path) -> tuple[bytes, ...]:
    """Return the keys of a key file that encrypt and decrypt, oldest first. Raises VaultLocked with what to do."""
    return read_key_file(path).keys


def keys_in(text: str, path: Path) -> tuple[bytes, ...]:
    """Return the keys in the text of a key file; the path is for messages. Raises VaultLocked."""
    return tuple(_key(word, path) for word in text.split() if not word.startswith(INDEX))


def make_key_file(path: Path) -> None:
    """Write a key file with one new key, readable by its owner only; never over one that exists."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(KEY_BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())


def add_key(path: Path) -> None:
    """Append a new key to a key file: it encrypts from now on, the older ones go on decrypting."""
    held = read_key_file(path)
    write_key_file(path, KeyFile((*held.keys, secrets.token_bytes(KEY_BYTES)), held.index))


def retire_keys(path: Path, gone: Sequence[bytes]) -> None:
    """Take keys out of a key file and keep them beside, in a file for old backups. Raises VaultLocked for the last."""
    held = read_key_file(path)
    kept = tuple(key for key in held.keys if key not in gone)
    if not kept or held.keys[-1] in gone:
        raise VaultLocked(f"the key that encrypts now stays in {path}: add another one first")
    handle = os.open(path.with_name(path.name + RETIRED), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write("".join(f"{key.hex()}\n" for key in held.keys if key in gone))
        file.flush()
        os.fsync(file.fileno())
    write_key_file(path, KeyFile(kept, index_key(held)))


def write_key_file(path: Path, held: KeyFile) -> None:
    """Write a key file in the place of the one that is there, whole or not at all."""
    lines = [*(key.hex() for key in held.keys), *([f"{INDEX}{held.index.hex()}"] if held.index else []), ""]
    temporary = path.with_suffix(".new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write("\n".join(lines))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def index_key(held: KeyFile) -> bytes:
    """Return the key that digests are made by."""
    return held.index or derived(held.keys[0], b"esik digest")


def key_id(key: bytes) -> bytes:
    """Return the id of a key, which says nothing about it."""
    return hashlib.sha256(b"esik key id" + key).digest()[:KEY_ID_BYTES]


def derived(key: bytes, label: bytes) -> bytes:
    """Return a key made of another for one purpose (HKDF, RFC 5869); nothing leads back."""
    return HKDF(SHA256(), KEY_BYTES, None, label).derive(key)


def _key(word: str, path: Path) -> bytes:
    try:
        key = bytes.fromhex(word)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise VaultLocked(f"the key file {path} has a line that is not 64 hex digits")
    return key
