"""The release key: Ed25519, kept offline behind a passphrase; its public half is pinned in clouds and in agents.

Rule: a cloud never holds the private half. Who takes over a cloud can withhold releases, and make none.
"""

import secrets
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cloud.devices.ca import write_private
from cloud.releases.errors import ReleaseKeyExists, ReleaseKeyMissing, ReleaseKeyRefused

PRIVATE, PUBLIC = "release.key", "release.pub"
KEYS_MAX = 8  # an old one and a new one, with room to spare
_DIGITS = 64


def make(folder: Path) -> str:
    """Write a new key into a folder; return its passphrase, which is kept nowhere. Raises ReleaseKeyExists."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if (folder / PRIVATE).exists():
        raise ReleaseKeyExists(str(folder))
    passphrase = "-".join(secrets.token_hex(3) for _ in range(6))
    key = Ed25519PrivateKey.generate()
    locked = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase.encode()),
    )  # fmt: skip
    write_private(folder / PRIVATE, locked)
    (folder / PUBLIC).write_text(key.public_key().public_bytes_raw().hex() + "\n")
    return passphrase


def unlock(path: Path, passphrase: str) -> Ed25519PrivateKey:
    """Return the key in a file. Raises ReleaseKeyRefused, which names neither key nor passphrase."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), passphrase.encode())
    except (OSError, ValueError, TypeError):
        raise ReleaseKeyRefused(str(path)) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ReleaseKeyRefused(str(path))
    return key


def read_public(path: Path) -> list[Ed25519PublicKey]:
    """Return the keys in a file, one a line; any of them may have signed. Raises ReleaseKeyRefused."""
    try:
        lines = [line for line in path.read_text().split("\n") if line]
        keys = [Ed25519PublicKey.from_public_bytes(bytes.fromhex(line)) for line in lines if len(line) == _DIGITS]
    except (OSError, ValueError):
        raise ReleaseKeyRefused(str(path)) from None
    if not 1 <= len(keys) == len(lines) <= KEYS_MAX:
        raise ReleaseKeyRefused(str(path))
    return keys


def trust(data: Path, path: Path) -> int:
    """Let a cloud believe what the keys in a file have signed, and nothing else; return how many they are."""
    keys = read_public(path)
    data.mkdir(parents=True, exist_ok=True)
    (data / PUBLIC).write_text("".join(key.public_bytes_raw().hex() + "\n" for key in keys))
    return len(keys)


def trusted(data: Path) -> list[Ed25519PublicKey]:
    """Return the keys that a cloud believes. Raises ReleaseKeyMissing or ReleaseKeyRefused."""
    if not (data / PUBLIC).exists():
        raise ReleaseKeyMissing
    return read_public(data / PUBLIC)


def is_signed(keys: Iterable[Ed25519PublicKey], signature: bytes, signed: bytes) -> bool:
    """Tell whether one of the keys signed something."""
    for key in keys:
        try:
            key.verify(signature, signed)
        except InvalidSignature:
            continue
        return True
    return False
