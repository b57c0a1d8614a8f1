"""The tables of a journal, step by step; a step that has shipped is never changed."""

import sqlite3

from edge_agent.journal.light import without

# It wants both for other work than ours where they are installed: 45 MB that an agent would hold for nothing.
with without("numpy", "pandas"):
    from sqlite_utils import Database, Migrations

VERSION = 1
journal = Migrations("esik.journal")


@journal()
def m001_entries(db: Database) -> None:
    """Epochs and how far each is trimmed, their entries, small notes, and records that could not be read."""
    db.execute(
        "CREATE TABLE epochs (ep INTEGER PRIMARY KEY AUTOINCREMENT, epoch TEXT NOT NULL, crc INTEGER NOT NULL,"
        " upto INTEGER NOT NULL DEFAULT 0, upto_digest BLOB NOT NULL DEFAULT x'')"
    )
    db.execute(
        "CREATE TABLE entries (ep INTEGER NOT NULL, seq INTEGER NOT NULL, record BLOB NOT NULL, digest BLOB NOT NULL,"
        " PRIMARY KEY (ep, seq)) WITHOUT ROWID"
    )
    db.execute("CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")
    db.execute(
        "CREATE TABLE damaged (epoch TEXT NOT NULL, seq INTEGER NOT NULL, record BLOB NOT NULL,"
        " PRIMARY KEY (epoch, seq)) WITHOUT ROWID"
    )


def migrate(db: sqlite3.Connection) -> None:
    """Bring the file's tables to this program's version; do nothing when they are."""
    if db.execute("PRAGMA user_version").fetchone()[0] == VERSION:
        return
    journal.apply(Database(db))
    db.execute(f"PRAGMA user_version = {VERSION}")
