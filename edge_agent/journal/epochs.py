"""What a journal knows of its epochs without asking the disk again: where each begins, ends, and is trimmed to.

Rule: the trim mark on the disk is believed only when its digest is that of the row it names; otherwise an epoch counts
as trimmed no further than its rows say. What is sent again because of that, the cloud knows already.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from zlib import crc32

from edge_agent.journal.chain_check import UNKNOWN
from edge_agent.journal.entry import EpochState
from schemas.chain import DIGEST_BYTES, genesis

_SQL = """
SELECT ep, epoch, crc, (SELECT value FROM notes WHERE name = 'epoch:' || ep), upto, upto_digest FROM epochs ORDER BY ep
"""
_OLDEST = "SELECT seq FROM entries WHERE ep = ? ORDER BY seq LIMIT ?"
_NEWEST = "SELECT seq FROM entries WHERE ep = ? ORDER BY seq DESC LIMIT ?"
HOLE_MAX = 10_000
STRAYS_MAX = 8
_EPOCH_DIGITS = set("0123456789abcdef")


@dataclass(slots=True)
class Epoch:
    """One epoch. `low` is its first row on the disk, `tail` the first that is not trimmed, `head` the last.

    `digest` is the chain's at the head, `tail_digest` before the tail. `is_marked` says that the disk knows the tail.
    """

    ep: int
    name: str
    low: int
    tail: int
    head: int
    digest: bytes
    tail_digest: bytes
    is_live: bool = False
    is_marked: bool = True

    @property
    def held(self) -> int:
        """Return how many records are not trimmed."""
        return self.head - self.tail + 1

    @property
    def spent(self) -> int:
        """Return how many rows stand on the disk that are trimmed."""
        return self.tail - self.low

    def state(self) -> EpochState:
        return EpochState(self.name, self.tail, self.head, self.tail_digest)

    def trim(self, upto: int, digest: bytes) -> None:
        self.tail, self.tail_digest, self.is_marked = upto + 1, digest, False


def begun(ep: int, name: str, device: str) -> Epoch:
    """Return a live epoch without records."""
    start = genesis(device, name)
    return Epoch(ep, name, low=1, tail=1, head=0, digest=start, tail_digest=start, is_live=True)


def known_epochs(db: sqlite3.Connection, device: str) -> Iterator[Epoch]:
    """Yield the epochs of a file that was just opened, oldest first."""
    for ep, name, check, copy, upto, upto_digest in db.execute(_SQL).fetchall():
        epoch = begun(int(ep), _name(name, check, copy), device)
        epoch.is_live = False
        oldest, newest = ([row[0] for row in db.execute(sql, (ep, STRAYS_MAX + 1))] for sql in (_OLDEST, _NEWEST))
        low, head = _first_plausible(oldest, 1), _first_plausible(newest, -1)
        if low is not None and head is not None:
            epoch.low, epoch.head = max(1, low), head
            epoch.digest = _digest_at(db, ep, epoch.head)
            _place_tail(db, epoch, upto, upto_digest)
        yield epoch


def _name(name: object, check: object, copy: object) -> str:
    """Return an epoch's name: the second copy when the first one's checksum fails, if that one looks like a name."""
    if crc32(str(name).encode()) != check and len(str(copy)) == 16 and set(str(copy)) <= _EPOCH_DIGITS:
        return str(copy)
    return str(name)


def _first_plausible(numbers: Sequence[object], step: int) -> int | None:
    """Return the number of the first of some rows, which stand in order whatever has become of their numbers.

    One that is none any more, or stands far from the next, is a flipped bit: then its place tells what it was. `step`
    is 1 when numbers grow, -1 when they fall.
    """
    for place, (number, following) in enumerate(pairwise(numbers)):
        if isinstance(number, int) and isinstance(following, int) and 0 < (following - number) * step <= HOLE_MAX:
            return number - place * step
    known = [(place, number) for place, number in enumerate(numbers) if isinstance(number, int)]
    return known[-1][1] - known[-1][0] * step if known else None


def _place_tail(db: sqlite3.Connection, epoch: Epoch, upto: object, upto_digest: object) -> None:
    """Set the tail by the mark, if its row proves it, else by the first row: one that is not the first was trimmed."""
    marked = isinstance(upto, int) and epoch.low <= upto <= epoch.head
    if marked and isinstance(upto, int) and isinstance(upto_digest, bytes):
        digest = _digest_at(db, epoch.ep, upto)
        if digest != UNKNOWN and digest == upto_digest:
            epoch.tail, epoch.tail_digest = upto + 1, digest
            return
    if epoch.low > 1:
        epoch.tail, epoch.tail_digest = epoch.low + 1, _digest_at(db, epoch.ep, epoch.low)


def _digest_at(db: sqlite3.Connection, ep: int, seq: int) -> bytes:
    """Return the digest in a row; zeros when it cannot be read."""
    row = db.execute("SELECT digest FROM entries WHERE ep = ? AND seq = ?", (ep, seq)).fetchone()
    return row[0] if row and isinstance(row[0], bytes) and len(row[0]) == DIGEST_BYTES else UNKNOWN
