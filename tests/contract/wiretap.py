"""Somebody on the wire: hears what a device publishes, and says what it should not be able to."""

import contextlib
from collections.abc import AsyncIterator

from edge_agent.sync.actions import Publish
from edge_agent.sync.mqtt import Broker, Link
from tests.waiting import until_async


class Wiretap:
    """A connection to the broker; `heard` is every message on the topics it listens to, in order."""

    def __init__(self, port: int) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self._link = Link(Broker("127.0.0.1", port, is_tls=False), "wiretap", self._hear)

    async def say(self, topic: str, payload: bytes) -> None:
        """Publish, and return when the broker has passed it on. The wiretap listens to the topic."""
        count = self.heard.count((topic, payload))
        self._link.publish(Publish(topic, payload))
        await until_async(lambda: self.heard.count((topic, payload)) > count, what="the broker to pass it on")

    def _hear(self, topic: str, payload: bytes) -> None:
        self.heard.append((topic, payload))

    @contextlib.asynccontextmanager
    async def listening(self, *topics: str) -> AsyncIterator["Wiretap"]:
        """Listen to some topics until the end of the block."""
        await self._link.open(topics)
        try:
            yield self
        finally:
            await self._link.close()
