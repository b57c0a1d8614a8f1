"""The street before a demonstration school: readers and turnstiles that people use, and the cable to the cloud.

Everything here runs in the demonstration's own process: PN532 readers on pseudo-terminals, turnstiles over TCP, and a
proxy before the cloud's broker and pages that can be unplugged.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from types import MappingProxyType

from edge_agent.clock import SystemClock
from simulators.crowd import Crowd, Gate, Visit
from simulators.crowd_places import NearControl, NearReader, TurnstileWalk
from simulators.pn532 import Pn532Line
from simulators.proxy import Cable, Proxy
from simulators.school import MINUTE_MS, Act, Member, Movement, day
from simulators.turnstile import Mechanics, TurnstileServer

DIRECTIONS = ("in", "out")
CROWDED = 0.4  # half an hour of arrivals passes in twelve minutes
SOON_MS = 45_000
STAY_MS = 2 * MINUTE_MS  # nobody leaves sooner after coming


@dataclass(slots=True)
class Lane:
    """One gate's hardware: two readers and a turnstile."""

    gate: str
    readers: dict[str, Pn532Line]
    links: dict[str, Path]  # by which the agent opens each reader
    turnstile: TurnstileServer
    turnstile_port: int = 0


class Street:
    """All lanes and the till's reader, open for as long as the demonstration runs."""

    def __init__(self, gates: Sequence[str], folder: Path, rng: Random) -> None:
        """`folder` holds the readers' links: its path must be such as a reader takes."""
        self.lanes = [_lane(gate, folder, rng) for gate in gates]
        self.till_link = folder / "till"
        self.till = Pn532Line(rng, self.till_link)

    async def open(self) -> None:
        """Plug everything in."""
        for lane in self.lanes:
            lane.turnstile_port = await lane.turnstile.start()
            for line in lane.readers.values():
                line.plug()
        self.till.plug()

    async def close(self) -> None:
        """Pull everything out."""
        self.till.unplug()
        for lane in self.lanes:
            for line in lane.readers.values():
                line.unplug()
            await lane.turnstile.stop()

    def crowd(self, rng: Random, on_visit: Callable[[Visit], None]) -> Crowd:
        """Return people who use these gates; `on_visit` hears of each visit."""
        clock = SystemClock()
        gates = [
            Gate(
                {direction: NearReader(line) for direction, line in lane.readers.items()},
                TurnstileWalk(NearControl(lane.turnstile), clock),
            )
            for lane in self.lanes
        ]
        return Crowd(gates, clock, rng, on_visit=on_visit)


class Wires:
    """The cable between the school and the cloud: the broker's line and the pages' line, cut and mended together."""

    def __init__(self, broker_port: int, http_port: int) -> None:
        self._lines = [Proxy("127.0.0.1", broker_port), Proxy("127.0.0.1", http_port)]
        self.broker_port = 0
        self.http_port = 0

    async def open(self) -> None:
        """Listen."""
        self.broker_port, self.http_port = [await line.start() for line in self._lines]

    async def close(self) -> None:
        """Listen no more."""
        for line in self._lines:
            await line.stop()

    @property
    def is_plugged(self) -> bool:
        return self._lines[0].cable is Cable.PLUGGED

    def unplug(self) -> None:
        for line in self._lines:
            line.unplug()

    def plug(self) -> None:
        for line in self._lines:
            line.plug()


def demo_day(
    members: Sequence[Member],
    gates: int,
    rng: Random,
    *,
    begins_ms: int,
    awaited_ms: Mapping[str, int] = MappingProxyType({}),
) -> list[Movement]:
    """Return today's movements from `begins_ms` (after local midnight) on, denser than a real morning.

    Who would have come before the demonstration began comes within its first moments. Whom a visitor waits for, by
    `awaited_ms` after the beginning, comes then, with a card, and leaves after the own last lesson.
    """
    bells = {member.person: member.first_lesson_min * MINUTE_MS for member in members}
    ends = {member.person: member.last_lesson_min * MINUTE_MS for member in members}
    moved: list[Movement] = []
    came: dict[str, int] = {}
    for movement in day([member for member in members if member.person not in awaited_ms], gates, rng):
        if movement.act is Act.STRANGER:
            at_ms = begins_ms + rng.randrange(20 * MINUTE_MS)
        else:
            anchor = bells if movement.direction == "in" else ends
            at_ms = round(anchor[movement.person] + (movement.at_ms - anchor[movement.person]) * CROWDED)
        if at_ms < begins_ms:
            at_ms = begins_ms + rng.randrange(SOON_MS)
        if movement.direction == "in":
            came[movement.person] = at_ms
        at_ms = max(at_ms, came.get(movement.person, 0) + STAY_MS) if movement.direction == "out" else at_ms
        moved.append(replace(movement, at_ms=at_ms))
    for number, member in enumerate(each for each in members if each.person in awaited_ms):
        gate, leaves_ms = number % gates, ends[member.person] + MINUTE_MS
        comes = Movement(begins_ms + awaited_ms[member.person], gate, "in", Act.TAP, member.person, member.uid)
        moved += [comes, replace(comes, at_ms=leaves_ms, direction="out")]
    return sorted(moved, key=lambda movement: (movement.at_ms, movement.uid))


def _lane(gate: str, folder: Path, rng: Random) -> Lane:
    links = {direction: folder / f"{gate}-{direction}" for direction in DIRECTIONS}
    readers = {direction: Pn532Line(rng, link) for direction, link in links.items()}
    return Lane(gate, readers, links, TurnstileServer(Mechanics(rng)))
