"""A broken disk under a SQLite file: what could stand on it after a power cut, a lie about fsync, or a flipped bit.

How it stays honest: an image is the bytes of the file and its write-ahead log. Between two images, the earlier synced,
SQLite wrote first the log, synced it, then perhaps the file (a checkpoint), and synced that. A crash in between leaves
the earlier image plus any prefix of those bytes (`torn`), or any of their 512-byte sectors (`scattered`); the file is
touched only when the log is whole. A disk that lies about fsync keeps no such order (`lied`). Faults of a disk that
still answers (full, read-only) are brought about in SQLite itself, so that its own errors are what the journal sees.

`python -m simulators disk flip|cut JOURNAL COPY --seed 7` writes a broken copy of a closed journal.
"""

import argparse
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

SECTOR = 512
FILE, LOG = "", "-wal"
_SHARED = "-shm"


@dataclass(frozen=True, slots=True)
class Image:
    """The bytes of a SQLite file (`FILE`) and of its log (`LOG`) at one instant; one that is missing does not exist."""

    parts: Mapping[str, bytes]

    @staticmethod
    def of(path: Path) -> "Image":
        """Return what stands on the disk now."""
        places = ((suffix, path.with_name(path.name + suffix)) for suffix in (FILE, LOG))
        return Image({suffix: place.read_bytes() for suffix, place in places if place.exists()})

    def write(self, path: Path) -> None:
        """Make this what stands on the disk. Nobody may have the file open."""
        for suffix in (FILE, LOG, _SHARED):
            place = path.with_name(path.name + suffix)
            place.unlink(missing_ok=True)
            if suffix in self.parts:
                place.write_bytes(self.parts[suffix])

    def part(self, suffix: str) -> bytes:
        """Return the bytes of one part; none when it does not exist."""
        return self.parts.get(suffix, b"")


# What a crash leaves


def torn(before: Image, after: Image, rng: Random) -> Image:
    """Return a crash image: some prefix of the bytes that were written, to the byte."""
    log = _changed(before.part(LOG), after.part(LOG))
    file = _changed(before.part(FILE), after.part(FILE))
    reached = rng.randint(0, len(log) + len(file))
    return _image(
        before,
        after,
        _prefix(before.part(LOG), after.part(LOG), log, reached),
        _prefix(before.part(FILE), after.part(FILE), file, max(0, reached - len(log))),
    )


def scattered(before: Image, after: Image, rng: Random) -> Image:
    """Return a crash image: any of the sectors that were under way, in no order."""
    is_checkpoint = before.part(FILE) != after.part(FILE) and rng.random() < 0.5
    log = after.part(LOG) if is_checkpoint else _mixed(before.part(LOG), after.part(LOG), rng)
    file = _mixed(before.part(FILE), after.part(FILE), rng) if is_checkpoint else before.part(FILE)
    return _image(before, after, log, file)


def lied(before: Image, after: Image, rng: Random) -> Image:
    """Return what a disk that lied about fsync has after a power cut; `before` is the last it really kept."""
    if rng.random() < 0.5:
        return before
    log = _mixed(before.part(LOG), after.part(LOG), rng)
    return _image(before, after, log, _mixed(before.part(FILE), after.part(FILE), rng))


def flipped(image: Image, rng: Random, *, bits: int = 1, within: bytes = b"") -> Image:
    """Return the image with some bits flipped: anywhere, or inside copies of `within` that stand in it."""
    parts = {suffix: bytearray(content) for suffix, content in image.parts.items() if content}
    for _ in range(bits if parts else 0):
        suffix, place = _somewhere(parts, within, rng)
        parts[suffix][place] ^= 1 << rng.randrange(8)
    return Image({suffix: bytes(content) for suffix, content in parts.items()})


def _somewhere(parts: Mapping[str, bytearray], within: bytes, rng: Random) -> tuple[str, int]:
    found = [
        (suffix, start + rng.randrange(len(within)))
        for suffix, content in parts.items()
        for start in _occurrences(bytes(content), within)
    ]
    if found:
        return rng.choice(found)
    suffix = rng.choice(sorted(parts))
    return suffix, rng.randrange(len(parts[suffix]))


def _occurrences(content: bytes, wanted: bytes) -> list[int]:
    places: list[int] = []
    start = content.find(wanted) if wanted else -1
    while start >= 0:
        places.append(start)
        start = content.find(wanted, start + 1)
    return places


def _image(before: Image, after: Image, log: bytes, file: bytes) -> Image:
    known = set(before.parts) | set(after.parts)
    return Image({suffix: content for suffix, content in ((FILE, file), (LOG, log)) if suffix in known})


def _changed(before: bytes, after: bytes) -> range:
    """Return the places between the first and the last byte that differ."""
    if before == after:
        return range(0)
    size = max(len(before), len(after))
    padded = before.ljust(size, b"\0"), after.ljust(size, b"\0")
    sectors = [at for at in range(0, size, SECTOR) if padded[0][at : at + SECTOR] != padded[1][at : at + SECTOR]]
    if not sectors:  # longer by zeros only
        return range(min(len(before), len(after)), size)
    return range(sectors[0], min(size, sectors[-1] + SECTOR))


def _prefix(before: bytes, after: bytes, changed: range, reached: int) -> bytes:
    if reached <= 0:
        return before
    end = changed.start + min(reached, len(changed))
    return after[:end] + before[end:] if end < len(after) else after


def _mixed(before: bytes, after: bytes, rng: Random) -> bytes:
    """Return a mixture by sectors; a sector that was never written reads as zeros."""
    size = rng.choice((len(before), len(after)))
    share = rng.choice((0.1, 0.5, 0.9))
    out = bytearray(before[:size].ljust(size, b"\0"))
    for at in range(0, size, SECTOR):
        sector = after[at : at + SECTOR]
        if sector != before[at : at + SECTOR] and rng.random() < share:
            out[at : at + len(sector)] = sector
    return bytes(out[:size])


# A disk that answers, but not as it should


def fill(connection: sqlite3.Connection) -> None:
    """Let no page be added from now on: SQLite answers `database or disk is full`."""
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")


def empty(connection: sqlite3.Connection) -> None:
    """Give room again."""
    connection.execute("PRAGMA max_page_count = 4294967294")


def forbid_writes(connection: sqlite3.Connection) -> None:
    """Answer every write with `attempt to write a readonly database`, as after a remount of a broken file system."""
    connection.execute("PRAGMA query_only = ON")


def allow_writes(connection: sqlite3.Connection) -> None:
    """Take writes again."""
    connection.execute("PRAGMA query_only = OFF")


# The command


def main(argv: Sequence[str]) -> int:
    """Write a broken copy of a journal; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m simulators disk", description=__doc__.split("\n", 1)[0])
    parser.add_argument("fault", choices=("flip", "cut"), help="flip bits anywhere, or cut the end of the log off")
    parser.add_argument("journal", type=Path)
    parser.add_argument("copy", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bits", type=int, default=1, help="how many bits to flip")
    chosen = parser.parse_args(argv)
    if not chosen.journal.exists() or chosen.copy.exists():
        parser.error(f"{chosen.journal} must exist and {chosen.copy} must not")
    image, rng = Image.of(chosen.journal), Random(chosen.seed)
    if chosen.fault == "flip":
        broken = flipped(image, rng, bits=chosen.bits)
    else:
        part = LOG if image.part(LOG) else FILE
        broken = Image({**image.parts, part: image.part(part)[: -rng.randint(1, 4096)]})
    broken.write(chosen.copy)
    print(f"{chosen.copy}: {chosen.fault}, seed {chosen.seed}")
    return 0
