"""The journal's file: an append-only chain of records in SQLite, written by one owner, durable when `append` returns.

Rule: every opening begins a new epoch; older ones are only read and trimmed. A record is trimmed only when the cloud's
digest fits ours. Trimmed rows stay for a while, so that a restart knows what happened lately; the oldest are deleted a
few at a time.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any
from zlib import crc32

from edge_agent.journal.chain_check import Row, checked
from edge_agent.journal.entry import Entry, EpochState, JournalBroken, JournalUnavailable
from edge_agent.journal.epochs import Epoch, begun, known_epochs
from edge_agent.journal.migrations import migrate
from edge_agent.journal.wal import commits_in, lost_commits
from schemas.chain import genesis, link

KEEP = 20_000  # trimmed rows that stay
FORGET_MAX = 1_000  # rows deleted at a time: some 20 ms on a Raspberry Pi's card
_BROKEN = ("malformed", "not a database", "file is encrypted", "no such", "unsupported file format", "syntax error")
_ROWS = """
SELECT seq, record, digest FROM entries WHERE ep = ? AND {} >= ? AND typeof(seq) = 'integer' ORDER BY seq LIMIT ?
"""
_PLAUSIBLE_MAX = 1 << 53  # a greater number of an epoch is a flipped bit
_LAST_NUMBER = """
SELECT coalesce(max(n), 0)
FROM (SELECT seq AS n FROM sqlite_sequence WHERE name = 'epochs' UNION ALL SELECT ep FROM epochs)
WHERE typeof(n) = 'integer' AND n BETWEEN 0 AND ?
"""
_ERRORS = (sqlite3.Error, UnicodeDecodeError)  # the latter when SQLite quotes damaged text in a message
_REASONS = (("full", "disk_full"), ("readonly", "read_only"))


@dataclass(frozen=True, slots=True)
class Before:
    """What the journal knew of the epoch before the live one: its name, head and digest; empty when there was none."""

    epoch: str = ""
    head: int = 0
    digest: bytes = b""


class JournalFile:
    """One open journal. Not for more than one thread at a time; dropping it without `close` loses nothing durable."""

    def __init__(self, path: Path, device: str, rng: Random, *, keep: int = KEEP) -> None:
        """Open or create the file and begin an epoch. Raises JournalBroken or JournalUnavailable."""
        self.path = path
        self.device = device
        self.damaged = 0
        self.lost_commits = 0  # that SQLite passed over in its log when this file was opened
        self.epoch = ""
        self._keep = keep
        self._held = 0
        self._epochs: list[Epoch] = []
        commits = commits_in(path.with_name(path.name + "-wal"))
        try:
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
            try:
                self.lost_commits = lost_commits(commits, _prepare(self._db))
                self._open(rng)
            except BaseException:
                self._db.close()
                raise
        except _ERRORS as error:
            raise _translated(error) from error

    def append(self, records: Sequence[bytes]) -> list[Entry]:
        """Write records in one transaction, synced to the disk when this returns. Raises JournalUnavailable."""
        digest, seq = self.digest, self.head
        entries, rows = [], []
        for record in records:
            seq += 1
            digest = link(digest, record)
            entries.append(Entry(self.epoch, seq, record, digest))
            rows.append((self._live.ep, seq, record, digest))
        with _Transaction(self._db):
            self._mark_tails()
            self._db.executemany("INSERT INTO entries VALUES (?, ?, ?, ?)", rows)
        self._note_marked()
        self._live.head, self._live.digest = seq, digest
        self._held += len(rows)
        return entries

    @property
    def head(self) -> int:
        """Return the last sequence number of the live epoch."""
        return self._live.head

    @property
    def digest(self) -> bytes:
        """Return the chain digest at the live epoch's head."""
        return self._live.digest

    @property
    def held(self) -> int:
        """Return how many records are not trimmed yet."""
        return self._held

    @property
    def is_untidy(self) -> bool:
        """Tell whether `tidy` has something to do."""
        return self.surplus > 0 or any(not epoch.is_marked for epoch in self._epochs)

    @property
    def surplus(self) -> int:
        """Return how many trimmed rows stand beyond those that should."""
        return sum(epoch.spent for epoch in self._epochs) - self._keep

    def epochs(self) -> list[EpochState]:
        """Return the epochs that hold records, oldest first, the live one last."""
        return [epoch.state() for epoch in self._epochs if epoch.held > 0 or epoch.is_live]

    def read(self, epoch: str, after_seq: int, limit: int) -> list[Entry]:
        """Return up to `limit` entries after `after_seq`, without a hole; one that cannot be read has record None.

        Trimmed entries that still stand can be read too.
        """
        known = self._find(epoch)
        if known is None or after_seq >= known.head:
            return []
        after_seq = max(after_seq, known.low - 1)
        rows, upto = self._rows(known, after_seq - 1, limit + 3)  # one before, so that its digest is proven; one behind
        start = max(0, after_seq - 1)
        previous: bytes | None = None
        if rows and rows[0][0] == start > 0:
            previous, rows = rows[0][2], rows[1:]
        elif start == 0:
            previous = genesis(self.device, epoch)
        found_all = checked(epoch, previous, start, known.head, rows, upto)
        found = list(islice((pair for pair in found_all if pair[0].seq > after_seq), limit))
        for entry, row in found:
            if entry.record is None and entry.seq >= known.tail:
                self._set_aside(entry, row)
        return [entry for entry, _ in found]

    def recent(self, limit: int) -> list[Entry]:
        """Return the newest entries of the closed epochs, in order; trimmed ones too, as far as they stand."""
        found: list[Entry] = []
        for epoch in reversed(self._epochs):
            if not epoch.is_live:
                found = self.read(epoch.name, epoch.head - limit + len(found), limit - len(found)) + found
            if len(found) >= limit:
                break
        return found

    def trim(self, epoch: str, upto: int, digest: bytes | None) -> bool:
        """Give up records up to `upto` if `digest` fits there; None gives up a closed epoch whole. Tell whether it did.

        A record that can no longer be read fits every digest: of it the cloud knows more than we do.
        The disk hears of it with the next append, or with `tidy`: giving up late is harmless.
        """
        known = self._find(epoch)
        if known is None or (digest is None and known.is_live):
            return False
        if digest is None:
            upto, digest = known.head, known.digest
        elif upto == known.tail - 1:
            return digest == known.tail_digest
        elif not self._fits(known, upto, digest):
            return False
        if upto >= known.tail:
            self._held -= upto - known.tail + 1
            known.trim(upto, digest)
        return True

    def tidy(self) -> None:
        """Write trim marks that are not on the disk yet, and delete some old rows. Raises JournalUnavailable."""
        surplus = min(self.surplus, FORGET_MAX)
        with _Transaction(self._db):
            self._mark_tails()
            deleted = self._delete_oldest(surplus)
        self._note_marked()
        for epoch, low in deleted:
            epoch.low = low
        self._epochs = [epoch for epoch in self._epochs if epoch.is_live or epoch.low <= epoch.head]

    def remember(self, name: str, value: str) -> None:
        """Keep a small value under a name, durably. Raises JournalUnavailable."""
        with _Transaction(self._db):
            self._db.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, value))

    def recall(self, name: str) -> str | None:
        """Return the value kept under a name, or None."""
        rows = self._select("SELECT value FROM notes WHERE name = ?", (name,))
        return str(rows[0][0]) if rows else None

    def close(self) -> None:
        """Let the file go."""
        self._db.close()

    # Opening

    def _open(self, rng: Random) -> None:
        migrate(self._db)
        self._epochs = list(known_epochs(self._db, self.device))
        names = {"", *(epoch.name for epoch in self._epochs)}
        while self.epoch in names:  # A machine that was cloned before its first tap may draw the same again.
            self.epoch = f"{rng.getrandbits(64):016x}"
        last = self._epochs[-1] if self._epochs else None
        self.before = Before(last.name, last.head, last.digest) if last is not None else Before()
        self._live = self._begin()
        self._epochs = [*(epoch for epoch in self._epochs if epoch.head), self._live]
        self._held = sum(epoch.held for epoch in self._epochs)

    def _begin(self) -> Epoch:
        """Begin the live epoch; forget those that never held a record."""
        with _Transaction(self._db):
            ep = self._free_number()
            check = crc32(self.epoch.encode())
            self._db.execute("INSERT INTO epochs (ep, epoch, crc) VALUES (?, ?, ?)", (ep, self.epoch, check))
            self._db.execute("INSERT OR REPLACE INTO notes VALUES ('epoch:' || ?, ?)", (ep, self.epoch))
            for epoch in self._epochs:
                if not epoch.head:
                    self._forget(epoch)
        return begun(ep, self.epoch, self.device)

    def _free_number(self) -> int:
        """Return a number no epoch has had. A disk that lied may have kept an epoch's rows and lost its number."""
        ep = int(self._db.execute(_LAST_NUMBER, (_PLAUSIBLE_MAX,)).fetchone()[0]) + 1
        strays = "SELECT 1 FROM entries WHERE ep = ? LIMIT 1"
        while self._db.execute(strays, (ep,)).fetchone() is not None:
            ep += 1
        return ep

    # Reading

    def _find(self, name: str) -> Epoch | None:
        return next((epoch for epoch in reversed(self._epochs) if epoch.name == name), None)

    def _rows(self, epoch: Epoch, from_seq: int, limit: int) -> tuple[list[Row], int]:
        """Return rows, and the number up to which there are no others."""
        start = max(from_seq, epoch.low)
        try:
            rows = self._select(_ROWS.format("seq"), (epoch.ep, from_seq, limit))
            if not rows or rows[0][0] > start:  # a damaged number has led the search astray
                rows = self._select(_ROWS.format("+seq"), (epoch.ep, from_seq, limit))
            upto = epoch.head if len(rows) < limit else 0
        except JournalBroken:  # a page is damaged; the others are not
            upto = min(epoch.head, start + limit - 1)
            rows = [row for seq in range(start, upto + 1) for row in self._row(epoch, seq)]
        return [(int(seq), _blob(record), _blob(digest)) for seq, record, digest in rows], upto

    def _row(self, epoch: Epoch, seq: int) -> list[tuple[Any, ...]]:
        """Return one row; none when it is on a damaged page."""
        with suppress(JournalBroken):
            return self._select("SELECT seq, record, digest FROM entries WHERE ep = ? AND seq = ?", (epoch.ep, seq))
        return []

    def _set_aside(self, entry: Entry, row: bytes) -> None:
        """Keep what stands in a row that cannot be read, for whoever looks into it later, if the disk takes it."""
        self.damaged += 1
        with suppress(JournalUnavailable, JournalBroken), _Transaction(self._db):
            self._db.execute("INSERT OR IGNORE INTO damaged VALUES (?, ?, ?)", (entry.epoch, entry.seq, row))

    def _fits(self, epoch: Epoch, upto: int, digest: bytes) -> bool:
        entries = self.read(epoch.name, upto - 1, 1)  # A flipped digest is mended while reading.
        if not entries or entries[0].seq != upto:
            return False
        return entries[0].record is None or entries[0].digest == digest  # What cannot be read contradicts nobody.

    def _select(self, sql: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(sql, values).fetchall()
        except _ERRORS as error:
            raise _translated(error) from error

    # Tidying

    def _mark_tails(self) -> None:
        marks = [
            (epoch.tail - 1, epoch.tail_digest, epoch.ep)
            for epoch in self._epochs
            if not epoch.is_marked and epoch.tail > 1
        ]
        if marks:
            self._db.executemany("UPDATE epochs SET upto = ?, upto_digest = ? WHERE ep = ?", marks)

    def _note_marked(self) -> None:
        for epoch in self._epochs:
            epoch.is_marked = True

    def _delete_oldest(self, count: int) -> list[tuple[Epoch, int]]:
        """Delete up to `count` trimmed rows; return what each epoch's first row is then. One row proves a tail."""
        deleted: list[tuple[Epoch, int]] = []
        for epoch in self._epochs:
            is_done = epoch.held == 0 and not epoch.is_live
            low = min(epoch.low + count, epoch.tail if is_done else epoch.tail - 1)
            if count <= 0 or low <= epoch.low:
                continue
            self._db.execute("DELETE FROM entries WHERE ep = ? AND seq < ?", (epoch.ep, low))
            if is_done and low > epoch.head:
                self._forget(epoch)
            deleted.append((epoch, low))
            count -= low - epoch.low
        return deleted

    def _forget(self, epoch: Epoch) -> None:
        self._db.execute("DELETE FROM epochs WHERE ep = ?", (epoch.ep,))
        self._db.execute("DELETE FROM notes WHERE name = 'epoch:' || ?", (epoch.ep,))


class _Transaction:
    """A transaction that is on the disk when its block ends, or did not happen. Raises JournalUnavailable."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        try:
            self._db.execute("BEGIN IMMEDIATE")
        except _ERRORS as error:
            raise _translated(error) from error

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            if error is None:
                self._db.execute("COMMIT")
        except _ERRORS as failed:
            error = failed
        if error is not None and self._db.in_transaction:
            self._db.execute("ROLLBACK")
        if isinstance(error, _ERRORS):
            raise _translated(error) from error


def _prepare(db: sqlite3.Connection) -> int:
    """Set the connection up; return how many frames of the log SQLite took over."""
    db.text_factory = lambda text: text.decode(errors="replace")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA mmap_size = 0")
    db.execute("PRAGMA cell_size_check = ON")
    db.execute("PRAGMA wal_autocheckpoint = 1000")
    _, frames, _ = db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    return int(frames)


def _blob(value: object) -> bytes:
    """Return a column's bytes; a flipped bit may have made it something else, which fits no chain."""
    return value if isinstance(value, bytes) else b""


def _translated(error: Exception) -> JournalUnavailable | JournalBroken:
    text = str(error)
    if isinstance(error, (UnicodeDecodeError, sqlite3.IntegrityError)) or any(sign in text for sign in _BROKEN):
        return JournalBroken(text)  # a row that stands already where a new one belongs can only be damage
    reason = next((reason for sign, reason in _REASONS if sign in text), "io_error")
    return JournalUnavailable(reason, text)
