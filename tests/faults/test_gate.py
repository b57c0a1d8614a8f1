"""Faults at a gate: deaths between decision, record and relay, cards that bounce, clocks that jump."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from random import Random

import msgspec
import pytest
from typing_extensions import override

from edge_agent.actuators.actuator import PassageOutcome
from edge_agent.journal.entry import Entry, Fill
from edge_agent.journal.file import JournalFile
from edge_agent.unfinished import unfinished
from edge_agent.watch import Watch
from schemas.structs import AnyRecord, Decision, Passage
from simulators import disk
from simulators.disk import Image
from tests.edge_agent.gate import DEVICE, GateBench, settle
from tests.edge_agent.school import ALIYA, BORIS, DAY_MS, HOUR_MS, at, roster

SEEDS = 40


class Killed(BaseException):
    """The program is no more: nothing of ours may catch this."""


class FileLog:
    """A pipeline's log straight on the product's file; the program may die before or after an append."""

    fill = Fill.ROOMY

    def __init__(self, file: JournalFile) -> None:
        self.file = file
        self.dies = ""

    @property
    def epoch(self) -> str:
        return self.file.epoch

    def append(self, *records: bytes) -> "asyncio.Future[list[Entry]]":
        if self.dies == "before":
            raise Killed
        done: asyncio.Future[list[Entry]] = asyncio.get_running_loop().create_future()
        done.set_result(self.file.append(records))
        if self.dies == "after":
            raise Killed
        return done

    def lose(self, count: int) -> None:
        raise AssertionError(f"{count} records were given up")


class FileGate(GateBench):
    """A gate whose journal is a real file in a folder."""

    def __init__(self, path: Path, seed: int = 1) -> None:
        super().__init__()
        self.path = path
        self.file = JournalFile(path, DEVICE, Random(seed))
        self.file_log = FileLog(self.file)
        self.pipeline._log = self.file_log

    @override
    async def tap(self, ref: str, *more: object) -> None:  # type: ignore[override] # who dies returns nothing
        try:
            await super().tap(ref)
        except Killed:
            self.file.close()

    async def restart(self, seed: int, image: Image | None = None) -> "FileGate":
        """Start the program again, and let it do what it does at start."""
        self.file.close()
        if image is not None:
            image.write(self.path)
        gate = FileGate(self.path, seed)
        for entry in gate.file.recent(100):
            gate.view.observe(DEVICE, entry.epoch, entry.seq, entry.record or b"")
        gate.file.append([b'{"k":"open"}', *await unfinished(_Recent(gate.file), ["main"], at(60_000))])
        return gate

    def decisions(self) -> list[Decision]:
        return [record for record in _records(self.file.recent(100)) if isinstance(record, Decision)]

    def flags(self) -> list[Passage]:
        live = self.file.read(self.file.epoch, 0, 100)
        return [record for record in _records(live) if isinstance(record, Passage) and record.outcome == "unknown"]


class _Recent:
    def __init__(self, file: JournalFile) -> None:
        self._file = file

    async def recent(self, limit: int) -> list[Entry]:
        return self._file.recent(limit)


def _records(entries: Sequence[Entry]) -> list[AnyRecord]:
    return [
        msgspec.json.decode(entry.record, type=AnyRecord)
        for entry in entries
        if entry.record and entry.record != b'{"k":"open"}'
    ]


# Deaths


async def test_fault_1_death_between_decision_and_append_leaves_a_closed_gate_and_no_event(tmp_path: Path) -> None:
    gate = FileGate(tmp_path / "j.db")
    gate.file_log.dies = "before"

    await gate.tap(ALIYA)
    again = await gate.restart(2)

    assert gate.told == []
    assert again.decisions() == []
    assert again.flags() == []
    assert not again.view.is_inside(ALIYA)
    await again.tap(ALIYA)
    assert again.told == ["open in 1"]


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_fault_2_death_within_an_append_leaves_the_event_whole_or_not_at_all(tmp_path: Path, seed: int) -> None:
    rng, gate = Random(seed), FileGate(tmp_path / "j.db", seed)
    gate.file._db.execute("PRAGMA wal_autocheckpoint = 4")
    for _ in range(rng.randrange(6)):
        await gate.tap(BORIS)
        await gate.wait(60)
    done, before = len(gate.told), Image.of(gate.path)
    gate.file_log.dies = "after"
    crash = rng.choice((disk.torn, disk.scattered))

    with pytest.raises(Killed):
        await GateBench.tap(gate, ALIYA)
    assert len(gate.told) == done
    again = await gate.restart(seed + 1_000, crash(before, Image.of(gate.path), rng))

    of_aliya = [decision for decision in again.decisions() if decision.person == ALIYA]
    assert len(of_aliya) <= 1
    assert [(flag.person, flag.epoch) for flag in again.flags() if flag.person == ALIYA] == [
        (ALIYA, gate.file.epoch) for _ in of_aliya
    ]
    assert again.file.damaged == 0


async def test_fault_3_death_after_the_record_and_before_the_gate_is_flagged_once(tmp_path: Path) -> None:
    gate = FileGate(tmp_path / "j.db")
    gate.file_log.dies = "after"
    await gate.tap(ALIYA)
    assert gate.told == []

    again = await gate.restart(2)
    flags = again.flags()
    once_more = await again.restart(3)

    assert [(flag.person, flag.epoch, flag.decision_seq) for flag in flags] == [(ALIYA, gate.file.epoch, 1)]
    assert once_more.flags() == []
    assert len(once_more.decisions()) == 1


async def test_fault_3_death_before_the_sensor_spoke_is_flagged_also_when_the_cloud_has_the_decision(
    tmp_path: Path,
) -> None:
    gate = FileGate(tmp_path / "j.db")
    await gate.tap(BORIS)
    await gate.sense(PassageOutcome.PASSED, "in", 1)
    await gate.tap(ALIYA)
    gate.file.trim(gate.file.epoch, gate.file.head, gate.file.digest)
    gate.file.append([])

    again = await gate.restart(2)

    assert gate.told == ["open in 1", "open in 2"]
    assert [flag.person for flag in again.flags()] == [ALIYA]
    stay = again.view.whereabouts(ALIYA)
    assert stay is not None
    assert stay.is_inside


# 40: a card that bounces


async def test_fault_40_a_card_shown_twice_within_200_ms_opens_once_and_the_repeat_is_one_record() -> None:
    gate = GateBench()

    await gate.tap(ALIYA)
    gate.clock.advance(0.2)
    second = await gate.tap(ALIYA)
    await gate.wait(11)

    assert second.reason == "repeat"
    assert gate.told == ["open in 1"]  # nor does the gate turn red on somebody who may go
    assert gate.written == [("decision", "allowed", "ok", ALIYA), ("decision", "denied", "repeat", ALIYA)]


async def test_fault_40_a_card_that_chatters_is_one_entry_and_one_counted_repeat() -> None:
    gate = GateBench()

    for _ in range(20):
        await gate.tap(ALIYA)
        gate.clock.advance(0.05)
    await gate.wait(11)

    assert gate.told == ["open in 1"]
    assert gate.written[1:] == [("decision", "denied", "repeat", ALIYA, "19")]


async def test_fault_40_a_bounce_while_the_disk_is_slow_opens_once() -> None:
    gate = GateBench()
    gate.log.mode = "slow"

    first = asyncio.ensure_future(gate.tap(ALIYA))
    await settle()
    second = await gate.tap(ALIYA)
    gate.log.mode = "good"
    gate.log.land()
    await first

    assert second.reason == "repeat"
    assert gate.told == ["open in 1"]


async def test_fault_40_another_card_a_moment_later_is_no_repeat() -> None:
    gate = GateBench()

    await gate.tap(ALIYA)
    gate.clock.advance(0.1)
    await gate.tap(BORIS)

    assert gate.told == ["open in 1", "open in 2"]


# 28: clocks that jump


@pytest.mark.parametrize("jump_ms", [365 * DAY_MS, -14 * DAY_MS, HOUR_MS, -HOUR_MS])
async def test_fault_28_a_clock_that_jumps_locks_nobody_out_or_in_keeps_the_order_and_is_an_alarm(jump_ms: int) -> None:
    gate = GateBench()
    watch = Watch(_Watched(gate), gate.timekeeper)
    await gate.tap(ALIYA)
    await gate.sense(PassageOutcome.PASSED)
    await gate.wait(60)
    watch.look()

    gate.clock.jump(jump_ms / 1000)
    watch.look()
    await settle()
    leaves = await gate.tap(ALIYA, "reader-out")
    await gate.wait(60)
    returns = await gate.tap(ALIYA)

    assert (leaves.is_allowed, returns.is_allowed) == (True, True)
    assert ("alarm", "clock_jumped") in gate.written
    seqs = [entry.seq for entry in gate.log.kept]
    instants = [msgspec.json.decode(entry.record or b"")["m"] for entry in gate.log.kept]
    assert seqs == sorted(seqs)
    assert instants == sorted(instants)
    assert gate.view.is_inside(ALIYA)


async def test_fault_28_a_jump_forward_makes_no_roster_expire_and_no_card_end() -> None:
    gate = GateBench(found=roster(b'["profile","day",[[127,0,1440]],["*"]]', expired="deny", not_after_ms=2**42))
    await gate.tap(BORIS)

    gate.clock.jump(366 * 86_400)
    gate.clock.jump(50 * 366 * 86_400)

    assert (await gate.tap(ALIYA)).reason == "ok"


async def test_fault_28_daylight_saving_and_leap_seconds_are_no_jumps() -> None:
    gate = GateBench()
    await gate.tap(BORIS)

    gate.clock.jump(1)  # wall time is UTC: daylight saving does not move it, a leap second hardly does

    assert gate.timekeeper.now().quality == "ntp"
    assert gate.timekeeper.jumps == 0


class _Watched:
    """A gate's log, as it is watched."""

    held = 0
    unavailable = ""

    def __init__(self, gate: GateBench) -> None:
        self.append = gate.log.append
        self.fill = gate.log.fill


# 31: an old image


async def test_fault_31_an_old_roster_decides_until_a_newer_one_comes_and_stands_in_each_record() -> None:
    gate = GateBench(found=roster(b'["profile","day",[[127,0,1440]],["*"]]', version=3))
    await gate.tap(ALIYA)
    gate.roster = roster(b'["profile","day",[[127,0,1440]],["*"]]', version=9)
    await gate.tap(BORIS)

    assert [record.roster for record in gate.log.records if isinstance(record, Decision)] == [3, 9]


# 35: a roster that ran out while the school was cut off


@pytest.mark.parametrize(("policy", "comes_in"), [("allow", True), ("deny", False)])
async def test_fault_35_a_roster_that_ran_out_offline_is_the_doors_policy_and_nobody_is_locked_in(
    policy: str, comes_in: bool
) -> None:
    began_ms = GateBench().timekeeper.now().wall_ms
    always = b'["profile","day",[[127,0,1440]],["*"]]'
    gate = GateBench(found=roster(always, version=5, not_after_ms=began_ms + 30 * DAY_MS, expired=policy))
    await gate.tap(ALIYA)

    await gate.wait(31 * DAY_MS / 1_000)
    await gate.tap(BORIS)
    await gate.tap(ALIYA, reader="reader-out")

    in_time, came, left = [record for record in gate.log.records if isinstance(record, Decision)]
    assert (in_time.outcome, in_time.reason) == ("allowed", "ok")
    assert (came.outcome, came.reason) == ("allowed" if comes_in else "denied", "roster_expired")
    assert (left.outcome, left.reason) == ("allowed", "roster_expired")
    assert {record.roster for record in (in_time, came, left)} == {5}
