"""What a hub keeps of all its school's records for a few days, so that an agent that was away can catch up."""

import asyncio
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

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
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_TABLES)
        rows = self._db.execute("SELECT device, epoch, max(last_seq) FROM messages GROUP BY 1, 2")
        self._heads: dict[tuple[str, str], int] = {(device, epoch): last for device, epoch, last in rows}

    def keep(self, stored: Stored, at_ms: int) -> None:
        """Queue a batch to be kept, unless all of it is; records come twice when a device sends up and to its peers."""
        key = (stored.device, stored.epoch)
        if stored.last_seq <= self._heads.get(key, 0):
            return
        self._heads[key] = stored.last_seq
        self._thread.submit(self._keep, stored, at_ms)

    async def since(self, marks: dict[tuple[str, str], int]) -> Sequence[bytes]:
        """Return the messages with records above a peer's marks, in the order they came."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._since, marks)

    async def close(self) -> None:
        """Write what is queued and let the file go."""
        await asyncio.to_thread(self._thread.shutdown)
        self._db.close()

    def _keep(self, stored: Stored, at_ms: int) -> None:
        self._db.execute("DELETE FROM messages WHERE at_ms < ?", (at_ms - self._keep_ms,))
        row = (stored.device, stored.epoch, stored.first_seq, stored.last_seq, at_ms, stored.message)
        self._db.execute("INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?)", row)

    def _since(self, marks: dict[tuple[str, str], int]) -> list[bytes]:
        rows = self._db.execute(
            "SELECT device, epoch, last_seq, message FROM messages ORDER BY rowid DESC LIMIT ?", (ANSWER_MESSAGES_MAX,)
        ).fetchall()
        return [message for device, epoch, last, message in reversed(rows) if last > marks.get((device, epoch), 0)]
