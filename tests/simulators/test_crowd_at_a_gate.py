"""A crowd, a reader, a gate: from the card in the hand to the contact that says that somebody went through."""

import asyncio
from pathlib import Path
from random import Random

from edge_agent.actuators.actuator import PassageOutcome, Passed
from edge_agent.actuators.lane import Timing
from edge_agent.actuators.simulated import simulated_turnstile
from edge_agent.actuators.turnstile import Turnstile
from edge_agent.clock import SystemClock
from edge_agent.readers.pn532 import Pn532Reader
from edge_agent.readers.tap import Health
from simulators.crowd import Crowd, Ending, Gate
from simulators.crowd_places import NearControl, NearReader, TurnstileWalk
from simulators.pn532 import Pn532Line
from simulators.school import Act, Movement
from simulators.turnstile import Mechanics, TurnstileServer
from tests.waiting import until_async

KNOWN = [bytes([4, 0, 0, number]) for number in (1, 2)]
STRANGER = bytes([4, 0, 0, 9])


async def let_in(reader: Pn532Reader, turnstile: Turnstile) -> None:
    """Open to the cards that are known."""
    grant = 0
    async for tap in reader.taps():
        grant += 1
        if tap.credential in KNOWN:
            turnstile.open("in", grant)
        else:
            turnstile.deny()


async def hear(turnstile: Turnstile, passed: list[Passed]) -> None:
    """Note everybody who went through."""
    async for event in turnstile.events():
        if isinstance(event, Passed):
            passed.append(event)  # noqa: PERF401  a list that grows while the test looks at it


async def test_whoever_is_known_goes_through_and_a_stranger_does_not(tmp_path: Path) -> None:
    clock, passed = SystemClock(), list[Passed]()
    server, line = TurnstileServer(Mechanics(Random(1))), Pn532Line(Random(1), tmp_path / "reader")
    turnstile = simulated_turnstile(await server.start(), Timing(), clock)
    line.plug()
    reader = Pn532Reader("gate-in", str(tmp_path / "reader"), clock)
    gate = Gate({"in": NearReader(line)}, TurnstileWalk(NearControl(server), clock))
    acts = [(KNOWN[0], Act.TAP), (STRANGER, Act.STRANGER), (KNOWN[1], Act.TAP)]
    crowd = Crowd([gate], clock, Random(1))

    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(let_in(reader, turnstile), name="test.reader"),
            group.create_task(hear(turnstile, passed), name="test.gate"),
        ]
        await until_async(lambda: reader.health is Health.READY)
        await crowd.live([Movement(at_ms, 0, "in", act, "", uid) for at_ms, (uid, act) in enumerate(acts)])
        await until_async(lambda: len(passed) == 2)
        for task in tasks:
            task.cancel()
    await server.stop()
    line.unplug()

    assert crowd.endings == {Ending.PASSED: 2, Ending.REFUSED: 1}
    assert [(event.outcome, event.grant) for event in passed] == [
        (PassageOutcome.PASSED, 1),
        (PassageOutcome.PASSED, 3),
    ]
