"""The zip file of an export, read by somebody who trusts nothing in it: names, sizes and digests are checked first.

Rule: no name of the file is ever a path here, nothing is unpacked to the disk, and no more is read of a file than the
manifest says that it has.
"""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from cloud.exports.package import FORMAT, MANIFEST, Manifest, Member
from cloud.takein.errors import TakeInRefused, damaged, unknown

MANIFEST_MAX = 64 << 20
FILES_MAX = 200_000
TOTAL_MAX = 100 << 30  # of what is unpacked: years of a large school
RATIO_MAX = 1_100  # more than zlib can do
LINE_MAX = 32 << 20
READ = 1 << 20
_TROUBLE = (OSError, zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Source:
    """An export whose every file is what the manifest says."""

    archive: zipfile.ZipFile
    manifest: Manifest

    @property
    def files(self) -> dict[str, Member]:
        """What the manifest tells of each file."""
        return self.manifest.files

    def lines(self, name: str) -> Iterator[bytes]:
        """Yield the lines of a file. Raises TakeInRefused."""
        with self._open(name) as file:
            while line := file.readline(LINE_MAX):
                if not line.endswith(b"\n"):
                    raise damaged(f"a line of {name} is too long or is cut off")
                yield line

    def content(self, name: str) -> bytes:
        """Return a small file, as a photo. Raises TakeInRefused."""
        if name not in self.files or self.files[name].size > LINE_MAX:
            raise damaged(f"{name} is missing, or too large")
        with self._open(name) as file:
            return file.read(self.files[name].size)

    @contextmanager
    def stream(self, name: str) -> Iterator[IO[bytes]]:
        """Yield a file to read from."""
        with self._open(name) as file:
            yield file

    @contextmanager
    def _open(self, name: str) -> Iterator[IO[bytes]]:
        try:
            with self.archive.open(name) as file:
                yield file
        except TakeInRefused:
            raise
        except _TROUBLE as error:
            raise damaged(f"{name} cannot be read ({type(error).__name__})") from None


@contextmanager
def opened(file: Path) -> Iterator[Source]:
    """Yield an export that was checked whole. Raises TakeInRefused."""
    try:
        archive = zipfile.ZipFile(file)
    except (OSError, zipfile.BadZipFile, ValueError) as error:
        raise damaged(f"{file} is no zip file that can be read ({type(error).__name__})") from None
    with archive:
        manifest = _manifest(archive)
        _check_names(archive, manifest, file.stat().st_size)
        source = Source(archive, manifest)
        for name, member in manifest.files.items():
            _check_digest(source, name, member)
        yield source


def _manifest(archive: zipfile.ZipFile) -> Manifest:
    """Return what the export says of itself."""
    try:
        entry = archive.getinfo(MANIFEST)
        if entry.file_size > MANIFEST_MAX:
            raise damaged("its manifest is too large")
        with archive.open(entry) as file:
            told = json.loads(file.read(MANIFEST_MAX))
        if not isinstance(told, dict) or told.get("format") != FORMAT:
            raise unknown(f"format {told.get('format') if isinstance(told, dict) else '?'}")
        files = {str(name): Member(int(each["size"]), str(each["sha256"])) for name, each in told["files"].items()}
        return Manifest(**{**told, "files": files})
    except (*_TROUBLE, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise damaged(f"it has no manifest of Esik's ({type(error).__name__})") from None


def _check_names(archive: zipfile.ZipFile, manifest: Manifest, size: int) -> None:
    """Refuse what is not told, told twice, leads elsewhere, or unpacks to more than it can."""
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if len(entries) > FILES_MAX or len(names) != len(set(names)):
        raise damaged("it has too many files, or one of them twice")
    if strange := next((name for name in names if leads_elsewhere(name)), None):
        raise damaged(f"the name {strange[:80]!r} leads to another folder")
    if set(names) != {*manifest.files, MANIFEST}:
        raise damaged("its files are not those of its manifest")
    told = {name: member.size for name, member in manifest.files.items()}
    if any(entry.file_size != told.get(entry.filename, entry.file_size) for entry in entries):
        raise damaged("a file has not the size that the manifest says")
    packed, total = sum(entry.compress_size for entry in entries), sum(entry.file_size for entry in entries)
    if packed > size or total > TOTAL_MAX or total > RATIO_MAX * (size + 1):
        raise damaged("it would unpack to more than any export has")


def leads_elsewhere(name: str) -> bool:
    """Tell whether a name in a zip file is not that of a plain file in its folders."""
    return name.startswith(("/", "\\")) or ".." in name or ":" in name or "\\" in name or name.endswith("/")


def _check_digest(source: Source, name: str, member: Member) -> None:
    digest, size = hashlib.sha256(), 0
    with source.stream(name) as file:
        while block := file.read(READ):
            digest.update(block)
            size += len(block)
            if size > member.size:
                break
    if size != member.size or digest.hexdigest() != member.sha256:
        raise damaged(f"{name} is not what the manifest says")
