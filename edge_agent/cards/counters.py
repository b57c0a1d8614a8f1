"""The last count seen of each chip that writes links, so that a caught link opens nothing twice.

Rule: a count that was seen is never forgotten by this program, also when the disk takes nothing; what is on the disk
outlives it. Chips are known by their token, never by their number.
"""

import sqlite3
import threading
from pathlib import Path

import structlog

NAME = "cards.db"
_TABLE = "CREATE TABLE IF NOT EXISTS link (token TEXT, version INTEGER, count INTEGER, PRIMARY KEY (token, version))"
_KEEP = """
INSERT INTO link (token, version, count) VALUES (?, ?, ?)
ON CONFLICT (token, version) DO UPDATE SET count = max(count, excluded.count)
"""
log = structlog.get_logger()


class Counters:
    """The counts in a folder; readers ask from their own threads. A key of another version counts anew."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._guard = threading.Lock()
        self._seen: dict[tuple[str, int], int] = {}
        self._database: sqlite3.Connection | None = None

    def last(self, token: str, version: int) -> int:
        """Return the last count, 0 when none was seen."""
        with self._guard:
            found = self._seen.get((token, version))
            if found is None:
                found = self._seen[token, version] = self._read(token, version)
            return found

    def keep(self, token: str, version: int, count: int) -> None:
        """Note a count; one that is lower than the last changes nothing."""
        with self._guard:
            self._seen[token, version] = max(count, self._seen.get((token, version), 0))
            try:
                self._opened().execute(_KEEP, (token, version, count))
            except (OSError, sqlite3.Error) as error:
                self._fail(error)

    def close(self) -> None:
        """Let the file go."""
        with self._guard:
            self._drop()

    def _read(self, token: str, version: int) -> int:
        try:
            row = self._opened().execute(
                "SELECT count FROM link WHERE token = ? AND version = ?", (token, version)
            ).fetchone()  # fmt: skip
        except (OSError, sqlite3.Error) as error:
            self._fail(error)
            return 0
        return int(row[0]) if row is not None else 0

    def _opened(self) -> sqlite3.Connection:
        if self._database is None:
            database = sqlite3.connect(self._path, timeout=0.2, check_same_thread=False, isolation_level=None)
            self._database = database
            # A power cut may cost the last counts; that each commit waits for the disk would cost every child a moment.
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            database.execute(_TABLE)
        return self._database

    def _fail(self, error: Exception) -> None:
        """Say so, and open the file anew the next time."""
        log.error("card_counts.unkept", error=str(error))
        self._drop()

    def _drop(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            database.close()
