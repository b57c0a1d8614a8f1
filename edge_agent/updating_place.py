"""What the agent and its launcher tell each other: files in two folders (deploy/edge/launcher/launcher.py).

Rule: the agent never writes where releases stand. It leaves what it fetched in its inbox, where the launcher, which
belongs to root, believes nothing but the release key's signature.
"""

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from schemas.release import Manifest, ReleaseRefused, open_manifest

_STATE, _KEYS = "launcher.json", "release.pub"
_MANIFEST, _PAYLOAD, _GOOD, _BEFORE = "staged.manifest", "staged.payload", "good", "before"
_PART = ".part"
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Installed:
    """What the launcher says: what runs, whether on trial, what failed and why, whose files were found changed."""

    counter: int = 0
    is_trial: bool = False
    bad: Mapping[int, str] = field(default_factory=dict)
    changed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Before:
    """How the release before stood when it gave way: what the next one must be able to do as well."""

    readers: tuple[str, ...] = ()
    roster: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """The launcher's folder, and the agent's inbox for it."""

    root: Path
    inbox: Path
    board: str = field(default_factory=lambda: f"linux-{platform.machine()}")

    def installed(self) -> Installed:
        """Return what the launcher has written down; nothing is installed where that cannot be read."""
        told = _json(self.root / _STATE)
        bad, changed = told.get("bad"), told.get("changed")
        return Installed(
            _number(told.get("trial")) or _number(told.get("good")),
            is_trial=_number(told.get("trial")) > 0,
            bad={int(c): str(why) for c, why in bad.items() if c.isdecimal()} if isinstance(bad, dict) else {},
            changed=tuple(_number(each) for each in changed) if isinstance(changed, list) else (),
        )

    @property
    def has_key(self) -> bool:
        """Tell whether a release key is pinned on this machine: without one nothing is ever fetched."""
        return bool(self._keys())

    def opened(self, file: bytes) -> Manifest:
        """Return what a manifest says that a pinned key has signed. Raises ReleaseRefused."""
        keys = self._keys()
        return open_manifest(file, lambda signature, signed: any(_is_signed(key, signature, signed) for key in keys))

    def _keys(self) -> list[Ed25519PublicKey]:
        try:
            lines = (self.root / _KEYS).read_text().split()
            return [Ed25519PublicKey.from_public_bytes(bytes.fromhex(line)) for line in lines]
        except (OSError, ValueError):
            return []

    # The inbox

    def begin(self, file: bytes) -> int:
        """Begin to fetch a release, or go on with one; return how many bytes of its payload are here."""
        self.inbox.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = self.inbox / (_PAYLOAD + _PART)
        named = self.inbox / (_MANIFEST + _PART)
        if not named.exists() or named.read_bytes() != file:
            part.unlink(missing_ok=True)
            _write(named, file)
        return part.stat().st_size if part.exists() else 0

    def add(self, block: bytes) -> None:
        """Add the next bytes of the payload."""
        with (self.inbox / (_PAYLOAD + _PART)).open("ab") as file:
            file.write(block)

    def stage(self, manifest: Manifest, before: Before) -> None:
        """Check what was fetched as it stands on the disk, and leave it to the launcher. Raises ReleaseRefused."""
        part = self.inbox / (_PAYLOAD + _PART)
        with part.open("rb") as payload:
            for file in manifest.files:
                found, left = sha256(), file.size
                while left and (block := payload.read(min(left, _BLOCK))):
                    found.update(block)
                    left -= len(block)
                if left or found.hexdigest() != file.digest:
                    raise ReleaseRefused("digest", f"{file.path} is not what was signed")
            if payload.read(1):
                raise ReleaseRefused("digest", "the payload goes on after its last file")
            os.fsync(payload.fileno())
        _write(self.inbox / _BEFORE, json.dumps({"readers": before.readers, "roster": before.roster}).encode())
        part.replace(self.inbox / _PAYLOAD)
        (self.inbox / (_MANIFEST + _PART)).replace(self.inbox / _MANIFEST)  # last: with it the launcher takes both
        _sync_folder(self.inbox)

    def is_staged(self) -> bool:
        """Tell whether something waits for the launcher already."""
        return (self.inbox / _MANIFEST).exists()

    def drop(self) -> None:
        """Throw away what was fetched so far."""
        for name in (_PAYLOAD + _PART, _MANIFEST + _PART):
            (self.inbox / name).unlink(missing_ok=True)

    def before(self) -> Before:
        """Return how the release before stood; nothing where it has not said."""
        told = _json(self.inbox / _BEFORE)
        readers = told.get("readers")
        return Before(tuple(map(str, readers)) if isinstance(readers, list) else (), _number(told.get("roster")))

    def prove(self, counter: int) -> None:
        """Tell the launcher that a release on trial has proved itself."""
        self.inbox.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(self.inbox / _GOOD, str(counter).encode())


def _is_signed(key: Ed25519PublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def _json(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _number(told: object) -> int:
    return told if isinstance(told, int) and told > 0 else 0


def _write(path: Path, content: bytes) -> None:
    new = path.with_name(path.name + ".new")
    with new.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
