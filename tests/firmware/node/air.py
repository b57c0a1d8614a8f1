"""A network of tests for a node's uplink, in memory: a broker with the cloud behind it, there or not; and a world."""

import asyncio
from collections.abc import Callable

from firmware.node.actions import Command
from firmware.node.clock import NTP, Stamp
from firmware.node.mqtt import Broker, LinkFailed, Message
from tests.edge_agent.sync.model import MemoryCloud
from tests.firmware.node.conversation import WALL_MS, Journal

DELAY_S = 0.01


class Air:
    """The way to the cloud. `opened` counts connections, `hosts` who was tried."""

    def __init__(self, cloud: MemoryCloud) -> None:
        self.cloud = cloud
        self.is_there = True
        self.opened = 0
        self.hosts: list[str] = []
        self._links: list[AirLink] = []

    def link(self) -> "AirLink":
        """Return a connection that is not open yet."""
        return AirLink(self)

    def drop(self) -> None:
        """Take the network away: every connection is cut."""
        self.is_there = False
        self.cut()

    def cut(self) -> None:
        """Cut every connection."""
        for link in self._links:
            link.heard.put_nowait(None)
        self._links.clear()

    def admit(self, link: "AirLink") -> None:
        """Let a connection in."""
        self.opened += 1
        self._links.append(link)

    @property
    def count(self) -> int:
        """Return how many connections there are now."""
        return len(self._links)

    def leave(self, link: "AirLink") -> None:
        """Forget a connection."""
        self._links = [other for other in self._links if other is not link]


class AirLink:
    """One connection, used as a Link is."""

    def __init__(self, air: Air) -> None:
        self.heard: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._air = air

    async def open(self, broker: Broker, _client_id: str, _will: Message | None, _topics: list[str]) -> None:
        await asyncio.sleep(DELAY_S)
        self._air.hosts.append(broker.host)
        if not self._air.is_there:
            raise LinkFailed("nobody is there")
        self._air.admit(self)

    async def publish(self, message: Message) -> None:
        await asyncio.sleep(DELAY_S)
        if not self._air.is_there:
            raise LinkFailed("gone")
        answer = self._air.cloud.answer(message.payload)
        if answer is not None:
            self.heard.put_nowait(answer)

    async def receive(self) -> Message:
        payload = await self.heard.get()
        if payload is None:
            raise LinkFailed("cut")
        return Message("", payload)

    async def close(self) -> None:
        self._air.leave(self)


class NodeWorld:
    """What is around an uplink: notes what it is told."""

    def __init__(self, now_ms: Callable[[], int], journal: Journal) -> None:
        self.told: list[tuple[object, ...]] = []
        self.roster = 3
        self.online = True
        self.routes = ["cloud"]
        self.fetch_error: Exception | None = None
        self.fetches: list[int] = []
        self.asked: list[int] = []  # which version the cloud is known to have, at each
        self.connections: Callable[[], int] = lambda: 0
        self._now_ms = now_ms
        self._journal = journal

    def stamp(self) -> Stamp:
        return Stamp(self._now_ms(), WALL_MS + self._now_ms(), NTP)

    def is_online(self) -> bool:
        return self.online

    def brokers(self) -> list[Broker]:
        return [Broker(host, 1883) for host in self.routes]

    def roster_version(self) -> int:
        return self.roster

    async def fetch_roster(self, newest: int) -> int:
        assert self.connections() == 0, "a roster was fetched beside a connection"
        self.fetches.append(self._now_ms())
        self.asked.append(newest)
        if self.fetch_error is not None:
            raise self.fetch_error
        self.roster += 1
        return self.roster

    def learn_time(self, wall_ms: int, monotonic_ms: int) -> None:
        self.told.append(("time", wall_ms, monotonic_ms))

    def report(self, reason: str, detail: str) -> None:
        self.told.append(("report", reason, detail))

    def obey(self, command: Command) -> None:
        self.told.append(("obey", command.action))

    def news(self, what: str) -> None:
        self.told.append(("news", what))

    def begin_epoch(self, reason: str) -> None:
        self.told.append(("epoch", reason))
