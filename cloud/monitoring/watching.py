"""The watch: each worker measures its server and says that it runs; the one that has the turn judges and tells.

Rule: what is wrong with the database itself is told without it, by the worker that had the turn last.
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
import structlog

from cloud.core.database import UNREACHED
from cloud.core.errors import kinds_of
from cloud.core.rotation import made_at
from cloud.core.services import Services
from cloud.core.settings import Settings
from cloud.core.windows import Window
from cloud.maintenance.actions import forget as forget_windows
from cloud.maintenance.queries import windows_ahead
from cloud.monitoring import broker, database, rules, servers, troubles
from cloud.monitoring.kinds import OF_MAINTENANCE, Found, Kind
from cloud.monitoring.measuring import Machine, Meter, Reading, SystemMachine
from cloud.monitoring.mornings import mornings_now
from cloud.monitoring.servers import Process
from cloud.monitoring.targets import NeverTold, NotTold, targets_of
from cloud.monitoring.telling import Told, tell_due, telling_of
from esik import __version__

EVERY_S = 15.0
LOST_AFTER = timedelta(minutes=1)
FAILURES, FAILING_FOR = 3, timedelta(minutes=5)
log = structlog.get_logger()


def server_of(settings: Settings) -> str:
    """Return what this server is called."""
    return (settings.server_name or socket.gethostname())[:60]


@dataclass(slots=True)
class Failures:
    """Which parts of a worker fail again and again."""

    _at: dict[str, list[datetime]] = field(default_factory=dict)

    def note(self, part: str, now: datetime) -> None:
        """Note that a part failed."""
        self._at[part] = [*self._at.get(part, ()), now][-FAILURES:]

    def lasting(self, now: datetime) -> list[str]:
        """Return those that failed several times within some minutes."""
        return sorted(
            part for part, at in self._at.items() if len(at) == FAILURES and now - at[0] < FAILING_FOR
        )  # fmt: skip


@dataclass(slots=True)
class Watch:
    """One worker's watch; `run` until cancelled."""

    services: Services
    name: str
    has_turn: Callable[[], bool]
    failures: Failures
    machine: Machine = field(default_factory=SystemMachine)
    reading: Reading | None = None  # the last
    _meter: Meter = field(init=False)
    _started_at: datetime = field(init=False)
    _lost_since: datetime | None = None
    _lost_told: bool = False
    _had_turn: bool = False
    _known: rules.Remembered | None = None
    _state: rules.DatabaseState | None = None
    _windows: Sequence[Window] = ()  # of maintenance; known without the database, too

    def __post_init__(self) -> None:
        """Begin to measure."""
        settings, clock = self.services.settings, self.services.clock
        folders = [settings.data, *([settings.backup_folder] if settings.backup_folder else [])]
        self._meter = Meter(server_of(settings), self.machine, clock, folders)
        self._started_at = clock.now()

    async def run(self) -> None:
        """Look at everything, again and again."""
        await self.recall()
        try:
            while True:
                await self.look()
                await self.services.clock.sleep(EVERY_S)
        finally:
            await asyncio.shield(_quietly(servers.leave(self.services.database.pool, self.name)))

    async def recall(self) -> None:
        """Begin with what this machine's disk remembers of the database."""
        self._known = await database.remembered(self.services.settings.data)

    async def look(self) -> None:
        """Measure, judge and tell once; what the database does not answer is noted, not raised."""
        self.reading = reading = await asyncio.to_thread(self._meter.read)
        try:
            async with asyncio.timeout(EVERY_S):
                await servers.keep(self.services.database.pool, reading)
                await beat(self.services, self.name, "worker", self._started_at, has_turn=self.has_turn(),
                           failing=self.failures.lasting(self.services.clock.now()))  # fmt: skip
                found = await self.judge() if self.has_turn() else None
            if found is not None:
                await self._note(found)
        except UNREACHED as error:
            await self._lost(error)
            return
        await self._found_again()
        self._had_turn = self.has_turn()
        if found is not None:
            await tell_due(self.services)

    async def judge(self) -> list[Found]:
        """Return what is abnormal of all servers, the database, the broker, the readers and the backups."""
        services, now = self.services, self.services.clock.now()
        async with services.database.pool.acquire() as connection:
            self._windows = [each.window for each in await windows_ahead(connection, now)]
            state = await database.state_of(connection, services.clock)
            found = [each for server in await servers.servers(connection, now) for each in rules.of_server(server, now)]
            running = [each.running for each in await servers.processes(connection)]
            long_ago = now - rules.STUCK_AFTER
            found += rules.of_readers(await database.readers_behind(connection, now, long_ago), now)
        found += rules.of_processes(running, now, services.settings.workers)
        found += rules.of_database(state, self._known)
        found += rules.of_broker(await broker.state_of(services.settings), now)
        found += rules.of_records(*await mornings_now(services), now)
        if services.settings.backup_folder is not None:
            found += rules.of_backup(await newest_of(services.settings), now)
        self._state = state
        return found

    async def _note(self, found: Sequence[Found]) -> None:
        """Note what is found, and only then remember the database as it is: what is told once must not be lost."""
        services = self.services
        now = services.clock.now()
        held = OF_MAINTENANCE if self._is_worked_on(now) else frozenset[Kind]()
        await troubles.note(services.database.pool, found, targets_of(services.settings), now, held)
        if self._state is None:
            return
        self._known = rules.Remembered(self._state.identity, self._state.started_at, self._state.wal)
        try:
            await database.remember(services.settings.data, self._known)
        except OSError as error:
            log.warning("database.not_remembered", error=kinds_of(error))

    async def _lost(self, error: BaseException) -> None:
        """Note that the database does not answer; tell of it, once, when that lasts."""
        now = self.services.clock.now()
        if self._lost_since is None:
            self._lost_since = now
            log.warning("database.lost", error=kinds_of(error))
        lasts = now - self._lost_since >= LOST_AFTER
        if self._had_turn and not self._lost_told and lasts and not self._is_worked_on(now):
            self._lost_told = True
            await self._tell(Told(Kind.DATABASE_LOST, "database", ", ".join(kinds_of(error)), self._lost_since, None))

    def _is_worked_on(self, now: datetime) -> bool:
        return any(each.is_running(now) for each in self._windows)

    async def _found_again(self) -> None:
        since, self._lost_since = self._lost_since, None
        if self._lost_told and since is not None:
            self._lost_told = False
            await self._tell(Told(Kind.DATABASE_LOST, "database", "", since, self.services.clock.now()))

    async def _tell(self, told: Told) -> None:
        """Tell everybody at once, once: there is no table to plan in."""
        stage = "over" if told.ended_at else "began"
        key = f"database-lost-{told.began_at:%Y%m%d%H%M%S}-{stage}"
        settings = self.services.settings
        for target in targets_of(settings).values():
            try:
                await target.tell(settings, telling_of(settings, told, key, self.services.clock.now()))
            except (NotTold, NeverTold) as error:
                log.warning("trouble.not_told", target=target.digest, why=str(error)[:100])


async def beat(
    services: Services, name: str, part: str, started_at: datetime, *, has_turn: bool = False,
    failing: Sequence[str] = (),
) -> None:  # fmt: skip
    """Say that a program of the service runs here."""
    told = Process(
        name, server_of(services.settings), part, os.getpid(), __version__, started_at, services.clock.now(),
        has_turn, failing,
    )  # fmt: skip
    await servers.beat(services.database.pool, told)


async def keep_beating(services: Services, name: str, part: str) -> None:
    """Say that a program runs, again and again, until cancelled; then that it ends."""
    began = services.clock.now()
    try:
        while True:
            await _quietly(beat(services, name, part, began))
            await services.clock.sleep(EVERY_S)
    finally:
        await asyncio.shield(_quietly(servers.leave(services.database.pool, name)))


async def forget(services: Services) -> None:
    """Forget what need not be known any longer."""
    pool, now = services.database.pool, services.clock.now()
    await servers.forget(pool, now)
    await troubles.forget(pool, now)
    await forget_windows(pool, now)


async def newest_of(settings: Settings) -> datetime | None:
    """Return when the newest backup was made; None where there is none, or none is watched."""
    folder = settings.backup_folder
    return await asyncio.to_thread(_newest_in, folder) if folder is not None else None


def _newest_in(folder: Path) -> datetime | None:
    try:
        return max((at for file in folder.iterdir() if (at := made_at(file.name)) is not None), default=None)
    except OSError:
        return None


async def _quietly(work: Awaitable[object]) -> None:
    try:
        async with asyncio.timeout(EVERY_S):
            await work
    except (*UNREACHED, asyncpg.PostgresError) as error:
        log.warning("beat.failed", error=kinds_of(error))
