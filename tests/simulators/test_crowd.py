"""A crowd does at the readers what the day's plan says."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.clock import SystemClock
from edge_agent.readers.pn532 import Pn532Reader
from edge_agent.readers.tap import Health
from simulators import crowd
from simulators.control import port_of, serve_control
from simulators.crowd import SHOWN_MS, SHOWS_MAX, Crowd, Ending, Gate, Visit, Way, timetable
from simulators.crowd_places import FarControl, FarReader, NearControl, NearReader, TurnstileWalk
from simulators.members import draw_members
from simulators.pn532 import Pn532Line
from simulators.school import Act, Movement, day
from simulators.turnstile import Mechanics, TurnstileServer
from tests.edge_agent.readers.listening import listening
from tests.simulators.jumping import JumpingClock
from tests.waiting import until_async

UID = bytes.fromhex("04A1B2C3D4E5F6")
OTHER = bytes.fromhex("04A1B2C3D4E5F7")


class Slot:
    """A reader that remembers."""

    def __init__(self, clock: JumpingClock) -> None:
        self.clock = clock
        self.shown: list[tuple[int, bytes]] = []

    async def show(self, uid: bytes, _shown_ms: int) -> None:
        self.shown.append((self.clock.now_ms, uid))


class Bar:
    """A gate that gives way, or does not, after a second."""

    def __init__(self, clock: JumpingClock, way: Way) -> None:
        self.clock = clock
        self.way = way

    async def walk(self, _direction: str, _patience_ms: int, _reaction_ms: int) -> Way:
        await self.clock.sleep(1)
        return self.way


def movement(at_ms: int, act: Act = Act.TAP, uid: bytes = UID, direction: str = "in") -> Movement:
    return Movement(at_ms, 0, direction, act, "somebody", uid)


def gate(clock: JumpingClock, way: Way = Way.THROUGH) -> tuple[Slot, Gate]:
    slot = Slot(clock)
    return slot, Gate({"in": slot, "out": slot}, Bar(clock, way))


@given(st.lists(st.integers(0, 86_400_000)), st.floats(0.1, 1_000), st.floats(0, 600))
def test_a_day_passes_quicker_in_the_same_order_and_its_quiet_hours_are_short(
    instants: list[int], factor: float, quiet_s: float
) -> None:
    movements = [movement(at_ms) for at_ms in sorted(instants)]

    due = timetable(movements, factor, quiet_s)

    assert len(due) == len(movements)
    assert due == sorted(due)
    for later, earlier in zip(due[1:], due, strict=False):
        assert later - earlier <= quiet_s * 1_000 + 1


def test_a_factor_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        timetable([], 0, 1)


async def test_whoever_is_next_waits_for_the_one_before() -> None:
    clock, visits = JumpingClock(), list[Visit]()
    slot, place = gate(clock)
    crowd = Crowd([place], clock, Random(1), on_visit=visits.append)

    await crowd.live([movement(0), movement(100, uid=OTHER)])

    assert slot.shown == [(0, UID), (1_000, OTHER)]
    assert [visit.late_ms for visit in visits] == [0, 900]


async def test_everybody_ends_as_the_plan_and_the_gate_want() -> None:
    clock = JumpingClock()
    slot, place = gate(clock)
    acts = [Act.TAP, Act.TAP_TWICE, Act.TAP_AND_TURN, Act.NO_CARD, Act.STRANGER]
    crowd = Crowd([place], clock, Random(1))

    await crowd.live([movement(at_ms * 10_000, act) for at_ms, act in enumerate(acts)])

    assert crowd.endings == {Ending.PASSED: 3, Ending.TURNED: 1, Ending.NO_CARD: 1}
    assert len(slot.shown) == 5  # the impatient one's twice, the one without a card's never


async def test_a_gate_that_stays_closed_refuses_and_the_guard_lets_through_by_hand() -> None:
    clock, asked = JumpingClock(), list[Movement]()
    shown, closed = gate(clock, Way.RED)
    _, opened = gate(clock)

    async def guard(movement: Movement) -> bool:
        asked.append(movement)
        return True

    refused, helped = (Crowd([place], clock, Random(1), guard=guard) for place in (closed, opened))
    await refused.live([movement(0)])
    await helped.live([movement(0, Act.NO_CARD)])

    assert (refused.endings, helped.endings) == ({Ending.REFUSED: 1}, {Ending.PASSED: 1})
    assert len(asked) == 1
    assert len(shown.shown) == 1


async def test_who_gets_no_answer_shows_the_card_again_and_goes_away_in_the_end() -> None:
    clock = JumpingClock()
    slot, silent = gate(clock, Way.SILENT)
    crowd = Crowd([silent], clock, Random(1))

    await crowd.live([movement(0)])

    assert crowd.endings == {Ending.REFUSED: 1}
    assert len(slot.shown) == SHOWS_MAX


async def test_every_card_of_a_day_is_tapped_at_a_real_reader_once_more_for_the_impatient(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowd, "SHOWN_MS", 900)  # a machine that runs tests may look away for longer than 350
    monkeypatch.setattr(crowd, "AGAIN_MS", 2_000)
    rng, clock = Random(3), SystemClock()
    movements = [act for act in day(draw_members(12, rng), 2, rng) if act.direction == "in"]
    lines = [Pn532Line(rng, tmp_path / f"reader-{number}") for number in (0, 1)]
    for line in lines:
        line.plug()
    readers = [Pn532Reader(f"gate-{number}", str(tmp_path / f"reader-{number}"), clock) for number in (0, 1)]
    near = Gate({"in": NearReader(lines[0])})

    async with (
        await serve_control(lines[1], 0) as server,
        listening(readers[0]) as taps,
        listening(readers[1]) as far_taps,
    ):
        far = Gate({"in": FarReader(port_of(server))})
        await until_async(lambda: all(reader.health is Health.READY for reader in readers))
        await Crowd([near, far], clock, rng).live(movements, factor=1e6)
        wanted = [uid for act in movements for uid in [act.uid] * TIMES.get(act.act, 1)]
        await until_async(lambda: len(taps) + len(far_taps) == len(wanted))

    assert sorted(tap.credential for tap in taps + far_taps) == sorted(wanted)
    for line in lines:
        line.unplug()


@pytest.fixture
async def turnstile() -> AsyncIterator[TurnstileServer]:
    server = TurnstileServer(Mechanics(Random(1)))
    await server.start()
    yield server
    await server.stop()


async def test_people_go_through_a_turnstile_that_opens_and_leave_one_that_shows_red(
    turnstile: TurnstileServer,
) -> None:
    walk, mechanics = TurnstileWalk(NearControl(turnstile), SystemClock()), turnstile.mechanics
    async with asyncio.TaskGroup() as group:
        going = group.create_task(walk.walk("in", 5_000, 0))
        await until_async(lambda: not mechanics.is_auto)
        mechanics.relay("in", turnstile._now_ms(), is_on=True)
    async with asyncio.TaskGroup() as group:
        refused = group.create_task(walk.walk("in", 5_000, 0))
        await asyncio.sleep(0)
        mechanics.relay("red", turnstile._now_ms(), is_on=True)

    assert (going.result(), refused.result()) == (Way.THROUGH, Way.RED)
    assert mechanics.passed == {"in": 1, "out": 0}


async def test_people_lose_their_patience_with_a_turnstile_of_another_process(turnstile: TurnstileServer) -> None:
    async with await serve_control(turnstile, 0) as server:
        way = await TurnstileWalk(FarControl(port_of(server)), SystemClock()).walk("out", 60, 10)

    assert way is Way.SILENT


TIMES = {Act.TAP_TWICE: 2, Act.NO_CARD: 0}


async def test_a_reader_that_takes_no_card_is_told() -> None:
    async with await serve_control(Deaf(), 0) as server:
        with pytest.raises(ValueError, match="did not take a card: no"):
            await FarReader(port_of(server)).show(UID, SHOWN_MS)


class Deaf:
    """Obeys nobody."""

    def obey(self, _line: str) -> str:
        return "no"
