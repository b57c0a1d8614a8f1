"""A month's messages over a real broker: the devices' own connections on one side, the cloud's on the other.

Rule: the broker is only a wire. What does not come within some seconds is lost, and the devices send it again.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from cloud.ingest.messages import Arrived
from cloud.ingest.plan import Reply
from cloud.ingest.transport import BrokerAddress, BrokerLink
from edge_agent.sync.actions import Publish
from edge_agent.sync.mqtt import Broker, Link
from schemas import topics
from simulators.month_wire import Accept, Wires

WAIT_S = 5.0
T = TypeVar("T")


@dataclass(slots=True)
class BrokerWay:
    """Stands where a line ends in the cloud, and lets everything go through a broker."""

    broker: BrokerAddress
    accept: Accept
    carried: int = 0
    _cloud: BrokerLink | None = None
    _links: dict[str, Link] = field(default_factory=dict)
    _up: asyncio.Queue[tuple[str, bytes]] = field(default_factory=asyncio.Queue)
    _down: asyncio.Queue[tuple[str, bytes]] = field(default_factory=asyncio.Queue)

    async def __call__(self, arrived: Sequence[Arrived]) -> Sequence[Reply]:
        """Send what tills say, take in what comes, and return the answers that come back."""
        cloud = await self._listening()
        for message in arrived:
            (await self._link_of(message.topic)).publish(Publish(message.topic, message.payload))
        heard = await _gathered(self._up, len(arrived))
        replies = await self.accept([Arrived(topic, payload, arrived[0].at_ms) for topic, payload in heard])
        cloud.send(replies)
        answers = [Reply(topic, payload) for topic, payload in await _gathered(self._down, len(replies))]
        self.carried += len(heard) + len(answers)
        return answers

    async def close(self) -> None:
        """Let all connections go."""
        for link in self._links.values():
            await link.close()
        if self._cloud is not None:
            await self._cloud.close()

    async def _listening(self) -> BrokerLink:
        if self._cloud is None:
            self._cloud = BrokerLink(self.broker, "month-cloud", lambda *heard: self._up.put_nowait(heard))
            await self._cloud.open(range(topics.SHARDS))
        return self._cloud

    async def _link_of(self, topic: str) -> Link:
        shard, school, device, _ = topics.parse(topic)
        if device not in self._links:
            broker = Broker(self.broker.host, self.broker.port, is_tls=False)
            link = Link(broker, device, lambda *heard: self._down.put_nowait(heard))
            await link.open([topics.topic(shard, school, device, channel) for channel in topics.DOWN])
            self._links[device] = link
        return self._links[device]


@contextlib.asynccontextmanager
async def over_broker(broker: BrokerAddress | None, wires: Wires) -> AsyncIterator[None]:
    """Let the messages of all lines go over a broker, if there is one."""
    if broker is None:
        yield
        return
    way = BrokerWay(broker, wires.accept)
    wires.accept = way
    try:
        yield
    finally:
        await way.close()


async def _gathered(queue: "asyncio.Queue[T]", count: int) -> list[T]:
    """Return so many of what comes, or what has come after a while."""
    found: list[T] = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(WAIT_S):
            while len(found) < count:
                found.append(await queue.get())
    return found
