"""The wire to the broker: MQTT 3.1.1 over gmqtt, one connection at a time, for ingest and its answers.

Rule: the broker is only a wire. Everything is sent and subscribed to at QoS 0, since what is lost is sent again by the
device; a connection that ends is told once and never mended: a new link is opened instead.

Measured on loopback with 420-byte messages at QoS 0: gmqtt 5.5 us of CPU a message, paho 19.7.
"""

import asyncio
import ssl
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import gmqtt
from gmqtt.mqtt.constants import MQTTCommands, MQTTv311
from gmqtt.mqtt.handler import MQTTError

from cloud.core.settings import Edition, Settings, from_here
from cloud.ingest.plan import Reply
from schemas import topics

OPEN_S = 10.0
KEEPALIVE_S = 15
NEVER_AGAIN = -2  # below "no retries", at which gmqtt still tries once
REFUSED = 0x80
HEARD = (topics.REC, topics.HELLO, topics.STATE)
_PORTS = {"mqtt": 1883, "mqtts": 8883}


class LinkLost(ConnectionError):
    """The broker could not be reached, refused us, or went away; the text says which."""


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the broker is and what this service shows it."""

    host: str
    port: int
    user: str | None = None
    password: str | None = None
    tls: ssl.SSLContext | None = None

    @staticmethod
    def parse(
        url: str, *, ca: Path | None = None, certificate: Path | None = None, key: Path | None = None
    ) -> "BrokerAddress":
        """Return the broker of `mqtt[s]://[user[:password]@]host[:port]`; with files for mqtts. Raises ValueError."""
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError("a broker's address is mqtt://host:port or mqtts://host:port")
        user = unquote(parts.username) if parts.username else None
        password = unquote(parts.password) if parts.password else None
        tls = _context(ca, certificate, key) if parts.scheme == "mqtts" else None
        return BrokerAddress(parts.hostname, parts.port or _PORTS[parts.scheme], user, password, tls)

    @property
    def place(self) -> str:
        """Return host and port, for messages."""
        return f"broker at {self.host}:{self.port}"


def broker_of(settings: Settings) -> BrokerAddress:
    """Return this service's broker. Raises OSError for certificates that cannot be read."""
    if settings.edition is Edition.SERVER or settings.mqtt_url:
        return BrokerAddress.parse(
            settings.mqtt_url, ca=settings.mqtt_ca, certificate=settings.mqtt_certificate, key=settings.mqtt_key
        )
    folder = settings.data / "ca"
    return BrokerAddress.parse(
        f"mqtts://{from_here(settings.broker_host)}:{settings.broker_port}",
        ca=folder / "root.pem", certificate=folder / "ingest.pem", key=folder / "ingest.key",
    )  # fmt: skip


class BrokerLink:
    """One connection to the broker; used once."""

    def __init__(self, broker: BrokerAddress, client_id: str, heard: Callable[[str, bytes], None]) -> None:
        self._broker = broker
        self._heard = heard
        self._ended = asyncio.Event()
        self._subscribed: asyncio.Future[Sequence[int]] | None = None
        self._client = gmqtt.Client(client_id, clean_session=True)
        self._client.set_config({"reconnect_retries": NEVER_AGAIN})
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        # gmqtt's own handler looks for what 3.1.1 at QoS 0 never has; without it a message costs a fifth less here.
        self._client._package_handler._handler_cache[MQTTCommands.PUBLISH] = self._take  # noqa: SLF001 (its only way in)
        if broker.user is not None:
            self._client.set_auth_credentials(broker.user, broker.password)

    async def open(self, shards: Collection[int]) -> None:
        """Connect and listen to these shards' devices. Raises LinkLost; the link is then closed."""
        broker = self._broker
        try:
            async with asyncio.timeout(OPEN_S):
                await self._client.connect(
                    broker.host, broker.port, ssl=broker.tls or False, keepalive=KEEPALIVE_S, version=MQTTv311
                )
                if shards:
                    await self._subscribe(shards)
        except (OSError, MQTTError, TimeoutError, LinkLost) as error:
            await self.close()
            raise LinkLost(f"{broker.place}: {type(error).__name__} {error}") from error

    async def _subscribe(self, shards: Collection[int]) -> None:
        wanted = ["+"] if len(shards) == topics.SHARDS else [f"{shard:02d}" for shard in sorted(shards)]
        filters = [topics.everyone(channel, shard) for shard in wanted for channel in HEARD]
        self._subscribed = asyncio.get_running_loop().create_future()
        self._client.subscribe([gmqtt.Subscription(each, qos=0) for each in filters])
        if any(code >= REFUSED for code in await self._subscribed):
            raise LinkLost("it does not let this service read what devices send: check its access rules")

    def send(self, replies: Iterable[Reply]) -> None:
        """Hand answers to the wire; if it is down they are gone, and the devices ask again."""
        if self._ended.is_set():
            return
        packets = b"".join(publish_packet(topic, payload) for topic, payload in replies)
        if packets:
            # One write, so one system call, for a window's answers; gmqtt's own `publish` makes one for each of them.
            self._client._connection.send_package(packets)  # noqa: SLF001 (its only way in)

    async def ended(self) -> None:
        """Wait until the connection is gone."""
        await self._ended.wait()

    async def close(self) -> None:
        """Say goodbye if possible, and let the socket go."""
        self._ended.set()
        try:
            async with asyncio.timeout(1.0):
                await self._client.disconnect()
        except (OSError, TimeoutError, AttributeError):  # gmqtt has no connection to close if it never had one
            return

    def _take(self, _command: int, packet: bytes) -> None:
        """Take the body of a PUBLISH at QoS 0, the only one we subscribe to: the topic with its length, the payload."""
        ends = 2 + int.from_bytes(packet[:2], "big")
        try:
            topic = packet[2:ends].decode()
        except UnicodeDecodeError:
            return  # none of ours
        self._heard(topic, packet[ends:])

    def _on_disconnect(self, _client: object, _packet: object, _error: object = None) -> None:
        self._ended.set()
        if self._subscribed is not None and not self._subscribed.done():
            self._subscribed.set_exception(LinkLost("the broker hung up"))

    def _on_subscribe(self, _client: object, _mid: int, codes: Sequence[int], _properties: object) -> None:
        if self._subscribed is not None and not self._subscribed.done():
            self._subscribed.set_result(codes)


def publish_packet(topic: str, payload: bytes) -> bytes:
    """Return the PUBLISH packet of a message at QoS 0, by MQTT 3.1.1, 3.3."""
    body = topic.encode()
    body = len(body).to_bytes(2, "big") + body + payload
    head, remaining = bytearray((MQTTCommands.PUBLISH,)), len(body)
    while remaining > 0x7F:
        head.append(remaining & 0x7F | 0x80)
        remaining >>= 7
    head.append(remaining)
    return bytes(head) + body


def _context(ca: Path | None, certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(ca) if ca else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate is not None:
        context.load_cert_chain(certificate, key)
    return context
