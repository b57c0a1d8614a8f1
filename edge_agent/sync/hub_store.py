"""What a hub keeps of all its school's records for a few days, so that an agent that was away can catch up.

Rule: nobody depends on it: the devices and the cloud have every record, too. A file that is broken is begun anew.
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import structlog

DAY_MS = 86_400_000
KEEP_MS = 3 * DAY_MS
ANSWER_MESSAGES_MAX = 20_000
_TABLES = """
CREATE TABLE IF NOT EXISTS messages (
  device TEXT NOT NULL, epoch TEXT NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,
  at_ms INTEGER NOT NULL, message BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS what_does_a_peer_lack ON messages (device, epoch, last_seq);
CREATE INDEX IF NOT EXISTS what_is_too_old ON messages (at_ms);
"""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Stored:
    """A batch as it was sent, and what it holds."""

    device: str
    epoch: str
    first_seq: int
    last_seq: int
    message: bytes


class HubStore:
    """Batches in SQLite, by one thread; losing the newest in a power cut is harmless, since the cloud gets them too."""

    def __init__(self, path: Path, keep_ms: int = KEEP_MS) -> None:
        self._keep_ms = keep_ms
        path.parent.mkdir(parents=True, exist_ok=True)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="hub-store")
        self._kept: dict[tuple[str, str], list[tuple[int, int]]] = {}  # stretches of numbers by device and epoch
        self._db = _open(path)
        for device, epoch, first, last in self._db.execute("SELECT device, epoch, first_seq, last_seq FROM messages"):
            self._is_new((device, epoch), first, last)

    def keep(self, stored: Stored, at_ms: int) -> None:
        """Queue a batch to be kept, unless all of it is; records come twice when a device sends up and to its peers."""
        if self._is_new((stored.device, stored.epoch), stored.first_seq, stored.last_seq):
            self._thread.submit(self._keep, stored, at_ms)

    async def since(self, marks: dict[tuple[str, str], int]) -> Sequence[bytes]:
        """Return the messages with records above a peer's marks, each epoch in its order. Raises sqlite3.Error."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._since, marks)

    async def close(self) -> None:
        """Write what is queued and let the file go."""
        await asyncio.to_thread(self._thread.shutdown)
        self._db.close()

    def _is_new(self, key: tuple[str, str], first: int, last: int) -> bool:
        """Tell whether any of these numbers was not there before, and note that they are."""
        stretches = self._kept.get(key, [])
        if any(low <= first and last <= high for low, high in stretches):
            return False
        touching = [(low, high) for low, high in stretches if low <= last + 1 and first <= high + 1]
        others = [stretch for stretch in stretches if stretch not in touching]
        together = [(first, last), *touching]
        self._kept[key] = [*others, (min(low for low, _ in together), max(high for _, high in together))]
        return True

    def _keep(self, stored: Stored, at_ms: int) -> None:
        row = (stored.device, stored.epoch, stored.first_seq, stored.last_seq, at_ms, stored.message)
        try:
            self._db.execute("DELETE FROM messages WHERE at_ms < ?", (at_ms - self._keep_ms,))
            self._db.execute("INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?)", row)
        except sqlite3.Error as error:
            log.error("hub.unkept", device=stored.device, epoch=stored.epoch, error=str(error))  # noqa: TRY400

    def _since(self, marks: dict[tuple[str, str], int]) -> list[bytes]:
        rows = self._db.execute(
            "SELECT device, epoch, first_seq, last_seq, message FROM messages ORDER BY rowid DESC LIMIT ?",
            (ANSWER_MESSAGES_MAX,),
        ).fetchall()
        lacking = (row for row in sorted(rows) if row[3] > marks.get((row[0], row[1]), 0))
        return [message for *_, message in lacking]


def _open(path: Path) -> sqlite3.Connection:
    """Open or create the file; one that is no database any more is deleted. Raises sqlite3.OperationalError."""
    try:
        return _prepared(path)
    except sqlite3.OperationalError:  # a disk that is full or read-only, which a new file would not mend
        raise
    except sqlite3.DatabaseError as error:
        log.error("hub.store_broken", path=str(path), error=str(error))  # noqa: TRY400 # its words say all
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        return _prepared(path)


def _prepared(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.executescript(_TABLES)
    except sqlite3.Error:
        db.close()
        raise
    return db
