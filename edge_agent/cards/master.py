"""The master key of cards: in one file of the personalisation station, under a passphrase; all other keys come from it.

Rule: neither the master key nor the keys that change cards leave this file's station; agents are given what checks
cards, by school and version. A file is replaced whole or not at all.
"""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from msgspec import Meta, Struct

from edge_agent.cards.aes import KEY_BYTES
from edge_agent.cards.keys import (
    VERSION_MAX,
    VERSION_MIN,
    VERSIONS_MAX,
    CardKeysRefused,
    KeyRing,
    SchoolCode,
    SchoolKeys,
    application_of,
    card_key,
    read_private,
)

MASTER_BYTES, SALT_BYTES, NONCE_BYTES = 32, 16, 12
_WORK, _BLOCK, _LANES = 1 << 15, 8, 1  # of scrypt: a tenth of a second, 32 MiB
_FORM = "esik card master 1"
Hex = Annotated[str, Meta(pattern=r"^[0-9a-f]+\Z")]


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    form: Literal["esik card master 1"]
    salt: Hex
    nonce: Hex
    sealed: Hex


class _Content(Struct, forbid_unknown_fields=True):
    master: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    schools: dict[SchoolCode, Annotated[int, Meta(ge=VERSION_MIN, le=VERSION_MAX)]]


@dataclass(slots=True)
class Master:
    """The master key, and which version of its keys each school is at."""

    key: bytes = field(repr=False)
    schools: dict[str, int] = field(default_factory=dict)

    def version_of(self, school: str) -> int:
        """Return a school's newest version; a school that is new here begins with the first."""
        return self.schools.setdefault(school, VERSION_MIN)

    def rotate(self, school: str) -> int:
        """Go on to a school's next version, and return it. Raises CardKeysRefused when there is none left."""
        version = self.version_of(school) + 1
        if version > VERSION_MAX:
            raise CardKeysRefused(f"{school}: all {VERSION_MAX} versions are used up: make a new master key")
        self.schools[school] = version
        return version

    def school_keys(self, school: str, version: int) -> SchoolKeys:
        """Return what agents of a school hold, of one version."""
        gate, finder, link = (self._derived(school, version, purpose) for purpose in ("gate", "finder", "link"))
        return SchoolKeys(version, application_of(school), gate, finder, link)

    def ring(self, school: str, kept: int = 1) -> KeyRing:
        """Return the newest keys of a school, and of so many versions before it."""
        newest = self.version_of(school)
        oldest = max(VERSION_MIN, newest - min(kept, VERSIONS_MAX - 1))
        return KeyRing(school, tuple(self.school_keys(school, number) for number in range(newest, oldest - 1, -1)))

    def own_key(self, school: str, version: int, uid: bytes, purpose: bytes) -> bytes:
        """Return a key of one card that no agent can make: `admin` changes the others, `spare` is not used."""
        return card_key(self._derived(school, version, "admin"), application_of(school), uid, purpose)

    def _derived(self, school: str, version: int, purpose: str) -> bytes:
        told = f"esik/cards/v1/{school}/{version}/{purpose}".encode()
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=told).derive(self.key)


def make(path: Path) -> str:
    """Write a new master key; return its passphrase, which is kept nowhere. Raises CardKeysRefused."""
    if path.exists():
        raise CardKeysRefused(f"{path}: there is one already; cards that were made by it need it: choose another file")
    passphrase = "-".join(secrets.token_hex(3) for _ in range(6))
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    save(path, passphrase, Master(secrets.token_bytes(MASTER_BYTES)))
    return passphrase


def unlock(path: Path, passphrase: str) -> Master:
    """Return the master key in a file. Raises CardKeysRefused, which names neither key nor passphrase."""
    content = read_private(path)
    try:
        file = msgspec.json.decode(content, type=_File)
        sealed = bytes.fromhex(file.sealed)
        key = _stretched(passphrase, bytes.fromhex(file.salt))
        opened = AESGCM(key).decrypt(bytes.fromhex(file.nonce), sealed, _FORM.encode())
        told = msgspec.json.decode(opened, type=_Content)
    except InvalidTag:
        raise CardKeysRefused(f"{path}: the passphrase is not the right one, or the file is damaged") from None
    except (msgspec.DecodeError, ValueError):
        raise CardKeysRefused(f"{path}: is no master key of cards: take the one of `esik cards master init`") from None
    return Master(bytes.fromhex(told.master), dict(told.schools))


def save(path: Path, passphrase: str, master: Master) -> None:
    """Write a master key with its versions, whole or not at all."""
    salt, nonce = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(NONCE_BYTES)
    content = msgspec.json.encode(_Content(master.key.hex(), dict(master.schools)))
    sealed = AESGCM(_stretched(passphrase, salt)).encrypt(nonce, content, _FORM.encode())
    told = {"form": _FORM, "salt": salt.hex(), "nonce": nonce.hex(), "sealed": sealed.hex()}
    write_private(path, json.dumps(told, indent=2).encode() + b"\n")


@contextmanager
def changing(path: Path, passphrase: str) -> Iterator[Master]:
    """Give the master key to change, and write it afterwards if it was changed. Raises CardKeysRefused."""
    master = unlock(path, passphrase)
    before = dict(master.schools)
    yield master
    if master.schools != before:
        save(path, passphrase, master)


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _stretched(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt, 32, _WORK, _BLOCK, _LANES).derive(passphrase.encode())
