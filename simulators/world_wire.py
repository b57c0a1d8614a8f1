"""The wire of a simulated world: one broker, and connections to it that break as real ones do.

Rule: the broker promises nothing. What it holds is lost when it stops; who is not connected hears nothing; a message
may come twice, late, out of order, or from before the connection it arrives on.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import lru_cache
from random import Random

from edge_agent.sync.actions import Publish
from edge_agent.sync.mqtt import OPEN_TIMEOUT_S, SILENCE_SHARE, LinkFailed
from simulators.loop import running
from simulators.network import FAIR, Delivery, Network, Weather

BROKER = "broker"
Heard = Callable[[str, bytes], None]


class Wire:
    """A broker and the network around it; every machine of the world is a named place."""

    def __init__(self, rng: Random, weather: Weather = FAIR) -> None:
        self.network = Network(rng, weather)
        self.is_up = True
        self.takeovers = 0
        self.routed = 0
        self._links: dict[str, Connection] = {}
        self._orphans: list[Connection] = []  # their broker died while nobody could tell them
        self._woken_at_ms: int | None = None

    # The broker

    def stop(self) -> None:
        """Kill the broker: every connection is reset, and what it had not passed on is gone."""
        self.is_up = False
        links, self._links = list(self._links.values()), {}
        for connection in links:
            if self.network.is_dumb(connection.place, BROKER):
                self._orphans.append(connection)
            else:
                connection.end("lost: connection reset")

    def start(self) -> None:
        """Start the broker again, empty."""
        self.is_up = True

    def take(self, connection: "Connection") -> None:
        """Let a client in; one that has the same name is thrown out."""
        for other in list(self._links.values()):
            if other.client_id == connection.client_id and other is not connection:
                self.takeovers += other.place != connection.place
                other.end("lost: taken over")
        self._links[connection.place] = connection

    def leave(self, connection: "Connection") -> None:
        """Forget a client."""
        if self._links.get(connection.place) is connection:
            del self._links[connection.place]

    # The network

    def send(self, source: str, target: str, topic: str, payload: bytes) -> None:
        """Put a message on its way."""
        self.network.send(source, target, topic, payload, running().now_ms)
        self._wake()

    def part(self, place: str, *, silently: bool) -> None:
        """Cut a place off: both ways, or, silently, only what it sends or only what it should hear."""
        if silently:
            self.network.swallow(BROKER, place)
        else:
            self.network.cut(place, BROKER)
        connection = self._links.get(place)
        if connection is not None:
            connection.fall_silent()

    def join(self, place: str) -> None:
        """Mend a place's cable."""
        self.network.mend(place, BROKER)
        for orphan in self._orphans:
            if orphan.place == place:
                orphan.end("lost: connection reset")

    def is_reachable(self, place: str) -> bool:
        """Tell whether a new connection from a place would stand."""
        return self.is_up and not self.network.is_dumb(place, BROKER)

    def _wake(self) -> None:
        """See to it that `_deliver` runs when the next message arrives."""
        at_ms = self.network.next_ms
        if at_ms is None or (self._woken_at_ms is not None and self._woken_at_ms <= at_ms):
            return
        self._woken_at_ms = at_ms
        running().call_at(at_ms / 1000, self._deliver)

    def _deliver(self) -> None:
        self._woken_at_ms = None
        for delivery in self.network.due(running().now_ms):
            if delivery.target == BROKER:
                self._route(delivery)
            elif delivery.target in self._links:
                self._links[delivery.target].hear(delivery.topic, delivery.payload)
        self._wake()

    def _route(self, delivery: Delivery) -> None:
        if not self.is_up:
            self.network.lost += 1
            return
        self.routed += 1
        for connection in list(self._links.values()):
            if connection.wants(delivery.topic):
                self.send(BROKER, connection.place, delivery.topic, delivery.payload)


class Connection:
    """A client's connection, with the face of `edge_agent.sync.mqtt.Link`; used once."""

    def __init__(
        self,
        wire: Wire,
        place: str,
        client_id: str,
        heard: Heard,
        *,
        keepalive_s: int = 30,
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        self.place = place
        self.client_id = client_id
        self._wire = wire
        self._heard = heard
        self._keepalive_s = keepalive_s
        self._on_end = on_end
        self._filters: tuple[str, ...] = ()
        self._ended: asyncio.Future[str] = running().create_future()

    async def open(self, subscriptions: Sequence[str]) -> None:
        """Connect and subscribe. Raises LinkFailed."""
        await asyncio.sleep(0.002)
        if not self._wire.is_reachable(self.place):
            if self._wire.network.is_dumb(self.place, BROKER):
                await asyncio.sleep(OPEN_TIMEOUT_S)
            raise LinkFailed("the broker did not answer")
        self._filters = tuple(subscriptions)
        self._wire.take(self)

    def publish(self, message: Publish) -> None:
        """Hand a message to the wire, if the connection stands."""
        if not self._ended.done():
            self._wire.send(self.place, BROKER, message.topic, message.payload)

    async def ended(self) -> str:
        """Wait until the connection is gone; return why."""
        return await asyncio.shield(self._ended)

    async def close(self) -> None:
        """Let go."""
        self.end("closed")

    def peer_certificate(self) -> dict[str, object]:
        """Return nothing: this wire has no TLS."""
        return {}

    # For the wire

    def end(self, reason: str) -> None:
        """Break the connection."""
        self._wire.leave(self)
        if not self._ended.done():
            self._ended.set_result(reason)
            self._on_end()

    def fall_silent(self) -> None:
        """Notice a cut cable when the keepalive says so, unless it is mended before."""
        running().call_later(self._keepalive_s * SILENCE_SHARE, self._end_if_dumb)

    def _end_if_dumb(self) -> None:
        if self._wire.network.is_dumb(self.place, BROKER):
            self.end("silent")

    def wants(self, topic: str) -> bool:
        """Tell whether a filter of this client's takes the topic."""
        return topic in self._filters or _matches(topic, self._filters)

    def hear(self, topic: str, payload: bytes) -> None:
        """Give a message to the client."""
        if not self._ended.done():
            self._heard(topic, payload)


@lru_cache(maxsize=4096)
def _matches(topic: str, filters: tuple[str, ...]) -> bool:
    """Tell whether a filter with `+` takes the topic."""
    parts = topic.split("/")
    wanted = [pattern.split("/") for pattern in filters]
    return any(len(w) == len(parts) and all(a in ("+", b) for a, b in zip(w, parts, strict=True)) for w in wanted)
