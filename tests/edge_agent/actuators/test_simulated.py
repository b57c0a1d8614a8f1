"""A simulated turnstile over TCP: the agent's lane on one end, the machine on the other."""

import asyncio
from random import Random

import pytest

from edge_agent.actuators.actuator import Direction, FireChanged, PassageOutcome, Passed
from edge_agent.actuators.lane import Lane, Timing
from edge_agent.actuators.simulated import simulated_turnstile
from edge_agent.actuators.turnstile import Turnstile
from edge_agent.clock import SystemClock
from simulators.turnstile import Habits, Mechanics, TurnstileServer
from tests.waiting import until_async

QUICK = Habits(window_ms=400, walk_ms_min=1, walk_ms_max=5, contact_ms=40, bounce_ms=3)
TIMING = Timing(pulse_ms=20, passage_ms=500, still_ms=10, red_ms=20)


async def listen(turnstile: Turnstile, told: list[Passed | FireChanged]) -> None:
    async for event in turnstile.events():
        told.append(event)  # noqa: PERF401 # one at a time, as they come


async def test_people_go_turn_round_and_climb_over_and_the_panel_speaks() -> None:
    server = TurnstileServer(Mechanics(Random(1), QUICK))
    port = await server.start()
    turnstile = simulated_turnstile(port, TIMING, SystemClock())
    told: list[Passed | FireChanged] = []

    listening = asyncio.create_task(listen(turnstile, told))
    await until_async(lambda: server.mechanics.standing() and server._writers, what="a connection")
    turnstile.open("in", 1)
    await until_async(lambda: len(told) == 1, what="a passage")
    server.obey("turn")
    turnstile.open("out", 2)
    await until_async(lambda: len(told) == 2, what="nobody's passage")
    server.obey("force out")
    await until_async(lambda: len(told) == 3, what="a forced passage")
    server.obey("fire on")
    await until_async(lambda: len(told) == 4, what="a fire")
    turnstile.deny()
    await until_async(lambda: server.obey("status") == "opened 2 in 1 out 1 red 1", what="the red light")

    passed = [(event.outcome, event.direction, event.grant) for event in told if isinstance(event, Passed)]
    assert passed == [
        (PassageOutcome.PASSED, "in", 1),
        (PassageOutcome.NO_PASSAGE, "out", 2),
        (PassageOutcome.FORCED, "out", None),
    ]
    assert isinstance(told[3], FireChanged)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await server.stop()


async def test_a_cable_that_was_cut_is_mended() -> None:
    server = TurnstileServer(Mechanics(Random(1), QUICK))
    port = await server.start()
    turnstile = simulated_turnstile(port, TIMING, SystemClock())
    told: list[Passed | FireChanged] = []

    listening = asyncio.create_task(listen(turnstile, told))
    await until_async(lambda: server._writers, what="a connection")
    await server.stop()
    turnstile.open("in", 1)
    await until_async(lambda: len(told) == 1, what="nobody's passage")
    again = TurnstileServer(Mechanics(Random(1), QUICK))
    await again.start(port)
    await until_async(lambda: again._writers, what="a second connection")
    turnstile.open("in", 2)
    await until_async(lambda: len(told) == 2, what="a passage")

    outcomes = [event.outcome for event in told if isinstance(event, Passed)]
    assert outcomes == [PassageOutcome.NO_PASSAGE, PassageOutcome.PASSED]
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await again.stop()


class BrokenWires:
    """Contacts that cannot be listened to."""

    def __init__(self) -> None:
        self.is_closed = False

    def switch(self, relay: Direction | None, *, is_on: bool) -> None:
        """Switch nothing."""

    async def attend(self, turnstile: Turnstile) -> None:  # noqa: ARG002 # as Wires has it
        raise ValueError("a pin was lost")

    def close(self) -> None:
        self.is_closed = True


async def test_contacts_that_nobody_hears_any_more_end_the_gate_and_free_its_pins() -> None:
    """So that it is made anew, and a fire is heard again."""
    wires = BrokenWires()
    turnstile = Turnstile(Lane(TIMING), wires, SystemClock())

    async with asyncio.timeout(30):
        with pytest.raises(ValueError, match="a pin was lost"):
            await listen(turnstile, [])

    assert wires.is_closed
