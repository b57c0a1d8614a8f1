"""What a look finds is judged in words, and whatever is not in order says what to do."""

from datetime import UTC, datetime, timedelta

import pytest

from cloud.cli.findings import (
    GIB,
    Finding,
    Level,
    judge_backups,
    judge_certificate,
    judge_check,
    judge_clock,
    judge_disk,
    judge_migrations,
    judge_quarantine,
    judge_readers,
    judge_workers,
)

NOW = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OK, WARNING, WRONG = Level.OK, Level.WARNING, Level.WRONG


def backups(*ages_and_sizes: tuple[timedelta, int]) -> Finding:
    return judge_backups([(NOW - age, size) for age, size in ages_and_sizes], NOW)


@pytest.mark.parametrize(
    ("found", "level", "told"),
    [
        (judge_disk("disk", 100 * GIB, 21 * GIB), OK, "21 %"),
        (judge_disk("disk", 100 * GIB, 19 * GIB), WARNING, "19 %"),
        (judge_disk("disk", 100 * GIB, 4 * GIB), WRONG, "4 %"),
        (judge_clock(0.3, NOW - HOUR, NOW), OK, "+0.3 s"),
        (judge_clock(-3.0, None, NOW), WARNING, "-3.0 s"),
        (judge_clock(60.0, None, NOW), WRONG, "+60 s"),
        (judge_clock(0.0, NOW + 3 * HOUR, NOW), WRONG, "it was set back: records were taken in 3 hours from now"),
        (judge_certificate("broker", NOW + 90 * DAY, NOW, "do", early=60 * DAY), OK, "90 days"),
        (judge_certificate("broker", NOW + 50 * DAY, NOW, "do", early=60 * DAY), WARNING, "50 days"),
        (judge_certificate("broker", NOW - HOUR, NOW, "do", early=60 * DAY), WRONG, "ended 60 minutes ago"),
        (backups(), WRONG, "there is none"),
        (backups((2 * DAY, 100), (5 * HOUR, 90)), OK, "the newest 5 hours old"),
        (backups((30 * HOUR, 100)), WARNING, "30 hours old"),
        (backups((4 * DAY, 100)), WRONG, "4 days old"),
        (backups((DAY, 100), (HOUR, 49)), WARNING, "less than half of the one before"),
        (judge_workers(2, 64, 64), OK, "all 64"),
        (judge_workers(1, 60, 64), WARNING, "4 of 64 shards are nobody's"),
        (judge_workers(0, 0, 64), WRONG, "none works"),
        (judge_readers({"attendance": 3, "meals": 0}), OK, "at most 3"),
        (judge_readers({"attendance": 10_001}), WARNING, "attendance is 10001 behind"),
        (judge_quarantine(0), OK, "empty"),
        (judge_quarantine(7), WARNING, "7 records"),
        (judge_check(None, 0, NOW), WARNING, "none was made"),
        (judge_check(NOW - 5 * HOUR, 0, NOW), OK, "5 hours ago"),
        (judge_check(NOW - 5 * HOUR, 2, NOW), WRONG, "2 things were wrong"),
        (judge_check(NOW - 3 * DAY, 0, NOW), WARNING, "3 days ago"),
        (judge_migrations([], []), OK, "of this version"),
        (judge_migrations(["0053_alerts"], []), WRONG, "0053_alerts was not applied"),
        (judge_migrations(["0053_alerts"], ["0099_later"]), WRONG, "newer version (0099_later)"),
    ],
)  # fmt: skip
def test_a_finding_is_judged_and_says_what_to_do(found: Finding, level: Level, told: str) -> None:
    assert found.level is level
    assert told in found.told
    assert bool(found.todo) is (level is not OK)
