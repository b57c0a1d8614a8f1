"""A turnstile, barrier or door on wires: the lane's state machine, its timers, and whatever moves the relays."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

import structlog

from edge_agent.actuators.actuator import Direction, FireChanged, Passed
from edge_agent.actuators.lane import Effect, Lane, Relay
from edge_agent.clock import Clock

EVENTS_MAX = 1_000
log = structlog.get_logger()


class Wires(Protocol):
    """The relays of a lane. Contacts come back through the calls of Turnstile."""

    def switch(self, relay: Direction | None, *, is_on: bool) -> None:
        """Switch the relay of a direction, or the red light; must return at once and never raise."""
        ...

    async def attend(self, turnstile: "Turnstile") -> None:
        """Report contacts to `turnstile` until cancelled; mend what breaks."""
        ...

    def close(self) -> None:
        """Let every relay rest."""
        ...


class Turnstile:
    """An Actuator. Made and used in one event loop; `contact` and `fire` may be called from it only."""

    def __init__(self, lane: Lane, wires: Wires, clock: Clock) -> None:
        self._lane = lane
        self._wires = wires
        self._clock = clock
        self._events: asyncio.Queue[Passed | FireChanged] = asyncio.Queue(EVENTS_MAX)
        self._timer: asyncio.TimerHandle | None = None

    @property
    def has_sensor(self) -> bool:
        return self._lane.has_sensor

    def open(self, direction: Direction, grant: int) -> None:
        self._do(self._lane.open(direction, grant, self._clock.monotonic_ms()))

    def deny(self) -> None:
        self._do(self._lane.deny(self._clock.monotonic_ms()))

    async def events(self) -> AsyncIterator[Passed | FireChanged]:
        """Yield what the inputs say; the relays rest when the iterator is closed. Raises what the wires raise."""
        attending = asyncio.create_task(self._wires.attend(self), name="actuator.attend")
        try:
            while True:
                yield await self._next(attending)
        finally:
            attending.cancel()
            await asyncio.wait({attending})
            self.close()

    def close(self) -> None:
        """Let every relay rest."""
        if self._timer is not None:
            self._timer.cancel()
        self._wires.close()

    def contact(self, direction: Direction, *, is_closed: bool) -> None:
        """Hear the passage contact of one direction."""
        self._do(self._lane.contact(direction, self._clock.monotonic_ms(), is_closed=is_closed))

    def fire(self, *, is_burning: bool) -> None:
        """Hear the fire panel's contact."""
        self._do(self._lane.fire(self._clock.monotonic_ms(), is_burning=is_burning))

    async def _next(self, attending: "asyncio.Task[None]") -> Passed | FireChanged:
        """Return the next event; raise when nobody listens to the contacts any more."""
        coming = asyncio.ensure_future(self._events.get())
        try:
            await asyncio.wait({coming, attending}, return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                attending.result()
            return await coming
        finally:
            coming.cancel()

    def _tick(self) -> None:
        self._timer = None
        self._do(self._lane.tick(self._clock.monotonic_ms()))

    def _do(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            match effect:
                case Relay(direction, is_on):
                    self._wires.switch(direction, is_on=is_on)
                case Passed() | FireChanged():
                    self._tell(effect)
        self._set_timer()

    def _tell(self, event: Passed | FireChanged) -> None:
        try:
            self._events.put_nowait(event)
        except asyncio.QueueFull:
            log.error("gate.event_dropped", passed=isinstance(event, Passed), waiting=EVENTS_MAX)  # noqa: TRY400

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        wake_ms = self._lane.wake_at_ms
        if wake_ms is not None:
            wait_s = max(1, wake_ms - self._clock.monotonic_ms()) / 1000
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._tick)
