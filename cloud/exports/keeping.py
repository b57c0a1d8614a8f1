"""The file of an ordered export as it lies on the disk: sealed with a key of its own, which only the vault opens.

Rule: nothing of a school lies open in the folder of exports once a file is whole; the name of a file tells no school.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Self

from cloud.core.vault import Vault
from cloud.exports.sealing import Sealer, SealingKey, salt_in, unsealed

CONTEXT = "export_job.file"
FILE = "school.sealed"
LENGTH_BYTES = 2


class SealedFile:
    """A file that a zip archive is written into: it is sealed on its way to the disk."""

    def __init__(self, out: IO[bytes], vault: Vault, job_id: int) -> None:
        key = SealingKey.drawn()
        kept = vault.encrypt_bytes(key.packed, CONTEXT, str(job_id))
        out.write(len(kept).to_bytes(LENGTH_BYTES, "big") + kept)
        self._sealer, self.size = Sealer(out, key, _bound(job_id)), 0

    @classmethod
    @contextmanager
    def on(cls, out: IO[bytes], vault: Vault, job_id: int) -> Iterator[Self]:
        """Yield a file to write an export into, which cannot be read or gone back in."""
        file = cls(out, vault, job_id)
        yield file
        file.close()

    def write(self, data: bytes) -> int:
        """Take bytes in."""
        self._sealer.write(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Do nothing: a chunk is written when it is full."""

    def close(self) -> None:
        """Write what is left."""
        self._sealer.close()


def read_sealed(path: Path, vault: Vault, job_id: int) -> Iterator[bytes]:
    """Yield the export, chunk by chunk. Raises OSError, VaultLocked, or PassphraseRefused where a byte was changed."""
    with path.open("rb") as source:
        kept = source.read(int.from_bytes(source.read(LENGTH_BYTES), "big"))
        key = SealingKey.unpacked(vault.decrypt_bytes(kept, CONTEXT, str(job_id)))
        salt_in(source)
        yield from unsealed(source, key, _bound(job_id))


def place_of(folder: Path, job_id: int, tries: int) -> Path:
    """Return the folder of one try of a job; two workers never write into the same."""
    return folder / f"{job_id}-{tries}"


def clear(place: Path) -> None:
    """Delete what was begun in the folder of a try, and the folder where nothing else is in it."""
    for begun in place.glob("*.part"):
        begun.unlink(missing_ok=True)
    with suppress(OSError):  # a whole file stays, done or not: its table says whether it is kept
        place.rmdir()


def sweep(folders: list[Path], kept: set[Path]) -> int:
    """Delete those folders of exports that are not to be kept; return how many."""
    gone = [each for each in folders if each not in kept]
    for each in gone:
        shutil.rmtree(each, ignore_errors=True)
    return len(gone)


def _bound(job_id: int) -> bytes:
    return f"export {job_id}".encode()
