"""The releases on this machine: which one is trusted, which is on trial, and their files as they were signed.

Rule: a release's folder is written once, beside the others, and gets its name only when every file is on the disk and
fits its digest. What says which one runs is replaced whole, never written over.
"""

import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from ed25519 import verify
from release import Manifest, ReleaseRefused, check_fits, open_manifest

BASE = 0  # the counter of what was installed by hand
KEYS, STATE, CURRENT, RELEASES = "release.pub", "launcher.json", "current", "releases"
BAD_MAX = 32
_BLOCK = 1 << 20
_MANIFEST_BYTES_MAX = 2 * 1024 * 1024 + 256


@dataclass
class State:
    """What is remembered between starts; `bad` says why a counter is never tried again."""

    good: int = BASE
    previous: int = BASE
    trial: int = BASE
    tries: int = 0
    highest: int = BASE
    bad: dict[str, str] = field(default_factory=dict)
    changed: list[int] = field(default_factory=list)  # releases whose files were found changed
    taking: int = BASE  # what was last begun to be taken in, and how often without an end
    takes: int = 0

    def condemn(self, counter: int, why: str) -> None:
        """Never try a counter again."""
        self.bad[str(counter)] = why
        for old in sorted(self.bad, key=int)[:-BAD_MAX]:
            del self.bad[old]

    def refuse(self, counter: int) -> None:
        """Never take in a counter, unless it is known as bad already or the agent takes none of that age anyway."""
        if counter > self.good and str(counter) not in self.bad:
            self.condemn(counter, "refused")


@dataclass(frozen=True)
class Signed:
    """A manifest that a pinned key has signed, and its file."""

    manifest: Manifest
    file: bytes


class Store:
    """The folder of the releases; only its owner, root, writes there."""

    def __init__(self, root: Path, board: str) -> None:
        self.root = root
        self.board = board

    def folder(self, counter: int) -> Path:
        return self.root / RELEASES / str(counter)

    # What is remembered

    def load(self) -> State:
        """Return the state; without one that can be read, what the link to the current release says."""
        try:
            found = json.loads((self.root / STATE).read_text())
            state = State(**found)
            int(state.good), int(state.previous), int(state.trial), int(state.tries), int(state.highest)
            int(state.taking), int(state.takes)
        except (OSError, ValueError, TypeError):
            state = State()
            link = self.root / CURRENT
            name = link.readlink().name if link.is_symlink() else ""
            state.good = state.highest = int(name) if name.isdecimal() else BASE
        return state

    def save(self, state: State) -> None:
        """Write the state and turn the link to what runs next, each at one instant."""
        write_whole(self.root / STATE, json.dumps(asdict(state)).encode())
        chosen = state.trial or state.good
        link, new = self.root / CURRENT, self.root / f"{CURRENT}.new"
        if chosen == BASE:
            link.unlink(missing_ok=True)
            return
        new.unlink(missing_ok=True)
        new.symlink_to(Path(RELEASES) / str(chosen))
        new.replace(link)
        sync_folder(self.root)

    # What was signed

    def manifest(self, file: bytes) -> Manifest:
        """Return what a manifest says that a pinned key has signed. Raises ReleaseRefused."""
        try:
            keys = [bytes.fromhex(line) for line in (self.root / KEYS).read_text().split()]
        except (OSError, ValueError):
            keys = []
        if not keys:
            raise ReleaseRefused("signature", f"no release key is pinned in {self.root / KEYS}")
        return open_manifest(file, lambda signature, message: any(verify(key, signature, message) for key in keys))

    def signed(self, manifest_file: Path) -> Signed:
        """Return what a manifest file says that a pinned key has signed. Raises ReleaseRefused."""
        with opened(manifest_file) as file:
            signed = file.read(_MANIFEST_BYTES_MAX)
        return Signed(self.manifest(signed), signed)

    def check(self, manifest: Manifest, state: State, again: int) -> None:
        """Raise ReleaseRefused unless a release is meant for this machine and newer than all before, or is `again`."""
        held = manifest.counter - 1 if manifest.counter == again else state.highest
        check_fits(manifest, "agent", self.board, held, manifest.journal)

    def install(self, signed: Signed, payload_file: Path) -> None:
        """Put a release in its place. Raises ReleaseRefused, whose text begins with why."""
        manifest = signed.manifest
        place, part = self.folder(manifest.counter), self.folder(manifest.counter).with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        try:
            _unpack(manifest, payload_file, part)
            shutil.rmtree(place, ignore_errors=True)  # damaged, or left by a power cut: nothing that is trusted
            write_whole(part.with_suffix(".manifest"), signed.file)
            part.rename(place)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        sync_folder(place.parent)

    def is_whole(self, counter: int) -> bool:
        """Tell whether a release's folder holds what was signed, all of it, and nothing else."""
        folder = self.folder(counter)
        try:
            manifest = self.manifest(folder.with_suffix(".manifest").read_bytes())
            wanted = {file.path: file for file in manifest.files}
            if manifest.counter != counter or set(_names(folder)) != set(wanted):
                return False
            return all(_digest(folder / path) == file.digest for path, file in wanted.items())
        except (OSError, ReleaseRefused):
            return False

    def forget_others(self, state: State) -> None:
        """Remove releases that nobody goes back to."""
        kept = {str(counter) for counter in (state.good, state.previous, state.trial)}
        for path in (self.root / RELEASES).glob("*"):
            if path.name.partition(".")[0] not in kept:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Yield an ordinary file of the agent's folder: no link leads elsewhere, nothing that never ends is waited for."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ReleaseRefused("malformed", f"{path.name} is no ordinary file")
        yield file


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there as it was, or as it should be."""
    new = path.with_name(path.name + ".new")
    with new.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.chmod(0o644)
    new.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unpack(manifest: Manifest, payload_file: Path, folder: Path) -> None:
    """Write the files of a payload into a folder, all of them onto the disk. Raises ReleaseRefused."""
    with opened(payload_file) as payload:
        for file in manifest.files:
            _take(payload, folder / file.path, file.size, file.digest)
        if payload.read(1):
            raise ReleaseRefused("size", "the payload goes on after its last file")
    for each in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
        each.chmod(0o755)
        sync_folder(each)


def _take(payload: BinaryIO, path: Path, size: int, digest: str) -> None:
    """Write the next file of a payload; it is read once, so that what was checked is what was written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    found, left = sha256(), size
    with path.open("xb") as file:
        while left and (block := payload.read(min(left, _BLOCK))):
            found.update(block)
            file.write(block)
            left -= len(block)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o644)
    if left or found.hexdigest() != digest:
        raise ReleaseRefused("digest", f"{path.name} is not what was signed")


def _names(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if path.is_symlink() or not path.is_dir():
            yield path.relative_to(folder).as_posix()


def _digest(path: Path) -> str:
    with opened(path) as file:
        found = sha256()
        step: Callable[[], bytes] = lambda: file.read(_BLOCK)  # noqa: E731
        for block in iter(step, b""):
            found.update(block)
    return found.hexdigest()
