"""The scheduler's turn: of all workers one does the work that one does for all; the others stand by, and say so.

Rule: the turn is a lock of a session of the database, so that it is free as soon as its holder is gone. Work that goes
by the turn may be done twice when the line to the database breaks in its midst: it must bear that.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
import structlog

from cloud.core.clock import Clock
from cloud.core.database import address

LOCK = 0x7475726E  # "turn"
LOOK_S = 5.0
CONNECT_S = 10.0
CLOSE_S = 2.0
log = structlog.get_logger()


@dataclass(slots=True)
class Turn:
    """Whether this worker has the turn; `keep` must be running."""

    url: str
    clock: Clock
    name: str
    has: bool = False
    _told: bool = False

    async def keep(self) -> None:
        """Ask for the turn until it comes, hold it while the line to the database lasts, then raise."""
        async with self.held() as ask:
            while True:
                await ask()
                await self.clock.sleep(LOOK_S)

    @asynccontextmanager
    async def held(self) -> AsyncIterator[Callable[[], Awaitable[bool]]]:
        """Yield what asks for the turn, and tells whether it is this worker's; at the end it is nobody's."""
        connection = await asyncpg.connect(
            **address(self.url), timeout=CONNECT_S, command_timeout=CONNECT_S,
            server_settings={"application_name": f"esik turn {self.name}"},
        )  # fmt: skip

        async def ask() -> bool:
            await self._look(connection)
            return self.has

        try:
            yield ask
        finally:
            self.has = False
            await connection.close(timeout=CLOSE_S)

    async def _look(self, connection: asyncpg.Connection) -> None:
        if self.has:
            await connection.fetchval("SELECT 1")  # raises when the line is gone, and with it the lock
            return
        self.has = await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK)
        if self.has:
            log.info("scheduler.works", worker=self.name)
            self._told = False
        elif not self._told:
            log.warning("scheduler.stands_by", worker=self.name, why="another worker has the turn")
            self._told = True
