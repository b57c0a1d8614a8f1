"""Events of PostgreSQL itself are read from its own log: on a real server, bounded, and without a password."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from cloud.core.clock import SystemClock
from cloud.core.database import address
from cloud.embedded.postgres import embedded_postgres
from cloud.integrity.database_events import WANTED, DatabaseEvent, EventKind, event_of, events_in
from tests.waiting import until_async

LONG_AGO, LATER = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
STATEMENTS = (
    "CREATE TABLE kept (number bigint)",
    "CREATE ROLE reader LOGIN PASSWORD 'hush''hush'",
    "GRANT SELECT ON kept TO reader",
    "ALTER TABLE kept DISABLE TRIGGER USER",
)


def line(**told: str) -> str:
    return json.dumps({"timestamp": "2026-11-29 07:00:00.123 UTC", **told})


def read(folder: Path) -> list[DatabaseEvent]:
    return events_in(folder, LONG_AGO, LATER, 1_000)


def left(folder: Path) -> bool:
    return EventKind.LEFT in {event.kind for event in read(folder)}


@pytest.mark.requirement("KZ456-5.14")
async def test_a_real_server_tells_of_connections_structure_rights_guards_and_failures(tmp_path: Path) -> None:
    began = SystemClock().now() - timedelta(seconds=1)
    folder = tmp_path / "db" / "cluster" / "log"
    async with embedded_postgres(tmp_path / "db") as server:
        connection = await asyncpg.connect(**address(server.url))
        for name, value in WANTED.items():
            assert await connection.fetchval(f"SHOW {name}") == value
        for statement in STATEMENTS:
            await connection.execute(statement)
        await connection.execute("INSERT INTO kept VALUES (900101300123)")
        with pytest.raises(asyncpg.UndefinedTableError):
            await connection.execute("SELECT * FROM no_such_table")
        await connection.close()
        await until_async(lambda: "no_such_table" in str(read(folder)) and left(folder), timeout_s=30)

    events = events_in(folder, began, LATER, 1_000)
    told = {kind: [event.told for event in events if event.kind is kind] for kind in EventKind}
    assert any("kept" in each for each in told[EventKind.STRUCTURE])
    assert any("CREATE ROLE reader" in each for each in told[EventKind.RIGHTS])
    assert any("GRANT SELECT" in each for each in told[EventKind.RIGHTS])
    assert any("DISABLE TRIGGER" in each for each in told[EventKind.GUARDS])
    assert any("no_such_table" in each for each in told[EventKind.FAILED])
    assert {event.user for event in events if event.kind is EventKind.CONNECTED} >= {"esik"}
    everything = "\n".join(event.told for event in events)
    assert "hush" not in everything
    assert "900101300123" not in everything, "what is written into tables is not logged"
    assert events_in(folder, LONG_AGO, began - timedelta(days=1), 1_000) == []


def test_only_the_newest_are_told_and_broken_lines_are_passed_over(tmp_path: Path) -> None:
    lines = [line(message=f"connection authorized: {number}") for number in range(50)]
    (tmp_path / "a.json").write_text("\n".join(["{", "[]", "x", *lines, '{"timestamp": 5, "message": "y"}']))

    found = events_in(tmp_path, LONG_AGO, LATER, 3)

    assert [event.told[-2:] for event in found] == ["47", "48", "49"]


def test_a_statement_of_many_lines_is_one_line_and_forges_no_other() -> None:
    event = event_of(line(message="statement: CREATE TABLE a (\n  b int)\n2026-11-29 connected root@esik"))

    assert event is not None
    assert event.told == "statement: CREATE TABLE a ( b int) 2026-11-29 connected root@esik"


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("statement: create user a password 'x'", EventKind.RIGHTS),
        ("statement: DROP TABLE a", EventKind.STRUCTURE),
        ("statement: SET session_replication_role = replica; DROP TABLE a", EventKind.GUARDS),
        ("disconnection: session time: 0:00:01", EventKind.LEFT),
        ("checkpoint starting: time", None),
    ],
)
def test_kinds(message: str, kind: EventKind | None) -> None:
    event = event_of(line(message=message, backend_type="client backend"))

    assert (event.kind if event else None) is kind
    assert event is None or "'x'" not in event.told
