"""A session on real wires: an uplink over a broker, the model cloud behind it, a journal in memory."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from random import Random

from edge_agent.sync.actions import Publish
from edge_agent.sync.mqtt import Broker, Link
from edge_agent.sync.sender import Limits
from edge_agent.sync.session import Session
from edge_agent.sync.tls import Credentials
from edge_agent.sync.uplink import Route, Uplink
from schemas import topics
from schemas.structs import Cmd
from tests.edge_agent.sync.model import IDENTITY, At, Held, Kept, MemoryCloud, MemoryJournal

LIVE = "e" * 16
UP_MS = 30 * 86_400_000  # since when it runs, however short the time this machine does: what it kept is not of before
QUICK = Limits(welcome_ms=500, ack_ms=500, wait_ms_max=2_000)


class FakeWorld:
    """Counts what an uplink tells."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.is_good = True

    def stamp(self) -> At:
        return At(UP_MS + time.monotonic_ns() // 1_000_000)

    def is_clock_good(self) -> bool:
        return self.is_good

    def floor_ms(self) -> int:
        return 1_760_000_000_000

    def learn_time(self, wall_ms: int, monotonic_ms: int, error_ms: int) -> None:
        self.told.append(f"time {wall_ms > monotonic_ms} within {error_ms < 1_000}")

    def roster_version(self) -> int:
        return 3

    def fetch_roster(self, version: int) -> None:
        self.told.append(f"roster {version}")

    async def report(self, reason: str, detail: str) -> None:
        self.told.append(f"{reason} {detail}")

    async def obey(self, cmd: Cmd) -> None:
        self.told.append(cmd.action)


class AsyncJournal:
    """The journal in memory, with the real one's face."""

    def __init__(self, journal: MemoryJournal) -> None:
        self.journal = journal

    async def epochs(self) -> list[Held]:
        return self.journal.states()

    async def read(self, epoch: str, after_seq: int, limit: int) -> list[Kept]:
        return self.journal.read(epoch, after_seq, limit)

    async def trim(self, epoch: str, upto: int, digest: bytes | None) -> bool:
        return self.journal.trim(epoch, upto, digest)


class Agent:
    """An uplink with its journal, as a task."""

    def __init__(
        self,
        urls: Sequence[str],
        *,
        keepalive_s: int = 30,
        credentials: Credentials | None = None,
        seed: int = 1,
        limits: Limits = QUICK,
    ) -> None:
        self.journal = MemoryJournal()
        self.journal.open(LIVE)
        self.world = FakeWorld()
        self.session = Session(IDENTITY, Random(seed), limits)
        self.routes = [Route(f"route-{number}", Broker.parse(url)) for number, url in enumerate(urls)]
        self.uplink = Uplink(
            self.session,
            AsyncJournal(self.journal),
            self.world,
            lambda: self.routes,
            IDENTITY.device,
            Random(seed),
            credentials=lambda: credentials,
            keepalive_s=keepalive_s,
        )

    def append(self, *records: bytes) -> None:
        self.uplink.appended([self.journal.append(LIVE, record) for record in records])

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Agent"]:
        task = asyncio.create_task(self.uplink.run())
        try:
            yield self
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


class LiveCloud:
    """The model cloud behind a broker; `is_up` False is a worker that died while the broker lives.

    `hears` are the channels that reach it.
    """

    def __init__(self, port: int, hears: Sequence[str] = topics.UP) -> None:
        self.model = MemoryCloud()
        self._hears = hears
        self.is_up = True
        self._port = port
        self._link: Link | None = None

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["LiveCloud"]:
        await self.connect()
        try:
            yield self
        finally:
            if self._link is not None:
                await self._link.close()

    async def connect(self) -> None:
        self._link = Link(Broker("127.0.0.1", self._port, is_tls=False), "cloud", self._heard)
        await self._link.open([topics.everyone(channel) for channel in self._hears])

    def _heard(self, topic: str, payload: bytes) -> None:
        answer = self.model.answer(payload) if self.is_up else None
        if answer is not None and self._link is not None:
            shard, school, device, _ = topics.parse(topic)
            self._link.publish(Publish(topics.topic(shard, school, device, topics.ACK), answer))
