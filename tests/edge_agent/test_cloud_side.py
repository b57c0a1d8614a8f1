"""The cloud's commands are obeyed once, its time and its rosters are taken, and refusals are told once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from typing_extensions import override

from edge_agent.cloud_side import BLINKS, COUNTER, CloudSide
from edge_agent.gate import Gate
from edge_agent.journal.entry import JournalUnavailable
from edge_agent.scribe import Scribe
from edge_agent.settings import GateReader, GateSettings, NoGate
from edge_agent.slots import Shelf, Slots
from edge_agent.timekeeper import Timekeeper
from schemas.structs import Cmd
from tests.edge_agent.school_kit import SchoolKit
from tests.edge_agent.sync.model import Bench

NOW_MS = 1_790_000_000_000


class StillClock:
    """A clock that stands."""

    def __init__(self) -> None:
        self.monotonic = 5_000

    def monotonic_ms(self) -> int:
        return self.monotonic

    def wall_ms(self) -> int:
        return NOW_MS

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nobody waits {seconds} s here")


class Notes:
    """Durable values, unless the disk is full."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.is_full = False

    async def remember(self, name: str, value: str) -> None:
        if self.is_full:
            raise JournalUnavailable("disk_full", "no room")
        self.kept[name] = value

    async def recall(self, name: str) -> str | None:
        return self.kept.get(name)


class Scribbled(Scribe):
    """Keeps alarms and health in memory."""

    def __init__(self) -> None:
        self.told: list[str] = []

    @override
    def alarm(self, reason: str, detail: str = "", gate: str | None = None) -> None:
        self.told.append(" ".join(word for word in (reason, detail, gate) if word))

    @override
    def health(self, unsent: int, roster: int) -> None:
        self.told.append(f"health {unsent} {roster}")

    @override
    def command(self, cmd: Cmd, outcome: Literal["done", "failed"]) -> None:
        self.told.append(f"{cmd.action} {cmd.counter} {outcome}")


class OpenedGate(Gate):
    """Counts what commands open."""

    opened = 0
    blinks = 0
    is_broken = False

    @override
    def open_once(self) -> bool:
        self.opened += 1
        return not self.is_broken

    @override
    def blink(self) -> bool:
        self.blinks += 1
        return True

    @property
    def mode(self) -> str:
        return self.status({}).mode


class World:
    """A CloudSide with everything around it."""

    def __init__(self, folder: Path) -> None:
        self.clock = StillClock()
        self.notes, self.scribe, self.restarts = Notes(), Scribbled(), 0
        self.timekeeper = Timekeeper(self.clock)
        kit = SchoolKit(folder)
        self.shelf = Shelf(Slots(folder / "slots", "alm005", kit.public_key), None)
        self.kit = kit
        self.side = CloudSide(self.timekeeper, self.shelf, self.scribe, self.notes, self._restart)
        self.gates = [self._gate("north"), self._gate("south")]
        self.side.gates = self.gates

    def _gate(self, name: str) -> OpenedGate:
        reader = GateReader(f"{name}-in", "in")
        refuse: Callable[..., Any] = lambda *_: pytest.fail("no pipeline is made here")  # noqa: E731
        return OpenedGate(GateSettings(name, (reader,), NoGate("none")), [], self.clock, refuse)

    def _restart(self) -> None:
        self.restarts += 1


def command(action: str, counter: int, gate: str | None = None) -> Cmd:
    return Cmd(id="a" * 16, counter=counter, expires_ms=NOW_MS, action=action, gate=gate)  # type: ignore[arg-type]


async def test_a_command_is_obeyed_once_and_its_counter_kept_before(tmp_path: Path) -> None:
    world = World(tmp_path)

    await world.side.obey(command("open_once", 7, "north"))
    await world.side.obey(command("open_once", 7, "north"))
    await world.side.obey(command("open_once", 6))

    assert [gate.opened for gate in world.gates] == [1, 0]
    assert world.notes.kept == {COUNTER: "7"}


async def test_a_command_without_a_gate_is_for_all(tmp_path: Path) -> None:
    world = World(tmp_path)

    await world.side.obey(command("open_once", 1))

    assert [gate.opened for gate in world.gates] == [1, 1]


async def test_a_gate_keeps_the_mode_it_was_commanded_to_over_a_restart(tmp_path: Path) -> None:
    world = World(tmp_path)

    await world.side.obey(command("lock_down", 1))
    await world.side.obey(command("normal", 2, "south"))
    after = World(tmp_path / "again")
    after.notes.kept = world.notes.kept
    await after.side.restore_modes()

    assert [gate.mode for gate in world.gates] == ["lock_down", "normal"]
    assert [gate.mode for gate in after.gates] == ["lock_down", "normal"]


async def test_what_cannot_be_noted_is_not_obeyed(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.notes.is_full = True

    await world.side.obey(command("restart", 1))

    assert world.restarts == 0


async def test_restart_and_report(tmp_path: Path) -> None:
    world = World(tmp_path)

    await world.side.obey(command("report", 1))
    await world.side.obey(command("restart", 2))

    assert world.scribe.told == ["health 0 0", "report 1 done", "restart 2 done"]
    assert world.restarts == 1


async def test_the_cloud_hears_once_what_came_of_each_command(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.gates[0].is_broken = True

    for each in (command("open_once", 1), command("open_once", 1), command("lock_down", 2, "nowhere")):
        await world.side.obey(each)
    await world.side.obey(command("normal", 3))

    assert world.scribe.told == ["open_once 1 failed", "lock_down 2 failed", "normal 3 done"]


async def test_a_roster_is_fetched_again_on_command(tmp_path: Path) -> None:
    world, asked = World(tmp_path), list[str]()
    world.side.want_roster_again = lambda: asked.append("again")

    await world.side.obey(command("roster", 1))

    assert asked == ["again"]
    assert world.scribe.told == ["roster 1 done"]


async def test_only_the_gate_that_is_looked_for_blinks_and_not_for_ever(tmp_path: Path) -> None:
    world, waited = World(tmp_path), list[float]()

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == BLINKS:
            raise TimeoutError

    await world.side.obey(command("locate", 1, "south"))
    with pytest.raises(TimeoutError):
        await world.side.blink(sleep)

    assert [gate.blinks for gate in world.gates] == [0, BLINKS + 1]  # one at once, which tells whether it can
    assert world.scribe.told == ["locate 1 done"]


def test_forged_answers_are_told_once_an_hour_with_their_number(tmp_path: Path) -> None:
    world = World(tmp_path)
    session = world.side.session = Bench().session

    for forged in (0, 2, 5):
        session.counters.acks_forged = forged
        world.side.notice_forgeries()
    world.clock.monotonic += 3_600_001
    world.side.notice_forgeries()

    assert world.scribe.told == ["ack_forged 2 messages", "ack_forged 3 messages"]


def test_the_clouds_time_is_believed_if_its_answer_was_quick(tmp_path: Path) -> None:
    world = World(tmp_path)
    later_ms = NOW_MS + 3_600_000

    world.side.learn_time(later_ms, 5_000, error_ms=60_000)
    assert world.timekeeper.now().wall_ms == NOW_MS
    world.side.learn_time(later_ms, 5_000, error_ms=40)
    assert world.timekeeper.now().wall_ms == later_ms


async def test_a_roster_raises_the_floor_and_refusals_are_told_once_an_hour(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.shelf.offer(world.kit.roster(3), 0)

    world.side.roster_taken(3)
    for reason in ("base", "signature", "signature"):
        world.side.roster_refused(reason)
    world.clock.monotonic += 3_600_001
    world.side.roster_refused("signature")

    assert world.shelf.roster is not None
    assert world.side.floor_ms() == world.shelf.roster.header.issued_ms
    assert world.scribe.told == ["roster_refused signature"] * 2
