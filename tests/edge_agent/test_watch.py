"""What the agent notices of itself is told once, as soon as the journal takes it."""

import msgspec
import pytest

from edge_agent.journal.entry import Fill
from edge_agent.timekeeper import Timekeeper
from edge_agent.watch import Watch
from schemas.structs import Alarm, AnyRecord
from simulators.clock import SimulatedClock
from tests.edge_agent.gate import MemoryLog


class WatchedMemory(MemoryLog):
    held = 800_000
    unavailable = ""


class Bench:
    def __init__(self) -> None:
        self.clock = SimulatedClock()
        self.log = WatchedMemory()
        self.watch = Watch(self.log, Timekeeper(self.clock))

    def look(self, times: int = 1) -> list[tuple[str, str | None]]:
        """Look once a second, and return the alarms that were written."""
        before = len(self.log.kept)
        for _ in range(times):
            self.clock.advance(1)
            self.watch.look()
        return [_told(record) for record in self.log.records[before:]]


def _told(record: AnyRecord) -> tuple[str, str | None]:
    assert isinstance(record, Alarm)
    assert msgspec.json.encode(record)
    return record.reason, record.detail


@pytest.fixture
async def bench() -> Bench:
    return Bench()


async def test_nothing_is_told_of_a_quiet_day(bench: Bench) -> None:
    assert bench.look(100) == []


async def test_a_clock_that_jumps_is_told_once(bench: Bench) -> None:
    bench.look()

    bench.clock.jump(3_600)

    assert bench.look(10) == [("clock_jumped", "by 3600 s")]


async def test_a_journal_that_fills_is_told_once_and_again_when_it_fills_again(bench: Bench) -> None:
    bench.log.fill = Fill.WARN
    assert bench.look(3) == [("journal_nearly_full", "warn: 800000 records wait")]

    bench.log.fill = Fill.ROOMY
    assert bench.look() == []
    bench.log.fill = Fill.COLLAPSE
    assert bench.look(3) == [("journal_nearly_full", "collapse: 800000 records wait")]


@pytest.mark.parametrize(("trouble", "reason"), [("disk_full", "disk_full"), ("read_only", "disk_read_only")])
async def test_a_disk_that_fails_is_told_when_it_takes_records_again(bench: Bench, trouble: str, reason: str) -> None:
    bench.log.unavailable = trouble
    assert bench.look(5) == []

    bench.log.unavailable = ""
    assert bench.look(5) == [(reason, "records were lost; their count follows")]
