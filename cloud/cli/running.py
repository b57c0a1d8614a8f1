"""The whole service in one command: database, broker, worker and pages, started in order and stopped in reverse."""

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import structlog

from cloud.brokers.embedded import EmbeddedBroker
from cloud.cli.world import prepare
from cloud.core.clock import SystemClock
from cloud.core.ports import listen
from cloud.core.services import Services, open_services
from cloud.core.settings import Edition, Settings
from cloud.core.tracing import tracing
from cloud.embedded.postgres import embedded_postgres
from cloud.worker import Worker
from esik.starting import without_collecting

STOP_S = 20.0
PATIENCE_S = 60.0  # after a power cut the database may be up later than we are
STOPPING = (signal.SIGTERM, signal.SIGINT)
Web = Callable[[Services, asyncio.Event], Awaitable[None]]
log = structlog.get_logger()


@dataclass(slots=True)
class Parts:
    """Which parts of the service this process is; together they are all of it."""

    web: bool = True
    worker: bool = True

    @property
    def name(self) -> str:
        """Return what this process is to who reads its traces."""
        return "all" if self.web and self.worker else "web" if self.web else "worker"


@dataclass(slots=True)
class Line:
    """Tasks that run together: the first that fails ends all, and they are stopped from the last to the first."""

    group: asyncio.TaskGroup
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def add(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Start a part."""

        async def running() -> None:
            await work()

        self.tasks.append(self.group.create_task(running(), name=name))

    async def stop(self) -> None:
        """Stop the parts, one after the other."""
        for task in reversed(self.tasks):
            task.cancel()
            await asyncio.wait([task], timeout=STOP_S)
            log.info("part.stopped", part=task.get_name())


async def run(settings: Settings, parts: Parts, on_ready: Callable[[Settings], None]) -> None:
    """Run until SIGTERM or SIGINT. Raises what a part could not begin with."""
    _look_for_ports(settings, parts)
    web = _web() if parts.web else None  # before anybody waits for an answer
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in STOPPING:
        loop.add_signal_handler(each, stopping.set)
    async with (
        asyncio.TaskGroup() as group,
        _database(settings, group) as at,
        open_services(at, patience_s=PATIENCE_S) as services,
    ):
        with tracing(settings, f"{parts.name}-{os.getpid()}"):
            await _serve(services, parts, web, stopping, on_ready)


@asynccontextmanager
async def _database(settings: Settings, group: asyncio.TaskGroup) -> AsyncIterator[Settings]:
    if settings.edition is Edition.SERVER:
        yield settings
        return
    async with embedded_postgres(settings.data / "postgres") as server:
        at = replace(settings, database_url=server.url)
        await prepare(at)
        keeping = group.create_task(server.keep(SystemClock()), name="postgres")
        try:
            yield at
        finally:
            keeping.cancel()
            await asyncio.wait([keeping])


def _look_for_ports(settings: Settings, parts: Parts) -> None:
    """Tell of a port that is taken before anything is started. Raises PortTaken."""
    if parts.web:
        listen(settings.http_host, settings.http_port, "http_port").close()
    if parts.worker and settings.edition is Edition.EMBEDDED:
        listen(settings.broker_host, settings.broker_port, "broker_port").close()


def _settle_memory() -> None:
    """Spare the collector what stays for good: to look through all of it holds everybody up for a tenth of a second."""
    gc.collect()
    gc.freeze()


def _web() -> Web:
    """Return what serves the pages. A worker has none of it: it starts in two thirds of the time and holds less."""
    with without_collecting():
        from cloud.app import create_app, serve  # noqa: PLC0415
    return lambda services, started: serve(create_app(services), started)


async def _serve(
    services: Services, parts: Parts, web: Web | None, stopping: asyncio.Event, on_ready: Callable[[Settings], None]
) -> None:
    async with asyncio.TaskGroup() as group:
        line = Line(group)
        if parts.worker and services.settings.edition is Edition.EMBEDDED:
            broker = EmbeddedBroker(services)
            line.add("broker", broker.run)
            await broker.listens.wait()
        if parts.worker:
            line.add("worker", Worker(services).run)
        if web is not None:
            started = asyncio.Event()
            line.add("web", lambda: web(services, started))
            await started.wait()
        _settle_memory()
        on_ready(services.settings)
        await stopping.wait()
        await line.stop()
