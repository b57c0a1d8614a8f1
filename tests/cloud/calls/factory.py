"""5А with lessons of today, a student's and a parent's account, and a server for video lessons, for tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from cloud.calls.holding import Held, lesson_within, make_call
from cloud.calls.kinds import Algorithm, Kind, Names, ServerGiven
from cloud.calls.servers import set_server
from cloud.core.actor import Actor, Reach, Role
from cloud.core.services import Services
from simulators.bigbluebutton import ROOT, SimulatedBigBlueButton
from simulators.served import served
from tests.cloud.journal.factory import Journal, journal

SECRET = "639259d4-9dd8-4b25-bf01-95f9567eaf4b"  # of the published example
KEY = "a shared secret of Jitsi, long enough for HS256"


@dataclass(slots=True)
class Called:
    """The school; a lesson of mathematics today is number 2, from 08:45 to 09:25 by the usual bells."""

    journal: Journal
    services: Services
    lesson_id: int

    @property
    def school_id(self) -> int:
        return self.journal.school.id

    @property
    def teacher(self) -> Actor:
        return self.journal.teacher

    @property
    def it(self) -> Actor:
        return Actor("Данияр", reaches=frozenset({Reach(Role.IT, self.school_id)}))

    @property
    def student_id(self) -> int:
        return self.journal.studies.student_ids[0]

    async def held(self, actor: Actor | None = None) -> Held:
        """Return the lesson as somebody, its teacher if nobody is named, looks at it."""
        course = self.journal.studies.mathematics
        return await lesson_within(self.services, actor or self.teacher, self.journal.school, course, self.lesson_id)

    async def make(self) -> None:
        await make_call(self.services, self.teacher, self.journal.school, await self.held())

    async def server(self, given: ServerGiven) -> None:
        await set_server(self.services, self.it, self.school_id, given)

    def at(self, hour: int, minute: int) -> None:
        """Let it be a time of the day, to come."""
        zone = self.journal.school.zone
        to = datetime.combine(self.journal.school.on, datetime.min.time(), zone).replace(hour=hour, minute=minute)
        self.services.clock.advance((to - self.services.clock.now()).total_seconds())  # type: ignore[attr-defined]  # simulated


JITSI = ServerGiven(Kind.JITSI, "https://meet.mektep.kz", KEY, "esik", names=Names.FULL)


async def called(services: Services) -> Called:
    """Open the school, early on the day of the lesson."""
    reaching = replace(services, settings=replace(services.settings, webhook_networks="127.0.0.0/8"))
    opened = await journal(reaching)
    lesson_id = await opened.lesson(number=2)
    return Called(opened, reaching, lesson_id)


@asynccontextmanager
async def with_bbb(school: Called, names: Names = Names.FULL) -> AsyncIterator[SimulatedBigBlueButton]:
    """Let the school have a BigBlueButton server that runs."""
    server = SimulatedBigBlueButton(SECRET)
    async with served(server.app) as address:
        given = ServerGiven(Kind.BBB, f"http://{address}{ROOT}/", SECRET, "", "", Algorithm.HS256, names)
        await school.server(given)
        yield server
