"""What PostgreSQL notes of itself: who connected, what was made or changed in its structure and rights, what failed.

Rule: only the newest lines are read, however long a log is; a password in a statement is never shown.
"""

import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

LINES_MAX = 200_000  # of all files together
LINE_BYTES_MAX = 64_000
TOLD_MAX = 400
# How PostgreSQL must log so that this can be told; of the embedded server they are set, of another one they are asked.
WANTED = {
    "logging_collector": "on",
    "log_destination": "stderr,jsonlog",
    "log_connections": "on",
    "log_disconnections": "on",
    "log_statement": "ddl",
    "log_line_prefix": "%m [%p] %q%u@%d from %h ",
    "log_rotation_age": "1d",
    "log_timezone": "UTC",
}
_SECRET = re.compile(r"(password|encrypted password)\s+(e?'(?:[^']|'')*')", re.IGNORECASE)
_RIGHTS = re.compile(
    r"\b(GRANT|REVOKE|(CREATE|ALTER|DROP)\s+(ROLE|USER|GROUP)|ALTER\s+DEFAULT\s+PRIVILEGES)\b", re.IGNORECASE
)
_GUARDS = re.compile(r"\b(DISABLE\s+TRIGGER|DROP\s+TRIGGER|session_replication_role)\b", re.IGNORECASE)
_ALWAYS = ("ERROR", "FATAL", "PANIC", "WARNING")


class EventKind(StrEnum):
    """What kind of event it is."""

    CONNECTED = "connected"
    LEFT = "left"
    STRUCTURE = "structure"  # a table, an index, a function was made, changed or dropped
    RIGHTS = "rights"  # a role or a privilege was
    GUARDS = "guards"  # what keeps the journals as they are was switched off
    FAILED = "failed"
    SERVER = "server"  # started, stopped, settings read anew


@dataclass(frozen=True, slots=True)
class DatabaseEvent:
    """A line of PostgreSQL's log."""

    at: datetime
    kind: EventKind
    user: str
    database: str
    host: str
    program: str
    told: str


def events_in(
    folder: Path, since: datetime, until: datetime, limit: int, kinds: frozenset[EventKind] = frozenset(EventKind)
) -> list[DatabaseEvent]:
    """Return the newest events of a period from a folder of logs (jsonlog), oldest first."""
    newest: deque[DatabaseEvent] = deque(maxlen=limit)
    files = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
    left = LINES_MAX
    for path in files:
        for line in _lines(path, left):
            left -= 1
            event = event_of(line)
            if event is not None and since <= event.at < until and event.kind in kinds:
                newest.append(event)
    return sorted(newest, key=lambda event: event.at)


def event_of(line: str) -> DatabaseEvent | None:
    """Return the event of a line; None for what is no event."""
    try:
        told = json.loads(line)
        at = datetime.strptime(str(told["timestamp"]).rpartition(" ")[0], "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)
        message = str(told["message"])
    except (ValueError, KeyError, TypeError):
        return None
    words = [message, str(told.get("statement", ""))]
    kind = _kind(message, str(told.get("error_severity", "")), str(told.get("backend_type", "")))
    if kind is None:
        return None
    shown = " ".join(_SECRET.sub(r"\1 '***'", " | ".join(word for word in words if word)).split())[:TOLD_MAX]
    return DatabaseEvent(
        at, kind, user=str(told.get("user", "")), database=str(told.get("dbname", "")),
        host=str(told.get("remote_host", "")), program=str(told.get("application_name", "")), told=shown,
    )  # fmt: skip


def _kind(message: str, severity: str, backend: str) -> EventKind | None:
    if severity in _ALWAYS:
        return EventKind.FAILED
    if message.startswith("connection authorized"):
        return EventKind.CONNECTED
    if message.startswith("disconnection"):
        return EventKind.LEFT
    if "statement: " in message or message.startswith("execute "):
        if _GUARDS.search(message):
            return EventKind.GUARDS
        return EventKind.RIGHTS if _RIGHTS.search(message) else EventKind.STRUCTURE
    return EventKind.SERVER if backend == "postmaster" else None


def _lines(path: Path, limit: int) -> Iterator[str]:
    """Yield the last lines of a file, as many as may be read."""
    with path.open("rb") as file:
        file.seek(0, 2)
        start = max(0, file.tell() - limit * 400)
        file.seek(start)
        if start:
            file.readline(LINE_BYTES_MAX)
        for _ in range(limit):
            line = file.readline(LINE_BYTES_MAX)
            if not line:
                return
            yield line.decode(errors="replace")
