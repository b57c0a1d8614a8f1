"""Packing: from a folder to a signed release, at the desk of whoever holds the release key.

A release of the agent is a folder that `python FOLDER edge run` starts: `__main__.py`, our packages, and every package
they need that is not on the machine already. One of a node is what stands in a slot.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cloud.releases.errors import FolderRefused, ReleaseNotTaken
from schemas.release import FILE_BYTES_MAX, FILES_MAX, PAYLOAD_BYTES_MAX, ReleaseRefused, is_safe, pack

LEFT_OUT = ("__pycache__", ".pyc", ".git")


@dataclass(frozen=True, slots=True)
class Label:
    """What a release is called, and what it is for."""

    counter: int
    product: str
    board: str
    version: str
    journal: int
    notes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Packed:
    """A release as two files."""

    manifest: bytes
    payload: bytes


def pack_folder(folder: Path, label: Label, sign: Callable[[bytes], bytes]) -> Packed:
    """Return a release of a folder's files. Raises FolderRefused or ReleaseNotTaken."""
    rows: list[list[object]] = []
    parts: list[bytes] = []
    for path in _files(folder):
        content = path.read_bytes()
        rows.append([path.relative_to(folder).as_posix(), len(content), hashlib.sha256(content).hexdigest()])
        parts.append(content)
    payload = b"".join(parts)
    manifest: dict[str, object] = {
        "format": 1, "counter": label.counter, "product": label.product, "board": label.board,
        "version": label.version, "journal": label.journal, "size": len(payload), "files": rows,
        "notes": dict(label.notes),
    }  # fmt: skip
    try:
        return Packed(pack(manifest, sign), payload)
    except ReleaseRefused as refused:
        raise ReleaseNotTaken(str(refused)) from refused


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder in one order everywhere, without what programs leave behind."""
    if not folder.is_dir():
        raise FolderRefused(str(folder), "it is no folder")
    count = size = 0
    for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise FolderRefused(str(folder), f"{name} is a link; put the file itself there")
        if path.is_dir() or any(part.endswith(LEFT_OUT) for part in path.relative_to(folder).parts):
            continue
        if not is_safe(name):
            raise FolderRefused(str(folder), f"{name} is no name that every file system takes")
        count, size = count + 1, size + path.stat().st_size
        if count > FILES_MAX or size > PAYLOAD_BYTES_MAX or path.stat().st_size > FILE_BYTES_MAX:
            raise FolderRefused(str(folder), f"at {name} it is too large")
        yield path
