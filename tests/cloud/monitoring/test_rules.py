"""What is abnormal: a table of what was seen and what is told of it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cloud.monitoring import rules
from cloud.monitoring.kinds import ABOUT, Found, Kind
from cloud.monitoring.rules import (
    BrokerState,
    DatabaseState,
    Minute,
    Reader,
    Remembered,
    Running,
    Server,
)

NOW = datetime(2026, 9, 1, 3, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CALM = Minute(NOW, 10.0, 0.5, 40.0, 40.0, 0, 0)
SERVER = Server("alpha", NOW, [("/", 40.0)], 0, 0.0, [CALM] * 5)
BOOTED = NOW - timedelta(days=9)
STATE = DatabaseState(7, BOOTED, 5_000, 0.1, 10**9, 12, 100, 0, 0.0, "")
KNOWN = Remembered(7, BOOTED, 4_000)
RUNS = Running("worker-1", "alpha", "worker", NOW, has_turn=True, failing=())
HOT = replace(CALM, load=5.0, memory=96.0)
RUNBOOKS = Path(__file__).parents[3] / "docs/runbooks.md"


def kinds(found: Iterable[Found]) -> list[Kind]:
    return [each.kind for each in found]


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (SERVER, []),
        (replace(SERVER, disks=[("/", 94.9), ("/var", 95.0)]), [Kind.DISK_FULL]),
        (replace(SERVER, minutes=[HOT] * 5), [Kind.MEMORY_FULL, Kind.OVERLOADED]),
        (replace(SERVER, minutes=[HOT] * 4 + [CALM]), []),  # a short peak is no trouble
        (replace(SERVER, minutes=[HOT] * 4), []),  # nor is what is not known for long enough
        (replace(SERVER, errors=101), [Kind.NETWORK_ERRORS]),
        (replace(SERVER, jumped_s=-3_600.0), [Kind.CLOCK_WRONG]),
        (replace(SERVER, at=NOW - 4 * MINUTE, disks=[("/", 99.0)]), [Kind.SERVER_SILENT]),
        (replace(SERVER, at=NOW - timedelta(days=3)), []),  # it was taken away
    ],
)
def test_servers(server: Server, expected: list[Kind]) -> None:
    assert kinds(rules.of_server(server, NOW)) == expected


@pytest.mark.parametrize(
    ("state", "before", "expected"),
    [
        (STATE, None, []),
        (STATE, KNOWN, []),
        (replace(STATE, started_at=NOW), KNOWN, [Kind.DATABASE_RESTARTED]),
        (replace(STATE, started_at=NOW, wal=3_999), KNOWN, [Kind.DATABASE_WENT_BACK]),
        (replace(STATE, identity=8, wal=1), KNOWN, [Kind.DATABASE_WENT_BACK]),
        (replace(STATE, ahead_s=5.1), KNOWN, [Kind.CLOCK_WRONG]),
        (replace(STATE, connections=90), KNOWN, [Kind.DATABASE_CROWDED]),
        (replace(STATE, blocked_s=301.0), KNOWN, [Kind.DATABASE_BLOCKED]),
    ],
)
def test_the_database(state: DatabaseState, before: Remembered | None, expected: list[Kind]) -> None:
    assert kinds(rules.of_database(state, before)) == expected


def test_a_worker_too_many_is_told_with_who_works_and_who_stands_by() -> None:
    second = replace(RUNS, name="worker-2", has_turn=False)

    (found,) = rules.of_processes([RUNS, second], NOW, 1)

    assert found.kind is Kind.TWO_SCHEDULERS
    assert "worker-1 at alpha works, worker-2 at alpha stands by" in found.detail
    assert not list(rules.of_processes([RUNS, second], NOW, 2))
    assert not list(rules.of_processes([RUNS, second], NOW, None))


def test_programs_that_fail_and_those_that_ended_by_themselves() -> None:
    gone, failing = replace(RUNS, seen_at=NOW - 4 * MINUTE), replace(RUNS, failing=("ingest",))

    assert kinds(rules.of_processes([gone], NOW, None)) == [Kind.PROCESS_SILENT]
    assert kinds(rules.of_processes([failing], NOW, None)) == [Kind.PART_FAILING]


def test_a_reader_that_stands_names_the_record_that_comes_next() -> None:
    reader = Reader("attendance", 7, 41, NOW - 6 * MINUTE, "gate-1 e1 42 (tap)")

    (found,) = rules.of_readers([reader], NOW)

    assert (found.kind, found.subject) == (Kind.READER_STUCK, "attendance 7")
    assert "gate-1 e1 42 (tap)" in found.detail
    assert not list(rules.of_readers([replace(reader, since=NOW - 4 * MINUTE)], NOW))


def test_the_broker_its_certificate_and_backups() -> None:
    fine = BrokerState("broker", "", "", NOW + timedelta(days=90))
    old = NOW - timedelta(hours=31)

    assert not list(rules.of_broker(fine, NOW))
    assert kinds(rules.of_broker(replace(fine, lost="ConnectionRefusedError"), NOW)) == [Kind.BROKER_LOST]
    assert kinds(rules.of_broker(replace(fine, refused="expired"), NOW)) == [Kind.BROKER_CERTIFICATE]
    ending = replace(fine, certificate_until=NOW + timedelta(days=19))
    assert kinds(rules.of_broker(ending, NOW)) == [Kind.BROKER_CERTIFICATE_ENDING]
    assert kinds(rules.of_backup(None, NOW)) == kinds(rules.of_backup(old, NOW)) == [Kind.BACKUP_OLD]
    assert not list(rules.of_backup(NOW - timedelta(hours=29), NOW))


def test_no_records_matter_on_a_school_morning_only() -> None:
    old, morning = NOW - timedelta(hours=12), NOW + timedelta(minutes=10)

    assert kinds(rules.of_records(old, [morning], NOW)) == [Kind.NO_RECORDS]
    assert not list(rules.of_records(old, [NOW + timedelta(hours=3)], NOW))
    assert not list(rules.of_records(NOW - MINUTE, [morning], NOW))
    assert not list(rules.of_records(None, [], NOW))


def test_each_kind_has_its_words_and_its_runbook() -> None:
    headings = {line.removeprefix("## ") for line in RUNBOOKS.read_text().splitlines() if line.startswith("## ")}

    assert set(ABOUT) == set(Kind)
    assert {kind.value for kind in Kind} <= headings
