"""A place where nothing opens: the reader only registers who comes and goes."""

import asyncio
from collections.abc import AsyncIterator

from edge_agent.actuators.actuator import Direction, FireChanged, Passed


class Nothing:
    """An Actuator without relays or inputs."""

    has_sensor = False

    def open(self, direction: Direction, grant: int) -> None:
        """Open nothing."""

    def deny(self) -> None:
        """Show nothing."""

    async def events(self) -> AsyncIterator[Passed | FireChanged]:
        """Yield nothing, until cancelled."""
        silence: asyncio.Queue[Passed | FireChanged] = asyncio.Queue()
        while True:
            yield await silence.get()
