"""A school's day made to happen: people hold cards to readers and walk through gates, in real time or quicker.

Each gate is a lane: people stand in line before it, and who is next waits for the one before. At a time factor of 60
an hour takes a minute, but nobody walks quicker than people do: then the lines are long, as they are before the bell.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from random import Random
from typing import Protocol

from edge_agent.clock import Clock
from simulators.school import Act, Movement

SHOWN_MS = 350  # how long a card is held to a reader
AGAIN_MS = 900  # after how long an impatient one shows it once more
PATIENCE_MS = 3_000  # how long somebody waits for a gate that stays closed
SHOWS_MAX = 3  # who got no answer at all shows the card again
REACTION_MS = (150, 500)  # between the green light and the first step


class Reader(Protocol):
    """Where a card can be held to."""

    async def show(self, uid: bytes, shown_ms: int) -> None:
        """Hold a card to the reader; it is taken away by itself after `shown_ms`."""
        ...


class Way(Enum):
    """What a gate did for somebody who stood before it."""

    THROUGH = "through"
    RED = "red"  # it said no
    SILENT = "silent"  # it said nothing until their patience ended


class Walkway(Protocol):
    """Where somebody can walk through, if the gate lets them."""

    async def walk(self, direction: str, patience_ms: int, reaction_ms: int) -> Way:
        """Wait for the gate to give way and go through; tell what it did."""
        ...


@dataclass(frozen=True, slots=True)
class Gate:
    """One lane: a reader for each direction, and what stands in the way (None: nothing does)."""

    readers: Mapping[str, Reader]
    walkway: Walkway | None = None


class Ending(Enum):
    """How it ended for somebody at a gate."""

    PASSED = "passed"
    REFUSED = "refused"  # the gate stayed closed
    TURNED = "turned"  # did not want to go through
    NO_CARD = "no_card"  # stands before the guard


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody was at a gate."""

    movement: Movement
    ending: Ending
    late_ms: int  # how long after the time of the day's plan it began: in line


Guard = Callable[[Movement], Awaitable[bool]]


async def nobody_guards(_movement: Movement) -> bool:
    """Be the guard who is not there: nobody is let through by hand."""
    return False


class Crowd:
    """Everybody who comes to the gates of a school on a day.

    `guard` is asked for those without a card, and tells whether they were let through by hand. `on_visit` hears of
    every visit when it has ended.
    """

    def __init__(
        self,
        gates: Sequence[Gate],
        clock: Clock,
        rng: Random,
        *,
        guard: Guard = nobody_guards,
        on_visit: Callable[[Visit], None] = lambda _visit: None,
    ) -> None:
        self.endings: Counter[Ending] = Counter()
        self._gates = gates
        self._clock = clock
        self._rng = rng
        self._guard = guard
        self._on_visit = on_visit

    async def live(self, movements: Sequence[Movement], *, factor: float = 1.0, quiet_s_max: float = 60.0) -> None:
        """Let a day happen, `factor` times as quick; where nobody comes for longer, `quiet_s_max` seconds pass."""
        began_ms = self._clock.monotonic_ms()
        due = timetable(movements, factor, quiet_s_max)
        async with asyncio.TaskGroup() as group:
            for number, gate in enumerate(self._gates):
                line = [
                    (began_ms + at_ms, movement)
                    for at_ms, movement in zip(due, movements, strict=True)
                    if movement.gate % len(self._gates) == number
                ]
                group.create_task(self._serve(gate, line), name=f"crowd.gate.{number}")

    async def _serve(self, gate: Gate, line: list[tuple[int, Movement]]) -> None:
        for due_ms, movement in line:
            wait_ms = due_ms - self._clock.monotonic_ms()
            if wait_ms > 0:
                await self._clock.sleep(wait_ms / 1_000)
            late_ms = self._clock.monotonic_ms() - due_ms
            ending = await self._visit(gate, movement)
            self.endings[ending] += 1
            self._on_visit(Visit(movement, ending, late_ms))

    async def _visit(self, gate: Gate, movement: Movement) -> Ending:
        if movement.act is Act.NO_CARD:
            if not await self._guard(movement):
                return Ending.NO_CARD
            return Ending.PASSED if await self._walk(gate, movement) is Way.THROUGH else Ending.REFUSED
        if movement.act is Act.TAP_AND_TURN:
            await gate.readers[movement.direction].show(movement.uid, SHOWN_MS)
            await self._clock.sleep(SHOWN_MS / 1_000)
            return Ending.TURNED
        for _ in range(SHOWS_MAX):
            await self._show(gate.readers[movement.direction], movement)
            way = await self._walk(gate, movement)
            if way is not Way.SILENT:
                return Ending.PASSED if way is Way.THROUGH else Ending.REFUSED
        return Ending.REFUSED

    async def _show(self, reader: Reader, movement: Movement) -> None:
        await reader.show(movement.uid, SHOWN_MS)
        if movement.act is Act.TAP_TWICE:
            await self._clock.sleep(AGAIN_MS / 1_000)
            await reader.show(movement.uid, SHOWN_MS)

    async def _walk(self, gate: Gate, movement: Movement) -> Way:
        if gate.walkway is None:
            await self._clock.sleep(SHOWN_MS / 1_000)
            return Way.THROUGH
        reaction_ms = self._rng.randint(*REACTION_MS)
        return await gate.walkway.walk(movement.direction, PATIENCE_MS, reaction_ms)


def timetable(movements: Sequence[Movement], factor: float, quiet_s_max: float) -> list[int]:
    """Return for each movement after how many real milliseconds it is due; they stand in order of time."""
    if factor <= 0:
        raise ValueError(f"a day passes {factor} times as quick? The factor must be above 0")
    due = [0.0] if movements else []
    for before, after in pairwise(movements):
        due.append(due[-1] + min((after.at_ms - before.at_ms) / factor, quiet_s_max * 1_000))
    return [round(at_ms) for at_ms in due]
