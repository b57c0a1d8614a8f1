"""The cloud of a simulated month: the product's ingest, projection, ledger and rosters on a real PostgreSQL.

Rule: only the broker is left out. Commits fail and workers die at chance, before a window is committed and after.
"""

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

import asyncpg
import httpx2
from fastapi import FastAPI
from typing_extensions import override

from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.ingest.accepting import accept
from cloud.ingest.cursor import LoggedRecord, Projection, advance
from cloud.ingest.messages import Arrived
from cloud.ingest.plan import Reply
from cloud.ingest.postgres import PgStore
from cloud.ingest.senders import Senders
from cloud.meals.projection import Meals
from cloud.rosters.actions import file_for, newest_version, publish
from cloud.rosters.kinds import RosterKind
from cloud.topups import kaspi_api
from schemas.topics import SHARDS
from simulators.bank import Answer, Line, Query

SYSTEM = Actor.system("month")
SHARDS_ALL = range(SHARDS)
BANK = "192.0.2.7"
AT_ONCE = 250


class PowerGone(ConnectionError):
    """The worker's machine went out after everything was written, and before it was committed."""


class Unlucky(Meals):
    """The product's projection, in a worker that dies now and then."""

    def __init__(self, services: Services, rng: Random) -> None:
        super().__init__(services)
        self._rng = rng

    @override
    async def apply(self, connection: asyncpg.Connection, records: Sequence[LoggedRecord]) -> None:
        await super().apply(connection, records)
        if self._rng.random() < 0.03:
            raise PowerGone


MakeProjection = Callable[[Services, Random], Projection]


@dataclass(slots=True)
class Cloud:
    """The cloud, as far as a canteen is concerned."""

    services: Services
    rng: Random
    school_id: int
    code: str
    projection: Projection
    store: PgStore
    senders: Senders
    luck: float = 0.01  # chance of a window that its worker dies over
    windows: int = 0
    died: int = 0

    @classmethod
    def of(cls, services: Services, rng: Random, school_id: int, code: str, make: MakeProjection = Unlucky) -> "Cloud":
        """Return the cloud of a school; a test that plants a mistake makes its own projection."""
        senders = Senders(services.database.pool, services.vault, services.clock)
        store = PgStore(services.database.url, senders)
        return cls(services, rng, school_id, code, make(services, rng), store, senders)

    async def accept(self, arrived: Sequence[Arrived]) -> Sequence[Reply]:
        """Take a window of messages in, and return the answers."""
        self.windows += 1
        if self.rng.random() < self.luck:
            self.died += 1
            return []  # before the commit
        plan = await accept(arrived, self.store, arrived[0].at_ms if arrived else 0)
        if self.rng.random() < self.luck:
            self.died += 1
            return []  # after it
        return plan.replies

    async def project(self) -> None:
        """Let the reader meet all there is, however often it dies over it."""
        while True:
            try:
                if not await advance(self.services.database.pool, self.projection, SHARDS_ALL, AT_ONCE):
                    return
            except PowerGone:
                self.died += 1

    async def publish(self) -> dict[RosterKind, int]:
        """Issue the rosters that have changed, and return the newest version of each."""
        await publish(self.services, SYSTEM, self.school_id)
        return {kind: await newest_version(self.services, self.school_id, kind) for kind in RosterKind}

    async def roster_file(self, kind: RosterKind, base: int) -> bytes:
        """Return the newest roster of a kind for a till that has a version."""
        return await file_for(self.services, self.school_id, self.code, base, kind)

    async def close(self) -> None:
        """Let the connection go."""
        await self.store.close()


@contextlib.asynccontextmanager
async def bank_line(services: Services) -> AsyncIterator[Line]:
    """Yield a bank's line to the cloud's own address for it, without a socket."""
    app = FastAPI()
    app.state.services = replace(services, settings=replace(services.settings, kaspi_sources=BANK))
    app.include_router(kaspi_api.router)
    transport = httpx2.ASGITransport(app, client=(BANK, 40_000))
    async with httpx2.AsyncClient(transport=transport, base_url="https://esik.test") as client:

        async def ask(query: Query) -> Answer:
            answer = await client.get("/pay/kaspi", params=dict(query))
            told: Answer = answer.raise_for_status().json()
            return told

        yield ask
