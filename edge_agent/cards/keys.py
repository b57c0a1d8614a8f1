"""Keys of cards: what a school's agents hold, and the key of one card made from it.

Rule: nothing here shows a key in text. An agent's file is read when nobody but its own user can read it; with it one
can check cards, and write one that this school's gates take: see docs/cards.md for what that means after a theft.
"""

from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from edge_agent.cards.diversify import diversify

ADMIN, GATE, FINDER = 0, 1, 2  # numbers of keys in our application on a DESFire
LINK, LINK_CODE, SPARE = 2, 3, 4  # on an NTAG 424 DNA, whose first two are as above
_OURS = 0x4B
VERSION_MIN, VERSION_MAX = 1, 255  # a key that was never changed has version 0
VERSIONS_MAX = 4
FILE_BYTES_MAX = 16 * 1024
_OTHERS = 0o077
Key = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
SchoolCode = Annotated[str, Meta(pattern=r"^[a-z0-9]{4,12}\Z")]


class CardKeysRefused(ValueError):
    """A file of keys cannot be used; the text says which, what is wrong with it, and what to do."""


@dataclass(frozen=True, slots=True)
class SchoolKeys:
    """One version of what a school's agents hold, each 16 bytes.

    `gate` makes the key that a card proves itself by. `finder` and `link` are the same in all cards of the school:
    they ask a card with random UIDs which one it is, and read whose link it was.
    """

    version: int
    application: bytes
    gate: bytes = field(repr=False)
    finder: bytes = field(repr=False)
    link: bytes = field(repr=False)

    def gate_key(self, uid: bytes) -> bytes:
        """Return the key that one card proves itself by."""
        return card_key(self.gate, self.application, uid, b"gate")

    def link_key(self, uid: bytes) -> bytes:
        """Return the key that one chip makes its links' check codes by."""
        return card_key(self.gate, self.application, uid, b"link")


def application_of(school: str) -> bytes:
    """Return a school's application on a DESFire, three bytes as commands carry them.

    Each school has one of its own: another school's card claims nothing here, and a card may serve two schools.
    """
    return bytes([_OURS]) + sha256(b"esik/cards/" + school.encode()).digest()[:2]


def card_key(key: bytes, application: bytes, uid: bytes, purpose: bytes) -> bytes:
    """Return a card's own key: by AN10922 over UID, application and a system identifier of ours for each purpose."""
    return diversify(key, uid + application + b"esik " + purpose)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """A school's keys, newest first: cards that were made before the last change are still known."""

    school: str
    versions: tuple[SchoolKeys, ...]

    @property
    def application(self) -> bytes:
        return application_of(self.school)

    def of_version(self, version: int) -> SchoolKeys | None:
        """Return the keys that a card with this key version was made by."""
        return next((keys for keys in self.versions if keys.version == version), None)


class _Version(Struct, frozen=True, forbid_unknown_fields=True):
    version: Annotated[int, Meta(ge=VERSION_MIN, le=VERSION_MAX)]
    gate: Key
    finder: Key
    link: Key


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    form: Literal["esik card keys 1"]
    school: SchoolCode
    keys: Annotated[tuple[_Version, ...], Meta(min_length=1, max_length=VERSIONS_MAX)]


def write_ring(ring: KeyRing) -> bytes:
    """Return the content of an agent's file."""
    rows = tuple(_Version(keys.version, keys.gate.hex(), keys.finder.hex(), keys.link.hex()) for keys in ring.versions)
    return msgspec.json.format(msgspec.json.encode(_File("esik card keys 1", ring.school, rows)), indent=2) + b"\n"


def read_ring(path: Path) -> KeyRing:
    """Return the keys in an agent's file. Raises CardKeysRefused."""
    content = read_private(path)
    try:
        file = msgspec.json.decode(content, type=_File)
    except msgspec.DecodeError:  # its words may hold a part of the file
        raise CardKeysRefused(f"{path}: is no file of card keys: write it anew with `esik cards school-key`") from None
    place = application_of(file.school)
    versions = tuple(
        SchoolKeys(row.version, place, *map(bytes.fromhex, (row.gate, row.finder, row.link))) for row in file.keys
    )
    numbers = [keys.version for keys in versions]
    if numbers != sorted(set(numbers), reverse=True):
        raise CardKeysRefused(f"{path}: the versions are not in order, newest first: write the file anew")
    return KeyRing(file.school, versions)


def read_ring_of(path: Path, school: str) -> KeyRing:
    """Return the keys in a school's own file. Raises CardKeysRefused."""
    ring = read_ring(path)
    if ring.school != school:
        raise CardKeysRefused(f"{path}: is of school {ring.school}, this agent of {school}: take its own")
    return ring


def read_private(path: Path) -> bytes:
    """Return the content of a file that only its owner may read. Raises CardKeysRefused."""
    try:
        mode, content = path.stat().st_mode, path.read_bytes()[: FILE_BYTES_MAX + 1]
    except OSError as error:
        raise CardKeysRefused(f"{path}: cannot be read: {error.strerror}") from None
    if mode & _OTHERS:
        raise CardKeysRefused(f"{path}: others may read it: run `chmod 600 {path}`")
    if len(content) > FILE_BYTES_MAX:
        raise CardKeysRefused(f"{path}: is too large to be a file of card keys")
    return content
