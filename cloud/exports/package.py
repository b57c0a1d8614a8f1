"""The zip file of an export, written from front to back: every file's digest is kept, and told by the manifest."""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import IO, Any

FORMAT = 2
MANIFEST, SEALED = "manifest.json", "sealed.bin"
QUICK = 1  # of zlib: nine tenths of the effect in a third of the time
PICTURES = (".webp", ".png", ".jpg", ".pdf", ".xlsx")  # which are small already


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an export."""

    size: int
    sha256: str
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an export is, and every file in it."""

    format: int
    esik: str
    migration: str
    school: str
    made_at: str
    left_out: list[str]
    files: dict[str, Member]

    def encoded(self) -> bytes:
        """Return it as JSON."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False).encode()


@dataclass(slots=True)
class Counting:
    """A file that is being written: counts and digests what goes through it."""

    out: IO[bytes]
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def write(self, data: bytes) -> int:
        """Write bytes."""
        self.size += len(data)
        self.digest.update(data)
        return self.out.write(data)


@dataclass(slots=True)
class Package:
    """An export that is being written."""

    archive: zipfile.ZipFile
    files: dict[str, Member] = field(default_factory=dict)

    @contextmanager
    def member(self, name: str) -> Iterator[Counting]:
        """Yield a file of the package to write to."""
        assert name not in self.files, f"{name} is there already"  # noqa: S101
        kind = zipfile.ZIP_STORED if name.endswith((*PICTURES, SEALED)) else zipfile.ZIP_DEFLATED
        entry = zipfile.ZipInfo(name)
        entry.compress_type, entry.external_attr = kind, 0o600 << 16
        entry._compresslevel = QUICK  # type: ignore[attr-defined]  # noqa: SLF001 (public only from 3.13 on)
        with self.archive.open(entry, "w", force_zip64=True) as out:
            counting = Counting(out)
            yield counting
        self.files[name] = Member(counting.size, counting.digest.hexdigest())

    def put(self, name: str, content: bytes) -> None:
        """Write a small file."""
        with self.member(name) as out:
            out.write(content)

    def count(self, name: str, rows: int) -> None:
        """Note how many rows a file has."""
        self.files[name] = Member(self.files[name].size, self.files[name].sha256, rows)


def bound_of(files: dict[str, Member]) -> bytes:
    """Return the digest that the sealed part is bound to: of every other file."""
    told = {name: each.sha256 for name, each in sorted(files.items()) if name != SEALED}
    return hashlib.sha256(json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()).digest()
