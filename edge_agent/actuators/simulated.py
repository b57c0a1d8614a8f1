"""Wires to a simulated turnstile: the same relays and contacts, as lines over TCP on this machine.

To the turnstile go `relay in|out|red on|off`; from it come `contact in|out closed|open` and `fire on|off`, also all of
them as they stand when the connection begins. A connection that is lost is a cable that is cut: it is tried again.
"""

import asyncio
import contextlib

import structlog

from edge_agent.actuators.actuator import Direction
from edge_agent.actuators.lane import Lane, Timing
from edge_agent.actuators.turnstile import Turnstile
from edge_agent.clock import Clock

RETRY_S = 0.5
TIMEOUT_S = 5.0
_DIRECTIONS: dict[str, Direction] = {"in": "in", "out": "out"}
log = structlog.get_logger()


class SimulatedWires:
    """The client of `python -m simulators turnstile`."""

    def __init__(self, port: int, clock: Clock, host: str = "127.0.0.1") -> None:
        self.is_connected = False
        self._host = host
        self._port = port
        self._clock = clock
        self._writer: asyncio.StreamWriter | None = None

    def switch(self, relay: Direction | None, *, is_on: bool) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(f"relay {relay or 'red'} {'on' if is_on else 'off'}\n".encode())

    async def attend(self, turnstile: Turnstile) -> None:
        while True:
            with contextlib.suppress(OSError, TimeoutError):
                await self._listen(turnstile)
            self.is_connected = False
            log.info("turnstile.unreachable", port=self._port)
            await self._clock.sleep(RETRY_S)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()

    async def _listen(self, turnstile: Turnstile) -> None:
        async with asyncio.timeout(TIMEOUT_S):
            reader, self._writer = await asyncio.open_connection(self._host, self._port, limit=1024)
        self.is_connected = True
        try:
            while line := await reader.readline():
                _hear(turnstile, line.decode("ascii", "replace").split())
        except ValueError:
            log.warning("turnstile.line_too_long", port=self._port)
        finally:
            self._writer.close()
            self._writer = None


def simulated_turnstile(port: int, timing: Timing, clock: Clock) -> Turnstile:
    """Return a turnstile whose mechanics are simulated by another process."""
    return Turnstile(Lane(timing), SimulatedWires(port, clock), clock)


def _hear(turnstile: Turnstile, words: list[str]) -> None:
    match words:
        case ["contact", ("in" | "out") as direction, ("closed" | "open") as state]:
            turnstile.contact(_DIRECTIONS[direction], is_closed=state == "closed")
        case ["fire", ("on" | "off") as state]:
            turnstile.fire(is_burning=state == "on")
        case _:
            log.warning("turnstile.line_unknown", words=len(words))
