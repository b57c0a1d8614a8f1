"""Wires on a reader head: its relays, passage contacts and fire contact, over the line that its reader holds open.

The head itself lets a contact settle and ends every pulse, should nobody do it any more.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Protocol

from edge_agent.actuators.actuator import Direction
from edge_agent.actuators.lane import Lane, Timing
from edge_agent.actuators.turnstile import Turnstile
from edge_agent.clock import Clock
from schemas import head

MARGIN_MS = 500  # after which the head ends a pulse by itself
_OUTPUTS: dict[Direction | None, int] = {"in": head.RELAY_IN, "out": head.RELAY_OUT, None: head.RED_LIGHT}


class Outputs(Protocol):
    """A head, as its wires see it."""

    def switch(self, output: int, *, is_on: bool, ttl_ms: int) -> None:
        """Switch an output; must return at once."""
        ...

    def listening(self, hear: Callable[[int], None]) -> AbstractContextManager[None]:
        """Call `hear` with the inputs' bits: now, if they are known, and whenever they change or may have."""
        ...


@dataclass(frozen=True, slots=True)
class Wired:
    """What hangs on the head's inputs."""

    has_sensor: bool = False
    has_fire: bool = False


class HeadWires:
    """Relays and contacts of a head."""

    def __init__(self, outputs: Outputs, timing: Timing, wired: Wired) -> None:
        self._outputs = outputs
        self._timing = timing
        self._wired = wired

    def switch(self, relay: Direction | None, *, is_on: bool) -> None:
        length_ms = self._timing.red_ms if relay is None else self._timing.pulse_ms
        self._outputs.switch(_OUTPUTS[relay], is_on=is_on, ttl_ms=length_ms + MARGIN_MS)

    async def attend(self, turnstile: Turnstile) -> None:
        def hear(inputs: int) -> None:
            if self._wired.has_sensor:
                turnstile.contact("in", is_closed=bool(inputs & head.PASSED_IN))
                turnstile.contact("out", is_closed=bool(inputs & head.PASSED_OUT))
            if self._wired.has_fire:
                turnstile.fire(is_burning=bool(inputs & head.FIRE))

        with self._outputs.listening(hear):
            await asyncio.get_running_loop().create_future()

    def close(self) -> None:
        for output in _OUTPUTS.values():
            self._outputs.switch(output, is_on=False, ttl_ms=0)


def head_turnstile(outputs: Outputs, timing: Timing, wired: Wired, clock: Clock) -> Turnstile:
    """Return a turnstile that hangs on a head; its contacts come settled."""
    lane = Lane(replace(timing, still_ms=0), has_sensor=wired.has_sensor)
    return Turnstile(lane, HeadWires(outputs, timing, wired), clock)
