"""Waits until this agent is enrolled: serves the first page, and listens to the gate's own scanners."""

import asyncio
from dataclasses import dataclass
from random import Random

import structlog

from edge_agent.bundle import Bundle
from edge_agent.clock import Clock
from edge_agent.enrolling import Enrolling, Place
from edge_agent.firstboot.app import create_first_app
from edge_agent.firstboot.desk import FirstDesk, accepted
from edge_agent.readers.opening import open_reader
from edge_agent.readers.tap import Medium, Reader
from edge_agent.settings import AgentSettings
from edge_agent.status.server import StatusPortTaken, serve_status
from edge_agent.systemd import Notifier

SHOWN_S = 3.0  # for so long the page says who the agent is now
PORT_AGAIN_S = 5.0
ALIVE_S = 10.0
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Beginning:
    """What an agent without a bundle is started with."""

    settings: AgentSettings
    firmware: str
    board: str
    clock: Clock
    rng: Random
    notifier: Notifier

    @property
    def place(self) -> Place:
        return Place(self.settings.bundle, self.settings.folder, self.firmware, self.board)

    @property
    def gates(self) -> list[str]:
        return [gate.id for gate in self.settings.gates]


async def first_boot(given: Beginning, stop: asyncio.Event) -> bool:
    """Wait for a code and enrol by it; return False when told to stop before."""
    desk = FirstDesk(given.gates, lambda code: Enrolling(code, given.place, given.clock, given.rng).enrol())
    scanners = [reader for reader in given.settings.readers if reader.medium is Medium.QR]
    async with asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(_serve(given, desk), name="first page"),
            tasks.create_task(_keep_alive(given), name="first watchdog"),
            *(tasks.create_task(_listen(open_reader(each, given.clock), desk), name=each.name) for each in scanners),
        ]
        await _either(desk.enrolled, stop)
        if desk.enrolled.is_set():
            await given.clock.sleep(SHOWN_S)
        for task in running:
            task.cancel()
    return desk.enrolled.is_set()


async def enrol_by(text: str, given: Beginning) -> Bundle:
    """Enrol by a code that was given to a command. Raises CodeRefused or EnrolmentRefused."""
    return await Enrolling(accepted(text, given.gates), given.place, given.clock, given.rng).enrol()


async def _serve(given: Beginning, desk: FirstDesk) -> None:
    status = given.settings.status
    while status.is_on:
        try:
            await serve_status(create_first_app(desk, status.host), status.host, status.port)
        except StatusPortTaken as error:
            log.error("first_page.not_shown", error=str(error))  # noqa: TRY400 # its words say all
            await given.clock.sleep(PORT_AGAIN_S)


async def _keep_alive(given: Beginning) -> None:
    given.notifier.ready("waits for its enrolment code")
    while True:
        given.notifier.alive("waits for its enrolment code")
        await given.clock.sleep(ALIVE_S)


async def _listen(reader: Reader, desk: FirstDesk) -> None:
    async for tap in reader.taps():
        await desk.take(tap.credential.decode("utf-8", "replace"))


async def _either(*events: asyncio.Event) -> None:
    """Wait until one of the events is set."""
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()
